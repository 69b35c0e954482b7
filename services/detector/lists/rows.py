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
    """Some items of a list, and where the next ones begin; None at the end."""

    items: list[T]
    next: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are; where `is_all` is false, more than `number`, which is as far as was counted."""

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
    """A person in a list, with the number of their conversations; it follows a stream within seconds."""

    contact: ContactChanged
    conversations: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in a list, with who stands behind it."""

    request: Request
    customers: int
    people: int
    spend: float
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignalChoices:
    """What a filter of signals may be set to, from what there is; `owners` and `assignees` are all."""

    customers: list[tuple[str, str]]
    tags: list[str]
    owners: list[str]
    assignees: list[str]


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A tag with how much bears it; `last_at` is when the newest such conversation moved."""

    tag: str
    conversations: int
    customers: int
    signals: int
    last_at: datetime | None
