"""The signals that one unit of work may touch: found, opened, numbered and closed.

The book does not judge evidence. `settling` decides what an assessment opens, strengthens and takes back, and
`moves` decides what follows when signals move to another subject; both work on a book.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.change import change_of
from services.detector.domain.identity import stable_id
from services.detector.domain.signal import Signal
from services.detector.domain.wish_words import names_request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.change import Change
    from services.detector.domain.contribution import Contribution
    from services.detector.domain.identity import Subject
    from services.detector.domain.occasion import OccasionRules, Slot
    from services.detector.domain.signal import ClearReason, Proof


class SignalBook:
    """The signals of one organization that one unit of work may touch, as stored and as they are now.

    The result depends only on what the book was given: the same steps on the same signals give the same
    signals.

    Args:
        signals: every signal that the steps may look for; `settle` and each of the moves say what they
            need.
        known_before: what was said before then was read already (by an older detector, or with a switch
            off). It is shown, and nobody is alerted to it.

    Attributes:
        rules: how long occasions last, and what is too old to be announced.
        now: when the unit of work happens.
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
        self.rules = rules
        self.now = now
        self._organization_id = organization_id
        self._stored = {signal.signal_id: signal for signal in signals}
        self._signals = dict(self._stored)
        self._known_before = known_before
        self._silent: set[str] = set()
        self._fresh: set[str] = set()
        self._heard: dict[str, datetime] = {}
        self._lost: dict[str, list[str]] = {}
        self._losers: set[str] = set()

    @property
    def signals(self) -> tuple[Signal, ...]:
        """All signals as they are now, including those opened in this unit of work."""
        return tuple(self._signals.values())

    def __getitem__(self, signal_id: str) -> Signal:
        """Return a signal as it is now. Raises KeyError where `get` returns None."""
        return self._signals[signal_id]

    def get(self, signal_id: str) -> Signal | None:
        """Return a signal as it is now; None if the book has none with that id, or dropped it."""
        return self._signals.get(signal_id)

    def as_stored(self, signal_id: str) -> Signal | None:
        """Return a signal as the unit of work found it; None for one that was opened in it."""
        return self._stored.get(signal_id)

    def of(self, subject: Subject, slot: Slot) -> list[Signal]:
        """Return all occasions of a slot with a subject, open and closed."""
        return [
            signal for signal in self._signals.values() if signal.subject == subject and signal.slot == slot
        ]

    def open_at(self, subject: Subject, slot: Slot) -> Signal | None:
        """Return the subject's open signal of the slot, if there is one."""
        return next((signal for signal in self.of(subject, slot) if signal.is_open), None)

    def next_number(self, subject: Subject, slot: Slot) -> int:
        """Return the number of the subject's next occasion of the slot: above all that the book holds."""
        return max((signal.number for signal in self.of(subject, slot)), default=-1) + 1

    def open_next(self, contribution: Contribution) -> Signal:
        """Open the subject's next occasion of the slot and return it, without proofs.

        Its id differs from those of all signals in the book, including signals that moved away from the
        subject.
        """
        subject, slot = contribution.subject, contribution.slot
        number = self.next_number(subject, slot)
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
            opened_at=self.now,
            changed_at=self.now,
            historical=True,
        )
        self._signals[signal_id] = signal
        return signal

    def keep(self, signal: Signal) -> None:
        """Take over a signal's next state, where its lost evidence moved along or was noted as lost."""
        self._signals[signal.signal_id] = signal

    def put(self, signal: Signal) -> None:
        """Take over a signal's next state from a judgement or a removal, and note what it lost."""
        before = self._signals[signal.signal_id]
        self.note_lost(before, signal.proofs)
        dismissed = signal.cleared_because == "dismissed" and before.is_open
        if dismissed and signal.slot.request_id is not None and names_request(signal):
            self._lost.setdefault(signal.slot.request_id, [])
            self._losers.add(signal.signal_id)
        returns = before.cleared_because == "dismissed" and signal.is_open
        if returns and signal.slot.request_id is not None:
            self._lost.setdefault(signal.slot.request_id, [])
        self._signals[signal.signal_id] = signal

    def drop(self, signal: Signal) -> None:
        """Forget a signal that was opened in this unit of work, as though it had never existed."""
        del self._signals[signal.signal_id]

    def clear(self, signal_id: str, reason: ClearReason, *, by: str = "", note: str = "") -> None:
        """Close one signal for a reason other than its evidence."""
        self._signals[signal_id] = self._signals[signal_id].cleared(reason, at=self.now, by=by, note=note)

    def expire(self) -> None:
        """Close the signals that have had no new evidence for longer than their kind lasts."""
        for signal in tuple(self._signals.values()):
            if not signal.is_open or signal.rests_on_facts or signal.occurred_at is None:
                continue
            expiry = self.rules.expires_at(signal.slot, signal.occurred_at)
            if expiry is not None and expiry <= self.now:
                self._signals[signal.signal_id] = signal.cleared("expired", at=expiry)

    @property
    def lost(self) -> Mapping[str, Sequence[str]]:
        """The quotes that signals about requests no longer rest on, by request id.

        The tuple of a request is empty if a dismissed wish gave the request its title: the words stay, and no
        longer name anything. It is empty as well if a dismissal is undone, since the words may name it again.
        """
        return self._lost

    @property
    def losers(self) -> Collection[str]:
        """The ids of the signals that `lost` comes from."""
        return self._losers

    def note_lost(self, signal: Signal, rest: Sequence[Proof]) -> None:
        """Add to `lost` what a signal loses when it rests on these proofs only."""
        left = {proof.identity for proof in rest}
        quotes = [proof.quote for proof in signal.proofs if proof.identity not in left]
        if quotes and signal.slot.request_id is not None:
            self._lost.setdefault(signal.slot.request_id, []).extend(quotes)
            self._losers.add(signal.signal_id)

    def hear(self, heard: Mapping[str, datetime]) -> None:
        """Note by conversation how far detectors of another version had read; up to there nothing is news."""
        self._heard.update(heard)

    def is_news(self, proof: Proof) -> bool:
        """Return whether a proof was said recently, and after what was read before this unit of work."""
        if self._known_before is not None and proof.said_at < self._known_before:
            return False
        heard_until = self._heard.get(proof.conversation_key)
        if heard_until is not None and proof.said_at <= heard_until:
            return False
        return not self.rules.is_past(proof.said_at, self.now)

    def announce(self, signal: Signal) -> None:
        """Have people alerted to a signal that rests on news, unless it is silenced in this unit of work."""
        self._fresh.add(signal.signal_id)

    def silence(self, signal: Signal) -> None:
        """Have nobody alerted to a signal in this unit of work.

        Its words were reported under another signal already.
        """
        self._silent.add(signal.signal_id)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs from the stored signals, each with its next revision and what to publish."""
        changes = []
        for signal_id, signal in sorted(self._signals.items()):
            before = self._stored.get(signal_id)
            if before is None or not signal.same_content(before):
                changes.append(change_of(before, signal, announced=self._announced(signal), at=self.now))
        return tuple(changes)

    def _announced(self, signal: Signal) -> bool:
        return signal.signal_id in self._fresh and signal.signal_id not in self._silent

    def _id_of(self, contribution: Contribution, number: int) -> str:
        # The connection is part of the id: a workspace that was removed and connected again has new signals,
        # which a receiver that remembers ids must not take for those it has seen.
        return stable_id(
            "s",
            self._organization_id,
            contribution.connection_id,
            contribution.subject.key,
            contribution.slot.key,
            str(number),
        )
