"""Which wishes are the same, so that they become one request.

Wishes are compared by what they are about: themes that software people know by many names, actions that need
a common object, and after those by their distinctive words. The measure is symmetrical and depends on nothing
but the two texts. A wrong merge hides a wish and is worse than a missed one, so a wish only joins a request
if it contradicts none of its wordings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from services.detector.domain.text.themes import (
    ACTION_MARK,
    OBJECTS,
    THEME_MARK,
    about,
    same_thing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from services.detector.domain.finding import Finding

RequestState = Literal["new", "under_review", "planned", "shipped", "declined"]
REQUEST_STATES: tuple[RequestState, ...] = (
    "new",
    "under_review",
    "planned",
    "shipped",
    "declined",
)
SETTLED_STATES: frozenset[RequestState] = frozenset({"shipped", "declined"})

MAX_WORDINGS = 12
"""Wordings by which a request is recognised. More would let it drift from how it began."""

_SAME = 0.5
"""Similarity at which two wordings are one wish; without a theme, shared words over all words."""

_SAME_THEMES = 0.95
_SHARED_THEME = 0.75
_SHARED_ACTION = 0.7
"""Similarity of two wordings with the same themes, with one common theme, and with a common action and
object."""

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
    "features", "options", "ways", "really", "request", "should", "so", "some", "somehow", "something",
    "support", "supported", "that",
    "the", "their", "them", "then", "there", "these", "they", "thing", "this", "to", "too", "us", "use",
    "useful", "using", "very", "want", "wanted", "wants", "was", "way", "we", "well", "were", "what",
    "when", "where", "which", "while", "will", "wish", "with", "would", "you", "your", "yours",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One distinct wish. `wordings` are the ways in which it was expressed.

    `merged_into` names the request that a person found to be the same. A merged request keeps its wordings:
    it continues to recognise its own wish, on behalf of the request it was merged into.
    """

    request_id: str
    title: str
    state: RequestState
    wordings: tuple[tuple[str, ...], ...]
    created_at: datetime
    changed_at: datetime
    state_by: str | None = None
    state_at: datetime | None = None
    merged_into: str | None = None

    @property
    def root_id(self) -> str:
        """The request that represents this one on pages and signals."""
        return self.merged_into or self.request_id


def _stem(word: str) -> str:
    """Cut the commonest English endings; the rest need not be a word, only be the same for all forms."""
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


_TELLING_ACTIONS = 2
"""Two of these actions in common ("recurring" and "holiday") need no common object to be one wish."""
_PLAIN_ACTIONS = frozenset({f"{ACTION_MARK}bulk"})
"""Doing many at once is one wish, unless different objects are named."""
_DEEDS = frozenset(f"{ACTION_MARK}{name}" for name in ("export", "import", "api", "print"))
"""Exporting the audit log is a different wish from having one."""
_MARKS = frozenset({THEME_MARK, ACTION_MARK})
_OBJECT_STEMS = frozenset(_stem(name) for name in OBJECTS)
_OBJECT_WEIGHT = 0.5
"""Every other wish in an inbox is about invoices or contacts; sharing one of these says little."""
_SURE_WORDS = 0.8
"""A wording with a theme and one without are the same wish only if their words nearly are."""


def wish_words(wish: Finding) -> str:
    """The words by which a wish is compared: its quotes, which include its subject."""
    return " ".join([quote.quote for quote in wish.evidence]) or wish.subject


def wish_tokens(wish: str) -> tuple[str, ...]:
    """Return what a wish is about (marked names), then its distinctive words, stemmed, each once; sorted."""
    return every_token(wish)[:_MAX_TOKENS]


def every_token(wish: str) -> tuple[str, ...]:
    """Return the same tokens for a text of any length, without cutting any off."""
    spoken = about(wish)
    words = (word.casefold() for word in _WORD.findall(wish))
    stems = {_stem(same_thing(word)) for word in words if word not in _EMPTY_WORDS}
    marked = sorted(spoken.themes | spoken.actions)
    return (*marked, *sorted(stem for stem in stems if stem))


def similarity(one: Iterable[str], other: Iterable[str]) -> float:
    """Return how similar two wordings are: 1 for equal sets, 0 for nothing shared or a contradiction."""
    left, right = frozenset(one), frozenset(other)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    themes = _marked(left, THEME_MARK), _marked(right, THEME_MARK)
    if themes[0] and themes[1]:
        other_deed = (left ^ right) & _DEEDS
        return 0.0 if other_deed else _by_themes(*themes)
    words = _by_words(_words(left), _words(right))
    if any(themes):
        return words * _SAME if words < _SURE_WORDS else words
    return _by_actions(left, right, words)


def _by_themes(left: frozenset[str], right: frozenset[str]) -> float:
    if left == right:
        return _SAME_THEMES
    if left <= right or right <= left:
        return _SHARED_THEME
    return 0.0


def _by_actions(left: frozenset[str], right: frozenset[str], words: float) -> float:
    """Similarity of wordings without a theme: a common action needs a common object; else words count."""
    actions = _marked(left, ACTION_MARK), _marked(right, ACTION_MARK)
    objects = left & _OBJECT_STEMS, right & _OBJECT_STEMS
    if all(objects) and objects[0].isdisjoint(objects[1]):
        return 0.0
    shared = actions[0] & actions[1]
    alike = actions[0] <= actions[1] or actions[1] <= actions[0]
    if len(shared) >= _TELLING_ACTIONS or (shared and alike and objects[0] & objects[1]):
        return max(words, _SHARED_ACTION)
    if shared & _PLAIN_ACTIONS and not (all(objects) and objects[0].isdisjoint(objects[1])):
        return max(words, _SHARED_ACTION)
    if all(actions) and actions[0].isdisjoint(actions[1]):
        return 0.0
    return words


def _by_words(left: frozenset[str], right: frozenset[str]) -> float:
    if not left or not right:
        return 0.0
    shared = _weight(left & right)
    jaccard = shared / _weight(left | right)
    contained = shared / min(_weight(left), _weight(right))
    if len(left & right) >= _CONTAINED_WORDS and contained >= _CONTAINED:
        return max(jaccard, _SAME + (contained - _CONTAINED) * 0.5 + jaccard * 0.25)
    return jaccard


def _weight(words: frozenset[str]) -> float:
    return sum(_OBJECT_WEIGHT if word in _OBJECT_STEMS else 1.0 for word in words)


def _marked(tokens: frozenset[str], mark: str) -> frozenset[str]:
    return frozenset(token for token in tokens if token.startswith(mark))


def _words(tokens: frozenset[str]) -> frozenset[str]:
    return frozenset(token for token in tokens if token[0] not in _MARKS)


def closest(tokens: Sequence[str], requests: Iterable[Request]) -> Request | None:
    """Return the request that recognises a wish, or None if the wish is new.

    A request owns the wordings that it holds exactly. Otherwise the wish must resemble one of the request's
    wordings and contradict none of them, so that two wishes are not joined by a vague third.
    """
    best: tuple[float, str] | None = None
    nearest: Request | None = None
    own = tuple(tokens)
    for request in requests:
        if own and own in request.wordings:
            return request
        scores = [similarity(tokens, wording) for wording in request.wordings]
        if not scores or min(scores) <= 0:
            continue
        rank = (max(scores), request.request_id)
        if rank[0] >= _SAME and (best is None or rank > best):
            best, nearest = rank, request
    return nearest
