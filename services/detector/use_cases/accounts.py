"""Reviews a customer or person as a whole: rolls up moods, finds shifts, and weighs account facts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.account_assessment import account_assessment, account_source
from services.detector.domain.contribution import Assessment
from services.detector.domain.conversation import AccountHistory, Context, FactsAt
from services.detector.domain.finding import LIFECYCLE_KINDS
from services.detector.domain.hearing import heard_by
from services.detector.domain.identity import Subject, workspace_of
from services.detector.domain.mood import find_gladness, find_shift, roll_up
from services.detector.domain.mood_assessment import mood_assessment, mood_source
from services.detector.domain.spoken import words_of
from services.detector.use_cases.newcomers import FIRST_DAY
from services.detector.use_cases.stand_ins import former_subjects, stand_in_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.detectors import Detectors
    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import ConnectionView, Digest
    from services.detector.domain.mood import MoodPoint, MoodRules
    from services.detector.domain.signal import Proof, Signal
    from services.detector.ports import Connections, Customers, Mirror, Signals
    from services.detector.use_cases.newcomers import Newcomers
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock
    from shared.contracts.resources import CompanyChanged

_AT_ONCE = 100
"""Subjects reviewed together; bounds how many of their conversations are held in memory at once."""


class Accounts:
    """Reviews subjects after something about them changed, and periodically, since silence is a sign too."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        customers: Customers,
        connections: Connections,
        signals: Signals,
        detectors: Detectors,
        moods: MoodRules,
        settler: Settler,
        newcomers: Newcomers,
        clock: Clock,
    ) -> None:
        self._mirror = mirror
        self._customers = customers
        self._connections = connections
        self._signals = signals
        self._detectors = detectors
        self._moods = moods
        self._settler = settler
        self._newcomers = newcomers
        self._clock = clock

    async def review(
        self,
        organization_id: str,
        subjects: Collection[Subject],
        *,
        known_before: datetime | None = None,
        changed: bool = True,
        handed: Collection[str] = (),
    ) -> int:
        """Settle what moods and account facts show about these subjects; return how many signals changed.

        Their health is measured afterwards, unless nothing about them `changed` and their mood is the same.
        Subjects whose every connection was removed are skipped: removing the connection's data takes care of
        them. A stand-in whose company has found its customer is skipped too, since its conversations already
        count for that customer.

        Args:
            organization_id: whose subjects they are.
            subjects: the customers and people to review.
            known_before: whatever was said before this moment is shown, and nobody is alerted to it.
            changed: whether anything about the subjects changed, other than the date.
            handed: ids of customers whose companies have just moved to them from other customers. Their
                facts are shown, and nobody is alerted, because somebody may have been alerted already.
        """
        views = await self._connections.all_of(organization_id)
        everybody = list(subjects)
        count = 0
        for start in range(0, len(everybody), _AT_ONCE):
            portion = everybody[start : start + _AT_ONCE]
            ids = {subject.customer_id for subject in portion if subject.customer_id}
            owned = await self._mirror.companies_of(organization_id, ids)
            customers, former = await self._known(organization_id, ids, owned)
            present = [
                subject
                for subject in portion
                if (found := customers.get(subject.customer_id or "")) is None or found.merged_into is None
            ]
            heard = _heard(present, owned, views)
            if heard:
                count += await self._review_portion(
                    organization_id, heard, customers, former, known_before, changed=changed, handed=handed
                )
        return count

    async def _known(
        self, organization_id: str, ids: Collection[str], owned: Mapping[str, Sequence[CompanyChanged]]
    ) -> tuple[dict[str, Customer], dict[str, list[str]]]:
        """Return these customers, and for each customer the subjects of the stand-ins merged into it."""
        owners = stand_in_ids(organization_id, owned)
        found = await self._customers.by_ids(organization_id, {*ids, *owners})
        return found, former_subjects(owners, found)

    async def _review_portion(
        self,
        organization_id: str,
        reviewed: Mapping[Subject, ConnectionView],
        customers: Mapping[str, Customer],
        former: Mapping[str, Sequence[str]],
        known_before: datetime | None,
        *,
        changed: bool,
        handed: Collection[str],
    ) -> int:
        since = self._clock.now() - timedelta(days=self._moods.max_age_days)
        keys = {subject: (subject.key, *former.get(subject.customer_id or "", ())) for subject in reviewed}
        sources = {
            source for subject in reviewed for source in (account_source(subject), mood_source(subject))
        }
        digests, held = await asyncio.gather(
            self._mirror.digests(organization_id, {key for mine in keys.values() for key in mine}, since),
            self._signals.by_sources(organization_id, sources),
        )
        conversations = {subject.key: _in_order(digests, mine) for subject, mine in keys.items()}
        felt = {
            subject: [point for digest in conversations.get(subject.key, []) for point in digest.moods]
            for subject in reviewed
        }
        texts = await self._texts(organization_id, _doubtful(felt, held), keys)
        await self._save_moods(organization_id, customers, felt, changed=changed)
        assessments = [
            _mood_assessment(
                subject, view, customers, conversations[subject.key], felt[subject], texts.get(subject, {})
            )
            for subject, view in reviewed.items()
        ]
        assessments += await self._account_assessments(
            organization_id, reviewed, customers, conversations, held, handed=handed
        )
        return (await self._settler.settle(organization_id, assessments, known_before=known_before)).count

    async def _save_moods(
        self,
        organization_id: str,
        customers: Mapping[str, Customer],
        felt: Mapping[Subject, Sequence[MoodPoint]],
        *,
        changed: bool,
    ) -> None:
        """Store the customers' moods; if nothing else `changed`, store only moods that differ."""
        moods = {}
        for subject, points in felt.items():
            customer = customers.get(subject.customer_id or "")
            if customer is not None:
                mood = self._mood(points)
                if changed or mood != (customer.mood, customer.mood_messages):
                    moods[customer.customer_id] = mood
        if moods:
            await self._customers.save_moods(organization_id, moods)

    async def _texts(
        self,
        organization_id: str,
        doubtful: Mapping[Subject, Collection[str]],
        subject_keys: Mapping[Subject, Collection[str]],
    ) -> dict[Subject, dict[str, dict[str, str]]]:
        """Return, by subject, these conversations' texts; none where one belongs to somebody else now."""
        keys = {key for mine in doubtful.values() for key in mine}
        if not keys:
            return {}
        mirrored, parts = await asyncio.gather(
            self._mirror.conversations(organization_id, keys), self._mirror.parts(organization_id, keys)
        )
        return {
            subject: {
                key: {part.id: words_of(part) for part in parts.get(key, [])}
                if key in mirrored and mirrored[key].subject in subject_keys[subject]
                else {}
                for key in mine
            }
            for subject, mine in doubtful.items()
        }

    def _mood(self, points: Sequence[MoodPoint]) -> tuple[float | None, int]:
        """Return the mood and the number of messages behind it; None when no message is recent enough."""
        mood = roll_up(points, self._moods)
        return (None, 0) if mood is None else (round(mood.mean, 4), mood.messages)

    async def _account_assessments(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        customers: Mapping[str, Customer],
        conversations: Mapping[str, Sequence[Digest]],
        held: Sequence[Signal],
        *,
        handed: Collection[str],
    ) -> list[Assessment]:
        listening = {
            subject: customer
            for subject, view in subjects.items()
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
            for subject, view in subjects.items()
            if view.muted_since is not None and not view.lifecycle_events
        ]
        if not listening or not self._detectors.account:
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
            context = Context(now=now, facts=customer.facts, company_name=subjects[subject].workspace_name)
            findings = [
                finding
                for detector in self._detectors.account
                for finding in detector.detect_account(customer.facts, history, context)
                if finding.kind in LIFECYCLE_KINDS
            ]
            assessments.append(
                account_assessment(
                    subject,
                    customer.ref,
                    findings,
                    connection_id=subjects[subject].connection_id,
                    workspace_id=subjects[subject].workspace_id or "",
                    now=now,
                    is_news=_has_listened(subjects[subject], now) and customer.customer_id not in handed,
                    new_detectors=newcomers.get(subjects[subject].connection_id, ()),
                    seen=_seen(subject, held, now),
                )
            )
        return assessments


def _mood_assessment(
    subject: Subject,
    view: ConnectionView,
    customers: Mapping[str, Customer],
    conversations: Sequence[Digest],
    points: Sequence[MoodPoint],
    texts: Mapping[str, Mapping[str, str]],
) -> Assessment:
    """Return what the moods of a subject's conversations show: a shift for the worse, or for the better."""
    customer = customers.get(subject.customer_id or "")
    heard = {
        conversation.moods[0].conversation_key: conversation.heard_until
        for conversation in conversations
        if conversation.moods and conversation.heard_until
    }
    shifts = [shift for shift in (find_shift(points), find_gladness(points)) if shift is not None]
    ref = customer.ref if customer else None
    return mood_assessment(subject, ref, shifts, view.connection_id, texts=texts, heard=heard)


def _heard(
    subjects: Sequence[Subject],
    owned: Mapping[str, Sequence[CompanyChanged]],
    views: Sequence[ConnectionView],
) -> dict[Subject, ConnectionView]:
    """Return the connection through which each subject is heard; subjects without one are left out.

    A customer is heard through any connection to a workspace that one of its companies is in.
    """
    heard = {}
    for subject in subjects:
        workspaces = {company.workspace_id for company in owned.get(subject.customer_id or "", ())}
        view = heard_by(workspaces if subject.customer_id else {workspace_of(subject.id)}, views)
        if view is not None:
            heard[subject] = view
    return heard


def _in_order(digests: Mapping[str, Sequence[Digest]], subject_keys: Sequence[str]) -> list[Digest]:
    """Return the conversations of all these subjects, oldest first.

    The conversations of one subject are in order already, so they are sorted only where several have some.
    """
    found = [digests.get(key, ()) for key in subject_keys]
    together = [digest for mine in found for digest in mine]
    if sum(bool(mine) for mine in found) > 1:
        together.sort(key=lambda digest: digest.summary.opened_at)
    return together


def _doubtful(felt: Mapping[Subject, Sequence[MoodPoint]], held: Sequence[Signal]) -> dict[Subject, set[str]]:
    """Return, by subject, conversations that a shift rests on although their words no longer show that mood.

    Such words may be deleted, older than the period under review, or scored differently by a newer model.
    """
    found: dict[Subject, set[str]] = {}
    for subject, points in felt.items():
        source = mood_source(subject)
        told = {(point.conversation_key, point.part_id, point.start, point.quote) for point in points}
        found[subject] = {
            proof.conversation_key
            for signal in held
            for proof in signal.proofs
            if proof.source == source
            and (proof.conversation_key, proof.part_id, proof.start, proof.quote) not in told
        }
    return found


_DISMISSED_FOR = timedelta(days=90)
"""How long a dismissed account fact stays dismissed while it persists; next year's renewal is a new fact."""


def _has_listened(view: ConnectionView, now: datetime) -> bool:
    return view.listening_since is not None and view.listening_since < now - FIRST_DAY


def _seen(subject: Subject, held: Sequence[Signal], now: datetime) -> dict[tuple[str, str], Proof]:
    def counts(signal: Signal) -> bool:
        dismissed_at = signal.cleared_at if signal.cleared_because == "dismissed" else None
        return signal.is_open or (dismissed_at is not None and dismissed_at > now - _DISMISSED_FOR)

    return {
        (signal.slot.key, proof.fact): proof
        for signal in held
        if signal.subject == subject and counts(signal)
        for proof in signal.proofs
        if proof.fact
    }
