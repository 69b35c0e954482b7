"""Which words stand for a signal where there is room for one quote: the same in lists, messages and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LESS_SURE = 0.1
"""How much less sure than the surest words may be that stand beside the signal's confidence."""

_DIGITS = 6
"""Of a difference of confidences; what is beyond comes of binary fractions."""


class Words(Protocol):
    """A quote; `confidence` is None where a record of an earlier version does not tell it."""

    @property
    def said_at(self) -> datetime: ...

    @property
    def confidence(self) -> float | None: ...


W = TypeVar("W", bound=Words)


def heading_words(words: Sequence[W]) -> W | None:
    """Return the newest of those that are hardly less sure than the surest; of one moment the first.

    A signal's confidence is that of its surest words: beside it, newer ones that say little would mislead.
    """
    surest = max((word.confidence for word in words if word.confidence is not None), default=0.0)
    telling = (
        word
        for word in words
        if word.confidence is None or round(surest - word.confidence, _DIGITS) <= LESS_SURE
    )
    return max(telling, key=lambda one: one.said_at, default=None)
