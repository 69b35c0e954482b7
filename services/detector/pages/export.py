"""The rows of the lists' CSV files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from services.detector.domain.identity import resource_key
from services.detector.domain.spoken import last_contact_of
from services.detector.domain.standing import is_asked_for
from services.detector.pages.cards import heading_proof
from shared.web.csv_files import MOST_ROWS, PORTION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from services.detector.domain.corrections import Correction
    from services.detector.domain.customer import Customer
    from services.detector.domain.signal import Signal
    from services.detector.lists import CustomerRow, PersonRow, Portion, RequestRow, TopicRow
    from services.detector.use_cases.show_companies import CompanyRow
    from services.detector.use_cases.show_conversations import ConversationRow


T = TypeVar("T")


async def in_portions(
    ask: Callable[..., Awaitable[Portion[T]]], cells_of: Callable[[T], Sequence[object]]
) -> AsyncIterator[list[Sequence[object]]]:
    """Yield a whole list's rows, up to the limit of a file.

    `ask` is one of the lists with everything that restricts and orders it; it is called with `position` and
    `limit`.
    """
    position: dict[str, Any] | None = None
    for _ in range(MOST_ROWS // PORTION):
        portion = await ask(position=position, limit=PORTION)
        yield [cells_of(item) for item in portion.items]
        position = portion.next
        if position is None:
            return


def _money(amount: float | None, currency: str) -> tuple[float | None, str]:
    """Return the two cells of an amount: a number that a spreadsheet can add, and its currency."""
    return amount, "" if amount is None else currency


SIGNAL_HEADING = (
    "id", "kind", "explicit", "direction", "title", "state", "customer", "owner", "monthly_spend",
    "currency", "confidence", "said_at", "said_by", "quote", "tags", "confirmed_by", "assigned_to",
)  # fmt: skip


def signal_row(signal: Signal, currency: str) -> Sequence[object]:
    heading = heading_proof(signal)
    customer = signal.customer
    return (
        signal.signal_id,
        signal.slot.kind,
        "" if signal.slot.explicit is None else str(signal.slot.explicit).lower(),
        signal.slot.direction or "",
        signal.title,
        signal.state,
        customer.name if customer else "",
        customer.owner if customer else "",
        *_money(customer.monthly_spend if customer else None, currency),
        signal.confidence,
        (signal.occurred_at or signal.opened_at).isoformat(),
        (heading.author_name or heading.author_email) if heading else "",
        heading.quote or heading.reason if heading else "",
        "; ".join(signal.tags),
        signal.confirmed_by,
        signal.assigned_to,
    )


CUSTOMER_HEADING = (
    "id", "external_id", "name", "owner", "plan", "monthly_spend", "currency", "renewal_date", "health",
    "mood", "open_signals",
)  # fmt: skip


def customer_row(row: CustomerRow, currency: str) -> Sequence[object]:
    one = row.customer
    return (
        one.customer_id,
        one.external_id,
        one.name,
        one.owner,
        one.facts.plan,
        *_money(one.facts.monthly_spend, currency),
        one.facts.renewal_date,
        row.health,
        one.mood,
        row.open_signals,
    )


PERSON_HEADING = (
    "id", "name", "email", "role", "signed_up_at", "last_seen_at", "last_contact_at", "conversations",
    "customer",
)  # fmt: skip


def person_row(row_and_customers: tuple[PersonRow, Sequence[Customer]]) -> Sequence[object]:
    """Return a person with the names of their customers; without a company, there are none."""
    row, customers = row_and_customers
    one, last = row.contact, last_contact_of(row.contact)
    return (
        resource_key(one.workspace_id, one.id),
        one.name,
        one.email,
        one.role,
        one.signed_up_at.isoformat() if one.signed_up_at else "",
        one.last_seen_at.isoformat() if one.last_seen_at else "",
        last.isoformat() if last else "",
        row.conversations,
        "; ".join(customer.name for customer in customers),
    )


CONVERSATION_HEADING = (
    "id", "title", "first_words", "state", "waiting_since", "customer", "owner", "people", "begun_at",
    "last_at", "customer_messages", "mood", "rating", "tags", "signals",
)  # fmt: skip


def conversation_row(row: ConversationRow) -> Sequence[object]:
    record = row.mirrored.record
    return (
        row.mirrored.key,
        row.title,
        row.words,
        record.state,
        row.waits_since.isoformat() if row.waits_since else "",
        row.customer.name if row.customer else "",
        row.customer.owner if row.customer else "",
        "; ".join(person.name or person.email or "" for person in row.people),
        record.created_at.isoformat(),
        record.updated_at.isoformat(),
        row.messages,
        round(row.mood.mean, 4) if row.mood else None,
        record.rating.rating if record.rating else None,
        "; ".join(row.tags),
        "; ".join(dict.fromkeys(signal.slot.kind for signal in row.signals)),
    )


TOPIC_HEADING = ("tag", "conversations", "customers", "open_signals", "last_at")


def topic_row(row: TopicRow) -> Sequence[object]:
    last = row.last_at.isoformat() if row.last_at else ""
    return (row.tag, row.conversations, row.customers, row.signals, last)


REQUEST_HEADING = (
    "id", "title", "state", "customers", "people", "monthly_spend", "currency", "last_asked_at",
)  # fmt: skip


def request_row(row: RequestRow, currency: str) -> Sequence[object]:
    return (
        row.request.request_id,
        row.request.title,
        row.request.state,
        row.customers,
        row.people,
        *_money(row.spend, currency),
        row.last_at.isoformat() if row.last_at else "",
    )


ASKED_HEADING = (
    "customer", "owner", "monthly_spend", "currency", "person", "email", "asked_at", "state",
    "cleared_because", "words",
)  # fmt: skip


def asked_rows(signal: Signal, currency: str) -> list[Sequence[object]]:
    """Return a row for each person who asked, with their newest words: the list of people to tell.

    It has the people whom the request's numbers count, so nobody whose wish was dismissed or withdrawn.
    """
    if not is_asked_for(signal):
        return []
    customer = signal.customer
    newest = {
        (proof.author_id or proof.author_email or ""): proof
        for proof in reversed(signal.proofs)
        if proof.quote
    }
    return [
        (
            customer.name if customer else "",
            customer.owner if customer else "",
            *_money(customer.monthly_spend if customer else None, currency),
            proof.author_name,
            proof.author_email,
            proof.said_at.isoformat(),
            signal.state,
            signal.cleared_because or "",
            proof.quote,
        )
        for proof in newest.values()
    ]


CORRECTION_HEADING = (
    "text",
    "label",
    "explicit",
    "verdict",
    "found_as",
    "confidence",
    "detector",
    "by",
    "at",
)


def correction_rows(one: Correction, texts: Mapping[tuple[str, str], str]) -> list[Sequence[object]]:
    """Return a correction as a labelled example, or nothing if its words are gone.

    `text` and `label` are the columns that `earshot evaluate` reads.
    """
    span = one.spans[0] if one.spans else None
    text = texts.get((span.conversation_key, span.part_id)) if span else None
    if text is None:
        return []
    explicit = {"churn_risk/explicit": "yes", "churn_risk/implied": "no"}.get(one.slot, "")
    return [
        (
            text,
            one.label,
            explicit if one.label == "churn_risk" else "",
            one.verdict,
            one.slot,
            one.confidence,
            one.detector,
            one.by,
            one.at.isoformat(),
        )
    ]


COMPANY_HEADING = (
    "id", "external_id", "name", "customer_id", "customer", "matched_by", "decided_by", "decided_at",
)  # fmt: skip


def company_row(row: CompanyRow) -> Sequence[object]:
    record, decided = row.company.record, row.decided
    return (
        row.company.key,
        record.company_id,
        record.name,
        row.customer.customer_id if row.customer else None,
        row.customer.name if row.customer else None,
        row.company.basis,
        decided.by if decided else None,
        decided.at.isoformat() if decided and decided.at else None,
    )
