"""The rows of lists, and portions of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.wishes import Request
    from shared.contracts.resources import ContactChanged

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Portion(Generic[T]):
    """Some items of a list, and the position of the next ones; None at the end."""

    items: list[T]
    next: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are; if not `is_all`, there are more than `number`, where counting stopped."""

    number: int
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in a list; `health` is None while too little is known."""

    customer: Customer
    open_signals: int
    last_signal_at: datetime | None
    health: int | None = None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in a list, with the number of their conversations, which lags by some seconds."""

    contact: ContactChanged
    conversations: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in a list, with those who ask for it."""

    request: Request
    customers: int
    people: int
    spend: float
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignalChoices:
    """The values that a filter of signals offers; `owners` and `assignees` are complete."""

    customers: list[tuple[str, str]]
    tags: list[str]
    owners: list[str]
    assignees: list[str]


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A tag with how much carries it; `last_at` is when the newest such conversation moved."""

    tag: str
    conversations: int
    customers: int
    signals: int
    last_at: datetime | None
