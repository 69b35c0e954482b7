"""Conversations: who writes to us, about what, and who waits for an answer?"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.identity import resource_key
from services.detector.lists import (
    SEARCHED,
    WAITING_AMONG,
    WRITTEN_AMONG,
    ConversationFilter,
    ConversationState,
)
from services.detector.pages.connected import present_connections
from services.detector.pages.export import CONVERSATION_HEADING, conversation_row, in_portions
from services.detector.pages.filters import (
    OFFERED,
    Word,
    choice,
    kind_choice,
    narrowed_by,
    one_of,
    owner_choice,
    period_choice,
    tag_choice,
)
from shared.auth.dependencies import Member
from shared.http.paging import CursorText, decode_cursor, encode_cursor
from shared.web.csv_files import csv_response

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.signal import Signal
    from services.detector.lists import Lists, Topics
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections, Customers
    from services.detector.use_cases.show_conversations import ShowConversations
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.web.pages import Pages

ROWS = 50
_COUNTED = 10_000
"""Conversations that are counted; beyond this the page says that there are more."""
_MARKS = 3
"""Signals that a row shows; the conversation's page shows all."""
_STATES = (
    ("open", "open"),
    ("waiting", "waiting for an answer"),
    ("snoozed", "snoozed"),
    ("closed", "closed"),
)


@dataclass(frozen=True)
class ConversationListParts:
    """What the list of conversations stands on."""

    pages: Pages
    lists: Lists
    topics: Topics
    customers: Customers
    show: ShowConversations
    connections: Connections
    under_way: UnderWay
    clock: Clock


@dataclass(frozen=True, slots=True)
class AskedConversations:
    """The filters in an address; empty ones restrict nothing."""

    q: str
    state: str
    kind: str
    customer: str
    person: str
    tag: str
    owner: str
    period: str

    @property
    def narrows(self) -> bool:
        return any(astuple(self))

    def wanted(self, now: datetime) -> ConversationFilter:
        """Return the filter; unknown values are ignored, so that old links still work."""
        return ConversationFilter(
            narrowed=narrowed_by(
                now=now,
                tag=self.tag,
                kind=self.kind,
                customer=self.customer,
                owner=self.owner,
                period=self.period,
            ),
            person=self.person or None,
            state=known_state(self.state),
            words=self.q,
        )


def _asked(
    q: Word = "",
    state: Word = "",
    kind: Word = "",
    customer: Word = "",
    person: Word = "",
    tag: Word = "",
    owner: Word = "",
    period: Word = "",
) -> AskedConversations:
    return AskedConversations(q, state, kind, customer, person, tag, owner, period)


Asked = Annotated[AskedConversations, Depends(_asked)]


def known_state(value: str) -> ConversationState | None:
    """Return a state by its name, or None for anything else."""
    found: ConversationState | None = next(
        (state for state in get_args(ConversationState) if state == value), None
    )
    return found


def conversation_list_pages(parts: ConversationListParts) -> APIRouter:
    """Return the routes of /conversations."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get("/conversations")
    async def conversations(
        request: Request, identity: Member, asked: Asked, cursor: CursorText = None
    ) -> HTMLResponse:
        organization, wanted = identity.organization_id, asked.wanted(parts.clock.now())
        meant = await parts.show.find(organization, wanted)
        portion = await parts.show.rows(
            organization, meant, position=decode_cursor(cursor), limit=ROWS, sought=wanted.sought
        )
        count = await meant.count(_COUNTED)
        return parts.pages.render(
            request,
            "conversations.html",
            identity=identity,
            rows=[
                {
                    "row": row,
                    "people": [
                        (resource_key(person.workspace_id, person.id), person) for person in row.people
                    ],
                    "marks": marks_of(row.signals),
                }
                for row in portion.items
            ],
            count=count.number if count.is_all else None,
            counted=count.number,
            next_cursor=encode_cursor(portion.next) if portion.next else None,
            filters=await _filters(parts, identity, asked),
            filtered=asked.narrows,
            searched=SEARCHED if wanted.sought else None,
            written=WRITTEN_AMONG,
            waiting_among=WAITING_AMONG if wanted.state == "waiting" else None,
            work=await parts.under_way.of(organization),
            connected=bool(await present_connections(parts.connections, organization)),
            csv_url=f"/conversations/export.csv?{request.url.query}",
        )

    @router.get("/conversations/export.csv")
    async def export(identity: Member, asked: Asked) -> StreamingResponse:
        organization, wanted = identity.organization_id, asked.wanted(parts.clock.now())
        ask = partial(parts.show.rows, organization, await parts.show.find(organization, wanted))
        return csv_response("conversations.csv", CONVERSATION_HEADING, in_portions(ask, conversation_row))

    return router


async def _filters(
    parts: ConversationListParts, identity: Identity, asked: AskedConversations
) -> list[dict[str, Any]]:
    organization = identity.organization_id
    offered = await parts.lists.customers(
        organization, words=None, owner=None, known=None, sort="name", position=None, limit=OFFERED
    )
    names = {row.customer.customer_id: row.customer.name for row in offered.items}
    if asked.customer and asked.customer not in names:
        # A customer from a link that is not among those offered is added, to show it by its name.
        customers = await parts.customers.by_ids(organization, [asked.customer])
        names |= {identifier: customer.name for identifier, customer in customers.items()}
    return [
        {"name": "q", "label": "Words", "value": asked.q, "type": "search"},
        one_of("state", "State", asked.state, _STATES),
        kind_choice(asked.kind),
        choice("customer", "Customer", asked.customer, list(names.items())),
        *(await _person(parts, organization, asked.person) if asked.person else []),
        tag_choice(asked.tag, await parts.topics.names(organization, OFFERED)),
        owner_choice(asked.owner, await parts.lists.customer_owners(organization), identity.email),
        period_choice(asked.period),
    ]


async def _person(parts: ConversationListParts, organization_id: str, key: str) -> list[dict[str, Any]]:
    """Return the filter by the person in the address; there are too many people to offer a choice."""
    person = await parts.lists.person(organization_id, key)
    name = (person.contact.name or person.contact.email) if person else None
    return [choice("person", "Person", key, [(key, name or "somebody")])]


def marks_of(signals: Sequence[Signal]) -> list[dict[str, Any]]:
    """Return the marks of a row: each kind once, by its surest signal, which comes first in `signals`."""
    kinds: dict[tuple[str, bool | None, str | None], Signal] = {}
    for signal in signals:
        kinds.setdefault((signal.slot.kind, signal.slot.explicit, signal.slot.direction), signal)
    return [
        {"kind": kind, "explicit": explicit, "direction": direction, "url": f"/insights/{signal.signal_id}"}
        for (kind, explicit, direction), signal in list(kinds.items())[:_MARKS]
    ]
