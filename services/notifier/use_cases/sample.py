"""The sample that shows whether messages of a rule arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.contracts.signals import CustomerRef, Detector, Evidence, PersonRef, SignalDetected

if TYPE_CHECKING:
    from shared.auth.identity import Identity
    from shared.clock import Clock


def sample_signal(identity: Identity, signal_id: str, clock: Clock) -> SignalDetected:
    """Return a signal that anybody sees to be a sample; its account's owner is who asks."""
    now = clock.now()
    quote = "This is a sample, sent to see that messages arrive."
    return SignalDetected(
        organization_id=identity.organization_id,
        connection_id="sample",
        workspace_id="sample",
        signal_id=signal_id,
        revision=1,
        kind="churn_risk",
        explicit=True,
        title="A test from Earshot",
        customer=CustomerRef(id="sample", name="Sample customer", owner=identity.email or None),
        people=(PersonRef(id="sample", name=identity.name),),
        confidence=0.9,
        evidence=(
            Evidence(
                conversation_id="sample",
                part_id="sample",
                start=0,
                end=len(quote),
                quote=quote,
                author_name=identity.name,
                said_at=now - timedelta(minutes=1),
            ),
        ),
        detector=Detector(name="sample", version="1"),
        occurred_at=now - timedelta(minutes=1),
        opened_at=now,
        changed_at=now,
        url_path="/settings/organization/notifications",
    )
