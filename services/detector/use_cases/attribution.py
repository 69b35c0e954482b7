"""Decides whom a conversation counts for: its company, else its contacts' companies, else the contact."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from services.detector.domain.attribution import Attribution
from services.detector.domain.identity import Subject, resource_key
from services.detector.domain.spoken import contact_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import MirroredCompany, MirroredConversation
    from services.detector.ports import Customers, Mirror
    from shared.contracts.resources import ContactChanged, ConversationChanged


class Attributed(NamedTuple):
    """An attribution, with the companies behind it and the customer's facts.

    The companies are those that decided the attribution, or may decide it once they arrive.
    """

    attribution: Attribution
    company_keys: tuple[str, ...]
    facts: AccountFacts | None


@dataclass(frozen=True)
class _Known:
    contacts: Mapping[str, ContactChanged]
    companies: Mapping[str, MirroredCompany]
    customers: Mapping[str, Customer]
    tags: Mapping[str, str]


class Attributor:
    """Finds the subjects of conversations in as few queries as a batch needs."""

    def __init__(self, *, mirror: Mirror, customers: Customers) -> None:
        self._mirror = mirror
        self._customers = customers

    async def attribute(
        self, organization_id: str, conversations: Sequence[MirroredConversation]
    ) -> dict[str, Attributed]:
        """Return each conversation's attribution by its key."""
        records = [conversation.record for conversation in conversations]
        keys = {key for record in records for key in contact_keys(record)}
        contacts = await self._mirror.contacts(organization_id, keys)
        # Merging contacts in Intercom changes the participants, but perhaps not the conversation's own time.
        if missing := keys - contacts.keys():
            contacts |= await self._mirror.heirs(organization_id, missing)
        candidates = {
            resource_key(record.workspace_id, record.id): _company_keys(record, contacts)
            for record in records
        }
        companies = await self._mirror.companies(
            organization_id, {key for keys in candidates.values() for key in keys}
        )
        customers, tags = await asyncio.gather(
            self.resolve(
                organization_id,
                {company.customer_id for company in companies.values() if company.customer_id},
            ),
            self._mirror.tag_names(organization_id, set(_tag_keys(records, contacts, companies))),
        )
        known = _Known(contacts, companies, customers, tags)
        return {
            resource_key(record.workspace_id, record.id): _attributed(
                record, candidates[resource_key(record.workspace_id, record.id)], known
            )
            for record in records
        }

    async def resolve(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Customer]:
        """Return customers by the ids asked for; a stand-in's id gives the customer it was merged into."""
        customers = await self._customers.by_ids(organization_id, customer_ids)
        ahead = {customer.merged_into for customer in customers.values() if customer.merged_into}
        targets = await self._customers.by_ids(organization_id, ahead - set(customers)) if ahead else {}
        everyone = {**targets, **customers}
        return {
            key: everyone.get(customer.merged_into or "", customer) for key, customer in customers.items()
        }


def _company_keys(record: ConversationChanged, contacts: Mapping[str, ContactChanged]) -> tuple[str, ...]:
    if record.company_id:
        return (resource_key(record.workspace_id, record.company_id),)
    keys = [
        resource_key(record.workspace_id, company_id)
        for key in contact_keys(record)
        if key in contacts
        for company_id in contacts[key].company_ids
    ]
    return tuple(dict.fromkeys(keys))


def _tag_keys(
    records: Sequence[ConversationChanged],
    contacts: Mapping[str, ContactChanged],
    companies: Mapping[str, MirroredCompany],
) -> Iterable[str]:
    for record in records:
        yield from (resource_key(record.workspace_id, tag_id) for tag_id in record.tag_ids)
    for contact in contacts.values():
        yield from (resource_key(contact.workspace_id, tag_id) for tag_id in contact.tag_ids)
    for company in companies.values():
        yield from (resource_key(company.record.workspace_id, tag_id) for tag_id in company.record.tag_ids)


def _attributed(record: ConversationChanged, candidates: tuple[str, ...], known: _Known) -> Attributed:
    company = next(
        (
            known.companies[key]
            for key in candidates
            if key in known.companies and known.companies[key].customer_id
        ),
        None,
    )
    customer = known.customers.get(company.customer_id or "") if company else None
    keys = contact_keys(record)
    if customer is not None:
        subject = Subject("customer", customer.customer_id)
    elif keys:
        writer = known.contacts.get(keys[0])
        subject = Subject("person", resource_key(writer.workspace_id, writer.id) if writer else keys[0])
    else:
        subject = Subject("conversation", resource_key(record.workspace_id, record.id))
    tag_ids = [
        *record.tag_ids,
        *(tag for key in keys if key in known.contacts for tag in known.contacts[key].tag_ids),
        *(company.record.tag_ids if company else ()),
    ]
    names = {known.tags.get(resource_key(record.workspace_id, tag_id)) for tag_id in tag_ids}
    tags = tuple(sorted(name for name in names if name))
    return Attributed(
        Attribution(subject, customer.ref if customer else None, tags),
        candidates,
        customer.facts if customer else None,
    )
