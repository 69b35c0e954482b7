"""What the facts of customers' accounts show: plan, spend, seats, dates, silence, as detectors weigh them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.account_assessment import account_assessment, account_source
from services.detector.domain.contribution import Assessment
from services.detector.domain.conversation import AccountHistory, Context, FactsAt
from services.detector.domain.finding import LIFECYCLE_KINDS
from services.detector.use_cases.newcomers import FIRST_DAY

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.detector import AccountDetector
    from services.detector.domain.identity import Subject
    from services.detector.domain.mirror import ConnectionView, Digest
    from services.detector.domain.signal import Proof, Signal
    from services.detector.ports import Customers
    from services.detector.use_cases.newcomers import Newcomers
    from shared.clock import Clock

_DISMISSED_FOR = timedelta(days=90)
"""How long a dismissed account fact stays dismissed while it persists; next year's renewal is a new fact."""


class AssessAccounts:
    """Has the account detectors weigh what is known of customers, where the lifecycle switch is on."""

    def __init__(
        self,
        *,
        customers: Customers,
        detectors: Sequence[AccountDetector],
        newcomers: Newcomers,
        clock: Clock,
    ) -> None:
        self._customers = customers
        self._detectors = detectors
        self._newcomers = newcomers
        self._clock = clock

    async def assess(
        self,
        organization_id: str,
        reviewed: Mapping[Subject, ConnectionView],
        customers: Mapping[str, Customer],
        conversations: Mapping[str, Sequence[Digest]],
        signals: Sequence[Signal],
        *,
        handed: Collection[str],
    ) -> list[Assessment]:
        """Return what the facts of each customer show; with the switch off, withdraw what they had shown.

        Args:
            organization_id: whose customers they are.
            reviewed: the subjects, each with the connection through which it is heard.
            customers: the subjects that are customers, by id.
            conversations: each subject's conversations, by its key, oldest first.
            signals: what rests on the subjects' facts so far.
            handed: see `Accounts.review`.
        """
        listening = {
            subject: customer
            for subject, view in reviewed.items()
            if view.lifecycle_events
            and (customer := customers.get(subject.customer_id or ""))
            and customer.merged_into is None
        }
        assessments = [
            # Withdraws signals that were opened before the news of the switch arrived here.
            Assessment(
                account_source(subject),
                contributions=(),
                resolves=True,
                muted=True,
                muted_since=view.muted_since,
            )
            for subject, view in reviewed.items()
            if view.muted_since is not None and not view.lifecycle_events
        ]
        if not listening or not self._detectors:
            return assessments
        snapshots, newcomers = await asyncio.gather(
            self._customers.snapshots(
                organization_id, {customer.customer_id for customer in listening.values()}
            ),
            self._newcomers.by_connection(organization_id),
        )
        now = self._clock.now()
        for subject, customer in listening.items():
            history = AccountHistory(
                snapshots=tuple(
                    FactsAt(at=at, facts=facts) for at, facts in snapshots.get(customer.customer_id, [])
                ),
                conversations=tuple(
                    conversation.summary for conversation in conversations.get(subject.key, [])
                ),
            )
            context = Context(now=now, facts=customer.facts)
            findings = [
                finding
                for detector in self._detectors
                for finding in detector.detect_account(customer.facts, history, context)
                if finding.kind in LIFECYCLE_KINDS
            ]
            assessments.append(
                account_assessment(
                    subject,
                    customer.ref,
                    findings,
                    connection_id=reviewed[subject].connection_id,
                    workspace_id=reviewed[subject].workspace_id or "",
                    now=now,
                    is_news=_has_listened(reviewed[subject], now) and customer.customer_id not in handed,
                    new_detectors=newcomers.get(reviewed[subject].connection_id, ()),
                    seen=_facts_told(subject, signals, now),
                )
            )
        return assessments


def _has_listened(view: ConnectionView, now: datetime) -> bool:
    """Return whether the switch has been on for so long that what is found now is news."""
    return view.listening_since is not None and view.listening_since < now - FIRST_DAY


def _facts_told(subject: Subject, signals: Sequence[Signal], now: datetime) -> dict[tuple[str, str], Proof]:
    """Return the facts of which the subject's signals tell, or told until somebody dismissed them."""

    def counts(signal: Signal) -> bool:
        dismissed_at = signal.cleared_at if signal.cleared_because == "dismissed" else None
        return signal.is_open or (dismissed_at is not None and dismissed_at > now - _DISMISSED_FOR)

    return {
        (signal.slot.key, proof.fact): proof
        for signal in signals
        if signal.subject == subject and counts(signal)
        for proof in signal.proofs
        if proof.fact
    }
