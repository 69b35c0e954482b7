"""Stores in memory that pass the same suites as those over MongoDB's protocol."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.detector.adapters.signal_documents import event_of
from services.detector.domain.admission import Barrier, Standing
from services.detector.domain.corrections import Correction, thresholds
from services.detector.domain.health import HealthWeights
from services.detector.domain.health_history import MOST_STATES, HealthHistory
from services.detector.domain.identity import resource_key
from services.detector.domain.mail_domains import company_domain
from services.detector.domain.matching import NAMESAKE_LETTERS, Decision, KnownName, Match, normalise_name
from services.detector.domain.mirror import (
    ConnectionView,
    Digest,
    MirroredCompany,
    MirroredConversation,
    Progress,
    Writers,
)
from services.detector.domain.spoken import contact_keys
from services.detector.domain.standing import Attention, Demand, attention_of, is_asked_for
from services.detector.ports import Due, DueSubject, Spent, ToMatch, Uncounted
from shared.contracts.resources import (
    AdminChanged,
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
    TagChanged,
)
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from services.detector.domain.attributes import AttributeMap
    from services.detector.domain.book import Change
    from services.detector.domain.conversation import AccountFacts
    from services.detector.domain.customer import Customer
    from services.detector.domain.health_history import Measured
    from services.detector.domain.identity import Subject
    from services.detector.domain.matching import Suggestion
    from services.detector.domain.mirror import Analysis
    from services.detector.domain.occasion import Slot
    from services.detector.domain.question import Question
    from services.detector.domain.redetection import Redetection, State
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request, RequestState
    from shared.contracts.connections import DataRemoved
    from shared.contracts.event import Event
    from shared.contracts.resources import ResourceDeleted, ResourceEvent
    from shared.messaging.recording import RecordingPublisher

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MANY = 2_000


class MemoryMirror:
    """Keeps records by organization and event key; graves hold the moment of deletion."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], ResourceEvent] = {}
        self._graves: dict[tuple[str, str], datetime] = {}
        self._matches: dict[tuple[str, str], Match] = {}
        self._regrouped: set[tuple[str, str]] = set()
        self._left: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.follow: dict[tuple[str, str], datetime] = {}
        self.read_to: dict[tuple[str, str], str] = {}
        self._lost: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._analyses: dict[tuple[str, str], tuple[Analysis, str, Sequence[str]]] = {}

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        for record in records:
            place = (organization_id, record.key())
            held = self._records.get(place)
            newest = held.observed_at if held else self._graves.get(place)
            if newest is None or newest <= record.observed_at:
                self._records[place] = record
                self._graves.pop(place, None)
                if regrouped:
                    self._regrouped.add(place)
                    self.read_to.pop((organization_id, resource_key(record.workspace_id, record.id)), None)

    async def bury(
        self,
        organization_id: str,
        deletions: Sequence[ResourceDeleted],
        *,
        left: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        for deletion in deletions:
            place = (organization_id, deletion.key())
            held = self._records.get(place)
            if held is not None and held.observed_at > deletion.observed_at:
                continue
            self._records.pop(place, None)
            self._graves[place] = max(deletion.observed_at, self._graves.get(place, _EPOCH))
            self._regrouped.discard(place)
            key = resource_key(deletion.workspace_id, deletion.id)
            if deletion.resource == "company":
                self._left[organization_id, key] = set((left or {}).get(key, ()))
                self.follow.pop((organization_id, key), None)
            if deletion.resource == "conversation":
                self._lost[organization_id, key] = set((left or {}).get(key, ()))
            self._matches.pop((organization_id, key), None)
            if deletion.resource == "conversation":
                self._analyses.pop((organization_id, key), None)
                for other, part in list(self._records.items()):
                    if (
                        other[0] == organization_id
                        and isinstance(part, ConversationPartChanged)
                        and resource_key(part.workspace_id, part.conversation_id) == key
                        and part.observed_at <= deletion.observed_at
                    ):
                        del self._records[other]

    def _all(self, organization_id: str, kind: type[Any]) -> dict[str, Any]:
        return {
            resource_key(record.workspace_id, record.id): record
            for (owner, _), record in sorted(self._records.items(), key=lambda item: item[0])
            if owner == organization_id and isinstance(record, kind)
        }

    def _conversation(self, organization_id: str, record: ConversationChanged) -> MirroredConversation:
        key = resource_key(record.workspace_id, record.id)
        analysis, subject, _ = self._analyses.get((organization_id, key), (None, None, ()))
        return MirroredConversation(record, subject, analysis)

    def _company(self, organization_id: str, record: CompanyChanged) -> MirroredCompany:
        place = (organization_id, resource_key(record.workspace_id, record.id))
        match = self._matches.get(place, Match(None, "none", ()))
        return MirroredCompany(
            record,
            match.customer_id,
            match.basis,
            match.suggestions,
            regrouped=(organization_id, record.key()) in self._regrouped,
            left=tuple(sorted(self._left[place])),
            follow_from=self.follow.get(place),
            read_to=self.read_to.get(place, ""),
        )

    async def conversations(
        self, organization_id: str, keys: Collection[str]
    ) -> dict[str, MirroredConversation]:
        found = self._all(organization_id, ConversationChanged)
        return {key: self._conversation(organization_id, found[key]) for key in keys if key in found}

    async def parts(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, list[ConversationPartChanged]]:
        parts: dict[str, list[ConversationPartChanged]] = defaultdict(list)
        for (owner, _), record in self._records.items():
            if owner == organization_id and isinstance(record, ConversationPartChanged):
                key = resource_key(record.workspace_id, record.conversation_id)
                if key in conversation_keys:
                    parts[key].append(record)
        for mine in parts.values():
            mine.sort(
                key=lambda part: (part.created_at, not part.id.startswith("source-"), len(part.id), part.id)
            )
        return dict(parts)

    async def contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]:
        found = self._all(organization_id, ContactChanged)
        return {key: found[key] for key in keys if key in found}

    async def marked_contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, datetime]:
        held = await self.contacts(organization_id, keys)
        return {
            key: one.observed_at
            for key, one in held.items()
            if (organization_id, one.key()) in self._regrouped
        }

    async def unmark_contacts(self, organization_id: str, observed: Mapping[str, datetime]) -> None:
        for key, one in (await self.contacts(organization_id, observed)).items():
            if one.observed_at == observed[key]:
                self._regrouped.discard((organization_id, one.key()))

    async def owners(self, organization_id: str, company_keys: Collection[str]) -> dict[str, frozenset[str]]:
        held = await self.companies(organization_id, company_keys)
        found: dict[str, frozenset[str]] = {}
        for key in company_keys:
            left = self._left[organization_id, key]
            if key in held:
                found[key] = frozenset(filter(None, (held[key].customer_id, *left)))
            elif left:
                found[key] = frozenset(left)
        return found

    async def unmark_companies(self, organization_id: str, companies: Sequence[MirroredCompany]) -> None:
        held = await self.companies(organization_id, [one.key for one in companies])
        for one in companies:
            now = held.get(one.key)
            wanted = (one.record, one.customer_id, one.follow_from)
            if now and (now.record, now.customer_id, now.follow_from) == wanted:
                self._regrouped.discard((organization_id, one.record.key()))
                for marks in (self._left, self.follow, self.read_to):
                    marks.pop((organization_id, one.key), None)

    async def unmark_deletions(self, organization_id: str, company_keys: Collection[str]) -> None:
        held = await self.companies(organization_id, company_keys)
        for key in set(company_keys) - held.keys():
            self._left.pop((organization_id, key), None)

    async def subjects(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        held = await self.conversations(organization_id, conversation_keys)
        whose = {
            key: frozenset(self._lost[organization_id, key])
            | ({held[key].subject} if key in held else frozenset())
            for key in conversation_keys
        }
        return {key: found for key, subjects in whose.items() if (found := frozenset(filter(None, subjects)))}

    async def unmark_lost(self, organization_id: str, conversation_keys: Collection[str]) -> None:
        for key in conversation_keys:
            self._lost.pop((organization_id, key), None)

    async def companies(self, organization_id: str, keys: Collection[str]) -> dict[str, MirroredCompany]:
        found = self._all(organization_id, CompanyChanged)
        return {key: self._company(organization_id, found[key]) for key in keys if key in found}

    async def companies_of(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[CompanyChanged]]:
        owned: dict[str, list[CompanyChanged]] = defaultdict(list)
        for record in self._all(organization_id, CompanyChanged).values():
            company = self._company(organization_id, record)
            if company.customer_id in customer_ids and company.customer_id is not None:
                owned[company.customer_id].append(record)
        return dict(owned)

    async def companies_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[MirroredCompany]:
        return [
            self._company(organization_id, record)
            for record in self._all(organization_id, CompanyChanged).values()
            if record.company_id in external_ids or normalise_name(record.name) in names
        ]

    async def tag_names(self, organization_id: str, keys: Collection[str]) -> dict[str, str]:
        found = self._all(organization_id, TagChanged)
        return {key: found[key].name for key in keys if key in found}

    async def admins(self, organization_id: str, workspace_ids: Collection[str]) -> list[AdminChanged]:
        return [
            one
            for one in self._all(organization_id, AdminChanged).values()
            if one.workspace_id in workspace_ids
        ]

    async def matched(self, organization_id: str, keys: Collection[str]) -> dict[str, str]:
        return {
            key: one.customer_id
            for key, one in (await self.companies(organization_id, keys)).items()
            if one.customer_id and one.basis != "none"
        }

    async def save_suggestions(
        self, organization_id: str, company_key: str, suggestions: Sequence[Suggestion]
    ) -> None:
        held = self._matches.get((organization_id, company_key))
        if held is not None and held.basis == "none":
            self._matches[organization_id, company_key] = replace(held, suggestions=tuple(suggestions))

    async def writers(
        self, organization_id: str, *, company_keys: Collection[str] = (), domains: Collection[str] = ()
    ) -> list[Writers]:
        counts: dict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
        for one in self._all(organization_id, ContactChanged).values():
            domain = company_domain(one.email)
            mine = tuple(resource_key(one.workspace_id, company) for company in one.company_ids)
            asked = set(mine) & set(company_keys) if company_keys else domain in domains
            if domain and asked:
                counts[domain, mine] += 1
        found = [Writers(*group, people) for group, people in counts.items()]
        return sorted(found, key=lambda one: (-one.people, one.domain, one.company_keys))

    async def save_match(
        self,
        organization_id: str,
        company_key: str,
        match: Match,
        *,
        left: Collection[str] | None = None,
        follow_from: datetime | None = None,
    ) -> None:
        held = self._all(organization_id, CompanyChanged).get(company_key)
        if held is None:
            return
        self._matches[organization_id, company_key] = match
        if left is not None:
            self._regrouped.add((organization_id, held.key()))
            self._left[organization_id, company_key] |= set(left)
            self.read_to.pop((organization_id, company_key), None)
            self.follow.pop((organization_id, company_key), None)
            if follow_from is not None:
                self.follow[organization_id, company_key] = follow_from

    async def save_analyses(
        self, organization_id: str, analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]]
    ) -> None:
        for key, analysis in analyses.items():
            self._analyses[organization_id, key] = analysis

    async def keys_by_contacts(self, organization_id: str, contact_keys_: Collection[str]) -> list[str]:
        return sorted(
            key
            for key, record in self._all(organization_id, ConversationChanged).items()
            if set(contact_keys(record)) & set(contact_keys_)
        )

    async def keys_by_companies(self, organization_id: str, company_keys: Collection[str]) -> list[str]:
        return sorted(
            key
            for (owner, key), (_, _, companies) in self._analyses.items()
            if owner == organization_id and set(companies) & set(company_keys)
        )

    async def digests(
        self, organization_id: str, subjects: Collection[str], since: datetime
    ) -> dict[str, list[Digest]]:
        grouped = {
            subject: [
                Digest(one.summary, one.analysis.moods, one.analysis.heard_until)
                for one in reversed(await self.newest(organization_id, subject, since, _MANY))
                if one.analysis
            ]
            for subject in subjects
        }
        return {subject: mine for subject, mine in grouped.items() if mine}

    async def newest(
        self, organization_id: str, subject: str, since: datetime, limit: int
    ) -> list[MirroredConversation]:
        records = self._all(organization_id, ConversationChanged).values()
        newest = sorted(records, key=lambda one: (one.updated_at, one.id), reverse=True)
        found = [self._conversation(organization_id, one) for one in newest if one.updated_at >= since]
        return [one for one in found if one.subject == subject][:limit]

    async def keys_after(self, organization_id: str, workspace_id: str, cursor: str, limit: int) -> list[str]:
        return self._keys_after(organization_id, ConversationChanged, workspace_id, cursor, limit)

    async def unread(self, organization_id: str, keys: Collection[str], fingerprint: str) -> list[str]:
        held = await self.conversations(organization_id, keys)
        return sorted(
            key
            for key, one in held.items()
            if one.analysis is None or one.analysis.fingerprint != fingerprint
        )

    async def company_keys_after(
        self, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]:
        return self._keys_after(organization_id, CompanyChanged, workspace_id, cursor, limit)

    async def company_keys_of(
        self, organization_id: str, connection_id: str, cursor: str, limit: int
    ) -> list[str]:
        held = self._all(organization_id, CompanyChanged)
        return [key for key in sorted(held) if held[key].connection_id == connection_id and key > cursor][
            :limit
        ]

    def _keys_after(
        self, organization_id: str, kind: type[Any], workspace_id: str, cursor: str, limit: int
    ) -> list[str]:
        keys = sorted(self._all(organization_id, kind))
        return [key for key in keys if key.startswith(f"{workspace_id}:") and key > cursor][:limit]

    async def count_companies(self, organization_id: str, workspace_id: str) -> int:
        return len(await self.company_keys_after(organization_id, workspace_id, "", 1_000_000))

    async def count_conversations(self, organization_id: str, workspace_id: str) -> int:
        return len(await self.keys_after(organization_id, workspace_id, "", 1_000_000))

    async def remove(self, organization_id: str, connection_id: str, workspace_id: str | None) -> int:
        gone = [
            place
            for place, record in self._records.items()
            if place[0] == organization_id
            and (record.connection_id == connection_id or record.workspace_id == workspace_id)
        ]
        for place in gone:
            record = self._records.pop(place)
            self.follow.pop((organization_id, resource_key(record.workspace_id, record.id)), None)
        return len(gone)


class MemoryFollowed:
    def __init__(self, mirror: MemoryMirror) -> None:
        self._mirror = mirror

    async def mark(self, organization_id: str, company_keys: Collection[str], at: datetime) -> None:
        for key in await self._mirror.companies(organization_id, company_keys):
            self._mirror.follow[organization_id, key] = at

    async def leave(self, organization_id: str, company: MirroredCompany, read_to: str, at: datetime) -> None:
        held = (await self._mirror.companies(organization_id, [company.key])).get(company.key)
        if held and (held.record, held.customer_id) == (company.record, company.customer_id):
            self._mirror.follow[organization_id, company.key] = at
            self._mirror.read_to[organization_id, company.key] = read_to

    async def organizations(self, now: datetime) -> list[str]:
        return sorted({owner for (owner, _), at in self._mirror.follow.items() if at <= now})

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        marks = [(at, key) for (owner, key), at in self._mirror.follow.items() if owner == organization_id]
        return [key for at, key in sorted(marks) if at <= now][:limit]

    async def count(self, organization_id: str, now: datetime) -> int:
        return len(await self.waiting(organization_id, now, 1_000_000))


class MemorySignals:
    """Keeps signals; facts are published at once, or stay pending while the bus is away."""

    def __init__(self, publisher: RecordingPublisher) -> None:
        self._signals: dict[tuple[str, str], Signal] = {}
        self._publisher = publisher
        self._uncounted: dict[tuple[str, str, int], tuple[datetime, Uncounted]] = {}
        self.pending: list[Event] = []

    def _of(self, organization_id: str) -> list[Signal]:
        return [one for (owner, _), one in sorted(self._signals.items()) if owner == organization_id]

    async def by_sources(self, organization_id: str, sources: Collection[str]) -> list[Signal]:
        return [
            one for one in self._of(organization_id) if any(proof.source in sources for proof in one.proofs)
        ]

    async def by_slots(
        self, organization_id: str, subjects: Collection[str], slots: Collection[Slot] | None
    ) -> list[Signal]:
        return [
            one
            for one in self._of(organization_id)
            if one.subject.key in subjects and (slots is None or one.slot in slots)
        ]

    async def by_ids(self, organization_id: str, signal_ids: Collection[str]) -> list[Signal]:
        return [one for one in self._of(organization_id) if one.signal_id in signal_ids]

    async def by_request(self, organization_id: str, request_id: str) -> list[Signal]:
        return [one for one in self._of(organization_id) if one.slot.request_id == request_id]

    async def by_connection(self, organization_id: str, connection_id: str) -> list[Signal]:
        return [one for one in self._of(organization_id) if one.connection_id == connection_id]

    async def by_workspace(self, organization_id: str, workspace_id: str) -> list[Signal]:
        prefix = f"{workspace_id}:"
        return [
            one
            for one in self._of(organization_id)
            if one.workspace_id == workspace_id
            or any(proof.conversation_key.startswith(prefix) for proof in one.proofs)
        ]

    async def overdue(self, organization_id: str, cuts: Mapping[Slot, datetime], limit: int) -> list[Signal]:
        found: list[Signal] = []
        for slot, cut in cuts.items():
            mine = [one for one in self._of(organization_id) if one.is_open and one.slot == slot]
            words = [one for one in mine if not one.rests_on_facts]
            found += [one for one in words if one.occurred_at and one.occurred_at < cut][:limit]
        return found

    async def organizations(self) -> list[str]:
        return sorted({owner for owner, _ in self._signals})

    async def save(self, changes: Sequence[Change]) -> list[str]:
        refused = []
        told = []
        for change in changes:
            place = (change.after.organization_id, change.after.signal_id)
            held = self._signals.get(place)
            expected = change.before.revision if change.before else None
            if (held.revision if held else None) != expected or self._taken(change.after):
                refused.append(change.after.signal_id)
                continue
            self._signals[place] = change.after
            mark = Uncounted(*place, change.after.revision, change.customer_ids, change.request_ids)
            self._uncounted[*place, mark.revision] = (change.after.changed_at, mark)
            told += [event_of(transition, signal) for transition, signal in change.told]
        self.pending += told
        if changes and self.pending:
            try:
                await self._publisher.publish(*self.pending)
            except TransientError:
                return refused
            self.pending = []
        return refused

    def _taken(self, signal: Signal) -> bool:
        return any(
            (one.subject, one.slot, one.number) == (signal.subject, signal.slot, signal.number)
            and one.signal_id != signal.signal_id
            for one in self._of(signal.organization_id)
        )

    async def uncounted(self, before: datetime, limit: int) -> list[Uncounted]:
        return [mark for at, mark in self._uncounted.values() if at < before][:limit]

    async def counted(self, organization_id: str, states: Collection[tuple[str, int]]) -> None:
        for signal_id, revision in states:
            self._uncounted.pop((organization_id, signal_id, revision), None)

    async def attention(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Attention]:
        mine = [one for one in self._of(organization_id) if one.is_open]
        return {
            customer_id: attention_of(
                [(one.slot.key, 1, one.occurred_at) for one in mine if one.subject.customer_id == customer_id]
            )
            for customer_id in customer_ids
        }

    async def demand(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Demand]:
        return {one: _demand_of(await self.by_request(organization_id, one)) for one in request_ids}

    async def refresh_customer(self, customer: Customer) -> None:
        for place, one in self._signals.items():
            if one.customer is not None and one.customer.id == customer.customer_id:
                revision = one.revision + (one.customer != customer.ref)
                self._signals[place] = replace(one, customer=customer.ref, revision=revision)

    async def rename_tag(
        self, organization_id: str, workspace_id: str, before: str, after: str | None
    ) -> None:
        for place, one in self._signals.items():
            if (place[0], one.workspace_id) == (organization_id, workspace_id) and before in one.tags:
                tags = sorted({*one.tags, after or before} - {before})
                self._signals[place] = replace(one, tags=tuple(tags), revision=one.revision + 1)

    async def delete(self, organization_id: str, signal_ids: Collection[str]) -> int:
        gone = [place for place in self._signals if place[0] == organization_id and place[1] in signal_ids]
        for place in gone:
            del self._signals[place]
        self._uncounted = {key: mark for key, mark in self._uncounted.items() if key[:2] not in gone}
        return len(gone)


def _demand_of(signals: Sequence[Signal]) -> Demand:
    mine = [one for one in signals if is_asked_for(one)]
    spend = {one.subject: one.customer.monthly_spend or 0.0 for one in mine if one.customer}
    return Demand(
        customers=len({one.subject for one in mine}),
        people=len({person.id for one in mine for person in one.people}),
        spend=sum(spend.values()),
        last_at=max((one.occurred_at for one in mine if one.occurred_at), default=None),
    )


class MemoryCustomers:
    def __init__(self) -> None:
        self._customers: dict[tuple[str, str], Customer] = {}
        self._snapshots: dict[tuple[str, str], list[tuple[datetime, AccountFacts]]] = defaultdict(list)
        self._decisions: dict[tuple[str, str], dict[str, Decision]] = defaultdict(dict)
        self.attention: dict[str, Attention] = {}
        self.changes: dict[tuple[str, str], int] = defaultdict(int)
        self._maps: dict[tuple[str, str], AttributeMap] = {}
        self.to_match: dict[tuple[str, str], tuple[datetime, int, frozenset[str]]] = {}

    def everybody(self) -> list[Customer]:
        return [one for _, one in sorted(self._customers.items()) if one.merged_into is None]

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> dict[str, Customer]:
        places = {one: (organization_id, one) for one in customer_ids}
        return {
            one: replace(self._customers[place], changes=self.changes[place])
            for one, place in places.items()
            if place in self._customers
        }

    async def save(
        self,
        customers: Sequence[Customer],
        *,
        facts_at: datetime | None = None,
        match_from: datetime | None = None,
        domains: Mapping[str, Collection[str]] | None = None,
    ) -> list[str]:
        refused = []
        for one in customers:
            place = (one.organization_id, one.customer_id)
            if place in self._customers and self.changes[place] != one.changes:
                refused.append(one.customer_id)
                continue
            self._customers[place] = one
            self.changes[place] += 1
            if match_from is not None:
                _, times, named = self.to_match.get(place, (match_from, self.changes[place], frozenset()))
                named |= {*one.domains, *(domains or {}).get(one.customer_id, ())}
                self.to_match[place] = (match_from, times + 1, named)
            if facts_at is not None:
                self._snapshots[place] = [*self._snapshots[place], (facts_at, one.facts)][-50:]
        return refused

    async def save_moods(self, organization_id: str, moods: Mapping[str, tuple[float | None, int]]) -> None:
        for customer_id, (mood, messages) in moods.items():
            place = (organization_id, customer_id)
            if place in self._customers:
                self._customers[place] = replace(self._customers[place], mood=mood, mood_messages=messages)
                self.changes[place] += 1

    async def known_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[KnownName]:
        prefixes = {name[:NAMESAKE_LETTERS] for name in names if name}
        return [
            KnownName(one.customer_id, one.external_id or "", one.name)
            for (owner, _), one in sorted(self._customers.items())
            if owner == organization_id
            and not one.provisional
            and (one.external_id in external_ids or normalise_name(one.name)[:NAMESAKE_LETTERS] in prefixes)
        ]

    async def listing(self, organization_id: str, domains: Collection[str]) -> dict[str, frozenset[str]]:
        mine = [one for (owner, _), one in self._customers.items() if owner == organization_id]
        found = {
            domain: frozenset(one.customer_id for one in mine if domain in one.domains) for domain in domains
        }
        return {domain: ids for domain, ids in found.items() if ids}

    async def decisions(
        self, organization_id: str, company_keys: Collection[str]
    ) -> dict[str, list[Decision]]:
        return {
            key: list(self._decisions[organization_id, key].values())
            for key in company_keys
            if self._decisions.get((organization_id, key))
        }

    async def decide(self, organization_id: str, company_key: str, decision: Decision, by: str) -> None:
        held = self._decisions[organization_id, company_key]
        if decision.confirmed:
            for other in [one for one in held.values() if one.confirmed]:
                del held[other.customer_id]
        held[decision.customer_id] = decision

    async def forget_decisions(self, organization_id: str, workspace_id: str) -> int:
        prefix = f"{workspace_id}:"
        gone = [one for one in self._decisions if one[0] == organization_id and one[1].startswith(prefix)]
        return sum(len(self._decisions.pop(one)) for one in gone)

    async def delete(self, organization_id: str, customer_ids: Collection[str]) -> int:
        gone = [one for one in customer_ids if (organization_id, one) in self._customers]
        for one in gone:
            del self._customers[organization_id, one]
            self.to_match.pop((organization_id, one), None)
        return len(gone)

    async def forget_snapshots(self, organization_id: str, customer_ids: Collection[str]) -> None:
        for one in customer_ids:
            self._snapshots.pop((organization_id, one), None)

    async def snapshots(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[tuple[datetime, AccountFacts]]]:
        return {one: self._snapshots[organization_id, one] for one in customer_ids}

    async def attribute_maps(self, organization_id: str) -> dict[str, AttributeMap]:
        return {
            connection: found for (owner, connection), found in self._maps.items() if owner == organization_id
        }

    async def save_attribute_map(
        self, organization_id: str, connection_id: str, chosen: AttributeMap, by: str
    ) -> None:
        self._maps[organization_id, connection_id] = chosen

    async def forget_attribute_map(self, organization_id: str, connection_id: str) -> int:
        return int(self._maps.pop((organization_id, connection_id), None) is not None)

    async def save_attention(self, organization_id: str, counted: Mapping[str, Attention]) -> None:
        self.attention.update(counted)
        for one in counted:
            self.changes[organization_id, one] += 1

    async def all_ids(self, after: tuple[str, str] = ("", "")) -> AsyncIterator[tuple[str, list[str]]]:
        left = sorted(place for place in self._customers if place > after)
        for organization_id in sorted({owner for owner, _ in left}):
            yield organization_id, [one for owner, one in left if owner == organization_id]


class MemoryUnmatched:
    def __init__(self, customers: MemoryCustomers) -> None:
        self._customers = customers

    async def _of(self, organization_id: str) -> list[tuple[datetime, ToMatch]]:
        marks = {
            one: mark for (owner, one), mark in self._customers.to_match.items() if owner == organization_id
        }
        held = await self._customers.by_ids(organization_id, marks)
        found = [
            (since, ToMatch(held[one], domains, times)) for one, (since, times, domains) in marks.items()
        ]
        return sorted(found, key=lambda one: one[0])

    async def by_ids(self, organization_id: str, customer_ids: Collection[str]) -> list[ToMatch]:
        found = await self._of(organization_id)
        return [one for _, one in found if one.customer.customer_id in customer_ids]

    async def organizations(self, now: datetime) -> list[str]:
        return sorted({owner for (owner, _), (since, *_) in self._customers.to_match.items() if since <= now})

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[ToMatch]:
        return [one for since, one in await self._of(organization_id) if since <= now][:limit]

    async def count(self, organization_id: str) -> int:
        return len(await self._of(organization_id))

    async def done(self, organization_id: str, matched: Sequence[ToMatch]) -> None:
        for one in matched:
            place = (organization_id, one.customer.customer_id)
            if place in self._customers.to_match and self._customers.to_match[place][1] == one.times:
                del self._customers.to_match[place]

    async def put_off(self, organization_id: str, customer_ids: Collection[str], until: datetime) -> None:
        for one in customer_ids:
            place = (organization_id, one)
            if place in self._customers.to_match:
                _, times, domains = self._customers.to_match[place]
                self._customers.to_match[place] = (until, times, domains)


class MemoryHealth:
    def __init__(self, customers: MemoryCustomers) -> None:
        self._customers = customers
        self._weights: dict[str, HealthWeights] = {}
        self._measured: dict[tuple[str, str], int] = {}
        self._histories: dict[tuple[str, str], HealthHistory] = {}

    async def weights(self, organization_id: str) -> HealthWeights:
        return self._weights.get(organization_id, HealthWeights())

    async def set_weights(self, organization_id: str, weights: HealthWeights, by: str, at: datetime) -> None:
        self._weights[organization_id] = weights
        for one in self._customers.everybody():
            if one.organization_id == organization_id:
                self._customers.changes[organization_id, one.customer_id] += 1

    async def due(self, measured_before: datetime, limit: int) -> list[Due]:
        found = []
        for one in self._customers.everybody():
            place = (one.organization_id, one.customer_id)
            latest = self._histories.get(place, HealthHistory()).latest
            changes = self._customers.changes[place]
            if self._measured.get(place) != changes or (latest and latest.at < measured_before):
                found.append(Due(one, changes))
        return found[:limit]

    async def histories(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, HealthHistory]:
        return {one: self._histories.get((organization_id, one), HealthHistory()) for one in customer_ids}

    async def save(self, organization_id: str, measured: Sequence[Measured]) -> None:
        for one in measured:
            place = (organization_id, one.customer_id)
            held = self._histories.get(place, HealthHistory())
            self._histories[place] = HealthHistory(
                held.known_since or one.health.at,
                one.health,
                (*held.states, one.health.state)[-MOST_STATES:] if one.keep else held.states,
            )
            self._measured[place] = one.changes


class MemoryCorrections:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Correction] = {}

    async def keep(self, correction: Correction) -> None:
        self._kept[correction.organization_id, correction.signal_id] = correction

    async def newest(self, organization_id: str) -> list[Correction]:
        mine = [one for (owner, _), one in self._kept.items() if owner == organization_id]
        return sorted(mine, key=lambda one: one.at, reverse=True)

    async def thresholds(self, organization_id: str) -> dict[str, float]:
        return thresholds(await self.newest(organization_id))

    async def remove(self, organization_id: str, connection_id: str) -> int:
        gone = [
            place
            for place, one in self._kept.items()
            if place[0] == organization_id and one.connection_id == connection_id
        ]
        for place in gone:
            del self._kept[place]
        return len(gone)


class MemoryQuestions:
    def __init__(self) -> None:
        self.held: dict[tuple[str, str], Question] = {}
        self._claimed: dict[tuple[str, str], datetime] = {}

    async def of(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, dict[str, Question]]:
        found: dict[str, dict[str, Question]] = {}
        for (owner, name), one in self.held.items():
            if owner == organization_id and one.conversation_key in conversation_keys:
                found.setdefault(one.conversation_key, {})[name] = one
        return found

    async def ask(self, questions: Collection[Question]) -> None:
        for one in questions:
            self.held.setdefault((one.organization_id, one.question_id), one)

    async def claim(self, owner: str, now: datetime, lease_seconds: float) -> Question | None:
        free = [
            (one.asked_at, place)
            for place, one in self.held.items()
            if not one.settled and self._claimed.get(place, _EPOCH) <= now
        ]
        if not free:
            return None
        _, place = min(free)
        self._claimed[place] = now + timedelta(seconds=lease_seconds)
        return self.held[place]

    async def keep(self, question: Question) -> None:
        place = (question.organization_id, question.question_id)
        if place in self.held:
            self.held[place] = question

    async def forget(self, organization_id: str, question_ids: Collection[str]) -> int:
        return self._drop(organization_id, lambda one: one.question_id in question_ids)

    async def forget_words(
        self, organization_id: str, conversation_key: str, part_ids: Collection[str] | None
    ) -> int:
        return self._drop(
            organization_id,
            lambda one: (
                one.conversation_key == conversation_key and (part_ids is None or one.part_id in part_ids)
            ),
        )

    async def remove(self, organization_id: str, connection_id: str) -> int:
        return self._drop(organization_id, lambda one: one.connection_id == connection_id)

    def _drop(self, organization_id: str, goes: Callable[[Question], bool]) -> int:
        gone = [place for place, one in self.held.items() if place[0] == organization_id and goes(one)]
        for place in gone:
            del self.held[place]
        return len(gone)


class MemoryModelUse:
    def __init__(self) -> None:
        self._chosen: dict[str, frozenset[str]] = {}
        self._spent: dict[tuple[str, str], Spent] = {}

    async def chosen(self, organization_id: str) -> frozenset[str]:
        return self._chosen.get(organization_id, frozenset())

    async def choose(self, organization_id: str, detectors: Collection[str], by: str, at: datetime) -> None:
        self._chosen[organization_id] = frozenset(detectors)

    async def spend(self, organization_id: str, day: str, tokens: int, most: Spent) -> bool:
        held = await self.spent(organization_id, day)
        if held.requests >= most.requests or held.tokens + tokens > most.tokens:
            return False
        self._spent[organization_id, day] = Spent(held.requests + 1, held.tokens + tokens)
        return True

    async def correct(self, organization_id: str, day: str, tokens: int) -> None:
        held = await self.spent(organization_id, day)
        self._spent[organization_id, day] = Spent(held.requests, held.tokens + tokens)

    async def spent(self, organization_id: str, day: str) -> Spent:
        return self._spent.get((organization_id, day), Spent())


class MemoryRequests:
    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], Request] = {}
        self.demand: dict[str, Demand] = {}

    async def candidates(self, organization_id: str, tokens: Collection[str]) -> list[Request]:
        return [
            one
            for (owner, _), one in sorted(self._requests.items())
            if owner == organization_id and any(set(wording) & set(tokens) for wording in one.wordings)
        ]

    async def by_ids(self, organization_id: str, request_ids: Collection[str]) -> dict[str, Request]:
        return {
            one: self._requests[organization_id, one]
            for one in request_ids
            if (organization_id, one) in self._requests
        }

    async def add(self, organization_id: str, request: Request) -> Request:
        return self._requests.setdefault((organization_id, request.request_id), request)

    async def add_wording(self, organization_id: str, request_id: str, tokens: tuple[str, ...]) -> None:
        held = self._requests[organization_id, request_id]
        if tokens not in held.wordings:
            self._requests[organization_id, request_id] = replace(held, wordings=(*held.wordings, tokens))

    async def reword(self, organization_id: str, before: Request, after: Request) -> bool:
        place = (organization_id, before.request_id)
        held = self._requests.get(place)
        if held is None or (held.title, held.wordings) != (before.title, before.wordings):
            return False
        self._requests[place] = replace(held, title=after.title, wordings=after.wordings)
        return True

    async def join(self, organization_id: str, request_id: str, into: str, at: datetime) -> None:
        for place, held in list(self._requests.items()):
            if place[0] == organization_id and request_id in {held.request_id, held.merged_into}:
                self._requests[place] = replace(held, merged_into=into, changed_at=at)

    async def merged_into(self, organization_id: str, request_id: str) -> list[Request]:
        return [
            one
            for (owner, _), one in sorted(self._requests.items())
            if owner == organization_id and one.merged_into == request_id
        ]

    async def forget_wordings(
        self, organization_id: str, request_ids: Collection[str], wordings: Collection[tuple[str, ...]]
    ) -> None:
        for request_id, held in (await self.by_ids(organization_id, request_ids)).items():
            kept = tuple(one for one in held.wordings if one not in wordings)
            self._requests[organization_id, request_id] = replace(held, wordings=kept)

    async def save_demand(self, organization_id: str, counted: Mapping[str, Demand]) -> None:
        self.demand.update(counted)

    async def set_state(
        self, organization_id: str, request_id: str, state: RequestState, by: str, at: datetime
    ) -> Request | None:
        held = self._requests.get((organization_id, request_id))
        if held is None:
            return None
        after = replace(held, state=state, state_by=by, state_at=at, changed_at=at)
        self._requests[organization_id, request_id] = after
        return after

    async def delete(self, organization_id: str, request_ids: Collection[str]) -> int:
        gone = [one for one in request_ids if self._requests.pop((organization_id, one), None)]
        return len(gone)


class MemoryConnections:
    def __init__(self, publisher: RecordingPublisher) -> None:
        self._views: dict[tuple[str, str], ConnectionView] = {}
        self._barriers: dict[tuple[str, str], Barrier] = {}
        self._publisher = publisher

    async def get(self, organization_id: str, connection_id: str) -> ConnectionView | None:
        return self._views.get((organization_id, connection_id))

    async def all_of(self, organization_id: str) -> list[ConnectionView]:
        return [one for (owner, _), one in sorted(self._views.items()) if owner == organization_id]

    async def standing(self, organization_id: str, connection_ids: Collection[str]) -> Standing:
        places = {one: (organization_id, one) for one in connection_ids}
        return Standing(
            {one: self._views[place] for one, place in places.items() if place in self._views},
            frozenset(one for one, place in places.items() if place in self._barriers),
        )

    async def save(self, view: ConnectionView) -> bool:
        place = (view.organization_id, view.connection_id)
        held = self._views.get(place)
        if place in self._barriers or (held is not None and held.revision >= view.revision):
            return False
        self._views[place] = view
        return True

    async def barrier(self, organization_id: str, connection_id: str) -> Barrier | None:
        return self._barriers.get((organization_id, connection_id))

    async def bar(self, organization_id: str, connection_id: str, workspace_id: str | None) -> Barrier:
        place = (organization_id, connection_id)
        self._views.pop(place, None)
        barrier = self._barriers.get(place, Barrier(*place))
        self._barriers[place] = replace(barrier, workspace_id=workspace_id or barrier.workspace_id)
        return self._barriers[place]

    async def note_removed(self, barrier: Barrier, documents: int) -> None:
        place = (barrier.organization_id, barrier.connection_id)
        held = self._barriers[place]
        if not held.confirmed:
            self._barriers[place] = replace(held, documents=held.documents + documents)

    async def confirm(self, removed: DataRemoved) -> None:
        place = (removed.organization_id, removed.connection_id)
        held = self._barriers[place]
        if not held.confirmed:
            self._barriers[place] = replace(held, confirmed=True)
            await self._publisher.publish(removed.model_copy(update={"documents": held.documents}))


class MemoryRereads:
    def __init__(self) -> None:
        self._progress: dict[tuple[str, str], tuple[Progress, str | None, datetime]] = {}

    async def ask(self, progress: Progress, *, again: bool) -> None:
        place = (progress.organization_id, progress.connection_id)
        held = self._progress.get(place)
        if again or held is None or held[0].fingerprint != progress.fingerprint:
            self._progress[place] = (progress, None, _EPOCH)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Progress | None:
        for place, (progress, _, until) in sorted(self._progress.items(), key=lambda held: held[1][2]):
            if progress.finished_at is None and until <= now and progress.fingerprint in fingerprints:
                self._progress[place] = (progress, owner, now + timedelta(seconds=lease_seconds))
                return progress
        return None

    async def advance(self, progress: Progress, owner: str, now: datetime) -> None:
        place = (progress.organization_id, progress.connection_id)
        held, holder, _ = self._progress[place]
        if holder == owner and held.fingerprint == progress.fingerprint:
            self._progress[place] = (progress, None, now)

    async def put_back(self, progress: Progress, owner: str, now: datetime) -> None:
        place = (progress.organization_id, progress.connection_id)
        held, holder, _ = self._progress[place]
        if holder == owner and held.fingerprint == progress.fingerprint:
            self._progress[place] = (held, None, now)

    async def latest(self, organization_id: str) -> list[Progress]:
        return [one for (owner, _), (one, _, _) in sorted(self._progress.items()) if owner == organization_id]

    async def remove(self, organization_id: str, connection_id: str) -> int:
        return int(self._progress.pop((organization_id, connection_id), None) is not None)


class MemoryRedetections:
    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[Redetection, str | None, datetime]] = {}

    async def ask(self, redetection: Redetection) -> None:
        place = (redetection.organization_id, redetection.connection_id)
        held = self._held.get(place)
        if held is None or held[0].redetection_id != redetection.redetection_id:
            self._held[place] = (redetection, None, _EPOCH)

    async def claim(
        self, owner: str, now: datetime, lease_seconds: float, fingerprints: Collection[str]
    ) -> Redetection | None:
        for place, (held, _, until) in sorted(self._held.items(), key=lambda item: item[1][2]):
            if held.state == "reading" and until <= now and held.fingerprint in fingerprints:
                self._held[place] = (held, owner, now + timedelta(seconds=lease_seconds))
                return held
        return None

    async def advance(self, redetection: Redetection, owner: str, *, cursor: str, now: datetime) -> bool:
        place = (redetection.organization_id, redetection.connection_id)
        if place not in self._held:
            return False
        held, holder, _ = self._held[place]
        told = (redetection.redetection_id, "reading", cursor, owner)
        if (held.redetection_id, held.state, held.cursor, holder) != told:
            return False
        self._held[place] = (redetection, None, now)
        return True

    async def of(self, organization_id: str) -> list[Redetection]:
        return [one for (owner, _), (one, _, _) in sorted(self._held.items()) if owner == organization_id]

    async def decide(self, redetection: Redetection, state: State, by: str, at: datetime) -> None:
        place = (redetection.organization_id, redetection.connection_id)
        held = self._held.get(place)
        if held is not None and held[0].redetection_id == redetection.redetection_id:
            self._held[place] = (replace(held[0], state=state, decided_by=by, decided_at=at), None, _EPOCH)

    async def remove(self, organization_id: str, connection_id: str) -> int:
        return int(self._held.pop((organization_id, connection_id), None) is not None)


class MemoryLeases:
    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._owners: dict[str, str] = {}
        self._places: dict[str, str] = {}

    async def take(self, name: str, owner: str, now: datetime, lease_seconds: float) -> bool:
        if self._until.get(name, _EPOCH) > now:
            return False
        self._until[name] = now + timedelta(seconds=lease_seconds)
        self._owners[name] = owner
        return True

    async def hold(
        self, name: str, owner: str, now: datetime, lease_seconds: float, *, place: str | None = None
    ) -> bool:
        if self._owners.get(name) == owner:
            self._until.pop(name, None)
        held = await self.take(name, owner, now, lease_seconds)
        if held and place is not None:
            self._places[name] = place
        return held

    async def place(self, name: str) -> str:
        return self._places.get(name, "")


class MemoryDueSubjects:
    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], tuple[DueSubject, datetime, datetime]] = {}

    async def mark(
        self,
        organization_id: str,
        subjects: Mapping[Subject, ConnectionView],
        *,
        at: datetime,
        known_before: datetime | None,
    ) -> None:
        for subject, view in subjects.items():
            held, first_at, _ = self._marks.get((organization_id, subject.key), (None, at, at))
            moments = [one for one in (known_before, held and held.known_before) if one]
            marked = DueSubject(
                organization_id,
                subject,
                view.connection_id,
                max(moments, default=None),
                held.marks + 1 if held else 1,
            )
            self._marks[organization_id, subject.key] = (marked, first_at, at)

    async def due(self, quiet_since: datetime, first_before: datetime, limit: int) -> list[DueSubject]:
        found = [
            one
            for one, first_at, last_at in self._marks.values()
            if first_at <= first_before or last_at <= quiet_since
        ]
        return found[:limit]

    async def done(self, organization_id: str, reviewed: Sequence[DueSubject], at: datetime) -> None:
        for one in reviewed:
            place = (organization_id, one.subject.key)
            if place in self._marks:
                held, _, last_at = self._marks.pop(place)
                if held.marks != one.marks:
                    self._marks[place] = (held, at, last_at)

    async def put_off(self, organization_id: str, subjects: Collection[Subject], until: datetime) -> None:
        for subject in subjects:
            place = (organization_id, subject.key)
            if place in self._marks:
                self._marks[place] = (self._marks[place][0], until, until)

    async def remove(self, organization_id: str, connection_id: str) -> int:
        gone = [
            place
            for place, (one, *_) in self._marks.items()
            if place[0] == organization_id and one.connection_id == connection_id
        ]
        for place in gone:
            del self._marks[place]
        return len(gone)
