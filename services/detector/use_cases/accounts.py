"""Reviews a customer or person as a whole: whose they are, and what their moods and facts show together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.account_assessment import account_source
from services.detector.domain.hearing import heard_by
from services.detector.domain.identity import Subject, workspace_of
from services.detector.domain.mood_assessment import mood_source
from services.detector.use_cases.assess_accounts import AssessAccounts
from services.detector.use_cases.assess_moods import AssessMoods
from services.detector.use_cases.stand_ins import former_subjects, stand_in_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.detectors import Detectors
    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import ConnectionView, Digest
    from services.detector.domain.mood import MoodRules
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
        self._remembered_days = moods.max_age_days
        self._moods = AssessMoods(mirror=mirror, customers=customers, rules=moods)
        self._facts = AssessAccounts(
            customers=customers, detectors=detectors.account, newcomers=newcomers, clock=clock
        )
        self._settler = settler
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
                if (customer := customers.get(subject.customer_id or "")) is None
                or customer.merged_into is None
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
        customers = await self._customers.by_ids(organization_id, {*ids, *owners})
        return customers, former_subjects(owners, customers)

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
        since = self._clock.now() - timedelta(days=self._remembered_days)
        keys = {subject: (subject.key, *former.get(subject.customer_id or "", ())) for subject in reviewed}
        sources = {
            source for subject in reviewed for source in (account_source(subject), mood_source(subject))
        }
        digests, signals = await asyncio.gather(
            self._mirror.digests(organization_id, {key for mine in keys.values() for key in mine}, since),
            self._signals.by_sources(organization_id, sources),
        )
        conversations = {subject.key: _in_order(digests, mine) for subject, mine in keys.items()}
        assessments = await self._moods.assess(
            organization_id,
            reviewed,
            customers,
            conversations,
            signals,
            subject_keys=keys,
            changed=changed,
        )
        assessments += await self._facts.assess(
            organization_id, reviewed, customers, conversations, signals, handed=handed
        )
        return (await self._settler.settle(organization_id, assessments, known_before=known_before)).count


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
    by_subject = [digests.get(key, ()) for key in subject_keys]
    together = [digest for mine in by_subject for digest in mine]
    if sum(bool(mine) for mine in by_subject) > 1:
        together.sort(key=lambda digest: digest.summary.opened_at)
    return together
