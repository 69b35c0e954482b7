"""In-memory stand-ins for the connector's ports, held to the real behaviour by tests/contract/connector."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.connector.domain.connection import Connection, Workspace
from services.connector.domain.diagnosis import Sight
from services.connector.domain.report import SyncReport
from services.connector.errors import ChangedMeanwhile, IntercomRefused
from services.connector.ports import (
    MOST_ASKED,
    MOST_WAITING,
    ApiKeyRecord,
    OAuthState,
    Offer,
    Probe,
    StoredCredential,
)
from shared.auth.identity import Identity
from shared.contracts.connections import ApiKeyRevoked, ConnectionSettings
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from services.connector.domain.diagnosis import Diagnosis, FamilyKey
    from services.connector.domain.unreadable import Unreadable
    from services.connector.errors import RefusalKind
    from shared.contracts.event import Event
    from shared.messaging.recording import RecordingPublisher

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ADMIN = Identity("acme", "u-1", "Ines Moreau", "ines@example.com", "admin")
MEMBER = Identity("acme", "u-2", "Tom Lind", "tom@example.com", "member")

US, EU, AU = "https://api.intercom.io", "https://api.eu.intercom.io", "https://api.au.intercom.io"
TOKEN = "dG9rOnBsYW50ZWRfc2VjcmV0OjE6MA=="


def a_workspace(**changes: Any) -> Workspace:
    """Return Northwind's workspace in the United States."""
    whole: dict[str, Any] = {
        "id": "w-1",
        "name": "Northwind",
        "region": "us",
        "base_url": US,
        "app_base_url": "https://app.intercom.com",
        "admin_name": "Dana Ruiz",
        "admin_email": "dana@northwind.example",
        **changes,
    }
    return Workspace(**whole)


def a_connection(**changes: Any) -> Connection:
    """Return a connected one, due now."""
    whole: dict[str, Any] = {
        "id": "c-1",
        "organization_id": "acme",
        "revision": 1,
        "state": "connected",
        "method": "token",
        "workspace": a_workspace(),
        "settings": ConnectionSettings(),
        "connected_by": "Ines Moreau",
        "connected_at": NOW,
        "changed_at": NOW,
        "credential": f"v2:{TOKEN[::-1]}",
        "next_sync_at": NOW,
        "next_look_at": NOW,
        **changes,
    }
    return Connection(**whole)


class MemoryPending:
    """Facts that wait beside what caused them, and leave when they are published."""

    def __init__(self, publisher: RecordingPublisher) -> None:
        self._publisher = publisher
        self.waiting: dict[str, list[Event]] = {}

    def keep(self, key: str, *facts: Event) -> None:
        self.waiting.setdefault(key, []).extend(facts)

    def count(self, key: str) -> int:
        return len(self.waiting.get(key, []))

    async def publish(self, key: str) -> None:
        facts = self.waiting.get(key, [])
        if facts:
            await self._publisher.publish(*facts)
            self.waiting[key] = []


class MemoryConnections:
    """Connections by organization and id. `meanwhile` is called before each guarded write: somebody else."""

    def __init__(self, publisher: RecordingPublisher) -> None:
        self.stored: dict[str, Connection] = {}
        self.reports: dict[str, SyncReport] = {}
        self.diagnoses: dict[str, Diagnosis] = {}
        self.pending = MemoryPending(publisher)
        self.meanwhile: Callable[[], None] | None = None
        self.unreadable: dict[str, Unreadable] = {}

    async def list_of(self, organization_id: str) -> list[Connection]:
        return [each for each in self.stored.values() if each.organization_id == organization_id]

    async def get(self, organization_id: str, connection_id: str) -> Connection | None:
        found = self.stored.get(connection_id)
        return found if found is not None and found.organization_id == organization_id else None

    async def of_workspace(self, workspace_id: str, *, in_need: bool = False) -> list[Connection]:
        states = {"connected", "needs_attention"} if in_need else {"connected"}
        return [
            each
            for each in self.stored.values()
            if each.workspace.id == workspace_id and each.state in states
        ]

    async def insert(
        self, connection: Connection, *facts: Event, instead_of: Connection | None = None
    ) -> None:
        self._interfere()
        if instead_of is not None:
            known = self.stored.get(instead_of.id)
            if known is not None and known.state == "removed":
                del self.stored[known.id]
        mine = await self.list_of(connection.organization_id)
        taken = any(
            known.state != "removed" or known.workspace.id == connection.workspace.id for known in mine
        )
        if taken or connection.id in self.stored:
            raise ChangedMeanwhile("Somebody else was faster.")
        self.stored[connection.id] = connection
        self.pending.keep(connection.id, *facts)

    async def replace(self, before: Connection, after: Connection, *facts: Event) -> None:
        self._interfere()
        known = await self.get(before.organization_id, before.id)
        guard = (before.revision, before.next_sync_at, before.credential)
        if known is None or (known.revision, known.next_sync_at, known.credential) != guard:
            raise ChangedMeanwhile("Somebody else was faster.")
        others = [each for each in await self.list_of(before.organization_id) if each.id != before.id]
        if after.state == "removed":
            self.reports.pop(before.id, None)
            self.diagnoses.pop(before.id, None)
        elif any(each.state != "removed" for each in others):
            raise ChangedMeanwhile("Another workspace was connected.")
        self.stored[before.id] = after
        self.pending.keep(before.id, *facts)

    def _interfere(self) -> None:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()

    async def due(
        self, now: datetime, limit: int, *, leave_out: Iterable[str] = ()
    ) -> list[Connection | Unreadable]:
        out = set(leave_out)
        found = [
            each
            for each in self.stored.values()
            if each.state == "connected"
            and each.next_sync_at is not None
            and each.next_sync_at <= now
            and self.pending.count(each.id) < MOST_WAITING
            and each.id not in out
        ]
        broken: list[Connection | Unreadable] = [
            each for key, each in self.unreadable.items() if key not in out
        ]
        return [*broken, *sorted(found, key=lambda each: each.next_sync_at or now)][:limit]

    async def scheduled(self, connection: Connection, *, next_sync_at: datetime, fact: Event) -> bool:
        self._interfere()
        known = self.stored.get(connection.id)
        if (
            known is None
            or known.state != "connected"
            or (known.revision, known.next_sync_at) != (connection.revision, connection.next_sync_at)
        ):
            return False
        self.stored[connection.id] = replace(known, next_sync_at=next_sync_at)
        self.pending.keep(connection.id, fact)
        return True

    async def being_removed(self, ordered_before: datetime, limit: int) -> list[Connection]:
        return [
            each
            for each in self.stored.values()
            if each.state == "removed"
            and each.removal is not None
            and each.removal.outstanding
            and each.removal.requested_at < ordered_before
        ][:limit]

    async def due_for_look(
        self, now: datetime, limit: int, *, leave_out: Iterable[str] = ()
    ) -> list[Connection | Unreadable]:
        out = set(leave_out)
        found = [
            each
            for each in self.stored.values()
            if each.next_look_at is not None and each.next_look_at <= now and each.id not in out
        ]
        broken: list[Connection | Unreadable] = [
            each for key, each in self.unreadable.items() if key not in out
        ]
        return [*broken, *sorted(found, key=lambda each: each.next_look_at or now)][:limit]

    async def looked_at(self, connection: Connection, *, next_look_at: datetime) -> bool:
        self._interfere()
        known = self.stored.get(connection.id)
        if known is None or known.next_look_at != connection.next_look_at:
            return False
        self.stored[connection.id] = replace(known, next_look_at=next_look_at)
        return True

    async def record_fact(self, connection: Connection, fact: Event) -> bool:
        known = await self.get(connection.organization_id, connection.id)
        if known is None or known.state != "connected":
            return False
        if self.pending.count(connection.id) < MOST_ASKED:
            self.pending.keep(connection.id, fact)
        return True

    async def report(self, organization_id: str, connection_id: str) -> SyncReport:
        found = await self.get(organization_id, connection_id)
        return self.reports.get(connection_id, SyncReport()) if found else SyncReport()

    async def save_report(self, organization_id: str, connection_id: str, report: SyncReport) -> None:
        found = await self.get(organization_id, connection_id)
        if found is not None and found.state != "removed":
            self.reports[connection_id] = report

    async def diagnosis(self, organization_id: str, connection_id: str) -> Diagnosis | None:
        found = await self.get(organization_id, connection_id)
        return self.diagnoses.get(connection_id) if found else None

    async def save_diagnosis(self, organization_id: str, connection_id: str, diagnosis: Diagnosis) -> None:
        found = await self.get(organization_id, connection_id)
        if found is not None and found.state != "removed":
            self.diagnoses[connection_id] = diagnosis

    async def confirm_removal(
        self, organization_id: str, connection_id: str, removal_id: str, service: str, documents: int
    ) -> None:
        found = await self.get(organization_id, connection_id)
        removal = found.removal if found is not None else None
        if found is None or removal is None or removal.id != removal_id:
            return
        if service not in dict(removal.confirmed):
            confirmed = (*removal.confirmed, (service, documents))
            self.stored[connection_id] = replace(found, removal=replace(removal, confirmed=confirmed))

    async def publish_pending(self, organization_id: str, connection_id: str) -> None:
        if await self.get(organization_id, connection_id) is not None:
            await self.pending.publish(connection_id)

    async def credentials(self, after_id: str, limit: int) -> list[StoredCredential]:
        found = [
            StoredCredential(each.organization_id, each.id, each.credential)
            for each in sorted(self.stored.values(), key=lambda each: each.id)
            if each.id > after_id and each.credential is not None
        ]
        return found[:limit]

    async def reencrypted(self, credential: StoredCredential, encrypted: str) -> bool:
        self._interfere()
        known = self.stored.get(credential.connection_id)
        if known is None or known.credential != credential.encrypted:
            return False
        self.stored[known.id] = replace(known, credential=encrypted)
        return True

    async def bring_forward(self, now: datetime, *, look: timedelta, spare: timedelta) -> int:
        moved = 0
        for each in list(self.stored.values()):
            interval = timedelta(seconds=each.settings.sync_interval_seconds)
            changed = each
            if each.state == "connected" and each.next_sync_at and each.next_sync_at > now + interval + spare:
                changed = replace(changed, next_sync_at=now)
                moved += 1
            if each.next_look_at and each.next_look_at > now + look + spare:
                changed = replace(changed, next_look_at=now)
            self.stored[each.id] = changed
        return moved

    async def census(self) -> dict[str, int]:
        return dict(Counter(each.state for each in self.stored.values()))


class MemoryStates:
    def __init__(self) -> None:
        self.stored: dict[str, OAuthState] = {}

    async def add(self, state: OAuthState) -> None:
        self.stored[state.state] = state

    async def take(self, state: str) -> OAuthState | None:
        return self.stored.pop(state, None)

    async def forget(self, organization_id: str, *, ending_before: datetime) -> int:
        gone = [
            key
            for key, each in self.stored.items()
            if each.organization_id == organization_id and each.expires_at < ending_before
        ]
        for key in gone:
            del self.stored[key]
        return len(gone)


class MemoryOffers:
    def __init__(self) -> None:
        self.stored: dict[str, Offer] = {}

    async def add(self, offer: Offer) -> None:
        self.stored[offer.id] = offer

    async def get(self, organization_id: str, offer_id: str) -> Offer | None:
        found = self.stored.get(offer_id)
        return found if found is not None and found.organization_id == organization_id else None

    async def take(self, organization_id: str, offer_id: str) -> Offer | None:
        found = await self.get(organization_id, offer_id)
        if found is not None:
            del self.stored[offer_id]
        return found


class MemoryNotices:
    def __init__(self, publisher: RecordingPublisher) -> None:
        self.stored: dict[tuple[str, str], str] = {}
        self.pending = MemoryPending(publisher)

    async def take(self, connection: Connection, notification: str, fact: Event, now: datetime) -> bool:
        key = (connection.organization_id, notification)
        if key in self.stored:
            return False
        self.stored[key] = connection.id
        self.pending.keep("/".join(key), fact)
        return True

    async def publish_pending(self, organization_id: str, notification: str) -> None:
        await self.pending.publish(f"{organization_id}/{notification}")

    async def forget(self, organization_id: str, connection_id: str) -> int:
        gone = [
            key for key, owner in self.stored.items() if key[0] == organization_id and owner == connection_id
        ]
        for key in gone:
            del self.stored[key]
        return len(gone)


class MemoryApiKeys:
    def __init__(self, publisher: RecordingPublisher) -> None:
        self.stored: dict[str, ApiKeyRecord] = {}
        self.pending = MemoryPending(publisher)

    async def add(self, key: ApiKeyRecord) -> None:
        self.stored[key.key_id] = key

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        mine = [each for each in self.stored.values() if each.organization_id == organization_id]
        return sorted(mine, key=lambda each: each.created_at, reverse=True)

    async def revoke(
        self, organization_id: str, key_id: str, *, by: str, now: datetime
    ) -> ApiKeyRecord | None:
        found = self.stored.get(key_id)
        if found is None or found.organization_id != organization_id:
            return None
        if found.revoked_at is None:
            found = self.stored[key_id] = replace(found, revoked_at=now)
            fact = ApiKeyRevoked(
                organization_id=organization_id, key_id=key_id, revoked_by=by, revoked_at=now
            )
            self.pending.keep(key_id, fact)
        return found

    async def publish_pending(self, organization_id: str, key_id: str) -> None:
        await self.pending.publish(key_id)

    async def revocations(self, now: datetime) -> Sequence[ApiKeyRevoked]:
        return [
            ApiKeyRevoked(
                organization_id=each.organization_id,
                key_id=each.key_id,
                revoked_by="unknown",
                revoked_at=each.revoked_at,
            )
            for each in self.stored.values()
            if each.revoked_at is not None and each.expires_at > now
        ]


class MirrorVault:
    """Writes secrets backwards, behind the number of the key; `v1` is the old one, others do not open."""

    def encrypt(self, secret: str) -> str:
        return f"v2:{secret[::-1]}"

    def decrypt(self, encrypted: str) -> str:
        version, _, content = encrypted.partition(":")
        if version not in {"v1", "v2"}:
            raise ConfigurationError("No key in EARSHOT_CREDENTIAL_KEYS opens this credential.")
        return content[::-1]

    def is_current(self, encrypted: str) -> bool:
        return encrypted.startswith("v2:")


def refused(kind: RefusalKind = "token_rejected") -> IntercomRefused:
    return IntercomRefused(f"Intercom says no: {kind}.", kind=kind)


@dataclass
class ScriptedIntercom:
    """Knows tokens by base URL. `asked` is everything that was sent, and where.

    Attributes:
        opens: what (token, base URL) opens: a workspace, or the error to raise, or several in turn.
        codes: authorization code to token.
        sights: what each family shows; the rest shows one thing.
    """

    opens: dict[tuple[str, str], Any] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    sights: dict[str, Any] = field(default_factory=dict)
    uninstalls: list[str] = field(default_factory=list)
    uninstall_error: Exception | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        return f"https://app.intercom.com/oauth?state={state}&redirect_uri={redirect_uri}"

    async def exchange_code(self, code: str) -> str:
        self.asked.append(("exchange", code, ""))
        if code not in self.codes:
            raise refused()
        return self.codes[code]

    async def who_am_i(self, token: str, base_url: str) -> Workspace:
        self.asked.append(("me", token, base_url))
        answer = self.opens.get((token, base_url), refused())
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Workspace)
        return answer

    async def probe(self, token: str, base_url: str, family: FamilyKey, *, known_id: str | None) -> Probe:
        self.asked.append((f"probe {family}", token, base_url))
        sight = self.sights.get(family, Sight("answered", 1))
        if isinstance(sight, list):
            sight = sight.pop(0) if len(sight) > 1 else sight[0]
        first = "contact-1" if family == "contacts" and sight.count else None
        return Probe(sight, first)

    async def uninstall(self, token: str) -> None:
        self.uninstalls.append(token)
        if self.uninstall_error is not None:
            raise self.uninstall_error
