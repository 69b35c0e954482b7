"""Turns assessments into signals: which evidence opens, strengthens, weakens or closes which signal.

The result depends on nothing but the assessment and the book. Settling the same assessment twice changes
nothing, so a record that is delivered again neither repeats a signal nor adds a revision.
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
    from services.detector.domain.contribution import Assessment, Contribution
    from services.detector.domain.signal import Proof, Signal


def settle(book: SignalBook, assessment: Assessment) -> None:
    """Make the book's signals agree with what a source says now.

    The book must hold every signal with evidence from that source, and every signal of the subjects and slots
    that the assessment names. Evidence that the source gave before and no longer gives is withdrawn.
    """
    _Settling(book, assessment).settle()


class _Settling:
    """One assessment while it is being settled.

    `_attached` holds each proof that found a signal, with that signal's id; any other proof of this source
    that a signal held is withdrawn. `_heirs` maps the id of a signal that gave proofs away to the id of the
    signal that received them. `_newest_only` holds the subjects and slots for which the source reports only
    its newest words, so that earlier proofs stay.
    """

    def __init__(self, book: SignalBook, assessment: Assessment) -> None:
        self._book = book
        self._assessment = assessment
        self._attached: set[tuple[str, tuple[str, str, int, int, str]]] = set()
        self._heirs: dict[str, str] = {}
        self._newest_only = {
            (contribution.subject, contribution.slot)
            for contribution in assessment.contributions
            if contribution.keeps_earlier
        }

    def settle(self) -> None:
        self._book.hear(self._assessment.heard)
        held = [
            (signal.signal_id, proof)
            for signal in self._book.signals
            for proof in signal.proofs
            if proof.source == self._assessment.source
        ]
        for contribution in self._assessment.contributions:
            for proof in _in_order(contribution):
                self._attach(contribution, proof)
        for signal_id in {signal_id for signal_id, _ in held}:
            mine = [proof for owner, proof in held if owner == signal_id]
            lost = [proof for proof in mine if (signal_id, proof.identity) not in self._attached]
            self._withdraw(self._book[signal_id], lost)

    def _attach(self, contribution: Contribution, proof: Proof) -> None:
        holder = self._holder(contribution, proof)
        if holder is not None and holder.is_open and holder.subject != contribution.subject:
            holder = self._taken_over(holder, contribution, proof)
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
        """Return the signal that holds this very proof: preferably the subject's own, then an open one."""
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
        """Return the open signal of the same occasion, if newer words opened one after a withdrawal."""
        found = self._book.open_at(contribution.subject, contribution.slot)
        if found is None or found.first_said_at is None or found.occurred_at is None:
            return None
        belongs = self._book.rules.belongs(
            contribution.slot, proof.said_at, found.first_said_at, found.occurred_at
        )
        return found if belongs else None

    def _taken_over(self, holder: Signal, contribution: Contribution, proof: Proof) -> Signal:
        """Return the contribution's own signal, to take over from another subject's open one.

        The conversation turned out to belong to this subject: the whole signal moves, or it gives up this
        proof.
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
        """Return the signal of the occasion that this proof belongs to, or a new one.

        None when people have judged this evidence already, or when it is too weak to open a signal.
        """
        candidates = self._book.of(contribution.subject, contribution.slot)
        for signal in sorted(
            candidates, key=lambda candidate: (candidate.is_open, candidate.number), reverse=True
        ):
            first, last = signal.first_said_at, signal.occurred_at
            if first is None or last is None or signal.cleared_because == "merged":
                continue
            if not self._book.rules.belongs(contribution.slot, proof.said_at, first, last):
                continue
            if signal.is_open or signal.cleared_because == "expired":
                return signal
            if proof.said_at <= last:
                # A judged signal stays closed and a withdrawn one may reopen; only later words are news.
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
        gone = [proof for proof in lost if not self._assessment.is_alive(proof)]
        taken_back = [proof for proof in lost if proof not in gone]
        excused = self._assessment.excuses(signal) or (signal.subject, signal.slot) in self._newest_only
        if excused or not signal.is_open:
            # A closed signal keeps its evidence while the words exist, so that people can see why it opened.
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
            # The words still exist but no longer mean this; they stay readable on the signal's page.
            after = signal.cleared(
                "resolved" if self._assessment.resolves else "withdrawn", at=self._book.now
            )
        self._book.keep(after.without_words_of(gone))


def _in_order(contribution: Contribution) -> list[Proof]:
    """Return the proofs in the order in which they are attached.

    Those sure enough to open a signal come first, then the weaker ones, which can only join it; within both
    groups the oldest comes first.
    """
    return sorted(
        contribution.proofs,
        key=lambda proof: (proof.confidence < contribution.least, proof.said_at, proof.identity),
    )


def _may_come_back(signal: Signal) -> bool:
    """Return whether a closed signal opens again when its words are found again.

    A shift of mood is included because messages that were written before it may arrive after it, and change
    what it is compared with.
    """
    return signal.cleared_because == "withdrawn" or (
        signal.cleared_because == "resolved" and signal.slot in SHIFTS
    )
