"""The mirror in memory, and the companies that are to be followed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from services.detector.domain.identity import resource_key
from services.detector.domain.mail_domains import company_domain
from services.detector.domain.matching import Match, normalise_name
from services.detector.domain.mirror import (
    Digest,
    MirroredCompany,
    MirroredConversation,
    ToFollow,
    Writers,
)
from services.detector.domain.spoken import contact_keys
from shared.contracts.resources import (
    AdminChanged,
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
    TagChanged,
    record_key,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.matching import Suggestion
    from services.detector.domain.mirror import Analysis
    from shared.contracts.resources import ResourceDeleted, ResourceEvent

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MANY = 2_000

Mark: TypeAlias = tuple[str, str, str]
"""Organization, type and key of what is to be followed."""


class MemoryMirror:
    """Keeps records by organization and event key; graves hold the moment of deletion."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], ResourceEvent] = {}
        self._graves: dict[tuple[str, str], datetime] = {}
        self._matches: dict[tuple[str, str], Match] = {}
        self._regrouped: set[tuple[str, str]] = set()
        self._left: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.follow: dict[Mark, datetime] = {}
        self.read_to: dict[Mark, str] = {}
        self.to_count: dict[tuple[str, str], datetime] = {}
        self._heirs: dict[tuple[str, str], str] = {}
        self._lost: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._analyses: dict[tuple[str, str], tuple[Analysis, str, Sequence[str]]] = {}

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        for record in records:
            place = (organization_id, record.key())
            held = self._records.get(place)
            newest = held.observed_at if held else self._graves.get(place)
            if self._is_buried(organization_id, record):
                continue
            if newest is None or newest <= record.observed_at:
                self._records[place] = record
                self._graves.pop(place, None)
                if isinstance(record, ContactChanged):
                    self._heirs.pop((organization_id, resource_key(record.workspace_id, record.id)), None)
                if regrouped:
                    self._regrouped.add(place)
                    key = resource_key(record.workspace_id, record.id)
                    self.read_to.pop((organization_id, record.RESOURCE, key), None)
                    if isinstance(record, ContactChanged):
                        self.to_count[organization_id, key] = record.observed_at

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
            self.unfollow((organization_id, deletion.resource, key))
            if deletion.resource == "contact":
                self.to_count.pop((organization_id, key), None)
            if deletion.resource == "contact":
                self._regrouped.add(place)
                self._inherit(organization_id, key, deletion)
            if deletion.resource == "company":
                self._left[organization_id, key] = set((left or {}).get(key, ()))
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

    def _is_buried(self, organization_id: str, record: ResourceEvent) -> bool:
        """Return whether this is a part of a conversation that was deleted since."""
        if not isinstance(record, ConversationPartChanged):
            return False
        whole = record_key(organization_id, record.workspace_id, "conversation", record.conversation_id)
        return record.observed_at <= self._graves.get((organization_id, whole), _EPOCH)

    def _inherit(self, organization_id: str, key: str, deletion: ResourceDeleted) -> None:
        self._heirs.pop((organization_id, key), None)
        if deletion.successor_id is not None:
            heir = resource_key(deletion.workspace_id, deletion.successor_id)
            self._heirs[organization_id, key] = heir

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
            follow_from=self.follow.get((organization_id, "company", place[1])),
            read_to=self.read_to.get((organization_id, "company", place[1]), ""),
        )

    def unfollow(self, mark: Mark) -> None:
        self.follow.pop(mark, None)
        self.read_to.pop(mark, None)

    def to_follow(self, organization_id: str, resource: str, key: str) -> ToFollow | None:
        """Return what is or was here as what its conversations are followed by; None for what never was."""
        place = _place(organization_id, resource, key)
        record = self._records.get(place)
        if record is None and place not in self._graves:
            return None
        mark = (organization_id, resource, key)
        match = self._matches.get((organization_id, key)) if resource == "company" else None
        return ToFollow(
            key=key,
            connection_id=(record.connection_id if record else None) or "",
            observed_at=record.observed_at if record else self._graves[place],
            customer_id=match.customer_id if match else None,
            follow_from=self.follow.get(mark),
            read_to=self.read_to.get(mark, ""),
            owners=frozenset(self._left[organization_id, key]) if resource == "company" else frozenset(),
        )

    def is_living(self, organization_id: str, resource: str, key: str) -> bool:
        return _place(organization_id, resource, key) in self._records

    async def conversations(
        self, organization_id: str, keys: Collection[str]
    ) -> dict[str, MirroredConversation]:
        found = self._all(organization_id, ConversationChanged)
        return {key: self._conversation(organization_id, found[key]) for key in keys if key in found}

    async def states(self, organization_id: str, keys: Collection[str]) -> dict[str, tuple[str, datetime]]:
        found = self._all(organization_id, ConversationChanged)
        return {key: (found[key].version, found[key].observed_at) for key in keys if key in found}

    async def openings(self, organization_id: str, conversation_keys: Collection[str]) -> dict[str, str]:
        held = await self.parts(organization_id, conversation_keys)
        return {
            key: part.text
            for key, mine in held.items()
            for part in mine
            if part.id == f"source-{part.conversation_id}" and part.text and not part.redacted
        }

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

    async def heirs(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]:
        living = self._all(organization_id, ContactChanged)
        found = {}
        for key in keys:
            heir = self._heirs.get((organization_id, key))
            for _ in range(4):
                if heir is not None and heir not in living:
                    heir = self._heirs.get((organization_id, heir))
            if heir is not None and heir in living:
                found[key] = living[heir]
        return found

    async def mark_merged(self, organization_id: str, heir_keys: Collection[str]) -> set[str]:
        found: set[str] = set()
        ahead = set(heir_keys)
        while ahead:
            ahead = {
                key
                for (owner, key), heir in self._heirs.items()
                if owner == organization_id and heir in ahead and key not in found
            }
            found |= ahead
        for key in found:
            self._regrouped.add(_place(organization_id, "contact", key))
            self.unfollow((organization_id, "contact", key))
        return found

    async def marked_contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ToFollow]:
        held = {key: self.to_follow(organization_id, "contact", key) for key in keys}
        return {
            key: one
            for key, one in held.items()
            if one and (_place(organization_id, "contact", key) in self._regrouped or one.follow_from)
        }

    async def unmark_contacts(self, organization_id: str, marks: Collection[ToFollow]) -> None:
        for one in marks:
            held = self.to_follow(organization_id, "contact", one.key)
            if held and (held.observed_at, held.follow_from) == (one.observed_at, one.follow_from):
                self._regrouped.discard(_place(organization_id, "contact", one.key))
                self.unfollow((organization_id, "contact", one.key))

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
                self._left.pop((organization_id, one.key), None)
                self.unfollow((organization_id, "company", one.key))

    async def lost_companies(self, organization_id: str, keys: Collection[str]) -> dict[str, ToFollow]:
        held = {
            key: self.to_follow(organization_id, "company", key)
            for key in keys
            if not self.is_living(organization_id, "company", key)
        }
        return {key: one for key, one in held.items() if one and (one.owners or one.follow_from)}

    async def unmark_deletions(self, organization_id: str, marks: Collection[ToFollow]) -> None:
        held = await self.lost_companies(organization_id, [one.key for one in marks])
        for one in marks:
            if one.key in held and held[one.key].observed_at == one.observed_at:
                self._left.pop((organization_id, one.key), None)
                self.unfollow((organization_id, "company", one.key))

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
            self.unfollow((organization_id, "company", company_key))
            if follow_from is not None:
                self.follow[organization_id, "company", company_key] = follow_from

    async def save_analyses(
        self, organization_id: str, analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]]
    ) -> None:
        for key, analysis in analyses.items():
            self._analyses[organization_id, key] = analysis

    async def keys_by_contacts(
        self, organization_id: str, keys: Collection[str], *, after: str, limit: int
    ) -> list[str]:
        return sorted(
            key
            for key, record in self._all(organization_id, ConversationChanged).items()
            if set(contact_keys(record)) & set(keys) and key > after
        )[:limit]

    async def keys_by_companies(
        self, organization_id: str, company_keys: Collection[str], *, after: str, limit: int
    ) -> list[str]:
        return sorted(
            key
            for (owner, key), (_, _, companies) in self._analyses.items()
            if owner == organization_id and set(companies) & set(company_keys) and key > after
        )[:limit]

    async def count_by_companies(self, organization_id: str, after: Mapping[str, str]) -> int:
        return sum(
            any(key > after[company] for company in set(companies) & after.keys())
            for (owner, key), (_, _, companies) in self._analyses.items()
            if owner == organization_id
        )

    async def count_by_contacts(self, organization_id: str, after: Mapping[str, str]) -> int:
        return sum(
            any(key > after[one] for one in set(contact_keys(record)) & after.keys())
            for key, record in self._all(organization_id, ConversationChanged).items()
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
            self.unfollow((organization_id, record.RESOURCE, resource_key(record.workspace_id, record.id)))
        return len(gone)


class MemoryFollowed:
    def __init__(self, mirror: MemoryMirror, resource: str) -> None:
        self._mirror = mirror
        self._resource = resource

    async def mark(self, organization_id: str, keys: Collection[str], at: datetime) -> None:
        for key in keys:
            mark = (organization_id, self._resource, key)
            if self._mirror.is_living(*mark) or mark in self._mirror.follow:
                self._mirror.follow[mark] = at

    async def leave(self, organization_id: str, left: ToFollow, read_to: str, at: datetime) -> None:
        mark = (organization_id, self._resource, left.key)
        held = self._mirror.to_follow(*mark)
        if held and replace(held, read_to="", owners=left.owners) == replace(left, read_to=""):
            self._mirror.follow[mark] = at
            self._mirror.read_to[mark] = read_to

    async def organizations(self, now: datetime) -> list[str]:
        return sorted({owner for owner, at, _ in self._marks() if at <= now})

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        marks = sorted((at, key) for owner, at, key in self._marks() if owner == organization_id)
        return [key for at, key in marks if at <= now][:limit]

    async def count(self, organization_id: str, now: datetime) -> int:
        return len(await self.waiting(organization_id, now, 1_000_000))

    def _marks(self) -> list[tuple[str, datetime, str]]:
        return [
            (owner, at, key)
            for (owner, resource, key), at in self._mirror.follow.items()
            if resource == self._resource
        ]


def _place(organization_id: str, resource: str, key: str) -> tuple[str, str]:
    workspace_id, _, identifier = key.partition(":")
    return organization_id, record_key(organization_id, workspace_id, resource, identifier)
