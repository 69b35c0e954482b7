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

    conversation_id: Identifier = Field(description="Intercom's id of the conversation.")
    part_id: Identifier = Field(description="Intercom's id of the part; `source-…` for the opening message.")
    start: int = Field(ge=0, description="Where the words begin, in characters of the part.")
    end: int = Field(ge=0, description="Where they end; not included.")
    quote: Annotated[str, Field(max_length=4_000)] = Field(description="The words themselves.")
    author_id: Identifier | None = Field(
        default=None, description="Who said them, as `workspace:contact`; null if unknown."
    )
    author_name: ShortText | None = Field(default=None, description="Null if unknown.")
    said_at: Moment = Field(description="When they were said.")
    confidence: float | None = Field(
        default=None, ge=0, le=1, description="How sure these words are; null in older records."
    )


class AccountFact(Record):
    """A fact of the customer's account that a signal rests on, as evidence without words of a customer."""

    name: Annotated[str, Field(max_length=LONGEST_FACT_NAME)] = Field(
        description="Which fact, as in `seats` or `renewal_date`."
    )
    value: Annotated[str, Field(max_length=LONGEST_FACT_TEXT, description="As text; a day as YYYY-MM-DD.")]
    reason: Annotated[
        str, Field(max_length=LONGEST_FACT_TEXT, description="Why it matters, in plain words for a sentence.")
    ]
    since: Moment = Field(description="When it was noticed, or when it began to hold where that was earlier.")


class CustomerRef(Record):
    """A customer as the organization knows it."""

    id: Identifier = Field(description="Earshot's own id of the customer.")
    name: ShortText = Field(description="As the list calls it, or the company.")
    owner: ShortText | None = Field(default=None, description="E-mail address of the account's owner.")
    monthly_spend: float | None = Field(
        default=None, description="A month, in the workspace's own currency; null if unknown."
    )


class PersonRef(Record):
    """A person on the customer's side."""

    id: Identifier = Field(description="The workspace's id and Intercom's, as `workspace:contact`.")
    name: ShortText | None = Field(default=None, description="Null if unknown.")
    email: ShortText | None = Field(default=None, description="Null if unknown.")


class Detector(Record):
    name: ShortText = Field(description="Which detector.")
    version: ShortText = Field(description="Which version of it.")


class SignalEvent(Event):
    """A signal's whole present state, so that the last record of a key is enough."""

    connection_id: Identifier = Field(description="The connection that it was found through.")
    workspace_id: Identifier = Field(description="Intercom's id of the workspace.")
    signal_id: Identifier = Field(description="Stays the same for the signal's whole life.")
    revision: int = Field(ge=1, description="Grows by one with each change; a reader keeps the highest.")
    kind: SignalKind = Field(description="What it is about.")
    explicit: bool | None = Field(default=None, description="Churn risk said outright, or implied.")
    direction: Direction | None = Field(
        default=None, description="Where a mood turned: down for the worse, up for the better."
    )
    title: ShortText = Field(description="One line in plain words; a wish's title for feature requests.")
    customer: CustomerRef | None = Field(
        default=None, description="Whose it is; null where no company is known."
    )
    people: tuple[PersonRef, ...] = Field(default=(), description="Who said what it rests on.")
    conversation_ids: tuple[Identifier, ...] = Field(
        default=(), description="Intercom's ids of the conversations it rests on."
    )
    tags: tuple[ShortText, ...] = Field(
        default=(), description="Names of the tags on its conversations, people and company."
    )
    confidence: float = Field(
        ge=0, le=1, description="That of its surest evidence: of those at 0.8 about eight in ten are right."
    )
    evidence: tuple[Evidence, ...] = Field(
        default=(), max_length=50, description="The words it rests on, newest first."
    )
    facts: tuple[AccountFact, ...] = Field(
        default=(),
        max_length=50,
        description="Account facts it rests on, newest first; older records lack the field.",
    )
    detector: Detector = Field(description="What found the surest evidence.")
    occurred_at: Moment = Field(
        description="When the newest evidence was said, or its newest fact dates from."
    )
    opened_at: Moment = Field(description="When Earshot first saw it.")
    changed_at: Moment = Field(description="When this revision came to be.")
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
    """An open signal gained or lost evidence, changed confidence, was confirmed, assigned or opened again."""

    TYPE: ClassVar[str] = "earshot.signal.updated.v1"
    TOPIC: ClassVar[Topic] = SIGNALS


class SignalCleared(SignalEvent):
    """A signal is over: the facts say so, its evidence went, or a person dismissed it."""

    TYPE: ClassVar[str] = "earshot.signal.cleared.v1"
    TOPIC: ClassVar[Topic] = SIGNALS

    cleared_because: Literal["resolved", "withdrawn", "evidence_gone", "dismissed", "expired", "merged"]
