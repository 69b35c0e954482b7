"""How readings become signals: which evidence opens, strengthens, weakens or closes which signal.

The book holds the signals that a unit of work may touch, settles readings against them, and tells what
changed. It is a pure function of what it was given: settling the same reading twice changes nothing, so
a record that comes again neither repeats a signal nor counts a revision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.change import change_of
from services.detector.domain.contribution import Contribution
from services.detector.domain.identity import Subject, stable_id
from services.detector.domain.signal import MAX_PEOPLE, MAX_TAGS, Proof, Signal, newest
from services.detector.domain.wish_words import names_request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.change import Change
    from services.detector.domain.contribution import Reading
    from services.detector.domain.occasion import OccasionRules, Slot
    from services.detector.domain.signal import ClearReason
    from shared.contracts.signals import CustomerRef


class SignalBook:
    """The signals of one organization that one unit of work may touch.

    Args:
        signals: all signals that hold evidence of the sources to be settled, and all of the subjects
            and slots that the readings name.
        known_before: what was said before then was read already (by an older detector, or with a switch
            off): it is shown, and nobody is alerted.
    """

    def __init__(
        self,
        organization_id: str,
        signals: Iterable[Signal],
        *,
        rules: OccasionRules,
        now: datetime,
        known_before: datetime | None = None,
    ) -> None:
        self._organization_id = organization_id
        self._stored = {signal.signal_id: signal for signal in signals}
        self._signals = dict(self._stored)
        self._rules = rules
        self._now = now
        self._known_before = known_before
        self._silent: set[str] = set()
        self._fresh: set[str] = set()
        self._heard: dict[str, datetime] = {}
        self._lost: dict[str, list[str]] = {}
        self._losers: set[str] = set()

    @property
    def lost(self) -> Mapping[str, Sequence[str]]:
        """What signals about requests no longer rest on, by request id: the quotes, as they were.

        Without any where a dismissed wish named the request: its words stay, and name nothing any more.
        """
        return self._lost

    @property
    def losers(self) -> Collection[str]:
        """The ids of the signals that `lost` comes from."""
        return self._losers

    @property
    def signals(self) -> tuple[Signal, ...]:
        return tuple(self._signals.values())

    def settle(self, reading: Reading) -> None:
        """Make the signals agree with what a source says now."""
        self._heard.update(reading.heard)
        held = [
            (signal.signal_id, proof)
            for signal in self._signals.values()
            for proof in signal.proofs
            if proof.source == reading.source
        ]
        placed: set[tuple[str, tuple[str, str, int, int, str]]] = set()
        moved: dict[str, str] = {}
        for contribution in reading.contributions:
            for proof in _in_order(contribution):
                self._place(contribution, proof, placed, moved)
        told = {(one.subject, one.slot) for one in reading.contributions if one.keeps_earlier}
        for signal_id in {signal_id for signal_id, _ in held}:
            mine = [proof for owner, proof in held if owner == signal_id]
            lost = [proof for proof in mine if (signal_id, proof.identity) not in placed]
            self._withdraw(self._signals[signal_id], lost, reading, told, heir_id=moved.get(signal_id))

    def _place(
        self,
        contribution: Contribution,
        proof: Proof,
        placed: set[tuple[str, tuple[str, str, int, int, str]]],
        moved: dict[str, str],
    ) -> None:
        holder = self._holder(contribution, proof)
        if holder is not None and holder.is_open and holder.subject != contribution.subject:
            holder = self._take_over(holder, contribution, proof, moved)
        if holder is None:
            holder = self._occasion(contribution, proof)
        elif holder.cleared_because == "withdrawn":
            holder = self._newer(contribution, proof) or holder
        if holder is None:
            return
        placed.add((holder.signal_id, proof.identity))
        if holder.cleared_because == "withdrawn":
            holder = holder.reopened(at=self._now)
        if holder.is_open or holder.cleared_because == "expired":
            self._signals[holder.signal_id] = self._strengthened(holder, contribution, proof)

    def _holder(self, contribution: Contribution, proof: Proof) -> Signal | None:
        """Return the signal that rests on this very proof already; the subject's own and open ones first."""
        holders = [
            signal
            for signal in self._signals.values()
            if signal.slot == contribution.slot
            and any(held.identity == proof.identity for held in signal.proofs)
        ]
        return max(
            holders,
            key=lambda signal: (signal.subject == contribution.subject, signal.is_open, signal.number),
            default=None,
        )

    def _newer(self, contribution: Contribution, proof: Proof) -> Signal | None:
        """Return the open signal of the same occasion, where newer words opened one after a withdrawal."""
        found = self._open_at(contribution.subject, contribution.slot)
        if found is None or found.first_said_at is None or found.occurred_at is None:
            return None
        belongs = self._rules.belongs(
            contribution.slot, proof.said_at, found.first_said_at, found.occurred_at
        )
        return found if belongs else None

    def _take_over(
        self, holder: Signal, contribution: Contribution, proof: Proof, moved: dict[str, str]
    ) -> Signal | None:
        """The conversation turned out to be with somebody else: the signal moves, or gives its proof away.

        `moved` takes up by a giver's id who has it.
        """
        target = self._open_at(contribution.subject, contribution.slot)
        if target is None and all(held.source == proof.source for held in holder.proofs):
            number = self._next_number(contribution.subject, contribution.slot)
            whole = holder.moved(contribution.subject, number, contribution.customer, at=self._now)
            self._signals[holder.signal_id] = whole
            return whole
        if target is None:
            target = self._new(contribution)
            self._silent.add(target.signal_id)
        moved[holder.signal_id] = target.signal_id
        return target

    def _occasion(self, contribution: Contribution, proof: Proof) -> Signal | None:
        """Return the signal that this evidence belongs to, a new one, or None where it was judged before."""
        candidates = self._of(contribution.subject, contribution.slot)
        for signal in sorted(candidates, key=lambda one: (one.is_open, one.number), reverse=True):
            first, last = signal.first_said_at, signal.occurred_at
            if first is None or last is None or signal.cleared_because == "merged":
                continue
            if not self._rules.belongs(contribution.slot, proof.said_at, first, last):
                continue
            if signal.is_open or signal.cleared_because == "expired":
                return signal
            if proof.said_at <= last:
                # What was judged stays so; what was taken back may come back, and only later words are news.
                return signal if signal.cleared_because == "withdrawn" else None
        return self._new(contribution) if proof.confidence >= contribution.least else None

    def _new(self, contribution: Contribution) -> Signal:
        subject, slot = contribution.subject, contribution.slot
        number = self._next_number(subject, slot)
        while (signal_id := self._id_of(contribution, number)) in self._signals:
            number += 1
        signal = Signal(
            signal_id=signal_id,
            organization_id=self._organization_id,
            connection_id=contribution.connection_id,
            workspace_id=contribution.workspace_id,
            subject=subject,
            slot=slot,
            number=number,
            title=contribution.title,
            opened_at=self._now,
            changed_at=self._now,
            historical=True,
        )
        self._signals[signal_id] = signal
        return signal

    def _strengthened(self, signal: Signal, contribution: Contribution, proof: Proof) -> Signal:
        known = any(held.identity == proof.identity for held in signal.proofs)
        others = tuple(held for held in signal.proofs if held.identity != proof.identity)
        after = signal.with_proofs((*others, proof), at=self._now)
        if not known and contribution.is_news and self._is_news(proof):
            self._fresh.add(signal.signal_id)
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

    def _is_news(self, proof: Proof) -> bool:
        if self._known_before is not None and proof.said_at < self._known_before:
            return False
        heard_until = self._heard.get(proof.conversation_key)
        if heard_until is not None and proof.said_at <= heard_until:
            return False
        return not self._rules.is_past(proof.said_at, self._now)

    def _revived(self, signal: Signal) -> Signal:
        if signal.cleared_because != "expired" or signal.occurred_at is None:
            return signal
        expiry = self._rules.expires_at(signal.slot, signal.occurred_at)
        return signal.reopened(at=self._now) if expiry is None or expiry > self._now else signal

    def _withdraw(
        self,
        signal: Signal,
        lost: list[Proof],
        reading: Reading,
        told: set[tuple[Subject, Slot]],
        *,
        heir_id: str | None,
    ) -> None:
        gone = [proof for proof in lost if not reading.is_alive(proof)]
        taken_back = [proof for proof in lost if proof not in gone]
        excused = reading.excuses(signal) or (signal.subject, signal.slot) in told
        if excused or not signal.is_open:
            # A closed signal keeps what it rested on for those who ask why, as long as the words stand.
            taken_back = []
        dropped = {proof.identity for proof in (*gone, *taken_back)}
        rest = tuple(proof for proof in signal.proofs if proof.identity not in dropped)
        if not dropped:
            return
        self._note_lost(signal, rest)
        if rest or not signal.is_open:
            after = signal.with_proofs(rest, at=self._now)
        elif heir_id is not None:
            after = self._given_away(signal, self._signals.get(heir_id))
        elif gone:
            after = signal.with_proofs((), at=self._now).cleared("evidence_gone", at=self._now)
        else:
            # The words still stand, they only no longer mean this; they stay readable on its page.
            after = signal.cleared("resolved" if reading.resolves else "withdrawn", at=self._now)
        self._signals[signal.signal_id] = after.without_words_of(gone)

    def _given_away(self, signal: Signal, heir: Signal | None) -> Signal:
        """Return a signal whose last words went to another subject's.

        Where that one was made for them just now, the signal itself goes, as it was told: with its id, and
        what people did with it. Else it is closed, and what people did goes along.
        """
        if heir is None:  # Another one went in its place already.
            return signal.with_proofs((), at=self._now).cleared("merged", at=self._now)
        if heir.signal_id in self._stored or signal.signal_id not in self._stored:
            self._signals[heir.signal_id] = self._heir_of(signal, heir)
            return signal.with_proofs((), at=self._now).cleared("merged", at=self._now)
        del self._signals[heir.signal_id]
        whole = replace(
            self._stored[signal.signal_id],
            title=heir.title,
            people=heir.people,
            tags=heir.tags,
            proofs=heir.proofs,
            first_said_at=heir.first_said_at,
            occurred_at=heir.occurred_at,
        )
        return whole.moved(heir.subject, heir.number, heir.customer, at=self._now)

    def _heir_of(self, signal: Signal, heir: Signal) -> Signal:
        """Return the signal that takes another one up, as what people did with that one leaves it."""
        if signal.assigned_to and not heir.assigned_to:
            heir = heir.assigned(signal.assigned_to, "", at=self._now)
        if signal.confirmed_by and not heir.confirmed_by:
            heir = heir.confirmed(signal.confirmed_by, at=self._now)
        return heir

    def _note_lost(self, signal: Signal, rest: Sequence[Proof]) -> None:
        left = {proof.identity for proof in rest}
        quotes = [proof.quote for proof in signal.proofs if proof.identity not in left]
        if quotes and signal.slot.request_id is not None:
            self._lost.setdefault(signal.slot.request_id, []).extend(quotes)
            self._losers.add(signal.signal_id)

    def fold(self, old: Subject, new: Subject, customer: CustomerRef | None) -> None:
        """Give everything of one subject to another: two names turned out to be one customer.

        What rests on the one's facts, moods or health rests on the other's from then on.
        """
        for held in sorted(self._signals.values(), key=lambda one: one.number):
            if held.subject != old:
                continue
            signal = replace(held, proofs=tuple(_told_by(one, old, new) for one in held.proofs))
            target = self._open_at(new, signal.slot)
            if signal.is_open and target is not None:
                joined = target.with_proofs((*target.proofs, *signal.proofs), at=self._now)
                self._signals[target.signal_id] = self._heir_of(signal, joined)
                self._signals[signal.signal_id] = replace(signal, proofs=()).cleared("merged", at=self._now)
                continue
            number = self._next_number(new, signal.slot)
            self._signals[signal.signal_id] = signal.moved(new, number, customer, at=self._now)

    def follow_words(
        self, old: Subject, new: Subject, conversation_keys: Collection[str], customer: CustomerRef | None
    ) -> None:
        """Let what the moods of one subject told of these conversations go with them to another subject.

        A signal goes with all of its words. One that others still speak for loses these to the other
        subject's open signal, or to a new one that nobody is alerted by.
        """
        for held in sorted(self._signals.values(), key=lambda one: one.number):
            going = tuple(one for one in held.proofs if one.conversation_key in conversation_keys)
            if held.subject != old or not going:
                continue
            told = tuple(_told_by(one, old, new) for one in going)
            rest = tuple(one for one in held.proofs if one not in going)
            target = self._open_at(new, held.slot) if held.is_open else None
            if target is None and not rest:
                number = self._next_number(new, held.slot)
                moved = replace(held, proofs=told).moved(new, number, customer, at=self._now)
                self._signals[held.signal_id] = moved
            elif held.is_open:
                target = target or self._beside(held, new, customer)
                joined = target.with_proofs((*target.proofs, *told), at=self._now)
                self._signals[target.signal_id] = joined if rest else self._heir_of(held, joined)
                left = held.with_proofs(rest, at=self._now) if rest else replace(held, proofs=())
                self._signals[held.signal_id] = left if rest else left.cleared("merged", at=self._now)

    def _beside(self, held: Signal, subject: Subject, customer: CustomerRef | None) -> Signal:
        """Return a new signal of another subject, like one that is held and without its proofs."""
        return self._new(
            Contribution(
                subject=subject,
                slot=held.slot,
                title=held.title,
                connection_id=held.connection_id,
                workspace_id=held.workspace_id,
                proofs=(),
                customer=customer,
            )
        )

    def refile(self, slot: Slot, title: str, *, by: str) -> None:
        """Give every signal of the book that is about another request to this one.

        Where the subject has an open signal about it already, the two become one.
        """
        for signal in sorted(self._signals.values(), key=lambda one: (one.number, one.signal_id)):
            if signal.slot == slot or signal.slot.request_id is None:
                continue
            target = self._open_at(signal.subject, slot)
            if signal.is_open and target is not None:
                joined = target.with_proofs((*target.proofs, *signal.proofs), at=self._now)
                self._signals[target.signal_id] = self._heir_of(signal, joined)
                gone = replace(signal, proofs=()).cleared(
                    "merged", at=self._now, by=by, note=f"now with “{title}”"
                )
                self._signals[signal.signal_id] = gone
                continue
            number = self._next_number(signal.subject, slot)
            self._signals[signal.signal_id] = signal.refiled(slot, number, title, by=by, at=self._now)

    def clear(self, signal_id: str, reason: ClearReason, *, by: str = "", note: str = "") -> None:
        """Close one signal for a reason that lies outside of its evidence."""
        self._signals[signal_id] = self._signals[signal_id].cleared(reason, at=self._now, by=by, note=note)

    def put(self, signal: Signal) -> None:
        """Take over a signal's next state as a person's judgement or a removal made it."""
        before = self._signals[signal.signal_id]
        self._note_lost(before, signal.proofs)
        dismissed = signal.cleared_because == "dismissed" and before.is_open
        if dismissed and signal.slot.request_id is not None and names_request(signal):
            self._lost.setdefault(signal.slot.request_id, [])
            self._losers.add(signal.signal_id)
        self._signals[signal.signal_id] = signal

    def expire(self) -> None:
        """Close what has had no new evidence for longer than its kind lasts."""
        for signal in tuple(self._signals.values()):
            if not signal.is_open or signal.rests_on_facts or signal.occurred_at is None:
                continue
            expiry = self._rules.expires_at(signal.slot, signal.occurred_at)
            if expiry is not None and expiry <= self._now:
                self._signals[signal.signal_id] = signal.cleared("expired", at=expiry)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs from the stored signals, each with its next revision and what to tell."""
        found = []
        for signal_id, signal in sorted(self._signals.items()):
            before = self._stored.get(signal_id)
            if before is None or not signal.same_content(before):
                found.append(change_of(before, signal, announced=self._announced(signal), at=self._now))
        return tuple(found)

    def _announced(self, signal: Signal) -> bool:
        return signal.signal_id in self._fresh and signal.signal_id not in self._silent

    def _of(self, subject: Subject, slot: Slot) -> list[Signal]:
        return [one for one in self._signals.values() if one.subject == subject and one.slot == slot]

    def _open_at(self, subject: Subject, slot: Slot) -> Signal | None:
        return next((one for one in self._of(subject, slot) if one.is_open), None)

    def _next_number(self, subject: Subject, slot: Slot) -> int:
        return max((one.number for one in self._of(subject, slot)), default=-1) + 1

    def _id_of(self, contribution: Contribution, number: int) -> str:
        # With the connection: a workspace that was removed and connected anew has other signals, which a
        # receiver that remembers ids must not take for those it has seen.
        return stable_id(
            "s",
            self._organization_id,
            contribution.connection_id,
            contribution.subject.key,
            contribution.slot.key,
            str(number),
        )


def _in_order(contribution: Contribution) -> list[Proof]:
    """Proofs that may open a signal, then the weaker ones, which join it; each as they were said."""
    return sorted(
        contribution.proofs,
        key=lambda one: (one.confidence < contribution.least, one.said_at, one.identity),
    )


def _told_by(proof: Proof, old: Subject, new: Subject) -> Proof:
    """Return the proof as the new subject tells it; what a conversation told stays the conversation's."""
    kind, _, subject_key = proof.source.partition("/")
    return replace(proof, source=f"{kind}/{new.key}") if subject_key == old.key else proof


def proofs_without(signal: Signal, workspace_id: str) -> tuple[Proof, ...]:
    """Return the proofs that do not come from a workspace, for when that workspace's data is removed."""
    prefix = f"{workspace_id}:"
    mine = signal.workspace_id == workspace_id
    return newest(
        tuple(
            proof
            for proof in signal.proofs
            if not proof.conversation_key.startswith(prefix) and not (proof.fact and mine)
        )
    )
