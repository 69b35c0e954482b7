"""A customer's health from 0 to 100, made of named ingredients that each give a reason.

An ingredient is a share between 0 (bad) and 1 (good), or unknown. Unknown ingredients are left out, and the
weights of the others stand for the whole. A customer of whom too little is known has no health, rather than a
guessed one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.errors import HealthWeightsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.conversation import AccountFacts, ConversationSummary
    from services.detector.domain.signal import Signal

INGREDIENTS: Mapping[str, str] = {
    "mood": "Mood",
    "churn_risk": "Signs of leaving",
    "answers": "Answers they wait for",
    "ratings": "Ratings they gave",
    "activity": "Last seen",
    "seats": "Seats in use",
}
"""Every ingredient with its name on pages, in the order in which pages show them."""

DEFAULT_WEIGHTS: Mapping[str, int] = {
    "mood": 25,
    "churn_risk": 30,
    "answers": 15,
    "ratings": 10,
    "activity": 10,
    "seats": 10,
}
"""By judgement: what people say about leaving counts most, then how they speak, then what they do."""

MOST_WEIGHT = 100
_LEAST_KNOWN = 0.4
"""Share of all weight that must be known before a number is shown."""

_MOOD_RANGE = 0.6
"""Decayed moods beyond this hardly occur; there the ingredient is at its limit."""
_MOOD_MESSAGES = 3
_IMPLIED_SHARE = 0.6
"""The share that an implied risk takes away, where notice given takes all of its confidence."""
_ANSWER_DAYS = 90
_PATIENCE = timedelta(days=2)
"""A working day and the edge of a weekend; a customer who waits longer counts as waiting."""
_RATING_DAYS = 180
_LOWEST_RATING, _HIGHEST_RATING = 1, 5
_FRESH_DAYS, _GONE_DAYS = 7, 60
"""Seen within a week is fully active; not seen for two months is not active at all."""


@dataclass(frozen=True, slots=True)
class HealthWeights:
    """How much each ingredient counts, 0 to 100; 0 leaves it out.

    Raises HealthWeightsError for an unknown name, a number out of range, or when all are 0.
    """

    by_name: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.by_name) ^ set(INGREDIENTS)):
            raise HealthWeightsError(f"Name each ingredient once; missing or unknown: {', '.join(unknown)}.")
        wrong = [name for name, weight in self.by_name.items() if not 0 <= weight <= MOST_WEIGHT]
        if wrong:
            raise HealthWeightsError(f"A weight is a whole number from 0 to {MOST_WEIGHT}: {wrong[0]}.")
        if not any(self.by_name.values()):
            raise HealthWeightsError("At least one ingredient must count: give it a weight above 0.")


@dataclass(frozen=True, slots=True)
class Part:
    """One ingredient's present state. `share` is None if unknown; `points` is what it adds, of 100."""

    name: str
    weight: int
    share: float | None
    points: float
    most: float
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """A health as it is remembered: the score and what each ingredient added to it."""

    at: datetime
    score: int | None
    points: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Health:
    """A customer's health at a moment; `score` is None while too little is known."""

    at: datetime
    score: int | None
    parts: tuple[Part, ...]

    @property
    def state(self) -> State:
        return State(self.at, self.score, {part.name: part.points for part in self.parts})


def measure(
    facts: AccountFacts,
    mood: tuple[float | None, int],
    signals: Iterable[Signal],
    conversations: Sequence[ConversationSummary],
    *,
    weights: HealthWeights,
    listening: bool,
    now: datetime,
) -> Health:
    """Return a customer's health.

    `mood` is the decayed mean (-1 to 1) with the messages behind it. Without `listening` (the lifecycle
    switch) signs of leaving are unknown rather than absent.
    """
    found = {
        "mood": _mood(*mood),
        "churn_risk": _churn_risk(signals) if listening else (None, "lifecycle events are off"),
        "answers": _answers(conversations, now),
        "ratings": _ratings(conversations, now),
        "activity": _activity(facts, now),
        "seats": _seats(facts),
    }
    known = sum(weights.by_name[name] for name, (share, _) in found.items() if share is not None)
    parts = tuple(
        _part(name, weights.by_name[name], share, reason, known) for name, (share, reason) in found.items()
    )
    enough = known >= _LEAST_KNOWN * sum(weights.by_name.values()) and known > 0
    score = round(sum(part.points for part in parts)) if enough else None
    return Health(at=now, score=score, parts=parts)


def _part(name: str, weight: int, share: float | None, reason: str, known: int) -> Part:
    most = 100 * weight / known if known and share is not None else 0.0
    return Part(name, weight, share, round(most * (share or 0.0), 2), round(most, 2), reason)


def _mood(mean: float | None, messages: int) -> tuple[float | None, str]:
    if mean is None or messages < _MOOD_MESSAGES:
        return None, "fewer than three messages with a mood"
    return _within((mean + _MOOD_RANGE) / (2 * _MOOD_RANGE)), f"{mean:+.2f} from {messages} messages"


def _churn_risk(signals: Iterable[Signal]) -> tuple[float | None, str]:
    worst, reason = 0.0, "none open"
    for signal in signals:
        if signal.slot.kind != "churn_risk" or not signal.is_open:
            continue
        explicit = bool(signal.slot.explicit)
        weight = signal.confidence * (1.0 if explicit else _IMPLIED_SHARE)
        if weight > worst:
            worst = weight
            reason = "they said they will leave" if explicit else "between the lines"
    return 1.0 - worst, reason


def _answers(conversations: Sequence[ConversationSummary], now: datetime) -> tuple[float | None, str]:
    recent = [
        conversation
        for conversation in conversations
        if conversation.last_customer_at
        and conversation.last_customer_at > now - timedelta(days=_ANSWER_DAYS)
    ]
    if not recent:
        return None, f"no conversation in {_ANSWER_DAYS} days"
    waiting = sum(_waits(summary, now) for summary in recent)
    return 1.0 - waiting / len(recent), f"{waiting} of {len(recent)} conversations wait"


def _waits(one: ConversationSummary, now: datetime) -> bool:
    return one.waits_since is not None and one.waits_since < now - _PATIENCE


def _ratings(conversations: Sequence[ConversationSummary], now: datetime) -> tuple[float | None, str]:
    given = [
        conversation.rating
        for conversation in conversations
        if conversation.rating is not None
        and conversation.rated_at
        and conversation.rated_at > now - timedelta(days=_RATING_DAYS)
    ]
    if not given:
        return None, f"none in {_RATING_DAYS} days"
    mean = sum(given) / len(given)
    share = (mean - _LOWEST_RATING) / (_HIGHEST_RATING - _LOWEST_RATING)
    ratings = "1 rating" if len(given) == 1 else f"{len(given)} ratings"
    return _within(share), f"{mean:.1f} of {_HIGHEST_RATING} from {ratings}"


def _activity(facts: AccountFacts, now: datetime) -> tuple[float | None, str]:
    if facts.last_seen_at is None:
        return None, "Intercom does not say"
    days = max(0.0, (now - facts.last_seen_at) / timedelta(days=1))
    share = _within(1.0 - (days - _FRESH_DAYS) / (_GONE_DAYS - _FRESH_DAYS))
    whole = round(days)
    return share, "today" if days < 1 else "1 day ago" if whole == 1 else f"{whole} days ago"


def _seats(facts: AccountFacts) -> tuple[float | None, str]:
    if not facts.seats or facts.user_count is None:
        return None, "seats or people are unknown"
    return _within(facts.user_count / facts.seats), f"{facts.user_count} of {facts.seats}"


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
