"""Which wishes are the same wish: normalised words compared, so that a cluster is one request.

Words are compared as sets after dropping the ones that say "please" rather than what. The measure is
symmetrical and depends on nothing but the two texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

RequestState = Literal["new", "under_review", "planned", "shipped", "declined"]
REQUEST_STATES: tuple[RequestState, ...] = ("new", "under_review", "planned", "shipped", "declined")
SETTLED_STATES: frozenset[RequestState] = frozenset({"shipped", "declined"})

MAX_WORDINGS = 12
"""Wordings that a request is recognised by. More would let it drift from what it began as."""

_SAME = 0.5
"""Shared words over all words at which two wordings are one wish."""

_CONTAINED = 0.75
"""Shared words over the shorter wording's words that also suffice, when at least this many are shared:"""
_CONTAINED_WORDS = 2

_MAX_TOKENS = 24
_WORD = re.compile(r"[^\W_]+")
_EMPTY_WORDS = frozenset({
    "a", "ability", "able", "about", "add", "allow", "also", "an", "and", "any", "are", "as", "at",
    "be", "been", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "feature", "for",
    "from", "get", "give", "had", "has", "have", "having", "how", "i", "if", "in", "into", "is", "it",
    "its", "just", "kind", "know", "let", "like", "love", "make", "maybe", "me", "more", "my", "need",
    "needs", "new", "nice", "of", "on", "one", "option", "or", "our", "please", "possible", "product",
    "really", "request", "should", "so", "some", "somehow", "something", "support", "supported", "that",
    "the", "their", "them", "then", "there", "these", "they", "thing", "this", "to", "too", "us", "use",
    "useful", "using", "very", "want", "wanted", "wants", "was", "way", "we", "well", "were", "what",
    "when", "where", "which", "while", "will", "wish", "with", "would", "you", "your", "yours",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One distinct wish. `wordings` are the ways it was put, the first one being its title."""

    request_id: str
    title: str
    state: RequestState
    wordings: tuple[tuple[str, ...], ...]
    created_at: datetime
    changed_at: datetime
    state_by: str | None = None
    state_at: datetime | None = None


def _stem(word: str) -> str:
    """Cut the commonest English endings; what remains need not be a word, only the same for its forms."""
    for ending, least in (
        ("ations", 4),
        ("ation", 4),
        ("ings", 4),
        ("ing", 4),
        ("ies", 3),
        ("ed", 4),
        ("es", 4),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= least - 1:
            stem = word[: -len(ending)]
            return stem + "y" if ending == "ies" else stem.rstrip("e")
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:  # noqa: PLR2004 - "gas", "bus" stay
        return word[:-1].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word  # noqa: PLR2004 - "the" is gone already


def wish_tokens(wish: str) -> tuple[str, ...]:
    """Return the telling words of a wish, stemmed, each once, sorted."""
    words = (word.casefold() for word in _WORD.findall(wish))
    stems = {_stem(word) for word in words if word not in _EMPTY_WORDS}
    return tuple(sorted(stem for stem in stems if stem))[:_MAX_TOKENS]


def similarity(one: Iterable[str], other: Iterable[str]) -> float:
    """Return how alike two wordings are, 0 to 1; equal word sets give 1, nothing shared gives 0."""
    left, right = frozenset(one), frozenset(other)
    if not left or not right:
        return 0.0
    shared = len(left & right)
    jaccard = shared / len(left | right)
    contained = shared / min(len(left), len(right))
    if shared >= _CONTAINED_WORDS and contained >= _CONTAINED:
        return max(jaccard, _SAME + (contained - _CONTAINED) * 0.5 + jaccard * 0.25)
    return jaccard


def closest(tokens: Sequence[str], requests: Iterable[Request]) -> Request | None:
    """Return the request that a wish belongs to, or None when it is a new one."""
    best: tuple[float, str] | None = None
    found: Request | None = None
    for request in requests:
        score = max((similarity(tokens, wording) for wording in request.wordings), default=0.0)
        rank = (score, request.request_id)
        if score >= _SAME and (best is None or rank > best):
            best, found = rank, request
    return found
