"""What stored documents must hold to be read: one whose values are of other types cannot be used anywhere.

It counts as unreadable where it is read, and not first where a page or a rule uses the wrong value. Nothing
is converted: whoever wrote a text where a moment is meant wrote by other rules than these. Fields that are
not named here are not looked at.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.detector.domain.matching import MatchBasis
from services.detector.domain.signal import ClearReason, Step
from services.detector.domain.wishes import RequestState
from shared.contracts.signals import SignalKind


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)


class _Proof(_Shape):
    source: str
    said_at: AwareDatetime
    confidence: float
    detector: str
    version: str
    conversation_key: str = ""
    conversation_id: str = ""
    part_id: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    author_id: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    fact: str = ""
    fact_value: str = ""
    reason: str = ""


class _Happening(_Shape):
    at: AwareDatetime
    step: Step
    by: str = ""
    note: str = ""


class SignalShape(_Shape):
    """A signal's document; its customer and people are checked by their own contracts."""

    signal_id: str
    organization_id: str
    connection_id: str
    workspace_id: str
    subject: str
    kind: SignalKind
    variant: str
    number: int
    title: str
    opened_at: AwareDatetime
    changed_at: AwareDatetime
    historical: bool
    revision: int
    state: Literal["open", "cleared"]
    people: list[Any]
    tags: list[str]
    proofs: list[_Proof]
    first_said_at: AwareDatetime | None
    occurred_at: AwareDatetime | None
    cleared_because: ClearReason | None
    cleared_at: AwareDatetime | None
    confirmed_by: str | None
    dismissal_reason: str | None
    assigned_to: str | None
    history: list[_Happening]
    homes: list[str]


class _Mark(_Shape):
    part_id: str
    start: int
    end: int
    kind: str
    confidence: float
    detector: str
    note: str = ""


class _Analysis(_Shape):
    fingerprint: str
    marks: list[_Mark]
    held_parts: int
    messages: int
    other_language: int


class _Mood(NamedTuple):
    """The row of a mood, in this order."""

    at: AwareDatetime
    score: float
    weight: float
    part_id: str
    start: int
    end: int
    quote: str
    author_id: str = ""
    author_name: str = ""
    author_email: str = ""


class _Digest(_Shape):
    last_customer_at: AwareDatetime | None
    last_asked_at: AwareDatetime | None = None
    last_agent_at: AwareDatetime | None
    heard_until: AwareDatetime | None = None
    moods: list[_Mood]


class ConversationShape(_Shape):
    """What a conversation's document holds beside its record: whose it is, and what was read of it."""

    subject: str | None = None
    analysis: _Analysis | None = None
    digest: _Digest | None = None


class _Suggestion(_Shape):
    customer_id: str
    names_alike: bool = False
    domain: str | None = None
    listed: bool = False


class CompanyShape(_Shape):
    """What a company's document holds beside its record: whose it is, and what it may be."""

    customer_id: str | None = None
    basis: MatchBasis = "none"
    suggestions: list[_Suggestion] = []
    left: list[str] = []
    follow_from: AwareDatetime | None = None
    read_to: str = ""


class ContactShape(_Shape):
    """What a contact's document holds beside its record."""

    conversations: int = 0


class _Attribute(_Shape):
    name: str
    value: str


class _Facts(_Shape):
    customer_id: str
    name: str
    plan: str | None = None
    monthly_spend: float | None = None
    seats: int | None = None
    user_count: int | None = None
    signed_up_at: AwareDatetime | None = None
    renewal_date: str | None = None
    last_seen_at: AwareDatetime | None = None


class CustomerShape(_Shape):
    """A customer's document. Days are text, since BSON has none; they are read as days elsewhere."""

    customer_id: str
    organization_id: str
    name: str
    external_id: str | None
    owner: str | None
    plan: str | None
    monthly_spend: float | None
    seats: int | None
    renewal_date: str | None
    attributes: list[_Attribute]
    provisional: bool
    merged_into: str | None
    facts: _Facts
    mood: float | None
    mood_messages: int
    changes: int = 0


class CustomerNumbers(_Shape):
    """What else the list of customers shows of one."""

    open_signals: int = 0
    last_signal_at: AwareDatetime | None = None
    health: int | None = None


class RequestShape(_Shape):
    """A request's document."""

    request_id: str
    title: str
    state: RequestState
    wordings: list[list[str]]
    created_at: AwareDatetime
    changed_at: AwareDatetime
    state_by: str | None
    state_at: AwareDatetime | None
    merged_into: str | None = None


class RequestNumbers(_Shape):
    """What else the list of requests shows of one."""

    customers: int
    people: int
    spend: float
    last_at: AwareDatetime | None
