"""What the read API answers with. Fields are added, never renamed or removed, within /api/v1."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.detector.domain.signal import ClearReason, Signal, Step
from services.detector.domain.wishes import RequestState
from shared.contracts.signals import CustomerRef, Evidence, PersonRef, SignalKind

if TYPE_CHECKING:
    from services.detector.lists import CustomerRow, RequestRow


class FactOut(BaseModel):
    """An account fact that a signal rests on."""

    name: str = Field(description="Which fact, as in `seats` or `renewal_date`.")
    value: str = Field(description="As text; a day as YYYY-MM-DD.")
    reason: str = Field(description="Why it matters, in plain words for a sentence.")
    since: datetime = Field(
        description="When it was noticed, or when it began to hold where that was earlier."
    )


class HistoryOut(BaseModel):
    """One line of a signal's history; `by` is empty for Earshot itself."""

    at: datetime = Field(description="When it happened.")
    step: Step = Field(description="What happened to the signal.")
    by: str = Field(description="E-mail address of who did it; empty for Earshot itself.")
    note: str = Field(description="How, in words or as a code such as a reason for closing; may be empty.")


_SIGNAL_EXAMPLE: dict[str, Any] = {
    "id": "s1f0c5b0a4d2e9b7c6a5",
    "kind": "churn_risk",
    "explicit": True,
    "direction": None,
    "title": "Says they will leave",
    "state": "open",
    "revision": 3,
    "historical": False,
    "customer": {"id": "c5d1", "name": "Northwind", "owner": "ann@example.com", "monthly_spend": 900.0},
    "people": [{"id": "ws1:65f0", "name": "Dana Ruiz", "email": "dana@northwind.example"}],
    "tags": ["enterprise"],
    "confidence": 0.94,
    "evidence": [
        {
            "conversation_id": "215468",
            "part_id": "source-215468",
            "start": 0,
            "end": 57,
            "quote": "Hi, we won't be renewing once the contract ends in March.",
            "author_id": "ws1:65f0",
            "author_name": "Dana Ruiz",
            "said_at": "2026-03-02T09:12:00Z",
        }
    ],
    "facts": [],
    "detector": "churn_risk 1",
    "occurred_at": "2026-03-02T09:12:00Z",
    "opened_at": "2026-03-02T09:12:01Z",
    "changed_at": "2026-03-02T10:40:17Z",
    "cleared_because": None,
    "confirmed_by": "ann@example.com",
    "assigned_to": None,
    "dismissal_reason": None,
    "request_id": None,
    "history": [{"at": "2026-03-02T09:12:01Z", "step": "opened", "by": "", "note": "1 piece"}],
    "url_path": "/insights/s1f0c5b0a4d2e9b7c6a5",
}


class SignalOut(BaseModel):
    """A signal with what it rests on and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SIGNAL_EXAMPLE]})

    id: str = Field(description="Stays the same for the signal's whole life.")
    kind: SignalKind = Field(description="What it is about.")
    explicit: bool | None = Field(
        description="Churn risk only: true where notice was given, false where it is implied; else null."
    )
    direction: Literal["down", "up"] | None = Field(
        description="A mood's turn only: `down` for the worse, `up` for the better; else null."
    )
    title: str = Field(description="One line in plain words; a feature request's is its wish.")
    state: str = Field(description="`open` or `cleared`.")
    revision: int = Field(description="Grows by one with each change; the highest is the truth.")
    historical: bool = Field(description="Found while reading the past: shown, and announced to nobody.")
    customer: CustomerRef | None = Field(description="Whose it is; null where no company is known.")
    people: list[PersonRef] = Field(description="Who said what it rests on, by id.")
    tags: list[str] = Field(description="Names of the tags on its conversations, people and company.")
    confidence: float = Field(
        description="0 to 1, that of its surest evidence: of those at 0.8 about eight in ten are right."
    )
    evidence: list[Evidence] = Field(
        description="The words it rests on, newest first; 50 at most. Empty where only facts tell."
    )
    facts: list[FactOut] = Field(description="The account's facts it rests on, newest first; 50 at most.")
    detector: str = Field(
        description="Name and version of what found the surest evidence; empty without evidence."
    )
    occurred_at: datetime = Field(
        description="When its newest evidence was said, or its newest fact dates from."
    )
    opened_at: datetime = Field(description="When Earshot first saw it.")
    changed_at: datetime = Field(description="When its revision came to be.")
    cleared_because: ClearReason | None = Field(description="Why it is over; null while it is open.")
    confirmed_by: str | None = Field(description="E-mail address of who confirmed it; null if nobody did.")
    assigned_to: str | None = Field(description="E-mail address of who looks after it; null if nobody does.")
    dismissal_reason: str | None = Field(
        description="What was said when it was dismissed; null if it never was."
    )
    request_id: str | None = Field(description="The feature request it wishes for; null for other kinds.")
    history: list[HistoryOut] = Field(
        description="What became of it, oldest first; the oldest lines but the first may be left out."
    )
    url_path: str = Field(description="Path of its page, to be joined with the installation's address.")

    @classmethod
    def of(cls, signal: Signal) -> SignalOut:
        best = signal.best
        return cls(
            id=signal.signal_id,
            kind=signal.slot.kind,
            explicit=signal.slot.explicit,
            direction=signal.slot.direction,
            title=signal.title,
            state=signal.state,
            revision=signal.revision,
            historical=signal.historical,
            customer=signal.customer,
            people=list(signal.people),
            tags=list(signal.tags),
            confidence=signal.confidence,
            evidence=[
                Evidence(
                    conversation_id=proof.conversation_id,
                    part_id=proof.part_id,
                    start=proof.start,
                    end=proof.end,
                    quote=proof.quote,
                    author_id=proof.author_id,
                    author_name=proof.author_name,
                    said_at=proof.said_at,
                )
                for proof in signal.proofs
                if proof.part_id
            ],
            facts=[
                FactOut(name=proof.fact, value=proof.fact_value, reason=proof.reason, since=proof.said_at)
                for proof in signal.proofs
                if proof.fact
            ],
            detector=f"{best.detector} {best.version}" if best else "",
            occurred_at=signal.occurred_at or signal.opened_at,
            opened_at=signal.opened_at,
            changed_at=signal.changed_at,
            cleared_because=signal.cleared_because,
            confirmed_by=signal.confirmed_by,
            assigned_to=signal.assigned_to,
            dismissal_reason=signal.dismissal_reason,
            request_id=signal.slot.request_id,
            history=[
                HistoryOut(at=line.at, step=line.step, by=line.by, note=line.note) for line in signal.history
            ],
            url_path=f"/insights/{signal.signal_id}",
        )


class CustomerOut(BaseModel):
    """A customer with its facts; `known` is false for a stand-in of an unmatched company."""

    id: str = Field(description="Earshot's own id; stays the same.")
    external_id: str | None = Field(
        description="The organization's own id, from its list; null for a stand-in."
    )
    name: str = Field(description="As the list calls it, or the company.")
    known: bool = Field(
        description="Whether it is on the organization's list; false for a stand-in of an unmatched company."
    )
    owner: str | None = Field(description="E-mail address of the account's owner; null if unknown.")
    plan: str | None = Field(description="Name of the plan; null if unknown.")
    monthly_spend: float | None = Field(
        description="A month, in the workspace's own currency; null if unknown."
    )
    seats: int | None = Field(description="Seats that are paid for; null if unknown.")
    user_count: int | None = Field(
        description="People in its companies, as Intercom counts them; null if unknown."
    )
    signed_up_at: datetime | None = Field(description="When the account began; null if unknown.")
    renewal_date: date | None = Field(description="Day on which the contract renews; null if unknown.")
    last_seen_at: datetime | None = Field(
        description="When any of its companies last used the product; null if unknown."
    )
    mood: float | None = Field(description="Decayed mean of message moods, -1 to 1; None without any.")
    mood_messages: int = Field(description="How many messages the mood is of.")
    health: int | None = Field(
        description="0 to 100; None while too little is known. Its ingredients are at /api/v1/health."
    )
    open_signals: int = Field(description="Signals that are open now.")
    last_signal_at: datetime | None = Field(
        description="When the newest evidence of an open signal was said; null without any."
    )
    attributes: dict[str, str] = Field(description="What else its row of the list holds, by column.")

    @classmethod
    def of(cls, row: CustomerRow) -> CustomerOut:
        one = row.customer
        return cls(
            id=one.customer_id,
            external_id=one.external_id,
            name=one.name,
            known=not one.provisional,
            owner=one.owner,
            plan=one.facts.plan,
            monthly_spend=one.facts.monthly_spend,
            seats=one.facts.seats,
            user_count=one.facts.user_count,
            signed_up_at=one.facts.signed_up_at,
            renewal_date=one.facts.renewal_date,
            last_seen_at=one.facts.last_seen_at,
            mood=one.mood,
            mood_messages=one.mood_messages,
            health=row.health,
            open_signals=row.open_signals,
            last_signal_at=row.last_signal_at,
            attributes=dict(one.attributes),
        )


class CustomerIn(BaseModel):
    """One customer as the organization lists it; what is left out is unknown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "external_id": "acc-17",
                    "name": "Northwind",
                    "owner": "ann@example.com",
                    "plan": "Pro",
                    "monthly_spend": 900,
                    "seats": 40,
                    "renewal_date": "2026-12-31",
                    "attributes": {"segment": "mid-market"},
                }
            ]
        },
    )

    external_id: str = Field(
        min_length=1,
        max_length=500,
        description="The organization's own id; the same one again replaces the row.",
    )
    name: str = Field(min_length=1, max_length=500, description="What it is called.")
    owner: str | None = Field(
        default=None, max_length=500, description="E-mail address of the account's owner."
    )
    plan: str | None = Field(default=None, max_length=500, description="Name of the plan.")
    monthly_spend: float | None = Field(
        default=None, ge=0, lt=1e12, description="A month, in the workspace's own currency."
    )
    seats: int | None = Field(default=None, ge=0, lt=10**9, description="Seats that are paid for.")
    renewal_date: date | None = Field(default=None, description="Day on which the contract renews.")
    attributes: dict[str, str] = Field(
        default_factory=dict,
        max_length=50,
        description="Anything else, by name; `domain`, `email` and `website` help to match companies.",
    )


class RowErrorOut(BaseModel):
    line: int = Field(description="Line of the file, the heading being the first.")
    reason: str = Field(description="What is wrong with it, in plain words.")


class ImportOut(BaseModel):
    """What became of a list of customers; good rows are kept whatever the bad ones are."""

    created: int = Field(description="Customers that are new.")
    updated: int = Field(description="Customers that differ from before.")
    unchanged: int = Field(description="Customers that are as they were.")
    rejected: int = Field(description="Rows that were not kept.")
    errors: list[RowErrorOut] = Field(
        description="Rows that were not kept, with the reason; not all of very many."
    )
    warnings: list[RowErrorOut] = Field(
        default_factory=list, description="Rows that were kept, with what in them cannot be used."
    )


class RequestOut(BaseModel):
    """A feature request with who stands behind it."""

    id: str = Field(description="Stays the same; one that was merged is answered as the one it belongs to.")
    title: str = Field(description="The wish in a customer's words, or as a person called it.")
    state: RequestState = Field(description="Where it stands, by a person's word.")
    customers: int = Field(description="How many customers ask for it, and people without one.")
    people: int = Field(description="How many people ask for it.")
    monthly_spend: float = Field(
        description="What these customers spend a month together, in the workspace's own currency."
    )
    last_asked_at: datetime | None = Field(
        description="When somebody last asked for it; null where nobody does any more."
    )
    created_at: datetime = Field(description="When it was first asked for, as Earshot saw it.")
    state_by: str | None = Field(description="E-mail address of who set the state; null if nobody did.")
    state_at: datetime | None = Field(description="When the state was set; null if it never was.")

    @classmethod
    def of(cls, row: RequestRow) -> RequestOut:
        return cls(
            id=row.request.request_id,
            title=row.request.title,
            state=row.request.state,
            customers=row.customers,
            people=row.people,
            monthly_spend=row.spend,
            last_asked_at=row.last_at,
            created_at=row.request.created_at,
            state_by=row.request.state_by,
            state_at=row.request.state_at,
        )


class MergeIn(BaseModel):
    """Which request a request is the same as."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"into": "r5d1c0ffee"}]})

    into: str = Field(min_length=1, max_length=100, description="Id of the request that stays.")


class SplitIn(BaseModel):
    """Whose wish, by signal, is another one, and what that one is called."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"signals": ["s1f0c5b0a4d2e9b7c6a5"], "title": "Dark mode on phones"}]
        }
    )

    signals: list[str] = Field(
        min_length=1,
        max_length=500,
        description="Ids of the signals whose wish is another one; some must stay behind.",
    )
    title: str = Field(min_length=1, max_length=160, description="What the new request is called.")


class PersonOut(BaseModel):
    """Somebody on a customer's side; `id` holds the workspace's id and Intercom's."""

    id: str = Field(description="The workspace's id and Intercom's, as `workspace:contact`.")
    name: str | None = Field(description="Null if Intercom knows none.")
    email: str | None = Field(description="Null if Intercom knows none.")
    role: str = Field(description="`user` or `lead`, as Intercom tells it.")
    external_id: str | None = Field(
        description="The organization's own id of the person; null if Intercom knows none."
    )
    last_seen_at: datetime | None = Field(description="When they last used the product; null if unknown.")
    last_contact_at: datetime | None = Field(
        description="When they last wrote or were written to, as Intercom tells; null if never."
    )
    conversations: int = Field(
        description="How many conversations they take part in; follows new ones within seconds."
    )
    customer_ids: list[str] = Field(
        default_factory=list, description="The customers they belong to; empty where no company is known."
    )


class MarkOut(BaseModel):
    """A telling place in a message: `text[start:end]`."""

    kind: str = Field(description="What the words mean.")
    start: int = Field(description="Where they begin, in characters of `text`.")
    end: int = Field(description="Where they end, in characters of `text`; not included.")
    confidence: float = Field(description="0 to 1.")
    detector: str = Field(description="Name and version of what found it.")
    note: str = Field(description="More about it, as the wish or `explicit`; may be empty.")


class MessageOut(BaseModel):
    id: str = Field(description="Intercom's id of the part; `source-…` for the opening message.")
    author: str = Field(description="Which side wrote it: `customer`, `agent` or `bot`.")
    author_name: str | None = Field(description="Null if Intercom tells none.")
    author_id: str | None = Field(description="Intercom's id of the author; null if it tells none.")
    internal: bool = Field(description="A note that customers never see.")
    at: datetime = Field(description="When it was written.")
    text: str = Field(description="Plain text; empty once it is redacted.")
    marks: list[MarkOut] = Field(description="The telling places in it.")


class ConversationOut(BaseModel):
    """A conversation as the mirror holds it."""

    id: str = Field(description="The workspace's id and Intercom's, as `workspace:conversation`.")
    title: str | None = Field(description="Null if it has none.")
    state: str = Field(description="`open`, `closed` or `snoozed`, as Intercom tells it.")
    customer_id: str | None = Field(
        description="Whose it is; null where no customer is known, or it was not read yet."
    )
    person_ids: list[str] = Field(description="The people who take part, by id.")
    created_at: datetime = Field(description="When it began.")
    updated_at: datetime = Field(description="When it last moved in Intercom.")
    rating: int | None = Field(description="The customer's mark, 1 (bad) to 5 (good); null without one.")
    parts_held: int = Field(description="Messages and happenings that were read; 0 until it was read.")
    parts_at_source: int | None = Field(
        description="How many Intercom counts, or null where it does not tell; older ones may be cut."
    )
    mood: float | None = Field(description="Decayed mean of its messages' moods, -1 to 1; null without any.")
    url: str | None = Field(description="Where a teammate opens it in Intercom; null if unknown.")
    messages: list[MessageOut] | None = Field(
        default=None, description="Only on the conversation's own address."
    )
