"""In-memory stand-ins for the notifier's ports, held to the real behaviour by tests/contract/notifier."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from services.notifier.adapters.snapshots import ended_because
from services.notifier.domain.notification import as_detected
from services.notifier.domain.rule import EVERYONE, Health, Rule
from services.notifier.ports import (
    DeadLetterPage,
    Destination,
    Due,
    HeldClaim,
    InboxEntry,
    InboxReader,
    KnownSignal,
    LogFilter,
    Message,
    Place,
    SealedSecrets,
)
from shared.auth.identity import Identity
from shared.contracts.signals import AccountFact, CustomerRef, Detector, Evidence, SignalDetected
from shared.errors import ConfigurationError
from shared.messaging.recording import RecordingPublisher

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from services.notifier.domain.notification import Notification, Settlement
    from services.notifier.domain.preferences import Preferences
    from services.notifier.ports import DeadLetterView
    from shared.contracts.deliveries import ChannelName
    from shared.contracts.event import Event
    from shared.contracts.signals import SignalEvent

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ADMIN = Identity("acme", "u-1", "Ines Moreau", "ines@example.com", "admin")
MEMBER = Identity("acme", "u-2", "Tom Lind", "tom@example.com", "member")


def a_signal(**changes: Any) -> SignalDetected:
    """Return a fresh churn risk of Northwind with one quote."""
    quote = "we won't be renewing once the contract ends in March"
    whole: dict[str, Any] = {
        "organization_id": "acme",
        "connection_id": "c-1",
        "workspace_id": "w-1",
        "signal_id": "s-1",
        "revision": 1,
        "kind": "churn_risk",
        "explicit": True,
        "title": "Will not renew",
        "customer": CustomerRef(id="cu-1", name="Northwind", owner="tom@example.com"),
        "confidence": 0.94,
        "evidence": (
            Evidence(
                conversation_id="cv-1",
                part_id="p-1",
                start=0,
                end=len(quote),
                quote=quote,
                author_name="Dana Ruiz",
                said_at=NOW - timedelta(minutes=1),
            ),
        ),
        "detector": Detector(name="churn_risk", version="1"),
        "occurred_at": NOW - timedelta(minutes=1),
        "opened_at": NOW,
        "changed_at": NOW,
        "url_path": "/insights/s-1",
        **changes,
    }
    return SignalDetected(**whole)


def a_fact(**changes: Any) -> AccountFact:
    """Return that an account has fewer seats than before, noticed just now."""
    whole: dict[str, Any] = {
        "name": "seats",
        "value": "4",
        "reason": "fell from 40 within 90 days",
        "since": NOW,
        **changes,
    }
    return AccountFact(**whole)


def a_rule(**changes: Any) -> Rule:
    """Return a rule that puts everything into everybody's inbox."""
    whole: dict[str, Any] = {
        "id": "r-1",
        "organization_id": "acme",
        "name": "All",
        "channel": "inbox",
        "recipients": (EVERYONE,),
        "created_at": NOW,
        "created_by": "ines@example.com",
        **changes,
    }
    return Rule(**whole)


class MemoryRules:
    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], Rule] = {}
        self._seeded: set[str] = set()

    async def list_of(self, organization_id: str) -> list[Rule]:
        found = [rule for (owner, _), rule in self._rules.items() if owner == organization_id]
        return sorted(found, key=lambda rule: (rule.created_at, rule.id))

    async def get(self, organization_id: str, rule_id: str) -> Rule | None:
        return self._rules.get((organization_id, rule_id))

    async def insert(self, rule: Rule) -> None:
        self._rules[rule.organization_id, rule.id] = rule

    async def replace(self, rule: Rule, *, expected_revision: int) -> bool:
        key = (rule.organization_id, rule.id)
        before = self._rules.get(key)
        if before is None or before.revision != expected_revision:
            return False
        self._rules[key] = replace(rule, health=before.health)
        return True

    async def delete(self, organization_id: str, rule_id: str) -> bool:
        return self._rules.pop((organization_id, rule_id), None) is not None

    async def seed(self, rule: Rule) -> None:
        if rule.organization_id not in self._seeded:
            self._seeded.add(rule.organization_id)
            self._rules.setdefault((rule.organization_id, rule.id), rule)

    async def record(self, organization_id: str, rule_id: str, at: datetime, failure: str | None) -> None:
        rule = self._rules.get((organization_id, rule_id))
        if rule is None:
            return
        health = (
            replace(rule.health, last_delivered_at=at, failures_in_a_row=0)
            if failure is None
            else Health(rule.health.failures_in_a_row + 1, failure, at, rule.health.last_delivered_at)
        )
        self._rules[organization_id, rule_id] = replace(rule, health=health)

    async def sealed(self, after: SealedSecrets | None, limit: int) -> list[SealedSecrets]:
        begin = "" if after is None else f"{after.organization_id}/{after.rule_id}"
        found = [
            SealedSecrets(rule.organization_id, rule.id, rule.sealed_url, rule.sealed_secret)
            for place, rule in sorted(("/".join(key), rule) for key, rule in self._rules.items())
            if place > begin and (rule.sealed_url is not None or rule.sealed_secret is not None)
        ]
        return found[:limit]

    async def resealed(self, before: SealedSecrets, after: SealedSecrets) -> bool:
        key = (before.organization_id, before.rule_id)
        rule = self._rules.get(key)
        if rule is None or (rule.sealed_url, rule.sealed_secret) != (before.url, before.secret):
            return False
        self._rules[key] = replace(rule, sealed_url=after.url, sealed_secret=after.secret)
        return True


class MemoryNotifications:
    def __init__(self, publisher: RecordingPublisher | None = None) -> None:
        self.publisher = publisher or RecordingPublisher()
        self._kept: dict[tuple[str, str], Notification] = {}
        self._claims: dict[tuple[str, str], tuple[str, float]] = {}

    async def add(self, notification: Notification) -> bool:
        same = (notification.signal.signal_id, notification.channel, notification.recipient.key)
        for (owner, _), kept in self._kept.items():
            if owner == notification.organization_id and same == (
                kept.signal.signal_id,
                kept.channel,
                kept.recipient.key,
            ):
                return False
        self._kept[notification.organization_id, notification.id] = notification
        return True

    async def claim(
        self,
        organization_id: str,
        notification_id: str,
        *,
        now: datetime,
        lease_seconds: float,
        token: str,
        in_place_of: str | None = None,
    ) -> Notification | None:
        key = (organization_id, notification_id)
        kept = self._kept.get(key)
        if kept is None or kept.state != "pending" or self._token(key) != in_place_of:
            return None
        if in_place_of is None and kept.next_attempt_at > now:
            return None
        self._claims[key] = (token, lease_seconds)
        lease_until = now + timedelta(seconds=lease_seconds)
        self._kept[key] = replace(kept, next_attempt_at=lease_until, tries=kept.tries + 1)
        return self._kept[key]

    async def claims(self, limit: int) -> list[HeldClaim]:
        held = [
            HeldClaim(self._due(key), token, seconds)
            for key, (token, seconds) in self._claims.items()
            if key in self._kept and self._kept[key].state == "pending"
        ]
        return sorted(held, key=lambda claim: claim.token)[:limit]

    def _token(self, key: tuple[str, str]) -> str | None:
        return self._claims[key][0] if key in self._claims else None

    def _due(self, key: tuple[str, str]) -> Due:
        return Due(Destination(key[0], self._kept[key].rule_id), key[1], self._kept[key].channel)

    async def settle(
        self, notification: Notification, settlement: Settlement, *, token: str, facts: Sequence[Event]
    ) -> bool:
        key = (notification.organization_id, notification.id)
        kept = self._kept.get(key)
        if kept is None or self._token(key) != token:
            return False
        del self._claims[key]
        tried = replace(kept, attempts=(*kept.attempts, settlement.attempt))
        if settlement.state == "delivered" or kept.state == "pending":
            tried = replace(
                tried,
                state=settlement.state,
                rule_id=notification.rule_id,
                next_attempt_at=settlement.next_attempt_at or kept.next_attempt_at,
                settled_at=None if settlement.next_attempt_at else settlement.attempt.at,
                sent_revision=notification.signal.revision if settlement.state == "delivered" else None,
            )
            self._kept[key] = tried
            await self.publisher.publish(*facts)
        self._kept[key] = tried
        return True

    async def put_back(self, notification: Notification, until: datetime, *, token: str) -> bool:
        key = (notification.organization_id, notification.id)
        kept = self._kept.get(key)
        if kept is None or self._token(key) != token or kept.state != "pending":
            return False
        del self._claims[key]
        self._kept[key] = replace(kept, next_attempt_at=until, tries=kept.tries - 1)
        return True

    async def due(
        self, now: datetime, limit: int, *, leave_out: AbstractSet[Destination] = frozenset()
    ) -> list[Due]:
        waiting = sorted(
            (kept.next_attempt_at, key)
            for key, kept in self._kept.items()
            if kept.state == "pending"
            and key not in self._claims
            and kept.next_attempt_at <= now
            and Destination(key[0], kept.rule_id) not in leave_out
        )
        return [self._due(key) for _, key in waiting[:limit]]

    async def cancel(
        self,
        organization_id: str,
        because: str,
        *,
        signal_id: str | None = None,
        rule_id: str | None = None,
        notification_id: str | None = None,
        spared: AbstractSet[str] = frozenset(),
    ) -> int:
        if signal_id is None and rule_id is None and notification_id is None:
            raise ValueError("Say which notifications to cancel.")
        cancelled = 0
        for key, kept in self._kept.items():
            fits = (
                signal_id in (None, kept.signal.signal_id)
                and rule_id in (None, kept.rule_id)
                and notification_id in (None, kept.id)
                and kept.recipient.key not in spared
            )
            if key[0] == organization_id and fits and kept.state == "pending":
                self._kept[key] = replace(kept, state="cancelled", cancelled_because=because, settled_at=NOW)
                cancelled += 1
        return cancelled

    async def forget_untried(self, organization_id: str, signal_id: str) -> int:
        untried = [
            key
            for key, kept in self._kept.items()
            if key[0] == organization_id
            and kept.signal.signal_id == signal_id
            and (kept.state, kept.tries) == ("pending", 0)
            and key not in self._claims
        ]
        for key in untried:
            del self._kept[key]
        return len(untried)

    async def refresh(self, signal: SignalEvent) -> None:
        for key, kept in self._kept.items():
            same = key[0] == signal.organization_id and kept.signal.signal_id == signal.signal_id
            if same and kept.signal.revision < signal.revision:
                self._kept[key] = replace(kept, signal=as_detected(signal), over=ended_because(signal))

    async def page(
        self,
        organization_id: str,
        wanted: LogFilter,
        *,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[Notification]:
        found = [
            kept
            for (owner, _), kept in self._kept.items()
            if owner == organization_id
            and wanted.state in (None, kept.state)
            and wanted.channel in (None, kept.channel)
            and wanted.signal_id in (None, kept.signal.signal_id)
            and wanted.rule_id in (None, kept.rule_id)
            and _beyond(after, kept.created_at, kept.id, oldest_first=oldest_first)
        ]
        return sorted(found, key=lambda kept: (kept.created_at, kept.id), reverse=not oldest_first)[:limit]

    async def count(self, organization_id: str, wanted: LogFilter, *, at_most: int) -> int:
        return len(await self.page(organization_id, wanted, after=None, limit=at_most))

    async def get(self, organization_id: str, notification_id: str) -> Notification | None:
        return self._kept.get((organization_id, notification_id))

    async def remove(self, organization_id: str, connection_id: str) -> int:
        gone = [
            key
            for key, kept in self._kept.items()
            if key[0] == organization_id and kept.connection_id == connection_id
        ]
        for key in gone:
            del self._kept[key]
        return len(gone)

    async def drop(self, organization_id: str, signal_id: str) -> None:
        for key, kept in list(self._kept.items()):
            if key[0] == organization_id and kept.signal.signal_id == signal_id:
                del self._kept[key]

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        for key, kept in list(self._kept.items()):
            if key[0] == organization_id and kept.signal.signal_id in signal_ids and kept.created_at < before:
                del self._kept[key]


class MemoryInbox:
    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}

    async def put(self, signal: SignalDetected, audience: str, at: datetime) -> None:
        entry = self._entries.setdefault(
            (signal.organization_id, signal.signal_id),
            {"signal": signal, "audience": set(), "added_at": at, "over": None, "read_by": set()},
        )
        entry["audience"].add(audience)

    async def refresh(self, signal: SignalEvent, *, over: str | None) -> None:
        entry = self._entries.get((signal.organization_id, signal.signal_id))
        if entry is not None and entry["signal"].revision < signal.revision:
            entry.update(signal=as_detected(signal), over=over)

    def _seen_by(self, reader: InboxReader) -> list[InboxEntry]:
        found = [
            InboxEntry(
                key[1], entry["signal"], entry["added_at"], entry["over"], reader.user_id in entry["read_by"]
            )
            for key, entry in self._entries.items()
            if key[0] == reader.organization_id
            and entry["audience"] & {EVERYONE, reader.email}
            and entry["signal"].confidence >= reader.minimum_confidence
            and (not reader.kinds or entry["signal"].kind in reader.kinds)
        ]
        return sorted(found, key=lambda entry: (entry.added_at, entry.id), reverse=True)

    async def page(
        self,
        reader: InboxReader,
        *,
        unread_only: bool,
        after: Place | None,
        limit: int,
        oldest_first: bool = False,
    ) -> list[InboxEntry]:
        seen = self._seen_by(reader)
        return [
            entry
            for entry in (reversed(seen) if oldest_first else seen)
            if not (unread_only and entry.read)
            and _beyond(after, entry.added_at, entry.id, oldest_first=oldest_first)
        ][:limit]

    async def count(self, reader: InboxReader, *, at_most: int, since: datetime | None = None) -> int:
        seen = self._seen_by(reader)
        return min(at_most, sum(since is None or entry.added_at >= since for entry in seen))

    async def unread(self, reader: InboxReader, *, at_most: int) -> int:
        return min(at_most, sum(not entry.read for entry in self._seen_by(reader)))

    async def get(self, reader: InboxReader, entry_id: str) -> InboxEntry | None:
        return next((entry for entry in self._seen_by(reader) if entry.id == entry_id), None)

    async def mark_read(
        self, reader: InboxReader, entry_id: str | None, *, until: datetime | None = None
    ) -> int:
        marked = [
            e
            for e in self._seen_by(reader)
            if not e.read and entry_id in (None, e.id) and (until is None or e.added_at <= until)
        ]
        for entry in marked:
            self._entries[reader.organization_id, entry.id]["read_by"].add(reader.user_id)
        return len(marked)

    async def remove(self, organization_id: str, connection_id: str) -> int:
        gone = [
            key
            for key, entry in self._entries.items()
            if key[0] == organization_id and entry["signal"].connection_id == connection_id
        ]
        for key in gone:
            del self._entries[key]
        return len(gone)

    async def drop(self, organization_id: str, signal_id: str) -> None:
        self._entries.pop((organization_id, signal_id), None)

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        for signal_id in signal_ids:
            entry = self._entries.get((organization_id, signal_id))
            if entry is not None and entry["added_at"] < before:
                await self.drop(organization_id, signal_id)


class MemoryKnownSignals:
    def __init__(self) -> None:
        self._signals: dict[tuple[str, str], tuple[KnownSignal, str]] = {}
        self._removed: dict[tuple[str, str], datetime] = {}
        self._seen_at: dict[tuple[str, str], datetime] = {}

    async def get(self, organization_id: str, signal_id: str) -> KnownSignal | None:
        found = self._signals.get((organization_id, signal_id))
        return found[0] if found else None

    async def remember(
        self,
        signal: SignalEvent,
        *,
        over: bool,
        at: datetime,
        is_news: bool = False,
        is_ahead: bool = False,
    ) -> None:
        key = (signal.organization_id, signal.signal_id)
        before, connection_id = self._signals.get(key, (None, signal.connection_id))
        news_since = signal.changed_at if is_news else before.news_since if before else None
        is_newer = before is None or before.revision < signal.revision
        known = KnownSignal(signal.revision, over, signal.occurred_at) if is_newer else before
        assert known is not None
        ahead = (as_detected(signal) if is_newer else known.ahead) if is_ahead else None
        self._signals[key] = (replace(known, news_since=news_since, ahead=ahead), connection_id)
        if is_news or before is None or before.revision < signal.revision:
            self._seen_at[key] = max(at, self._seen_at.get(key, at))

    async def forget(self, organization_id: str, connection_id: str, *, until: datetime) -> int:
        key = (organization_id, connection_id)
        self._removed[key] = max(until, self._removed.get(key, until))
        gone = [k for k, (_, c) in self._signals.items() if k[0] == organization_id and c == connection_id]
        for signal in gone:
            del self._signals[signal]
        return len(gone)

    async def drop(self, organization_id: str, signal_id: str) -> None:
        self._signals.pop((organization_id, signal_id), None)

    async def unseen_since(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        old = sorted((self._seen_at[key], key) for key in self._signals if self._seen_at[key] < before)
        return [key for _, key in old[:limit]]

    async def fade(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> list[str]:
        old = [one for one in signal_ids if self._is_old(organization_id, one, before)]
        for signal_id in old:
            known, connection_id = self._signals[organization_id, signal_id]
            self._signals[organization_id, signal_id] = (replace(known, news_since=None), connection_id)
        return old

    async def expire(self, organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> int:
        old = [one for one in signal_ids if self._is_old(organization_id, one, before)]
        for signal_id in old:
            await self.drop(organization_id, signal_id)
        return len(old)

    def _is_old(self, organization_id: str, signal_id: str, before: datetime) -> bool:
        key = (organization_id, signal_id)
        return key in self._signals and self._seen_at[key] < before

    async def removed_until(self, organization_id: str, connection_id: str) -> datetime | None:
        return self._removed.get((organization_id, connection_id))


class MemoryPeople:
    def __init__(self) -> None:
        self._people: dict[tuple[str, str], Preferences] = {}

    async def get(self, organization_id: str, user_id: str) -> Preferences | None:
        return self._people.get((organization_id, user_id))

    async def of_email(self, organization_id: str, email: str) -> list[Preferences]:
        return [
            wishes
            for (owner, _), wishes in sorted(self._people.items())
            if owner == organization_id and wishes.email.casefold() == email.casefold()
        ]

    async def save(self, preferences: Preferences) -> None:
        self._people[preferences.organization_id, preferences.user_id] = preferences


class MirrorVault:
    """Seals by turning text around: enough to see that what is stored is not what was given.

    "sealed" is the newest key, "older" one before it; others do not open.
    """

    def seal(self, secret: SecretStr) -> str:
        return f"sealed:{secret.get_secret_value()[::-1]}"

    def open(self, sealed: str) -> SecretStr:
        key, _, content = sealed.partition(":")
        if key not in {"sealed", "older"}:
            raise ConfigurationError("No key in EARSHOT_CREDENTIAL_KEYS opens this.")
        return SecretStr(content[::-1])

    def renewed(self, sealed: str) -> str:
        return self.seal(self.open(sealed))

    def fingerprint(self, secret: SecretStr) -> str:
        return f"print-{sum(secret.get_secret_value().encode())}"


class ScriptedChannel:
    """Answers each message by the next step of its script: an error to raise, or words; then always "ok"."""

    def __init__(self, name: ChannelName, *script: BaseException | str) -> None:
        self._name = name
        self._script = list(script)
        self.sent: list[Message] = []

    @property
    def name(self) -> ChannelName:
        return self._name

    async def deliver(self, message: Message) -> str:
        self.sent.append(message)
        step = self._script.pop(0) if self._script else "ok"
        if isinstance(step, BaseException):
            raise step
        return step


class CountingAnnouncements:
    def __init__(self) -> None:
        self.made: Counter[tuple[str, str]] = Counter()

    def announce(self, signal: SignalDetected, audience: str) -> None:
        self.made[signal.organization_id, audience] += 1


class MemoryDeadLetters:
    def __init__(
        self, *letters: DeadLetterView, failure: Exception | None = None, looked_at: int | None = None
    ) -> None:
        self._letters = letters
        self._looked_at = looked_at
        self._failure = failure

    async def newest(self, limit: int, organization_id: str) -> dict[str, DeadLetterPage]:
        if self._failure is not None:
            raise self._failure
        seen = tuple(one for one in self._letters if one.organization_id in {organization_id, None})
        return {"notifier": DeadLetterPage(seen[:limit], self._looked_at), "syncer": DeadLetterPage()}


def _beyond(after: Place | None, at: datetime, identity: str, *, oldest_first: bool) -> bool:
    if after is None:
        return True
    here, there = (at, identity), (after.at, after.id)
    return here > there if oldest_first else here < there
