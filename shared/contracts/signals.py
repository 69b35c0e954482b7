"""Signals: what the detector found, with the words that prove it, from opening to clearing."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.event import Event, Identifier, Moment, Record, ShortText
from shared.contracts.topics import SIGNALS, Topic

SignalKind = Literal[
    "onboarding",
    "renewal",
    "upsell",
    "expansion",
    "churn_risk",
    "sentiment_shift",
    "feature_request",
    "health_change",
]
Direction = Literal["down", "up"]
LONGEST_FACT_NAME = 100
"""Characters of the name of an account fact: a word or two joined by underscores."""

LONGEST_FACT_TEXT = 500
"""Characters of its value and of its reason, each: a sentence, or a list of a few numbers."""

LIFECYCLE_KINDS: tuple[SignalKind, ...] = ("onboarding", "renewal", "upsell", "expansion", "churn_risk")


class Evidence(Record):
    """The words a signal rests on: `quote` is `text[start:end]` of the part, in characters."""

    conversation_id: Identifier
    part_id: Identifier
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    quote: Annotated[str, Field(max_length=4_000)]
    author_id: Identifier | None = None
    author_name: ShortText | None = None
    said_at: Moment


class AccountFact(Record):
    """A fact of the customer's account that a signal rests on, as evidence without words of a customer."""

    name: Annotated[str, Field(max_length=LONGEST_FACT_NAME)]
    value: Annotated[str, Field(max_length=LONGEST_FACT_TEXT, description="As text; a day as YYYY-MM-DD.")]
    reason: Annotated[
        str, Field(max_length=LONGEST_FACT_TEXT, description="Why it matters, in plain words for a sentence.")
    ]
    since: Moment = Field(description="When it was noticed, or when it began to hold where that was earlier.")


class CustomerRef(Record):
    """A customer as the organization knows it."""

    id: Identifier
    name: ShortText
    owner: ShortText | None = Field(default=None, description="E-mail address of the account's owner.")
    monthly_spend: float | None = None


class PersonRef(Record):
    """A person on the customer's side."""

    id: Identifier
    name: ShortText | None = None
    email: ShortText | None = None


class Detector(Record):
    name: ShortText
    version: ShortText


class SignalEvent(Event):
    """A signal's whole present state, so that the last record of a key is enough."""

    connection_id: Identifier
    workspace_id: Identifier
    signal_id: Identifier
    revision: int = Field(ge=1, description="Grows by one with each change; a reader keeps the highest.")
    kind: SignalKind
    explicit: bool | None = Field(default=None, description="Churn risk said outright, or implied.")
    direction: Direction | None = Field(
        default=None, description="Where a mood turned: down for the worse, up for the better."
    )
    title: ShortText = Field(description="One line in plain words; a wish's title for feature requests.")
    customer: CustomerRef | None = None
    people: tuple[PersonRef, ...] = ()
    conversation_ids: tuple[Identifier, ...] = ()
    tags: tuple[ShortText, ...] = ()
    confidence: float = Field(ge=0, le=1)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=50)
    facts: tuple[AccountFact, ...] = Field(
        default=(),
        max_length=50,
        description="Account facts it rests on, newest first; older records lack the field.",
    )
    detector: Detector
    occurred_at: Moment = Field(
        description="When the newest evidence was said, or its newest fact dates from."
    )
    opened_at: Moment = Field(description="When Earshot first saw it.")
    changed_at: Moment
    url_path: ShortText = Field(description="Path of its page, to be joined with the installation's address.")

    def key(self) -> str:
        return self.signal_id

    def partition_key(self) -> str:
        return f"{self.organization_id}/{self.customer.id if self.customer else self.signal_id}"

    def fact(self) -> str:
        return f"{self.signal_id}\n{self.revision}"


class SignalDetected(SignalEvent):
    """A signal opened: the transition that people are told about."""

    TYPE: ClassVar[str] = "earshot.signal.detected.v1"
    TOPIC: ClassVar[Topic] = SIGNALS

    historical: bool = Field(
        default=False, description="Found while reading the past in: shown, never announced."
    )


class SignalUpdated(SignalEvent):
    """An open signal gained or lost evidence, changed confidence, or was confirmed or assigned."""

    TYPE: ClassVar[str] = "earshot.signal.updated.v1"
    TOPIC: ClassVar[Topic] = SIGNALS


class SignalCleared(SignalEvent):
    """A signal is over: the facts say so, its evidence went, or a person dismissed it."""

    TYPE: ClassVar[str] = "earshot.signal.cleared.v1"
    TOPIC: ClassVar[Topic] = SIGNALS

    cleared_because: Literal["resolved", "withdrawn", "evidence_gone", "dismissed", "expired", "merged"]
