"""Takes in resources: first they are mirrored, then whatever follows from the change is carried out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from services.detector.domain.identity import Subject, resource_key, workspace_of
from services.detector.domain.mail_domains import company_domain
from services.detector.domain.spoken import contact_keys
from services.detector.use_cases.follow_on import Allowance
from shared.contracts.resources import (
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
    ResourceDeleted,
    ResourceEvent,
    TagChanged,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.detector.domain.mirror import MirroredCompany
    from services.detector.ports import Mirror, Signals
    from services.detector.use_cases.companies import MatchCompanies
    from services.detector.use_cases.count_people import CountPeople
    from services.detector.use_cases.follow_contacts import FollowContacts
    from services.detector.use_cases.read_conversations import ReadConversations
    from shared.contracts.event import Event

E = TypeVar("E", bound="Event")

_MOST_READ = 1_000
"""Conversations that one batch reads again because their company or contact changed: half a minute, if the
text model is slow. The rest is left to background work."""


def allowance_of_a_batch() -> Allowance:
    """Return how many conversations one batch may read again, across all organizations in it."""
    return Allowance(_MOST_READ)


def by_organization(events: Iterable[E]) -> dict[str, list[E]]:
    """Return the events by organization, each list in the order given."""
    groups: dict[str, list[E]] = defaultdict(list)
    for event in events:
        groups[event.organization_id].append(event)
    return groups


class Intake:
    """Takes batches of resource events. Repeating a batch changes nothing."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        signals: Signals,
        reader: ReadConversations,
        companies: MatchCompanies,
        contacts: FollowContacts,
        people: CountPeople,
    ) -> None:
        self._mirror = mirror
        self._signals = signals
        self._reader = reader
        self._companies = companies
        self._contacts = contacts
        self._people = people

    async def conversations(self, events: Sequence[Event]) -> None:
        """Mirror conversations and parts, then read each conversation whose own record arrived.

        A conversation's parts arrive before its record (DESIGN §3), so reading waits for the record. Only
        redactions and deletions, which may arrive alone, are acted on at once.
        """
        for organization_id, mine in by_organization(events).items():
            records, deletions = latest(mine), _deletions(mine)
            gone = {
                resource_key(deletion.workspace_id, deletion.id)
                for deletion in deletions
                if deletion.resource == "conversation"
            }
            present = {
                _key(record): contact_keys(record)
                for record in records
                if isinstance(record, ConversationChanged)
            }
            people = await self._people.before(organization_id, present, gone)
            await self._mirror.store(organization_id, records)
            losing = await self._mirror.subjects(organization_id, gone) if gone else {}
            await self._mirror.bury(organization_id, deletions, left=losing)
            await self._people.mark(organization_id, people)
            arrived: dict[str, list[ConversationPartChanged]] = defaultdict(list)
            # If the batch also deletes, conversations are read from the mirror, which knows what is left.
            for event in () if deletions else records:
                if isinstance(event, ConversationPartChanged):
                    arrived[resource_key(event.workspace_id, event.conversation_id)].append(event)
            keys = list(dict.fromkeys(_to_read(mine)))
            former = {Subject.from_key(subject) for subjects in losing.values() for subject in subjects}
            await self._reader.read(organization_id, keys, arrived=arrived, former=former)
            await self._mirror.unmark_lost(organization_id, losing)

    async def directory(self, events: Sequence[Event], allowance: Allowance) -> None:
        """Mirror teammates, teams, tags, contacts and companies; move conversations whose owner changed.

        Of those conversations, as many are read again as are allowed.
        """
        for organization_id, mine in by_organization(events).items():
            records = latest(mine)
            contacts = {_key(record): record for record in records if isinstance(record, ContactChanged)}
            companies = {_key(record): record for record in records if isinstance(record, CompanyChanged)}
            deletions = _deletions(mine)
            gone = {
                kind: {
                    resource_key(deletion.workspace_id, deletion.id)
                    for deletion in deletions
                    if deletion.resource == kind
                }
                for kind in ("contact", "company")
            }
            touched = contacts.keys() | gone["contact"]
            contacts_before = await self._mirror.contacts(organization_id, touched) if touched else {}
            left = await self._mirror.owners(organization_id, gone["company"]) if gone["company"] else {}
            known = await self._mirror.companies(organization_id, companies) if companies else {}
            tags = [record for record in records if isinstance(record, TagChanged)]
            await self._rename(organization_id, await self._tag_names(organization_id, tags), tags)
            await self._forget_tags(organization_id, deletions)
            regrouped = [*_regrouped(contacts, contacts_before), *_retagged(companies, known)]
            await self._mirror.store(organization_id, regrouped, regrouped=True)
            regrouped_keys = {event.key() for event in regrouped}
            await self._mirror.store(
                organization_id, [record for record in records if record.key() not in regrouped_keys]
            )
            await self._mirror.bury(organization_id, deletions, left=left)
            # Found by their marks, which remain when an earlier attempt was cut off after storing them.
            if moving := await self._mirror.marked_contacts(organization_id, touched):
                touched |= await self._mirror.mark_merged(organization_id, moving)
            await self._take_back(organization_id, tags)
            if companies:
                await self._companies.match(organization_id, companies, allowance)
            lost = await self._mirror.lost_companies(organization_id, gone["company"])
            await self._companies.after_deletion(organization_id, lost, allowance)
            await self._renew_hints(organization_id, [*contacts.values(), *contacts_before.values()])
            await self._contacts.follow(organization_id, touched, allowance)

    async def _renew_hints(self, organization_id: str, contacts: Sequence[ContactChanged]) -> None:
        """Find hints again for companies that use the domains these people write from, or wrote from."""
        telling = [(contact, domain) for contact in contacts if (domain := company_domain(contact.email))]
        keys = {
            resource_key(contact.workspace_id, company)
            for contact, _ in telling
            for company in contact.company_ids
        }
        if keys:
            await self._companies.hints.renew(
                organization_id, company_keys=keys, domains={domain for _, domain in telling}
            )

    async def _tag_names(
        self, organization_id: str, tags: Sequence[TagChanged | ResourceDeleted]
    ) -> dict[str, str]:
        keys = {resource_key(tag.workspace_id, tag.id) for tag in tags}
        return await self._mirror.tag_names(organization_id, keys) if keys else {}

    async def _rename(
        self, organization_id: str, names: Mapping[str, str], tags: Sequence[TagChanged]
    ) -> None:
        """Rename tags on signals before the tags are stored, so that after a crash it is repeated."""
        for tag in tags:
            before = names.get(_key(tag), tag.name)
            if before != tag.name:
                await self._signals.rename_tag(organization_id, tag.workspace_id, before, tag.name)

    async def _forget_tags(self, organization_id: str, deletions: Sequence[ResourceDeleted]) -> None:
        gone = [deletion for deletion in deletions if deletion.resource == "tag"]
        for key, name in (await self._tag_names(organization_id, gone)).items():
            await self._signals.rename_tag(organization_id, workspace_of(key), name, None)

    async def _take_back(self, organization_id: str, tags: Sequence[TagChanged]) -> None:
        """Restore the stored tag name on signals, where an older record arrived late and was not stored."""
        names = await self._tag_names(organization_id, tags)
        for tag in tags:
            name = names.get(_key(tag))
            if name != tag.name:
                await self._signals.rename_tag(organization_id, tag.workspace_id, tag.name, name)


def latest(events: Sequence[Event]) -> list[ResourceEvent]:
    """Return the last record of each resource; earlier ones in the batch are outdated already."""
    last: dict[str, ResourceEvent] = {}
    for event in events:
        if isinstance(event, ResourceEvent):
            last[event.key()] = event
    return list(last.values())


def _deletions(events: Sequence[Event]) -> list[ResourceDeleted]:
    return [event for event in events if isinstance(event, ResourceDeleted)]


def _key(event: ResourceEvent) -> str:
    return resource_key(event.workspace_id, event.id)


def _to_read(events: Sequence[Event]) -> Iterable[str]:
    for event in events:
        if isinstance(event, ConversationChanged):
            yield _key(event)
        elif isinstance(event, ConversationPartChanged) and event.redacted:
            yield resource_key(event.workspace_id, event.conversation_id)
        elif isinstance(event, ResourceDeleted):
            yield resource_key(event.workspace_id, event.conversation_id or event.id)


def _regrouped(
    contacts: Mapping[str, ContactChanged], before: Mapping[str, ContactChanged]
) -> list[ContactChanged]:
    """Return the contacts that are new, or whose companies or tags changed."""
    return [
        contact
        for key, contact in contacts.items()
        if key not in before
        or set(before[key].company_ids) != set(contact.company_ids)
        or set(before[key].tag_ids) != set(contact.tag_ids)
    ]


def _retagged(
    companies: Mapping[str, CompanyChanged], known: Mapping[str, MirroredCompany]
) -> list[CompanyChanged]:
    """Return the companies whose tags changed; for a new company, its match takes care of everything."""
    return [
        company
        for key, company in companies.items()
        if key in known and set(known[key].record.tag_ids) != set(company.tag_ids)
    ]
