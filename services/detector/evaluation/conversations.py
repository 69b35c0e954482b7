"""Labelled conversations in JSON lines: what a line must hold, and how it becomes a conversation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.detector.domain.conversation import AccountFacts, AuthorType, Context, Conversation, Message
from services.detector.evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE_LIMIT_CHARACTERS = 5_000_000
"""A conversation of five million characters is a broken file."""
_START = datetime(2026, 1, 1, tzinfo=UTC)
_BETWEEN = timedelta(minutes=5)
"""Messages without a time are taken to follow each other closely."""


def _day(value: Any) -> Any:
    return value[:10] if isinstance(value, str) else value


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Account(_Record):
    """Account facts of a line; names that are not known are ignored."""

    name: str | None = None
    plan: str | None = None
    monthly_spend: float | None = None
    seats: int | None = None
    user_count: int | None = None
    signed_up_at: datetime | None = None
    renewal_date: Annotated[date | None, BeforeValidator(_day)] = None
    last_seen_at: datetime | None = None

    def facts(self) -> AccountFacts:
        return AccountFacts(
            name=self.name or "",
            plan=self.plan,
            monthly_spend=self.monthly_spend,
            seats=self.seats,
            user_count=self.user_count,
            signed_up_at=_aware(self.signed_up_at) if self.signed_up_at else None,
            renewal_date=self.renewal_date,
            last_seen_at=_aware(self.last_seen_at) if self.last_seen_at else None,
        )


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


class _Line(_Record):
    id: str | int
    account: Account | None = None
    messages: tuple[Turn, ...] = Field(min_length=1)
    expected: tuple[Expected, ...] = ()
    split: str = ""


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """A conversation ready for detectors, with what should come out."""

    conversation: Conversation
    context: Context
    expected: tuple[Expected, ...]
    split: str = ""


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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
    agents = frozenset(one.author_name for one in messages if one.author_type is AuthorType.AGENT)
    facts = parsed.account.facts() if parsed.account else AccountFacts()
    return LabelledConversation(
        conversation=Conversation("evaluation", "evaluation", str(parsed.id), messages),
        context=Context(now=messages[-1].at, facts=facts, agent_names=agents - {""}),
        expected=parsed.expected,
        split=parsed.split,
    )
