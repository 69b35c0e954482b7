"""How readings become signals: which evidence opens, strengthens, weakens or closes which signal.

It depends on nothing but the reading and the book: settling the same reading twice changes nothing, so a
record that comes again neither repeats a signal nor counts a revision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.moves import given_away
from services.detector.domain.occasion import SHIFTS
from services.detector.domain.signal import MAX_PEOPLE, MAX_TAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.book import SignalBook
    from services.detector.domain.contribution import Contribution, Reading
    from services.detector.domain.signal import Proof, Signal


def settle(book: SignalBook, reading: Reading) -> None:
    """Make the book's signals agree with what a source says now.

    The book must hold all signals with evidence of that source, and all of the subjects and slots that the
    reading names. What the source said before and says no longer is taken back.
    """
    _Settling(book, reading).settle()


class _Settling:
    """One reading while it is settled.

    `_attached` are the proofs that found a signal, with its id; what the signals held of the source besides
    is lost. `_heirs` says by a signal's id who took up what it gave away. `_newest_only` are the subjects and
    slots of which the source tells only its newest words, so that earlier ones stay.
    """

    def __init__(self, book: SignalBook, reading: Reading) -> None:
        self._book = book
        self._reading = reading
        self._attached: set[tuple[str, tuple[str, str, int, int, str]]] = set()
        self._heirs: dict[str, str] = {}
        self._newest_only = {(one.subject, one.slot) for one in reading.contributions if one.keeps_earlier}

    def settle(self) -> None:
        self._book.hear(self._reading.heard)
        held = [
            (signal.signal_id, proof)
            for signal in self._book.signals
            for proof in signal.proofs
            if proof.source == self._reading.source
        ]
        for contribution in self._reading.contributions:
            for proof in _in_order(contribution):
                self._attach(contribution, proof)
        for signal_id in {signal_id for signal_id, _ in held}:
            mine = [proof for owner, proof in held if owner == signal_id]
            lost = [proof for proof in mine if (signal_id, proof.identity) not in self._attached]
            self._withdraw(self._book[signal_id], lost)

    def _attach(self, contribution: Contribution, proof: Proof) -> None:
        holder = self._holder(contribution, proof)
        if holder is not None and holder.is_open and holder.subject != contribution.subject:
            holder = self._handed_over(holder, contribution, proof)
        if holder is None:
            holder = self._of_occasion(contribution, proof)
        elif _may_come_back(holder):
            holder = self._newer_open(contribution, proof) or holder
        if holder is None:
            return
        self._attached.add((holder.signal_id, proof.identity))
        if _may_come_back(holder):
            holder = holder.reopened(at=self._book.now)
        if holder.is_open or holder.cleared_because == "expired":
            self._book.keep(self._strengthened(holder, contribution, proof))

    def _holder(self, contribution: Contribution, proof: Proof) -> Signal | None:
        """Return the signal that rests on this very proof already; the subject's own and open ones first."""
        holders = [
            signal
            for signal in self._book.signals
            if signal.slot == contribution.slot
            and any(held.identity == proof.identity for held in signal.proofs)
        ]
        return max(
            holders,
            key=lambda signal: (signal.subject == contribution.subject, signal.is_open, signal.number),
            default=None,
        )

    def _newer_open(self, contribution: Contribution, proof: Proof) -> Signal | None:
        """Return the open signal of the same occasion, where newer words opened one after a withdrawal."""
        found = self._book.open_at(contribution.subject, contribution.slot)
        if found is None or found.first_said_at is None or found.occurred_at is None:
            return None
        belongs = self._book.rules.belongs(
            contribution.slot, proof.said_at, found.first_said_at, found.occurred_at
        )
        return found if belongs else None

    def _handed_over(self, holder: Signal, contribution: Contribution, proof: Proof) -> Signal:
        """Return the contribution's own signal in place of another subject's open one.

        The conversation turned out to be with somebody else: the signal moves, or gives its proof away.
        """
        target = self._book.open_at(contribution.subject, contribution.slot)
        if target is None and all(held.source == proof.source for held in holder.proofs):
            number = self._book.next_number(contribution.subject, contribution.slot)
            whole = holder.moved(contribution.subject, number, contribution.customer, at=self._book.now)
            self._book.keep(whole)
            return whole
        if target is None:
            target = self._book.open_next(contribution)
            self._book.silence(target)
        self._heirs[holder.signal_id] = target.signal_id
        return target

    def _of_occasion(self, contribution: Contribution, proof: Proof) -> Signal | None:
        """Return the signal that this evidence belongs to, a new one, or None where it was judged before."""
        candidates = self._book.of(contribution.subject, contribution.slot)
        for signal in sorted(candidates, key=lambda one: (one.is_open, one.number), reverse=True):
            first, last = signal.first_said_at, signal.occurred_at
            if first is None or last is None or signal.cleared_because == "merged":
                continue
            if not self._book.rules.belongs(contribution.slot, proof.said_at, first, last):
                continue
            if signal.is_open or signal.cleared_because == "expired":
                return signal
            if proof.said_at <= last:
                # What was judged stays so; what was taken back may come back, and only later words are news.
                return signal if signal.cleared_because == "withdrawn" else None
        return self._book.open_next(contribution) if proof.confidence >= contribution.least else None

    def _strengthened(self, signal: Signal, contribution: Contribution, proof: Proof) -> Signal:
        known = any(held.identity == proof.identity for held in signal.proofs)
        others = tuple(held for held in signal.proofs if held.identity != proof.identity)
        after = signal.with_proofs((*others, proof), at=self._book.now)
        if not known and contribution.is_news and self._book.is_news(proof):
            self._book.announce(signal)
        one_source = all(held.source == proof.source for held in after.proofs)
        people = {person.id: person for person in (*contribution.people, *after.people)}
        tags = contribution.tags if one_source else tuple(sorted({*after.tags, *contribution.tags}))
        after = replace(
            after,
            title=contribution.title,
            customer=contribution.customer,
            people=tuple(sorted(people.values(), key=lambda person: person.id)[:MAX_PEOPLE]),
            tags=tags[:MAX_TAGS],
        )
        return self._revived(after)

    def _revived(self, signal: Signal) -> Signal:
        if signal.cleared_because != "expired" or signal.occurred_at is None:
            return signal
        expiry = self._book.rules.expires_at(signal.slot, signal.occurred_at)
        return signal.reopened(at=self._book.now) if expiry is None or expiry > self._book.now else signal

    def _withdraw(self, signal: Signal, lost: Sequence[Proof]) -> None:
        gone = [proof for proof in lost if not self._reading.is_alive(proof)]
        taken_back = [proof for proof in lost if proof not in gone]
        excused = self._reading.excuses(signal) or (signal.subject, signal.slot) in self._newest_only
        if excused or not signal.is_open:
            # A closed signal keeps what it rested on for those who ask why, as long as the words stand.
            taken_back = []
        dropped = {proof.identity for proof in (*gone, *taken_back)}
        rest = tuple(proof for proof in signal.proofs if proof.identity not in dropped)
        if not dropped:
            return
        self._book.note_lost(signal, rest)
        if rest or not signal.is_open:
            after = signal.with_proofs(rest, at=self._book.now)
        elif signal.signal_id in self._heirs:
            after = given_away(self._book, signal, self._book.get(self._heirs[signal.signal_id]))
        elif gone:
            after = signal.with_proofs((), at=self._book.now).cleared("evidence_gone", at=self._book.now)
        else:
            # The words still stand, they only no longer mean this; they stay readable on its page.
            after = signal.cleared("resolved" if self._reading.resolves else "withdrawn", at=self._book.now)
        self._book.keep(after.without_words_of(gone))


def _in_order(contribution: Contribution) -> list[Proof]:
    """Proofs that may open a signal, then the weaker ones, which join it; each as they were said."""
    return sorted(
        contribution.proofs,
        key=lambda one: (one.confidence < contribution.least, one.said_at, one.identity),
    )


def _may_come_back(signal: Signal) -> bool:
    """Return whether a closed signal is open again where its words are found again.

    A mood's turn is weighed against what was said before it, which may come to its subject later than it.
    """
    return signal.cleared_because == "withdrawn" or (
        signal.cleared_because == "resolved" and signal.slot in SHIFTS
    )
