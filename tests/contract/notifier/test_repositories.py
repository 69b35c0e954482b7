"""What every implementation of the notifier's ports does: the ones of the tests and those over documents."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.notifier.adapters.mongo_inbox import MongoInbox
from services.notifier.adapters.mongo_known_signals import MongoKnownSignals
from services.notifier.adapters.mongo_notifications import MongoNotifications
from services.notifier.adapters.mongo_people import MongoPeople
from services.notifier.adapters.mongo_rules import MongoRules
from services.notifier.domain.notification import Attempt, Notification, Settlement, notification_id
from services.notifier.domain.preferences import Preferences, QuietHours
from services.notifier.domain.rule import Recipient
from services.notifier.ports import (
    Destination,
    Due,
    HeldClaim,
    InboxReader,
    KnownSignal,
    LogFilter,
    Place,
    SealedSecrets,
)
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.contracts.deliveries import NotificationDelivered
from shared.contracts.signals import SignalCleared, SignalUpdated
from shared.documents.database import create_client, database_of
from shared.errors import TransientError
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.notifier.fakes import (
    NOW,
    MemoryInbox,
    MemoryKnownSignals,
    MemoryNotifications,
    MemoryPeople,
    MemoryRules,
    a_rule,
    a_signal,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from pymongo import AsyncMongoClient

    from services.notifier.ports import Inbox, KnownSignals, Notifications, People, Rules
    from shared.contracts.event import Event
    from shared.contracts.signals import SignalDetected

READER = InboxReader("acme", "u-2", "tom@example.com")


@dataclass(frozen=True, slots=True)
class Repositories:
    rules: Rules
    notifications: Notifications
    inbox: Inbox
    known: KnownSignals
    people: People
    publisher: RecordingPublisher


@pytest.fixture(params=["memory", "documents"])
async def repositories(request: pytest.FixtureRequest) -> AsyncIterator[Repositories]:
    """All repositories, empty: in memory, and over a document server in a database of their own."""
    publisher = RecordingPublisher()
    if request.param == "memory":
        yield Repositories(
            MemoryRules(),
            MemoryNotifications(publisher),
            MemoryInbox(),
            MemoryKnownSignals(),
            MemoryPeople(),
            publisher,
        )
        return
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(request.getfixturevalue("mongodb_uri")),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    client: AsyncMongoClient[dict[str, Any]] = create_client(settings, service="notifier")
    database = database_of(client, settings, service="notifier")
    rules, inbox, known, people = (
        MongoRules(database),
        MongoInbox(database, ManualClock(NOW)),
        MongoKnownSignals(database),
        MongoPeople(database),
    )
    notifications = MongoNotifications(database, publisher, ManualClock(NOW))
    for repository in (rules, notifications, inbox, known, people):
        await repository.ensure_indexes()
    yield Repositories(rules, notifications, inbox, known, people, publisher)
    await client.drop_database(database.name)
    await client.close()


def _delivered(claimed: Notification) -> NotificationDelivered:
    return NotificationDelivered(
        organization_id="acme",
        notification_id=claimed.id,
        signal_id="s-1",
        channel="inbox",
        recipient="everyone",
        attempts=1,
        delivered_at=NOW,
    )


def _notification(number: int = 1, **changes: Any) -> Notification:
    signal = a_signal(signal_id=f"s-{number}")
    whole: dict[str, Any] = {
        "id": notification_id("acme", signal.signal_id, "inbox", "everyone"),
        "organization_id": "acme",
        "connection_id": "c-1",
        "signal": signal,
        "rule_id": "r-1",
        "channel": "inbox",
        "recipient": Recipient("everyone", "everyone"),
        "state": "pending",
        "created_at": NOW + timedelta(seconds=number),
        "next_attempt_at": NOW,
        **changes,
    }
    return Notification(**whole)


def _due(notification: Notification) -> Due:
    destination = Destination(notification.organization_id, notification.rule_id)
    return Due(destination, notification.id, notification.channel)


def _attempt(outcome: Any = "delivered") -> Attempt:
    return Attempt(number=1, at=NOW, seconds=0.25, outcome=outcome, detail="said", reason=None, status=200)


async def _claim(
    notifications: Notifications,
    notification: Notification,
    lease: str = "t",
    in_place_of: str | None = None,
    now: datetime = NOW,
) -> Notification | None:
    return await notifications.claim(
        "acme", notification.id, now=now, lease_seconds=60, token=lease, in_place_of=in_place_of
    )


def _held(notification: Notification, lease: str = "t") -> HeldClaim:
    return HeldClaim(_due(notification), lease, 60)


async def test_rules_come_back_as_they_were_stored(repositories: Repositories) -> None:
    """Every field survives, in order of age, and only for the organization."""
    rules = repositories.rules
    newer = a_rule(
        id="r-2",
        created_at=NOW + timedelta(hours=1),
        channel="webhook",
        recipients=(),
        kinds=("churn_risk",),
        sealed_url="x",
        destination=Recipient("k", "l"),
        asks_since=NOW + timedelta(hours=2),
    )
    await rules.insert(newer)
    await rules.insert(a_rule())
    assert await rules.list_of("acme") == [a_rule(), newer]
    assert await rules.get("other", "r-1") is None
    assert await rules.list_of("other") == []


async def test_a_rule_is_replaced_on_its_revision_only(repositories: Repositories) -> None:
    """The second of two who read the same state stores nothing; health is not touched by people."""
    rules = repositories.rules
    await rules.insert(a_rule())
    await rules.record("acme", "r-1", NOW, "no answer")
    changed = a_rule(name="New", revision=2)
    assert await rules.replace(changed, expected_revision=1)
    assert not await rules.replace(replace(changed, name="Stale"), expected_revision=1)
    stored = await rules.get("acme", "r-1")
    assert stored is not None
    assert (stored.name, stored.health.failures_in_a_row, stored.health.last_failure) == (
        "New",
        1,
        "no answer",
    )
    await rules.record("acme", "r-1", NOW, None)
    stored = await rules.get("acme", "r-1")
    assert stored is not None
    assert (stored.health.failures_in_a_row, stored.health.last_delivered_at) == (0, NOW)


async def test_the_first_rule_is_given_once_ever(repositories: Repositories) -> None:
    """Seeding again, also after deleting, changes nothing."""
    rules = repositories.rules
    await rules.seed(a_rule())
    await rules.seed(a_rule(name="Second"))
    assert [rule.name for rule in await rules.list_of("acme")] == ["All"]
    assert await rules.delete("acme", "r-1")
    assert not await rules.delete("acme", "r-1")
    await rules.seed(a_rule())
    assert await rules.list_of("acme") == []


async def test_there_is_one_notification_a_signal_recipient_and_channel(repositories: Repositories) -> None:
    """Even many at once leave one, and it comes back whole."""
    notifications = repositories.notifications
    stored = await asyncio.gather(*(notifications.add(_notification()) for _ in range(8)))
    assert sorted(stored) == [False] * 7 + [True]
    assert await notifications.get("acme", _notification().id) == _notification()
    assert await notifications.get("other", _notification().id) is None


async def test_one_of_many_claims_wins(repositories: Repositories) -> None:
    """A claimed notification is nobody else's, whatever a clock says."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    claims = await asyncio.gather(*(_claim(notifications, _notification(), str(i)) for i in range(8)))
    assert sum(claim is not None for claim in claims) == 1
    later = NOW + timedelta(days=9)
    assert await notifications.due(later, 10) == []
    assert await _claim(notifications, _notification(), "u", now=later) is None


@pytest.mark.parametrize("now", [NOW - timedelta(hours=1), NOW, NOW + timedelta(hours=1)])
async def test_a_claim_is_made_in_place_of_another_by_its_token(
    repositories: Repositories, now: datetime
) -> None:
    """One of many wins, the clock has no say, and the former holder can store nothing any more."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    first = await _claim(notifications, _notification())
    assert first is not None
    assert await _claim(notifications, _notification(), "u", in_place_of="x", now=now) is None
    claims = await asyncio.gather(
        *(_claim(notifications, _notification(), str(i), in_place_of="t", now=now) for i in range(8))
    )
    ((token, second),) = ((str(i), claim) for i, claim in enumerate(claims) if claim is not None)
    assert (first.tries, second.tries) == (1, 2)
    assert await notifications.claims(10) == [_held(_notification(), token)]
    assert not await notifications.put_back(first, NOW, token="t")
    delivered = Settlement("delivered", _attempt())
    assert not await notifications.settle(first, delivered, token="t", facts=())
    assert await notifications.settle(second, delivered, token=token, facts=())


async def test_claims_are_seen_while_they_hold(repositories: Repositories) -> None:
    """Of all organizations, no more than asked for; not what is free, stored, put back or cancelled."""
    notifications = repositories.notifications
    other = _notification(9, organization_id="other", signal=a_signal(organization_id="other"))
    mine = [_notification(number) for number in range(6)]
    for one in (*mine, other):
        await notifications.add(one)
    claimed = [await _claim(notifications, one, f"t{number}") for number, one in enumerate(mine[1:], 1)]
    assert all(claimed)
    assert await notifications.claim("other", other.id, now=NOW, lease_seconds=60, token="t0") is not None
    assert await notifications.claims(3) == [_held(other, "t0"), _held(mine[1], "t1"), _held(mine[2], "t2")]
    await notifications.settle(mine[1], Settlement("delivered", _attempt()), token="t1", facts=())
    retry = Settlement("pending", _attempt("retry"), NOW)
    await notifications.settle(mine[2], retry, token="t2", facts=())
    await notifications.put_back(mine[3], NOW, token="t3")
    await notifications.cancel("acme", "over", notification_id=mine[4].id)
    assert await notifications.claims(10) == [_held(other, "t0"), _held(mine[5], "t5")]
    free = await notifications.due(NOW, 10)
    assert {due.notification_id for due in free} == {mine[number].id for number in (0, 2, 3)}


async def test_what_is_due_is_found_behind_a_destinations_backlog(repositories: Repositories) -> None:
    """Destinations that are left out fill no place; another organization's rule of that id is not meant."""
    notifications = repositories.notifications
    other = _notification(9, organization_id="other", signal=a_signal(organization_id="other"))
    mail = _notification(8, rule_id="r-2", next_attempt_at=NOW + timedelta(seconds=8))
    for one in (*(_notification(number) for number in range(4)), other, mail):
        await notifications.add(one)
    later = NOW + timedelta(minutes=1)
    assert len(await notifications.due(later, 3)) == 3
    out = {Destination("acme", "r-1"), Destination("acme", "gone"), Destination("third", "r-2")}
    assert await notifications.due(later, 3, leave_out=out) == [_due(other), _due(mail)]


async def test_settling_stores_the_attempt_and_publishes(repositories: Repositories) -> None:
    """Delivered is final, the attempt is kept, the fact is on the bus."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    claimed = await _claim(notifications, _notification())
    assert claimed is not None
    assert claimed.tries == 1
    fact = NotificationDelivered(
        organization_id="acme",
        notification_id=claimed.id,
        signal_id="s-1",
        channel="inbox",
        recipient="everyone",
        attempts=1,
        delivered_at=NOW,
    )
    assert await notifications.settle(claimed, Settlement("delivered", _attempt()), token="t", facts=[fact])
    stored = await notifications.get("acme", claimed.id)
    assert stored is not None
    assert (stored.state, stored.attempts, stored.settled_at) == ("delivered", (_attempt(),), NOW)
    assert repositories.publisher.published == [fact]
    assert await notifications.due(NOW + timedelta(days=9), 10) == []


async def test_a_retry_is_due_when_it_says(repositories: Repositories) -> None:
    """A postponed notification stays pending until its next moment."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    claimed = await _claim(notifications, _notification())
    assert claimed is not None
    then = NOW + timedelta(seconds=8)
    await notifications.settle(claimed, Settlement("pending", _attempt("retry"), then), token="t", facts=())
    assert await notifications.due(then - timedelta(seconds=1), 10) == []
    assert await notifications.due(then, 10) == [_due(claimed)]


async def test_what_is_put_back_waits_and_was_not_tried(repositories: Repositories) -> None:
    """It is due at its new moment with the tries it had; neither a stranger nor a cancelled one puts back."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    claimed = await _claim(notifications, _notification())
    assert claimed is not None
    then = NOW + timedelta(hours=8)
    assert not await notifications.put_back(claimed, then, token="x")
    assert await notifications.put_back(claimed, then, token="t")
    assert not await notifications.put_back(claimed, then, token="t")
    assert await notifications.due(then - timedelta(seconds=1), 10) == []
    assert await notifications.due(then, 10) == [_due(claimed)]
    again = await _claim(notifications, claimed, "u", now=then)
    assert again is not None
    assert (again.tries, again.attempts) == (1, ())
    await notifications.cancel("acme", "over", signal_id="s-1")
    assert not await notifications.put_back(again, then, token="u")
    stored = await notifications.get("acme", claimed.id)
    assert stored is not None
    assert stored.state == "cancelled"


async def test_what_was_never_tried_can_be_forgotten(repositories: Repositories) -> None:
    """Not what somebody sends or has tried, nor another signal's; it can be made again."""
    notifications = repositories.notifications
    for number in (1, 2, 3):
        await notifications.add(_notification(number))
    claimed = await _claim(notifications, _notification(1))
    tried = await _claim(notifications, _notification(2))
    assert claimed is not None
    assert tried is not None
    await notifications.settle(tried, Settlement("pending", _attempt("retry"), NOW), token="t", facts=())
    assert await notifications.forget_untried("other", "s-3") == 0
    found = [await notifications.forget_untried("acme", f"s-{number}") for number in (1, 2, 3)]
    assert found == [0, 0, 1]
    left = await notifications.page("acme", LogFilter(), after=None, limit=10)
    assert {one.id for one in left} == {claimed.id, tried.id}
    assert await notifications.add(_notification(3))


async def test_a_lost_lease_settles_nothing(repositories: Repositories) -> None:
    """Only who holds the claim may say what came of it."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    claimed = await _claim(notifications, _notification())
    assert claimed is not None
    assert not await notifications.settle(
        claimed, Settlement("failed", _attempt("failed")), token="x", facts=()
    )


async def test_cancelling_stops_what_waits_and_not_what_arrived(repositories: Repositories) -> None:
    """A retry of a cancelled one is not revived; a delivery that was on its way still counts."""
    notifications = repositories.notifications
    for number in (1, 2, 3):
        await notifications.add(_notification(number))
    first = await _claim(notifications, _notification(1))
    second = await _claim(notifications, _notification(2))
    assert first is not None
    assert second is not None
    assert await notifications.cancel("acme", "over", rule_id="r-1") == 3
    assert await notifications.cancel("acme", "over", signal_id="s-1") == 0
    retry = Settlement("pending", _attempt("retry"), NOW)
    await notifications.settle(first, retry, token="t", facts=())
    await notifications.settle(second, Settlement("delivered", _attempt()), token="t", facts=())
    log = await notifications.page("acme", LogFilter(), after=None, limit=10)
    assert [(n.state, len(n.attempts)) for n in log] == [("cancelled", 0), ("delivered", 1), ("cancelled", 1)]
    with pytest.raises(ValueError, match="Say which"):
        await notifications.cancel("acme", "all")


async def test_cancelling_may_be_for_one_or_spare_some(repositories: Repositories) -> None:
    """One by its id; a rule's but for the recipients of some keys."""
    notifications = repositories.notifications
    recipients = [Recipient(key, key) for key in ("a", "b", "c")]
    for number, recipient in enumerate(recipients, 1):
        await notifications.add(_notification(number, recipient=recipient))
    one = _notification(1, recipient=recipients[0]).id
    assert await notifications.cancel("acme", "one", notification_id=one) == 1
    assert await notifications.cancel("acme", "others", rule_id="r-1", spared=frozenset({"a", "c"})) == 1
    log = await notifications.page("acme", LogFilter(), after=None, limit=10)
    assert {n.recipient.key: n.cancelled_because for n in log} == {"a": "one", "b": "others", "c": None}


async def test_what_another_rule_sent_is_logged_as_its_own(repositories: Repositories) -> None:
    """The rule that made it may have ended before."""
    notifications = repositories.notifications
    await notifications.add(_notification())
    claimed = await _claim(notifications, _notification())
    assert claimed is not None
    sent = replace(claimed, rule_id="r-2")
    assert await notifications.settle(sent, Settlement("delivered", _attempt()), token="t", facts=())
    (stored,) = await notifications.page("acme", LogFilter(), after=None, limit=10)
    assert stored.rule_id == "r-2"


async def test_the_log_is_filtered_and_paged(repositories: Repositories) -> None:
    """Newest first; every one is seen once over all pages, also where moments are equal."""
    notifications = repositories.notifications
    for number in range(7):
        await notifications.add(_notification(number, created_at=NOW + timedelta(seconds=number // 3)))
    await notifications.cancel("acme", "over", signal_id="s-3")
    seen: list[str] = []
    place = None
    while page := await notifications.page("acme", LogFilter(), after=place, limit=2):
        seen += [notification.signal.signal_id for notification in page]
        place = Place(page[-1].created_at, page[-1].id)
    assert sorted(seen) == [f"s-{number}" for number in range(7)]
    assert seen[0] == "s-6"
    rising: list[str] = []
    place = None
    while page := await notifications.page("acme", LogFilter(), after=place, limit=2, oldest_first=True):
        rising += [notification.signal.signal_id for notification in page]
        place = Place(page[-1].created_at, page[-1].id)
    assert rising == seen[::-1]
    for wanted, count in (
        (LogFilter(state="cancelled"), 1),
        (LogFilter(channel="email"), 0),
        (LogFilter(signal_id="s-2"), 1),
        (LogFilter(rule_id="r-1", state="pending"), 6),
    ):
        assert len(await notifications.page("acme", wanted, after=None, limit=10)) == count
        assert await notifications.count("acme", wanted, at_most=9) == count
        assert await notifications.count("acme", wanted, at_most=2) == min(count, 2)
    assert await notifications.page("other", LogFilter(), after=None, limit=10) == []


async def test_newer_states_replace_older_ones(repositories: Repositories) -> None:
    """Notifications and entries follow a signal forward, never back."""
    await repositories.notifications.add(_notification())
    await repositories.inbox.put(a_signal(), "everyone", NOW)
    for revision, title in ((3, "newest"), (2, "late")):
        whole = {**a_signal().model_dump(), "revision": revision, "title": title, "evidence": ()}
        event = SignalUpdated.model_validate(whole)
        await repositories.notifications.refresh(event)
        await repositories.inbox.refresh(event, over="resolved" if revision == 3 else None)
    stored = await repositories.notifications.get("acme", _notification().id)
    assert stored is not None
    assert (stored.signal.title, stored.signal.evidence, stored.over) == ("newest", (), None)
    (entry,) = await repositories.inbox.page(READER, unread_only=False, after=None, limit=10)
    assert (entry.signal.title, entry.over) == ("newest", "resolved")
    last = {**a_signal().model_dump(), "revision": 4, "cleared_because": "evidence_gone"}
    await repositories.notifications.refresh(SignalCleared.model_validate(last))
    stored = await repositories.notifications.get("acme", _notification().id)
    assert stored is not None
    assert stored.over == "evidence_gone"


async def test_an_inbox_has_one_entry_a_signal(repositories: Repositories) -> None:
    """Told as everyone and by name, a person sees it once, however many put it there at once."""
    await asyncio.gather(
        *(repositories.inbox.put(a_signal(), who, NOW) for who in ("everyone", "tom@example.com") * 4)
    )
    assert len(await repositories.inbox.page(READER, unread_only=False, after=None, limit=10)) == 1


@pytest.mark.parametrize("chosen", ["ines@example.com", "owner"])
async def test_an_id_opens_nobodys_inbox(repositories: Repositories, chosen: str) -> None:
    """Issuers may let people choose their id; whose inbox it is their verified address alone decides."""
    inbox = repositories.inbox
    await inbox.put(a_signal(), chosen, NOW)
    reader = InboxReader("acme", chosen, "tom@example.com")
    assert await inbox.unread(reader, at_most=9) == 0
    assert await inbox.count(reader, at_most=9) == 0
    assert await inbox.get(reader, "s-1") is None
    assert await inbox.page(reader, unread_only=False, after=None, limit=9) == []
    assert await inbox.mark_read(reader, None) == 0


async def test_inboxes_are_narrowed_counted_and_read(repositories: Repositories) -> None:
    """Audience, kinds, confidence and one's own marks decide; the count stops where it is told to."""
    inbox = repositories.inbox
    await inbox.put(a_signal(), "everyone", NOW)
    await inbox.put(
        a_signal(signal_id="s-2", kind="renewal", confidence=0.5),
        "tom@example.com",
        NOW + timedelta(seconds=1),
    )
    await inbox.put(a_signal(signal_id="s-3"), "ines@example.com", NOW)
    assert await inbox.unread(READER, at_most=10) == 2
    assert await inbox.unread(READER, at_most=1) == 1
    assert await inbox.unread(replace(READER, kinds=("renewal",)), at_most=9) == 1
    assert await inbox.unread(replace(READER, minimum_confidence=0.6), at_most=9) == 1
    assert await inbox.unread(InboxReader("other", "u-2", "tom@example.com"), at_most=9) == 0
    assert await inbox.mark_read(READER, "s-2") == 1
    assert await inbox.mark_read(READER, "s-2") == 0
    assert await inbox.mark_read(READER, "s-3") == 0
    assert [e.id for e in await inbox.page(READER, unread_only=True, after=None, limit=9)] == ["s-1"]
    whole = await inbox.page(READER, unread_only=False, after=None, limit=9)
    assert [(e.id, e.read) for e in whole] == [("s-2", True), ("s-1", False)]
    assert [await inbox.count(READER, at_most=most) for most in (9, 2, 1)] == [2, 2, 1]
    moments = [NOW + timedelta(seconds=each) for each in (0, 1, 2)]
    assert [await inbox.count(READER, at_most=9, since=each) for each in moments] == [2, 1, 0]
    assert await inbox.count(READER, at_most=1, since=NOW) == 1
    assert await inbox.unread(READER, at_most=9) == 1
    rest = await inbox.page(READER, unread_only=False, after=Place(whole[0].added_at, "s-2"), limit=9)
    assert [e.id for e in rest] == ["s-1"]
    rising = await inbox.page(READER, unread_only=False, after=None, limit=9, oldest_first=True)
    assert rising == whole[::-1]
    place = Place(rising[0].added_at, rising[0].id)
    last = await inbox.page(READER, unread_only=False, after=place, limit=9, oldest_first=True)
    assert [e.id for e in last] == ["s-2"]
    assert await inbox.get(READER, "s-3") is None
    assert await inbox.mark_read(READER, None, until=NOW - timedelta(seconds=1)) == 0
    assert await inbox.mark_read(READER, None, until=NOW) == 1
    assert await inbox.mark_read(READER, None) == 0


async def test_memory_of_signals_only_grows(repositories: Repositories) -> None:
    """An older revision changes nothing; forgetting notes until when, and the latest such moment stays."""
    known = repositories.known
    await known.remember(a_signal(revision=2), over=True, at=NOW)
    await known.remember(a_signal(), over=False, at=NOW)
    found = await known.get("acme", "s-1")
    assert found is not None
    assert (found.revision, found.over, found.words_until) == (2, True, a_signal().occurred_at)
    assert found.news_since is None
    assert await known.removed_until("acme", "c-1") is None
    assert await known.forget("acme", "c-1", until=NOW) == 1
    assert await known.forget("acme", "c-1", until=NOW - timedelta(days=1)) == 0
    assert await known.removed_until("acme", "c-1") == NOW
    assert await known.get("acme", "s-1") is None


async def test_that_a_signal_is_news_is_remembered_whatever_came_first(repositories: Repositories) -> None:
    """An opening says so, also one that a newer state overtook; updates leave it as it is."""
    known = repositories.known
    newest = NOW + timedelta(minutes=5)
    await known.remember(a_signal(revision=3, occurred_at=newest), over=False, at=NOW)
    earlier = a_signal(changed_at=NOW - timedelta(minutes=1))
    await known.remember(earlier, over=False, at=NOW, is_news=True)
    assert await known.get("acme", "s-1") == KnownSignal(
        3, over=False, words_until=newest, news_since=NOW - timedelta(minutes=1)
    )
    await known.remember(a_signal(revision=4, occurred_at=NOW), over=True, at=NOW)
    assert await known.get("acme", "s-1") == KnownSignal(
        4, over=True, words_until=NOW, news_since=NOW - timedelta(minutes=1)
    )


async def test_a_state_that_overtook_its_opening_is_held_until_that_comes(repositories: Repositories) -> None:
    """The newest such state, whole; it goes with the opening, with the end, and in no other case."""
    known = repositories.known
    second, third = (a_signal(revision=number, title=f"state {number}") for number in (2, 3))

    async def held() -> SignalDetected | None:
        found = await known.get("acme", "s-1")
        assert found is not None
        return found.ahead

    await known.remember(third, over=False, at=NOW, is_ahead=True)
    assert await held() == third
    await known.remember(second, over=False, at=NOW, is_ahead=True)
    assert await held() == third
    await known.remember(a_signal(), over=False, at=NOW, is_news=True)
    assert await held() is None
    for end in ({"over": True}, {"over": False}):
        await known.drop("acme", "s-1")
        await known.remember(second, over=False, at=NOW, is_ahead=True)
        await known.remember(third, at=NOW, **end)
        assert await held() is None
    await known.drop("acme", "s-1")
    await known.remember(second, over=False, at=NOW, is_ahead=True)
    await known.remember(a_signal(), over=False, at=NOW)
    assert await held() is None


async def test_what_changed_long_ago_is_let_go_of(repositories: Repositories) -> None:
    """Longest ago first; it is news no more before it goes, and what changes meanwhile is spared."""
    known = repositories.known
    limit = NOW + timedelta(days=2)
    for number, days in ((1, 1), (2, 0), (3, 2)):
        signal = a_signal(signal_id=f"s-{number}")
        await known.remember(signal, over=False, at=NOW + timedelta(days=days), is_news=True)
    assert await known.unseen_since(limit, 9) == [("acme", "s-2"), ("acme", "s-1")]
    assert await known.unseen_since(limit, 1) == [("acme", "s-2")]
    assert await known.fade("other", ["s-1", "s-2"], before=limit) == []
    assert sorted(await known.fade("acme", ["s-1", "s-2", "s-3"], before=limit)) == ["s-1", "s-2"]
    faded, fresh = await known.get("acme", "s-1"), await known.get("acme", "s-3")
    assert faded is not None
    assert fresh is not None
    assert (faded.news_since, fresh.news_since) == (None, NOW)
    await known.remember(a_signal(revision=2), over=False, at=limit)
    assert await known.expire("acme", ["s-1", "s-2", "s-3"], before=limit) == 1
    assert await known.unseen_since(NOW + timedelta(days=9), 9) == [("acme", "s-1"), ("acme", "s-3")]


async def test_an_older_record_lets_no_memory_begin_anew(repositories: Repositories) -> None:
    """Its time of being seen neither goes back nor forward by a record that changes nothing."""
    known = repositories.known
    await known.remember(a_signal(revision=2), over=False, at=NOW)
    await known.remember(a_signal(revision=1), over=False, at=NOW + timedelta(days=5))
    await known.remember(a_signal(revision=3), over=False, at=NOW - timedelta(days=5))
    assert await known.unseen_since(NOW, 9) == []
    assert await known.unseen_since(NOW + timedelta(days=1), 9) == [("acme", "s-1")]


async def test_old_notifications_and_entries_go_by_their_signals(repositories: Repositories) -> None:
    """Those of named signals that were made before then; others of them, and of anybody else, stay."""
    notifications, inbox = repositories.notifications, repositories.inbox
    for number in (1, 2, 3):
        await notifications.add(_notification(number, created_at=NOW + timedelta(days=number)))
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW + timedelta(days=number))
    for store in (notifications, inbox):
        await store.expire("other", ["s-1"], before=NOW + timedelta(days=9))
        await store.expire("acme", ["s-1", "s-3"], before=NOW + timedelta(days=3))
    left = await notifications.page("acme", LogFilter(), after=None, limit=9)
    assert [n.signal.signal_id for n in left] == ["s-3", "s-2"]
    entries = await inbox.page(READER, unread_only=False, after=None, limit=9)
    assert [entry.id for entry in entries] == ["s-3", "s-2"]


async def test_what_is_unread_follows_every_change(repositories: Repositories) -> None:
    """Counted before and after it grows surer, is told to one more, is read, and goes."""
    inbox = repositories.inbox
    sure = replace(READER, minimum_confidence=0.6)
    await inbox.put(a_signal(confidence=0.5), "everyone", NOW)
    await inbox.put(a_signal(signal_id="s-2"), "ines@example.com", NOW)

    async def unread() -> tuple[int, int]:
        listed = await inbox.page(sure, unread_only=True, after=None, limit=9)
        counted = await inbox.unread(sure, at_most=9)
        assert counted == len(listed)
        return counted, await inbox.unread(READER, at_most=9)

    assert await unread() == (0, 1)
    surer = {**a_signal().model_dump(), "revision": 2}
    await inbox.refresh(SignalUpdated.model_validate(surer), over=None)
    assert await unread() == (1, 1)
    await inbox.put(a_signal(signal_id="s-2"), "tom@example.com", NOW)
    assert await unread() == (2, 2)
    assert await inbox.mark_read(sure, "s-2") == 1
    await inbox.put(a_signal(signal_id="s-2"), "tom@example.com", NOW)
    assert await unread() == (1, 1)
    await inbox.put(a_signal(signal_id="s-3"), "everyone", NOW)
    assert await inbox.mark_read(sure, None) == 2
    assert await unread() == (0, 0)
    await inbox.put(a_signal(signal_id="s-4"), "everyone", NOW)
    assert await inbox.remove("acme", "c-1") == 4
    assert await unread() == (0, 0)


async def test_more_unread_than_are_counted(repositories: Repositories) -> None:
    """The count says its limit; read one by one it falls below it, and the list stays whole throughout."""
    inbox = repositories.inbox
    for number in range(6):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW + timedelta(seconds=number))
    for number in range(6):
        assert await inbox.unread(READER, at_most=3) == min(3, 6 - number)
        left = await inbox.page(READER, unread_only=True, after=None, limit=9)
        assert [entry.id for entry in left] == [f"s-{one}" for one in reversed(range(number, 6))]
        assert await inbox.mark_read(READER, f"s-{number}") == 1
    assert await inbox.unread(READER, at_most=3) == 0


async def test_preferences_are_found_by_person_and_by_address(repositories: Repositories) -> None:
    """Saved again they are replaced; an address is compared without regard to case."""
    people = repositories.people
    quiet = QuietHours(time(20, 15), time(8), "Europe/Berlin")
    wishes = Preferences("acme", "u-2", "Tom@Example.com", ("renewal",), 0.5, quiet)
    await people.save(Preferences("acme", "u-2", "old@example.com"))
    await people.save(wishes)
    assert await people.get("acme", "u-2") == wishes
    assert await people.of_email("acme", "tom@example.com") == [wishes]
    assert await people.of_email("acme", "old@example.com") == []
    assert await people.get("other", "u-2") is None


async def test_all_who_have_an_address_are_found(repositories: Repositories) -> None:
    """Two may sign in with one address; those of another organization are not among them."""
    people = repositories.people
    two = [Preferences("acme", one, "Desk@example.com", ("renewal",)) for one in ("u-1", "u-2")]
    for one in (*reversed(two), Preferences("other", "u-3", "desk@example.com")):
        await people.save(one)
    assert await people.of_email("acme", "desk@example.com") == two


async def test_a_connections_data_is_deleted_alone(repositories: Repositories) -> None:
    """Only that connection of that organization goes."""
    await repositories.notifications.add(_notification(1))
    await repositories.notifications.add(_notification(2, connection_id="c-2"))
    await repositories.inbox.put(a_signal(), "everyone", NOW)
    assert await repositories.notifications.remove("other", "c-1") == 0
    assert await repositories.notifications.remove("acme", "c-1") == 1
    assert await repositories.inbox.remove("acme", "c-1") == 1
    assert len(await repositories.notifications.page("acme", LogFilter(), after=None, limit=9)) == 1


@pytest.mark.parametrize("repositories", ["documents"], indirect=True)
async def test_a_fact_that_was_not_published_is_swept_up(repositories: Repositories) -> None:
    """The outcome is stored before the bus answers; what the bus did not take is published later, once."""
    notifications = repositories.notifications
    assert isinstance(notifications, MongoNotifications)
    await notifications.add(_notification())
    claimed = await _claim(notifications, _notification())
    assert claimed is not None
    fact = _delivered(claimed)
    repositories.publisher.fail_next(TransientError("away"))
    assert await notifications.settle(claimed, Settlement("delivered", _attempt()), token="t", facts=[fact])
    assert await notifications.pending.sweep(older_than_seconds=-1) == 1
    assert await notifications.pending.sweep(older_than_seconds=-1) == 0
    assert repositories.publisher.published == [fact]


class _SilentBus(RecordingPublisher):
    """Takes an event and never says that it has it."""

    async def publish(self, *events: Event) -> None:
        await asyncio.Event().wait()


async def test_an_outcome_holds_up_nothing_while_the_bus_is_silent(mongodb_uri: str) -> None:
    """It is stored, its fact with it, and the place is free for the next delivery after two seconds."""
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    async with create_client(settings, service="notifier") as client:
        database = database_of(client, settings, service="notifier")
        notifications = MongoNotifications(database, _SilentBus(), ManualClock(NOW))
        await notifications.add(_notification())
        claimed = await _claim(notifications, _notification())
        assert claimed is not None
        outcome = Settlement("delivered", _attempt())
        async with asyncio.timeout(30):
            assert await notifications.settle(claimed, outcome, token="t", facts=[_delivered(claimed)])
        stored = await database["notifications"].find_one({})
        assert stored is not None
        assert (stored["state"], len(stored["pending"])) == ("delivered", 1)
        await client.drop_database(database.name)


async def test_secrets_of_rules_are_walked_and_put_under_another_key(repositories: Repositories) -> None:
    """Over all organizations, in portions; what was changed meanwhile is left alone, and so is all else."""
    rules = repositories.rules
    await rules.insert(a_rule())
    kept = [
        SealedSecrets(organization, rule, "u", secret)
        for organization, rule, secret in (("acme", "r-2", "s"), ("acme", "r-3", None), ("other", "r-1", "s"))
    ]
    for one in reversed(kept):
        made = a_rule(id=one.rule_id, organization_id=one.organization_id)
        await rules.insert(replace(made, sealed_url=one.url, sealed_secret=one.secret))
    assert await rules.sealed(None, 2) == kept[:2]
    assert await rules.sealed(kept[1], 2) == kept[2:]
    assert await rules.sealed(kept[2], 2) == []
    fresh = replace(kept[0], url="U", secret="S")
    assert await rules.resealed(kept[0], fresh)
    assert not await rules.resealed(kept[0], fresh)
    stored = await rules.get("acme", "r-2")
    assert stored is not None
    assert (stored.sealed_url, stored.sealed_secret, stored.revision) == ("U", "S", 1)
    assert await rules.sealed(None, 1) == [fresh]
