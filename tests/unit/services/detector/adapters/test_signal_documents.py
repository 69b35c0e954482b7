"""What of a signal goes onto the bus."""

from __future__ import annotations

from datetime import UTC, datetime

from services.detector.adapters.signal_documents import event_of
from services.detector.domain.identity import Subject
from services.detector.domain.occasion import Slot
from services.detector.domain.signal import Proof, Signal
from shared.contracts.signals import LONGEST_FACT_TEXT, SignalDetected

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_fact_as_long_as_an_account_s_history_is_told_by_its_beginning() -> None:
    """A thousand bad marks keep no signal off the bus."""
    proof = Proof(
        source="account/customer/c1",
        said_at=NOON,
        confidence=0.85,
        detector="low_ratings",
        version="1",
        fact="ratings",
        fact_value=", ".join(["1"] * 1_000),
        reason="1000 of 1000 marks are bad",
    )
    signal = Signal(
        signal_id="s1",
        organization_id="acme",
        connection_id="con1",
        workspace_id="ws1",
        subject=Subject("customer", "c1"),
        slot=Slot("churn_risk", "implied"),
        number=0,
        title="Signs of leaving",
        opened_at=NOON,
        changed_at=NOON,
        historical=False,
        revision=1,
        proofs=(proof,),
    )
    event = event_of("detected", signal)
    assert isinstance(event, SignalDetected)
    (fact,) = event.facts
    assert (len(fact.value), fact.value[-1]) == (LONGEST_FACT_TEXT, "…")
    assert (fact.name, fact.reason, fact.since) == ("ratings", "1000 of 1000 marks are bad", NOON)
    assert event.evidence == ()
