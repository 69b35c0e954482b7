"""Settles assessments against the stored signals, and stores the changes under the signals' revisions.

Two replicas may work on one customer at once. Whoever stores second is refused, reads again and settles
again; settling twice changes nothing, so the result is the same as if they had taken turns.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.domain.book import SignalBook
from services.detector.domain.moves import follow_words
from services.detector.domain.occasion import SHIFTS
from services.detector.domain.settling import settle
from services.detector.errors import ChangedMeanwhileError
from services.detector.use_cases.wish_words import WishWords
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.change import Change
    from services.detector.domain.contribution import Assessment, Contribution
    from services.detector.domain.customer import Customer
    from services.detector.domain.identity import Subject
    from services.detector.domain.occasion import OccasionRules
    from services.detector.domain.signal import Signal
    from services.detector.ports import Customers, Requests, Signals, Uncounted
    from shared.clock import Clock
    from shared.contracts.signals import CustomerRef

_TRIES = 6
"""Attempts before the batch is retried from the bus; each one fails only because another one succeeded."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many signals changed, and the subjects of all signals that the settled sources contribute to."""

    count: int
    subjects: frozenset[Subject]


class Settler:
    """Applies assessments, and people's judgements, to the stored signals."""

    def __init__(
        self,
        *,
        signals: Signals,
        customers: Customers,
        requests: Requests,
        rules: OccasionRules,
        clock: Clock,
    ) -> None:
        self._signals = signals
        self._customers = customers
        self._requests = requests
        self._rules = rules
        self._clock = clock
        self._wish_words = WishWords(requests=requests, signals=signals)

    async def settle(
        self, organization_id: str, assessments: Sequence[Assessment], *, known_before: datetime | None = None
    ) -> Settled:
        """Make the signals agree with the assessments.

        Raises:
            TransientError: others changed the same signals at every attempt; the batch may be retried.
        """
        if not assessments:
            return Settled(0, frozenset())
        sources = {assessment.source for assessment in assessments}
        wanted = [contribution for assessment in assessments for contribution in assessment.contributions]
        refused: Collection[str] = ()

        def settled(signals: Iterable[Signal]) -> SignalBook:
            return self._settled(organization_id, signals, assessments, known_before)

        for _ in range(_TRIES):
            stored = await self._held(organization_id, sources, wanted, refused)
            book = await self._followed(organization_id, stored, settled)
            if book is None:
                continue
            changes = book.changes()
            refused = await self._save(organization_id, changes, book.losers)
            if not refused:
                return Settled(len(changes), frozenset(signal.subject for signal in book.signals))
        raise TransientError(
            "These signals are being changed by others all the time; settling them comes again."
        )

    def _settled(
        self,
        organization_id: str,
        signals: Iterable[Signal],
        assessments: Sequence[Assessment],
        known_before: datetime | None,
    ) -> SignalBook:
        book = SignalBook(
            organization_id, signals, rules=self._rules, now=self._clock.now(), known_before=known_before
        )
        for assessment in assessments:
            settle(book, assessment)
        book.expire()
        return book

    async def _followed(
        self,
        organization_id: str,
        signals: Mapping[str, Signal],
        book_of: Callable[[Iterable[Signal]], SignalBook],
    ) -> SignalBook | None:
        """Return the book made of these signals; where words were lost, of all signals about their requests.

        None if somebody else changed one of the requests meanwhile; the caller must read again.
        """
        book = book_of(signals.values())
        if not book.lost:
            return book
        families = await self._wish_words.families(organization_id, book.lost.keys())
        about = {
            signal.signal_id: signal for signal in await self._wish_words.signals(organization_id, families)
        }
        book = book_of({**signals, **about}.values())
        return book if await self._wish_words.follow(organization_id, families, book) else None

    async def _save(
        self, organization_id: str, changes: Sequence[Change], losers: Collection[str]
    ) -> list[str]:
        """Store the changes and update the counts that follow; return the ids of signals that were refused.

        Signals that lost words are stored last. While other signals still show those words, a repeat must
        find the loss again.
        """
        followers = [change for change in changes if change.after.signal_id not in losers]
        for portion in (followers, [change for change in changes if change.after.signal_id in losers]):
            refused = await self._signals.save(portion)
            await self._count(organization_id, portion, refused)
            if refused:
                return refused
        return []

    async def _held(
        self,
        organization_id: str,
        sources: Collection[str],
        wanted: Sequence[Contribution],
        refused: Collection[str],
    ) -> dict[str, Signal]:
        """Return by id the signals that these sources contribute to, or want to, and those refused before."""
        questions = [self._signals.by_sources(organization_id, sources)]
        if wanted:
            subjects, slots = {one.subject.key for one in wanted}, {one.slot for one in wanted}
            questions.append(self._signals.by_slots(organization_id, subjects, slots))
        if refused:
            questions.append(self._signals.by_ids(organization_id, refused))
        return {signal.signal_id: signal for found in await asyncio.gather(*questions) for signal in found}

    async def change(
        self, organization_id: str, signal_ids: Collection[str], step: Callable[[SignalBook], None]
    ) -> list[Signal]:
        """Apply a step to a book of these signals; return the signals as they are stored then.

        If the step removes words, the book also contains every signal about the same requests, since these
        lose the words too.

        Raises:
            ChangedMeanwhileError: others changed them at every attempt.
        """
        if not signal_ids:
            return []

        def stepped(signals: Iterable[Signal]) -> SignalBook:
            book = SignalBook(organization_id, signals, rules=self._rules, now=self._clock.now())
            step(book)
            return book

        for _ in range(_TRIES):
            stored = await self._signals.by_ids(organization_id, signal_ids)
            book = await self._followed(
                organization_id, {signal.signal_id: signal for signal in stored}, stepped
            )
            if book is None:
                continue
            changes = book.changes()
            if not await self._save(organization_id, changes, book.losers):
                after = {change.after.signal_id: change.after for change in changes}
                return [after.get(signal.signal_id, signal) for signal in stored]
        raise ChangedMeanwhileError("This signal is being changed by others just now. Try again in a moment.")

    async def carry_through(
        self, organization_id: str, signal_ids: Collection[str], step: Callable[[SignalBook], None]
    ) -> list[Signal]:
        """Do what `change` does for background work, where nobody can be asked to try again.

        Raises:
            TransientError: others changed them at every attempt; the work may be retried.
        """
        try:
            return await self.change(organization_id, signal_ids, step)
        except ChangedMeanwhileError as error:
            raise TransientError(
                "These signals are being changed by others all the time; changing them comes again."
            ) from error

    async def follow_moods(
        self, organization_id: str, moved: Mapping[str, tuple[Subject, Subject, CustomerRef | None]]
    ) -> None:
        """Move shifts of mood along with conversations that turned out to belong to somebody else.

        `moved` gives by conversation key the old subject, the new one, and the new one's customer. Repeating
        it changes nothing.

        Raises:
            TransientError: others changed the same signals at every attempt.
        """
        signals = await self._signals.by_slots(
            organization_id, {old.key for old, _, _ in moved.values()}, set(SHIFTS)
        )
        resting = {
            signal.signal_id
            for signal in signals
            if any(proof.conversation_key in moved for proof in signal.proofs)
        }
        if not resting:
            return
        held_by_new = await self._signals.by_slots(
            organization_id, {new.key for _, new, _ in moved.values()}, set(SHIFTS)
        )

        def follow(book: SignalBook) -> None:
            for old, new, customer in set(moved.values()):
                keys = {key for key, one in moved.items() if one == (old, new, customer)}
                follow_words(book, old, new, keys, customer)

        await self.carry_through(
            organization_id, resting | {signal.signal_id for signal in held_by_new}, follow
        )

    async def show_customers(self, organization_id: str, customers: Collection[Customer]) -> None:
        """Show customers' present names, owners and spend on their signals and in the requests they ask for.

        Nothing is published, and repeating it changes nothing.
        """
        for customer in customers:
            await self._signals.refresh_customer(customer)
        ids = {customer.customer_id for customer in customers}
        await self._save_numbers(organization_id, (), await self._signals.requests_of(organization_id, ids))

    async def recount(self, organization_id: str, left: Sequence[Uncounted]) -> None:
        """Update the counts for signals whose process died after saving them.

        If it did not die after all, counting twice changes nothing.
        """
        await self._save_numbers(
            organization_id,
            {found for uncounted in left for found in uncounted.customer_ids},
            {found for uncounted in left for found in uncounted.request_ids},
        )
        await self._signals.counted(
            organization_id, [(uncounted.signal_id, uncounted.revision) for uncounted in left]
        )

    async def _count(self, organization_id: str, changes: Sequence[Change], refused: Collection[str]) -> None:
        """Update the numbers that lists are sorted by; the signals are stored and published already."""
        await self._save_numbers(
            organization_id,
            {found for change in changes for found in change.customer_ids},
            {found for change in changes for found in change.request_ids},
        )
        stored = [change.after for change in changes if change.after.signal_id not in refused]
        await self._signals.counted(
            organization_id, [(signal.signal_id, signal.revision) for signal in stored]
        )

    async def _save_numbers(
        self, organization_id: str, customer_ids: Collection[str], request_ids: Collection[str]
    ) -> None:
        if customer_ids:
            counted = await self._signals.attention(organization_id, customer_ids)
            await self._customers.save_attention(organization_id, counted)
        if request_ids:
            await self._requests.save_demand(
                organization_id, await self._signals.demand(organization_id, request_ids)
            )
