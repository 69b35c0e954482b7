"""Labelled conversations in JSON lines: what a line must hold, and how it becomes a conversation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.detector.domain.attributes import MEANINGS, guess, parse_date, parse_number
from services.detector.domain.conversation import AccountFacts, AuthorType, Context, Conversation, Message
from services.detector.domain.finding import Kind
from services.detector.evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shared.contracts.resources import Scalar

NEGATIVE_SHIFT = "negative_shift"
EVENT_KINDS = (*(str(kind) for kind in Kind if kind is not Kind.SENTIMENT), NEGATIVE_SHIFT)
LINE_LIMIT_CHARACTERS = 5_000_000
"""A conversation of five million characters is a broken file."""
_START = datetime(2026, 1, 1, tzinfo=UTC)
_BETWEEN = timedelta(minutes=5)
"""Messages without a time are taken to follow each other closely."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Turn(_Record):
    """One message of a line."""

    author: Literal["customer", "agent", "bot"]
    text: str
    name: str | None = None
    at: datetime | None = None


class Expected(_Record):
    """An event that a careful reader finds, and the messages that prove it."""

    kind: str
    explicit: bool | None = None
    messages: frozenset[int] = frozenset()

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in EVENT_KINDS:
            raise ValueError(f"there is no kind {kind}; choose one of {', '.join(EVENT_KINDS)}")
        return kind


class Moot(_Record):
    """A matter that would be of a kind, and the later messages of its author that make it moot."""

    kind: str
    messages: frozenset[int] = Field(min_length=1)
    by: frozenset[int] = Field(min_length=1)


class _Line(_Record):
    id: str | int
    account: dict[str, Any] | None = None
    messages: tuple[Turn, ...] = Field(min_length=1)
    expected: tuple[Expected, ...] = ()
    moot: tuple[Moot, ...] = ()
    split: str = ""


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """A conversation ready for detectors, with what should come out."""

    conversation: Conversation
    context: Context
    expected: tuple[Expected, ...]
    split: str = ""
    moot: tuple[Moot, ...] = ()


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def account_facts(account: Mapping[str, Any]) -> AccountFacts:
    """What an account of a line says, by our names or by other usual ones.

    As with a workspace's attributes, a value that cannot be read is a fact that nobody knows.
    """
    said = {name: value for name, value in account.items() if isinstance(value, (str, int, float))}
    names = guess(said) | {meaning: meaning for meaning in MEANINGS if meaning in said}
    by_meaning = {meaning: said[name] for meaning, name in names.items()}
    plan, name = by_meaning.get("plan"), said.get("name")
    return AccountFacts(
        name=name if isinstance(name, str) else "",
        plan=None if plan is None or isinstance(plan, bool) else str(plan),
        monthly_spend=parse_number(by_meaning.get("monthly_spend")),
        seats=_count(by_meaning.get("seats")),
        user_count=_count(said.get("user_count")),
        signed_up_at=_moment(by_meaning.get("signed_up_at")),
        renewal_date=parse_date(by_meaning.get("renewal_date")),
        last_seen_at=_moment(said.get("last_seen_at")),
    )


def _count(value: Scalar) -> int | None:
    number = parse_number(value)
    return None if number is None else int(number)


def _moment(value: Scalar) -> datetime | None:
    day = parse_date(value)
    if day is None:
        return None
    if isinstance(value, str):
        return _aware(datetime.fromisoformat(value.strip()))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def read_conversations(path: Path) -> Iterator[LabelledConversation]:
    """Conversations one by one. Raises EvaluationError naming the first line that is not one."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(LINE_LIMIT_CHARACTERS), ""), start=1):
                if line.strip():
                    yield _conversation(path, number, line)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error


def _conversation(path: Path, number: int, line: str) -> LabelledConversation:
    try:
        parsed = _Line.model_validate(json.loads(line))
    except (ValueError, RecursionError) as error:
        why = error.errors()[0] if isinstance(error, ValidationError) else error
        detail = f"{'.'.join(map(str, why['loc']))}: {why['msg']}" if isinstance(why, dict) else str(why)
        raise EvaluationError(f"{path}, line {number} is not a labelled conversation: {detail}") from error
    beyond = [
        at for event in parsed.expected for at in event.messages if at >= len(parsed.messages) or at < 0
    ]
    if beyond:
        raise EvaluationError(f"{path}, line {number}: there is no message {beyond[0]}")
    messages = tuple(
        Message(
            part_id=str(at),
            author_type=AuthorType(turn.author),
            at=_aware(turn.at) if turn.at else _START + at * _BETWEEN,
            text=turn.text,
            author_id=turn.name or turn.author,
            author_name=turn.name or "",
        )
        for at, turn in enumerate(parsed.messages)
    )
    facts = account_facts(parsed.account or {})
    return LabelledConversation(
        conversation=Conversation("evaluation", "evaluation", str(parsed.id), messages),
        context=Context(now=messages[-1].at, facts=facts),
        expected=parsed.expected,
        split=parsed.split,
        moot=parsed.moot,
    )
