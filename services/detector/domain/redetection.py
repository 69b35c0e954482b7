"""What newer detectors would change, computed before they are switched on.

Newer detectors read the mirror and store nothing; what they would mark in a conversation is compared with
what is marked there now. Each conversation and kind is compared by itself: the kind is added, gone, changed,
or stays. So each conversation is counted once, whatever its customer's other conversations say, and slices
can be read in any order. Examples hold offsets and never words, so that a redaction reaches them too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from services.detector.domain.identity import stable_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from services.detector.domain.mirror import Mark

Fate = Literal["added", "gone", "changed"]
State = Literal["reading", "ready", "switched_on", "refused"]

MOST_EXAMPLES = 5
"""Examples of each kind and change, from the newest conversations: as many as somebody looks at."""

NOTABLE = 0.1
"""A smaller change of confidence looks the same on a page and decides nothing."""


@dataclass(frozen=True, slots=True)
class Example:
    """One passage whose meaning changes, with its kind's confidence in that conversation before and after.

    `words` is the digest of the passage when it was counted: a message may be edited afterwards.
    """

    kind: str
    fate: Fate
    conversation_key: str
    part_id: str
    start: int
    end: int
    at: datetime
    before: float | None
    after: float | None
    words: str = ""

    def quoted_from(self, text: str) -> str:
        """Return the words of the passage; empty if they are not those that were counted."""
        quote = text[self.start : self.end]
        return quote if quote and self.words == _digest(quote) else ""

    def noting(self, text: str) -> Example:
        """Return the example with the digest of its words in this text."""
        return replace(self, words=_digest(text[self.start : self.end]))


@dataclass(frozen=True, slots=True)
class Tally:
    """In how many conversations a kind is marked now, and in how many that would change."""

    kind: str
    marked: int = 0
    added: int = 0
    gone: int = 0
    changed: int = 0

    def joined(self, other: Tally) -> Tally:
        return Tally(
            self.kind,
            self.marked + other.marked,
            self.added + other.added,
            self.gone + other.gone,
            self.changed + other.changed,
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """Counts by kind, in the order of the kinds' names, with examples, newest first."""

    tallies: tuple[Tally, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        return not any(tally.added or tally.gone or tally.changed for tally in self.tallies)

    def joined(self, other: Difference) -> Difference:
        """Return both differences combined; the order does not matter."""
        tallies: dict[str, Tally] = {}
        for tally in (*self.tallies, *other.tallies):
            tallies[tally.kind] = tallies[tally.kind].joined(tally) if tally.kind in tallies else tally
        return Difference(
            tuple(tallies[kind] for kind in sorted(tallies)), _newest((*self.examples, *other.examples))
        )


def difference_of(
    conversation_key: str, at: datetime, before: Sequence[Mark], after: Sequence[Mark]
) -> Difference:
    """Return what changes in one conversation that last moved `at`."""
    old, new = _by_kind(before), _by_kind(after)
    tallies, examples = [], []
    for kind in sorted(old.keys() | new.keys()):
        mine, theirs = old.get(kind, []), new.get(kind, [])
        fate = _fate(mine, theirs)
        tallies.append(
            Tally(
                kind,
                marked=int(bool(mine)),
                added=int(fate == "added"),
                gone=int(fate == "gone"),
                changed=int(fate == "changed"),
            )
        )
        if fate is not None:
            telling = _telling(mine, theirs)
            examples.append(
                Example(
                    kind, fate, conversation_key, telling.part_id, telling.start, telling.end, at,
                    _surest(mine), _surest(theirs),
                )
            )  # fmt: skip
    return Difference(tuple(tallies), _newest(examples))


@dataclass(frozen=True)
class Redetection:
    """A comparison of newer detectors with a connection's stored results: under way, ready, or decided.

    `before` is the fingerprint of the detectors that count so far, and `fingerprint` that of the newer ones;
    `cursor` is the last conversation key that was compared.
    """

    connection_id: str
    organization_id: str
    before: str
    fingerprint: str
    started_at: datetime
    state: State = "reading"
    cursor: str = ""
    done: int = 0
    total: int = 0
    difference: Difference = field(default_factory=Difference)
    ready_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str = ""

    @property
    def redetection_id(self) -> str:
        """Return an id that differs for every version of the detectors, since a decision is about one."""
        return stable_id("v", self.organization_id, self.connection_id, self.before, self.fingerprint)


def _digest(words: str) -> str:
    return sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def _by_kind(marks: Iterable[Mark]) -> dict[str, list[Mark]]:
    grouped: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        # A risk's note is its variant, which has a signal of its own; a wish's note is the customer's words.
        kind = f"{mark.kind}/{mark.note}" if mark.kind == "churn_risk" and mark.note else mark.kind
        grouped[kind].append(mark)
    return grouped


def _fate(old: Sequence[Mark], new: Sequence[Mark]) -> Fate | None:
    if not old:
        return "added"
    if not new:
        return "gone"
    same_places = not _alone(old, new) and not _alone(new, old)
    moved = abs((_surest(old) or 0.0) - (_surest(new) or 0.0))
    return None if same_places and round(moved, 4) < NOTABLE else "changed"


def _telling(old: Sequence[Mark], new: Sequence[Mark]) -> Mark:
    """Return the mark that shows the change best: a new one, else one that is dropped, else the surest."""
    candidates = _alone(new, old) or _alone(old, new) or new
    return max(candidates, key=lambda candidate: (candidate.confidence, candidate.part_id, candidate.start))


def _alone(marks: Sequence[Mark], others: Sequence[Mark]) -> list[Mark]:
    return [
        mark
        for mark in marks
        if not any(
            mark.part_id == other.part_id and mark.start < other.end and other.start < mark.end
            for other in others
        )
    ]


def _surest(marks: Sequence[Mark]) -> float | None:
    return max((mark.confidence for mark in marks), default=None)


def _newest(examples: Iterable[Example]) -> tuple[Example, ...]:
    groups: dict[tuple[str, Fate], list[Example]] = defaultdict(list)
    for example in sorted(examples, key=lambda example: (example.at, example.conversation_key), reverse=True):
        groups[example.kind, example.fate].append(example)
    return tuple(example for place in sorted(groups) for example in groups[place][:MOST_EXAMPLES])
