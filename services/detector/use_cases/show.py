"""Looks up a customer, person, conversation or request as a whole, for the pages and the API alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.domain.graph import people_graph
from services.detector.domain.identity import Subject, resource_key
from services.detector.domain.mood import roll_up
from services.detector.domain.spoken import contact_keys
from services.detector.domain.titles import titles_of, untitled
from services.detector.errors import NotFoundError
from services.detector.lists import CustomerRow, RequestRow, SignalFilter
from services.detector.use_cases.wishes import root_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.graph import Graph
    from services.detector.domain.health_history import HealthHistory
    from services.detector.domain.mirror import ConnectionView, MirroredConversation
    from services.detector.domain.mood import Mood, MoodPoint, MoodRules
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request
    from services.detector.lists import Lists
    from services.detector.ports import Connections, Customers, HealthRecords, Mirror, Requests, Signals
    from shared.contracts.resources import CompanyChanged, ContactChanged, ConversationPartChanged

_CONVERSATIONS = 200
_SIGNALS = 200
_PEOPLE = 50


@dataclass(frozen=True)
class CustomerView:
    """A customer with everything tied to it, newest first and bounded.

    `titles` are those of the conversations.
    """

    row: CustomerRow
    companies: list[CompanyChanged]
    people: list[ContactChanged]
    conversations: list[MirroredConversation]
    titles: dict[str, str]
    signals: list[Signal]
    moods: list[MoodPoint]
    health: HealthHistory


@dataclass(frozen=True)
class PersonView:
    contact: ContactChanged
    customers: list[Customer]
    conversations: list[MirroredConversation]
    titles: dict[str, str]
    signals: list[Signal]
    mood: Mood | None


@dataclass(frozen=True)
class ConversationView:
    """A conversation with its parts, oldest first, and the signals that rest on it."""

    mirrored: MirroredConversation
    parts: list[ConversationPartChanged]
    customer: Customer | None
    contacts: list[ContactChanged]
    signals: list[Signal]
    tags: list[str]
    mood: Mood | None
    url: str | None


@dataclass(frozen=True)
class RequestView:
    """A request, the signals about it (open ones first), and the requests that were merged into it."""

    row: RequestRow
    signals: list[Signal]
    merged: list[Request]


class Show:
    """Looks things up. Raises NotFoundError for what does not exist in the organization."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        signals: Signals,
        customers: Customers,
        requests: Requests,
        connections: Connections,
        health: HealthRecords,
        lists: Lists,
        moods: MoodRules,
    ) -> None:
        self._mirror = mirror
        self._signals = signals
        self._customers = customers
        self._requests = requests
        self._connections = connections
        self._health = health
        self._lists = lists
        self._moods = moods

    async def signal(self, organization_id: str, signal_id: str) -> Signal:
        signals = await self._signals.by_ids(organization_id, [signal_id])
        if not signals:
            raise NotFoundError("There is no such signal.")
        return signals[0]

    async def customer(self, organization_id: str, customer_id: str, since: datetime) -> CustomerView:
        """Return a customer; for a stand-in that was merged into a customer, return that customer."""
        customer = (await self._customers.by_ids(organization_id, [customer_id])).get(customer_id)
        if customer is not None and customer.merged_into:
            customer = (await self._customers.by_ids(organization_id, [customer.merged_into])).get(
                customer.merged_into
            )
        if customer is None:
            raise NotFoundError("There is no such customer.")
        identifier = customer.customer_id
        companies = (await self._mirror.companies_of(organization_id, [identifier])).get(identifier, [])
        keys = [resource_key(company.workspace_id, company.id) for company in companies]
        subject = Subject("customer", identifier)
        newest = await self._mirror.newest(organization_id, subject.key, since, _CONVERSATIONS)
        digests = (await self._mirror.digests(organization_id, [subject.key], since)).get(subject.key, [])
        wanted = SignalFilter(state="any", customer_id=identifier)
        signals = (
            await self._lists.signals(organization_id, wanted, sort="newest", position=None, limit=_SIGNALS)
        ).items
        counted = (await self._signals.attention(organization_id, [identifier]))[identifier]
        health = (await self._health.histories(organization_id, [identifier]))[identifier]
        score = health.latest.score if health.latest else None
        return CustomerView(
            row=CustomerRow(customer, counted.open_signals, counted.last_at, score),
            companies=companies,
            people=await self._lists.people_of(organization_id, keys, _PEOPLE),
            conversations=newest,
            titles=await self._titles(organization_id, newest),
            signals=signals,
            moods=_in_order(point for digest in digests for point in digest.moods),
            health=health,
        )

    async def graph(self, organization_id: str, customer_id: str, since: datetime) -> Graph:
        """Return who is tied to whom around a customer; bounded like the customer's page."""
        view = await self.customer(organization_id, customer_id, since)
        workspaces = {conversation.record.workspace_id for conversation in view.conversations}
        contacts = {resource_key(person.workspace_id, person.id): person for person in view.people}
        talking = {key for conversation in view.conversations for key in contact_keys(conversation.record)}
        contacts |= await self._mirror.contacts(organization_id, talking - contacts.keys())
        return people_graph(
            view.row.customer,
            view.companies,
            contacts,
            await self._mirror.admins(organization_id, workspaces),
            view.conversations,
        )

    async def person(self, organization_id: str, key: str) -> PersonView:
        contact = (await self._mirror.contacts(organization_id, [key])).get(key)
        if contact is None:
            raise NotFoundError("There is no such person, or the workspace has removed them.")
        customers = (await self.customers_of(organization_id, [contact]))[key]
        conversations = await self._lists.conversations(
            organization_id,
            person=key,
            position=None,
            limit=_PEOPLE,
        )
        signals = await self._lists.signals(
            organization_id,
            SignalFilter(state="any", person=key),
            sort="newest",
            position=None,
            limit=_PEOPLE,
        )
        felt = (point for item in conversations.items if item.analysis for point in item.analysis.moods)
        moods = _in_order(point for point in felt if point.author_id == key)
        return PersonView(
            contact=contact,
            customers=customers,
            conversations=conversations.items,
            titles=await self._titles(organization_id, conversations.items),
            signals=signals.items,
            mood=roll_up(moods, self._moods),
        )

    async def _titles(
        self, organization_id: str, conversations: Collection[MirroredConversation]
    ) -> dict[str, str]:
        """Return the titles of these conversations by key."""
        openings = await self._mirror.openings(organization_id, untitled(conversations))
        return titles_of(conversations, openings)

    async def customers_of(
        self, organization_id: str, contacts: Collection[ContactChanged]
    ) -> dict[str, list[Customer]]:
        """Return by person the customers they belong to; none for a person without a company."""
        companies_of = {
            resource_key(contact.workspace_id, contact.id): [
                resource_key(contact.workspace_id, company) for company in contact.company_ids
            ]
            for contact in contacts
        }
        wanted = {company for mine in companies_of.values() for company in mine}
        companies = await self._mirror.companies(organization_id, wanted)
        matched = {key: company.customer_id for key, company in companies.items() if company.customer_id}
        customers = await self._customers.by_ids(organization_id, set(matched.values()))
        by_person: dict[str, list[Customer]] = {}
        for person, mine in companies_of.items():
            ids = dict.fromkeys(matched[company] for company in mine if company in matched)
            by_person[person] = [customers[identifier] for identifier in ids if identifier in customers]
        return by_person

    async def conversation(self, organization_id: str, key: str) -> ConversationView:
        mirrored = (await self._mirror.conversations(organization_id, [key])).get(key)
        if mirrored is None:
            raise NotFoundError("There is no such conversation here; it may have been deleted in Intercom.")
        record = mirrored.record
        parts = (await self._mirror.parts(organization_id, [key])).get(key, [])
        contacts = await self._mirror.contacts(organization_id, contact_keys(record))
        customer_id = Subject.from_key(mirrored.subject).customer_id if mirrored.subject else None
        customers = await self._customers.by_ids(organization_id, [customer_id]) if customer_id else {}
        tags = await self._mirror.tag_names(
            organization_id, [resource_key(record.workspace_id, tag_id) for tag_id in record.tag_ids]
        )
        wanted = SignalFilter(state="any", conversation=key)
        signals = await self._lists.signals(
            organization_id, wanted, sort="newest", position=None, limit=_PEOPLE
        )
        view = await self._connections.get(organization_id, record.connection_id)
        return ConversationView(
            mirrored=mirrored,
            parts=parts,
            customer=customers.get(customer_id or ""),
            contacts=list(contacts.values()),
            signals=signals.items,
            tags=sorted(tags.values()),
            mood=roll_up(mirrored.analysis.moods if mirrored.analysis else (), self._moods),
            url=intercom_url(record.url, record.id, view),
        )

    async def request(self, organization_id: str, request_id: str) -> RequestView:
        """Return a request; for one that was merged, return the request it was merged into."""
        stored = (await self._requests.by_ids(organization_id, [request_id])).get(request_id)
        if stored is None:
            raise NotFoundError("There is no such request.")
        request = await root_of(self._requests, organization_id, stored)
        request_id = request.request_id
        demand = (await self._signals.demand(organization_id, [request_id]))[request_id]
        signals = await self._signals.by_request(organization_id, request_id)
        signals.sort(
            key=lambda signal: (signal.is_open, signal.occurred_at or signal.opened_at), reverse=True
        )
        row = RequestRow(request, demand.customers, demand.people, demand.spend, demand.last_at)
        merged = await self._requests.merged_into(organization_id, request_id)
        return RequestView(row, signals, merged)


def _in_order(moods: Iterable[MoodPoint]) -> list[MoodPoint]:
    return sorted(moods, key=lambda point: point.at)


def intercom_url(url: str | None, conversation_id: str, view: ConnectionView | None) -> str | None:
    """Return the address at which a teammate opens a conversation in Intercom; None if it is unknown."""
    if url and url.startswith(("https://", "http://")):
        return url
    if view is None or not view.app_base_url or not view.workspace_id:
        return None
    return f"{view.app_base_url.rstrip('/')}/a/inbox/{view.workspace_id}/inbox/conversation/{conversation_id}"
