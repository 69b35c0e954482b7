"""Walks the people graph: what one customer, person or teammate is tied to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.graph import Node
from services.detector.domain.identity import Subject, resource_key, workspace_of
from services.detector.domain.neighbourhood import Names, neighbourhood
from services.detector.domain.spoken import contact_keys
from services.detector.domain.titles import titles_of, untitled
from services.detector.errors import NotFoundError
from services.detector.lists import Narrowing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.neighbourhood import Centre, Neighbourhood
    from services.detector.lists import Lists
    from services.detector.ports import Customers, Mirror
    from shared.contracts.resources import AdminChanged, ContactChanged

_CONVERSATIONS = 200
"""How many of a node's newest conversations its ties are counted from; as many as a customer's page shows."""
_PEOPLE = 50


class Walk:
    """Finds neighbours. Raises NotFoundError for what does not exist in the organization."""

    def __init__(self, *, mirror: Mirror, customers: Customers, lists: Lists) -> None:
        self._mirror = mirror
        self._customers = customers
        self._lists = lists

    async def around(self, organization_id: str, centre: Centre, since: datetime) -> Neighbourhood:
        """Return a node with everything it is tied to through conversations that moved since."""
        if centre.type == "customer":
            return await self._around_customer(organization_id, centre.key, since)
        if centre.type == "person":
            return await self._around_person(organization_id, centre.key, since)
        return await self._around_teammate(organization_id, centre.key, since)

    async def _around_customer(
        self, organization_id: str, customer_id: str, since: datetime
    ) -> Neighbourhood:
        customer = (await self._resolved(organization_id, [customer_id])).get(customer_id)
        if customer is None:
            raise NotFoundError("There is no such customer.")
        identifier = customer.customer_id
        key = Subject("customer", identifier).key
        conversations = await self._mirror.newest(organization_id, key, since, _CONVERSATIONS)
        companies = (await self._mirror.companies_of(organization_id, [identifier])).get(identifier, [])
        keys = [resource_key(company.workspace_id, company.id) for company in companies]
        people = [
            Node(resource_key(contact.workspace_id, contact.id), "person", _name(contact))
            for contact in await self._lists.people_of(organization_id, keys, _PEOPLE)
        ]
        centre = Node(identifier, "customer", customer.name, len(conversations))
        return await self._neighbourhood(organization_id, centre, conversations, people)

    async def _around_person(self, organization_id: str, key: str, since: datetime) -> Neighbourhood:
        contact = (await self._mirror.contacts(organization_id, [key])).get(key)
        if contact is None:
            raise NotFoundError("There is no such person, or the workspace has removed them.")
        conversations = await self._lists.conversations(
            organization_id,
            person=key,
            position=None,
            limit=_CONVERSATIONS,
            narrowed=Narrowing(since=since),
        )
        companies = await self._mirror.companies(
            organization_id,
            [resource_key(contact.workspace_id, company_id) for company_id in contact.company_ids],
        )
        ids = [company.customer_id for company in companies.values() if company.customer_id]
        customers = await self._resolved(organization_id, ids)
        belonging = [
            Node(customer.customer_id, "customer", customer.name)
            for customer in {each.customer_id: each for each in customers.values()}.values()
        ]
        centre = Node(key, "person", _name(contact), len(conversations.items))
        return await self._neighbourhood(organization_id, centre, conversations.items, belonging)

    async def _around_teammate(self, organization_id: str, key: str, since: datetime) -> Neighbourhood:
        admins = await self._mirror.admins(organization_id, {workspace_of(key)})
        admin = next((admin for admin in admins if resource_key(admin.workspace_id, admin.id) == key), None)
        if admin is None:
            raise NotFoundError("There is no such teammate, or the workspace has removed them.")
        conversations = await self._lists.conversations(
            organization_id,
            person=None,
            teammate=key,
            position=None,
            limit=_CONVERSATIONS,
            narrowed=Narrowing(since=since),
        )
        centre = Node(key, "teammate", admin.name, len(conversations.items))
        return await self._neighbourhood(organization_id, centre, conversations.items, [])

    async def _neighbourhood(
        self,
        organization_id: str,
        centre: Node,
        conversations: Sequence[MirroredConversation],
        belonging: Sequence[Node],
    ) -> Neighbourhood:
        talking = {key for conversation in conversations for key in contact_keys(conversation.record)}
        contacts = await self._mirror.contacts(organization_id, talking)
        admins = await self._mirror.admins(
            organization_id, {conversation.record.workspace_id for conversation in conversations}
        )
        subjects = {
            Subject.from_key(conversation.subject).customer_id
            for conversation in conversations
            if conversation.subject
        }
        customers = await self._customers.by_ids(
            organization_id, {subject for subject in subjects if subject}
        )
        names = Names(
            customers={key: customer.name for key, customer in customers.items()},
            people={key: _name(contact) for key, contact in contacts.items()},
            teammates={resource_key(admin.workspace_id, admin.id): _name(admin) for admin in admins},
            conversations=titles_of(
                conversations, await self._mirror.openings(organization_id, untitled(conversations))
            ),
        )
        return neighbourhood(centre, conversations, names, belonging)

    async def _resolved(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Customer]:
        """Return customers by the ids asked for; a stand-in's id gives the customer it was merged into."""
        customers = await self._customers.by_ids(organization_id, customer_ids)
        ahead = {customer.merged_into for customer in customers.values() if customer.merged_into}
        targets = await self._customers.by_ids(organization_id, ahead) if ahead else {}
        return {key: targets.get(customer.merged_into or "", customer) for key, customer in customers.items()}


def _name(one: ContactChanged | AdminChanged) -> str:
    return one.name or one.email or "Somebody"
