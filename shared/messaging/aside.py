"""Puts aside records that a batch could not process; nothing is committed before all of them are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from shared.errors import PartlyTransientError, TransientError
from shared.messaging.received import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.messaging.dead_letters import DeadLetter, DeadLetters
    from shared.messaging.received import Place
    from shared.messaging.retrying import ProcessingState, Retrying

_LOG = structlog.get_logger(__name__)


class Aside:
    """Keeps the dead letters of one subscription's batches, each once for as long as the process lives."""

    def __init__(self, dead_letters: DeadLetters, *, state: ProcessingState, retrying: Retrying) -> None:
        self._dead_letters = dead_letters
        self._state = state
        self._retrying = retrying
        # The batch comes again when one of its letters could not be kept; the others need not be sent anew.
        self._kept: set[Place] = set()

    async def put(self, letters: Sequence[DeadLetter]) -> None:
        """Return when all are kept; tried as often as a handler. Raises `TransientError` after that.

        All that a batch puts aside is published together: one by one, a thousand dead letters would delay
        good records.
        """
        left = [letter for letter in letters if place_of(letter.record) not in self._kept]
        for attempt in self._retrying.attempts():
            if not left:
                break
            try:
                await self._dead_letters.put(*left)
            except TransientError as error:
                left = self._those_left(left, error)
                await self._retrying.pause(attempt, error, records=len(left))
            else:
                left = self._those_left(left, None)
        if letters:
            self._kept.difference_update(place_of(letter.record) for letter in letters)
            self._state.going_on()

    def _those_left(self, letters: Sequence[DeadLetter], error: TransientError | None) -> list[DeadLetter]:
        """Remember which of the letters are kept now, and return the others."""
        if error is None:
            waiting = frozenset[int]()
        elif isinstance(error, PartlyTransientError):
            waiting = error.waiting
        else:
            waiting = frozenset(range(len(letters)))
        for place, letter in enumerate(letters):
            if place not in waiting:
                self._note(letter)
        return [letters[place] for place in sorted(waiting)]

    def _note(self, letter: DeadLetter) -> None:
        self._kept.add(place_of(letter.record))
        self._state.put_aside(letter.reason)
        _LOG.warning(
            "record put aside",
            topic=letter.record.topic,
            partition=letter.record.partition,
            offset=letter.record.offset,
            reason=letter.reason,
            trace_id=letter.trace_id,
            error=letter.error,
        )
