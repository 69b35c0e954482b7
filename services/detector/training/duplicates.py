"""Which texts say nearly the same: what is trained on must not be what is tested on.

Two texts are near duplicates when the sets of their word pairs overlap by 0.8 (Jaccard) or more, or
when their words are the same. Case, punctuation and digits do not count.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NEAR = 0.8
"""Overlap from which two texts count as the same one; below it they share a template at most."""
_WORD = re.compile(r"[^\W\d_]+")
_SHORT_WORDS = 3
"""Texts of fewer words are alike by nature ("thank you"); only equal ones count."""


def pairs_of(text: str) -> frozenset[str]:
    """The neighbouring word pairs of a text; its words as one piece when there are few."""
    words = _WORD.findall(text.lower())
    if len(words) <= _SHORT_WORDS:
        return frozenset({" ".join(words)})
    return frozenset(f"{one} {two}" for one, two in pairwise(words))


class Known:
    """Texts to compare others with. Only candidates that share a rare word pair are compared."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._shingles = [pairs_of(text) for text in texts]
        self._counts = Counter(pair for shingles in self._shingles for pair in shingles)
        self._holders: dict[str, list[int]] = defaultdict(list)
        for at, shingles in enumerate(self._shingles):
            for pair in self._rarest(shingles):
                self._holders[pair].append(at)

    def _rarest(self, shingles: frozenset[str]) -> Sequence[str]:
        # Two sets that overlap by 0.8 share a member among any fifth (and one more) of either's members.
        needed = int(len(shingles) * (1 - NEAR)) + 1
        return sorted(shingles, key=lambda pair: (self._counts[pair], pair))[:needed]

    def resembles(self, text: str) -> bool:
        """Whether a known text says nearly the same."""
        shingles = pairs_of(text)
        candidates = {at for pair in self._rarest(shingles) for at in self._holders.get(pair, ())}
        return any(_overlap(shingles, self._shingles[at]) >= NEAR for at in candidates)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
