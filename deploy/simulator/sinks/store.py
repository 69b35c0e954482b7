"""What the receivers got: the newest messages of each, with when they came and whether they were genuine."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

MOST_KEPT = 5_000
"""Messages kept in memory over all receivers; older ones are only counted."""

MOST_NAMES = 200
LONGEST_TEXT = 20_000
"""Characters kept of a message."""

SinkKind = Literal["slack", "teams", "webhook", "mail"]
Mood = Literal["well", "error", "slow", "gone"]


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `verified` is None where nothing can be; `copy` counts repeats of `message_id`."""

    number: int
    kind: SinkKind
    name: str
    at: float
    title: str
    text: str
    body: Any
    message_id: str | None = None
    verified: bool | None = None
    copy: int = 1
    answered: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class SinkStore:
    """Messages of all receivers, newest first, and how each receiver behaves."""

    def __init__(self) -> None:
        self.messages: deque[Received] = deque(maxlen=MOST_KEPT)
        self.counts: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.signatures: Counter[str] = Counter()
        self.moods: dict[str, Mood] = {}
        self._copies: Counter[str] = Counter()
        self._number = 0

    def mood(self, kind: SinkKind, name: str) -> Mood:
        return self.moods.get(f"{kind}/{name}", "well")

    def set_mood(self, receiver: str, mood: str) -> bool:
        """How `kind/name` behaves from now on; false for a kind or mood that does not exist."""
        known = {each for each in get_args(Mood) if each == mood}
        if not known or receiver.partition("/")[0] not in get_args(SinkKind):
            return False
        if len(self.moods) < MOST_NAMES or receiver in self.moods:
            self.moods[receiver] = known.pop()
        return True

    def add(
        self,
        kind: SinkKind,
        name: str,
        at: float,
        *,
        title: str,
        text: str,
        body: Any = None,
        message_id: str | None = None,
        verified: bool | None = None,
        answered: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Received:
        """Keep a message. A repeated `message_id` at the same receiver counts as a duplicate."""
        key = f"{kind}/{name}"
        copy = 1
        if message_id is not None:
            self._copies[f"{key}/{message_id}"] += 1
            copy = self._copies[f"{key}/{message_id}"]
        self._number += 1
        self.counts[key] += 1
        self.duplicates[key] += copy > 1
        if verified is not None:
            self.signatures[f"{kind}/{'verified' if verified else 'forged'}"] += 1
        received = Received(
            number=self._number,
            kind=kind,
            name=name,
            at=at,
            title=title[:300],
            text=text[:LONGEST_TEXT],
            body=body,
            message_id=message_id,
            verified=verified,
            copy=copy,
            answered=answered,
            headers=headers or {},
        )
        self.messages.appendleft(received)
        return received

    def sum_of(self, kind: SinkKind) -> dict[str, int]:
        """Received, duplicates, and signatures that were right or wrong, over all receivers of a kind."""
        mine = [key for key in self.counts if key.startswith(f"{kind}/")]
        return {
            "received": sum(self.counts[key] for key in mine),
            "duplicates": sum(self.duplicates[key] for key in mine),
            "verified": self.signatures[f"{kind}/verified"],
            "forged": self.signatures[f"{kind}/forged"],
        }

    def clear(self) -> None:
        """Forget all messages and counts; moods stay."""
        self.messages.clear()
        self.counts.clear()
        self.duplicates.clear()
        self.signatures.clear()
        self._copies.clear()

    def as_json(self, kind: str | None = None, name: str | None = None) -> dict[str, Any]:
        found = [
            each.as_json()
            for each in self.messages
            if kind in (None, each.kind) and name in (None, each.name)
        ]
        return {
            "counts": dict(self.counts),
            "duplicates": {key: count for key, count in self.duplicates.items() if count},
            "moods": self.moods,
            "messages": found,
        }
