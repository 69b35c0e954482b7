"""What is stored and cannot be read is left out of lists and loops, and counted; all others are there."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.notifier.adapters.mongo_inbox import MongoInbox
from services.notifier.adapters.mongo_notifications import MongoNotifications
from services.notifier.adapters.mongo_people import MongoPeople
from services.notifier.adapters.mongo_rules import MongoRules
from services.notifier.domain.notification import Notification
from services.notifier.domain.preferences import Preferences
from services.notifier.domain.rule import Recipient
from services.notifier.ports import InboxReader, LogFilter, Place
from services.notifier.use_cases.read_inbox import InboxReading
from shared.auth.identity import Identity
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.documents.database import create_client, database_of
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.notifier.fakes import NOW, a_rule, a_signal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.database import AsyncDatabase

READER = InboxReader("acme", "u-2", "tom@example.com")
TOM = Identity("acme", "u-2", "Tom Lind", "tom@example.com", "member")


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of its own."""
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    client: AsyncMongoClient[dict[str, Any]] = create_client(settings, service="notifier")
    made = database_of(client, settings, service="notifier")
    yield made
    await client.drop_database(made.name)
    await client.close()


@pytest.fixture
def left_out() -> list[str]:
    """The collections of what was left out."""
    return []


@pytest.fixture
def inbox(database: AsyncDatabase[dict[str, Any]], left_out: list[str]) -> MongoInbox:
    """An inbox without entries."""
    return MongoInbox(database, ManualClock(NOW), left_out.append)


@pytest.fixture
def notifications(database: AsyncDatabase[dict[str, Any]], left_out: list[str]) -> MongoNotifications:
    """A log without deliveries."""
    return MongoNotifications(database, RecordingPublisher(), ManualClock(NOW), left_out.append)


def _notification(number: int, **changes: Any) -> Notification:
    whole: dict[str, Any] = {
        "id": f"n-{number}",
        "organization_id": "acme",
        "connection_id": "c-1",
        "signal": a_signal(signal_id=f"s-{number}"),
        "rule_id": "r-1",
        "channel": "inbox",
        "recipient": Recipient("everyone", "everyone"),
        "state": "pending",
        "created_at": NOW + timedelta(seconds=number),
        "next_attempt_at": NOW,
        **changes,
    }
    return Notification(**whole)


async def _spoil(database: AsyncDatabase[dict[str, Any]], collection: str, *ids: str) -> None:
    result = await database[collection].update_many(
        {"_id": {"$in": [f"acme/{one}" for one in ids]}}, {"$set": {"signal": {"title": "I want to leave"}}}
    )
    assert result.modified_count == len(ids)


@pytest.mark.parametrize("unread_only", [True, False], ids=["unread", "all"])
async def test_an_inbox_shows_all_but_what_cannot_be_read(
    inbox: MongoInbox, database: AsyncDatabase[dict[str, Any]], left_out: list[str], *, unread_only: bool
) -> None:
    """A page is as full as ever and its next one begins behind it; nobody's words are in the log."""
    for number in range(7):
        signal = a_signal(signal_id=f"s-{number}")
        await inbox.put(signal, "everyone", NOW + timedelta(seconds=number))
    await _spoil(database, "inbox", "s-6", "s-4", "s-3", "s-2")
    with capture_logs() as lines:
        page = await inbox.page(READER, unread_only=unread_only, after=None, limit=2)
    assert [entry.id for entry in page] == ["s-5", "s-1"]
    assert set(left_out) == {"inbox"}
    assert {line["document_id"] for line in lines} >= {"acme/s-6", "acme/s-4", "acme/s-3", "acme/s-2"}
    assert "leave" not in str(lines)
    place = Place(page[-1].added_at, page[-1].id)
    rest = await inbox.page(READER, unread_only=unread_only, after=place, limit=2)
    assert [entry.id for entry in rest] == ["s-0"]


async def test_a_page_before_a_row_that_cannot_be_read_has_a_next_one(
    inbox: MongoInbox, database: AsyncDatabase[dict[str, Any]]
) -> None:
    """Else nobody would see what is behind it."""
    for number in range(4):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW + timedelta(seconds=number))
    await _spoil(database, "inbox", "s-2")
    reading = InboxReading(inbox=inbox, people=MongoPeople(database))
    first, place = await reading.page(TOM, unread_only=False, after=None, limit=2)
    second, end = await reading.page(TOM, unread_only=False, after=place, limit=2)
    assert [entry.id for entry in first + second] == ["s-3", "s-1", "s-0"]
    assert end is None


async def test_an_entry_that_does_not_say_when_it_came_stops_nobody(
    inbox: MongoInbox, database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """Unread ones are ordered by it."""
    for number in range(2):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW)
    await database["inbox"].update_one({"_id": "acme/s-0"}, {"$unset": {"added_at": ""}})
    page = await inbox.page(READER, unread_only=True, after=None, limit=9)
    assert [entry.id for entry in page] == ["s-1"]
    assert left_out == ["inbox"]


async def test_the_log_shows_all_but_what_cannot_be_read(
    notifications: MongoNotifications, database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """As an inbox does."""
    for number in range(3):
        await notifications.add(_notification(number))
    await _spoil(database, "notifications", "n-1")
    log = await notifications.page("acme", LogFilter(), after=None, limit=2)
    assert [one.id for one in log] == ["n-2", "n-0"]
    assert left_out == ["notifications"]


async def test_what_is_due_and_cannot_be_read_waits_for_an_hour(
    notifications: MongoNotifications, database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """It would stop the sending of all organizations, or take places in each look."""
    for number in range(3):
        await notifications.add(_notification(number))
    await database["notifications"].update_one({"_id": "acme/n-1"}, {"$unset": {"rule_id": ""}})
    due = await notifications.due(NOW, 10)
    assert [one.notification_id for one in due] == ["n-0", "n-2"]
    assert left_out == ["notifications"]
    await notifications.due(NOW, 10)
    assert left_out == ["notifications"]
    await notifications.due(NOW + timedelta(hours=1), 10)
    assert left_out == ["notifications"] * 2


async def test_what_cannot_be_read_once_it_is_claimed_waits_for_an_hour(
    notifications: MongoNotifications, database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """Nothing is sent of it; the fault is not the receiver's."""
    await notifications.add(_notification(1))
    await _spoil(database, "notifications", "n-1")
    assert await notifications.claim("acme", "n-1", now=NOW, lease_seconds=20, token="t") is None
    assert left_out == ["notifications"]
    assert await notifications.claims(10) == []
    assert await notifications.due(NOW + timedelta(minutes=59), 10) == []
    assert len(await notifications.due(NOW + timedelta(hours=1), 10)) == 1


async def test_a_rule_that_cannot_be_read_stops_no_other(
    database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """Signals are told by all other rules, and their addresses are put under the newest key."""
    rules = MongoRules(database, left_out.append)
    for name in ("r-1", "r-2"):
        await rules.insert(a_rule(id=name, sealed_url="v1:sealed"))
    await database["rules"].update_one({"_id": "acme/r-1"}, {"$unset": {"id": ""}})
    assert [rule.id for rule in await rules.list_of("acme")] == ["r-2"]
    assert [one.rule_id for one in await rules.sealed(None, 10)] == ["r-2"]
    assert left_out == ["rules", "rules"]


async def test_preferences_that_cannot_be_read_stop_no_mail_to_others(
    database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """Of several who sign in with an address."""
    people = MongoPeople(database, left_out.append)
    for name in ("u-1", "u-2"):
        await people.save(Preferences("acme", name, "tom@example.com"))
    await database["people"].update_one({"_id": "acme/u-1"}, {"$set": {"kinds": "all of them"}})
    found = await people.of_email("acme", "tom@example.com")
    assert [one.user_id for one in found] == ["u-2"]
    assert left_out == ["people"]


async def test_a_claim_that_cannot_be_read_keeps_no_other_from_being_taken_over(
    notifications: MongoNotifications, database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """It stays its holder's, who may be of a version that can read it and be sending it."""
    for number in range(2):
        await notifications.add(_notification(number))
        await notifications.claim("acme", f"n-{number}", now=NOW, lease_seconds=20, token=f"t-{number}")
    await database["notifications"].update_one({"_id": "acme/n-0"}, {"$unset": {"rule_id": ""}})
    assert [one.token for one in await notifications.claims(10)] == ["t-1"]
    assert left_out == ["notifications"]
    kept = await database["notifications"].find_one({"_id": "acme/n-0"})
    assert kept is not None
    assert kept["lease"] == "t-0"


async def test_what_somebody_else_has_claimed_meanwhile_is_not_put_off(
    notifications: MongoNotifications,
    database: AsyncDatabase[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A replica that cannot read what is due takes no claim away that another made in that moment."""
    await notifications.add(_notification(1))
    await database["notifications"].update_one({"_id": "acme/n-1"}, {"$unset": {"rule_id": ""}})
    put_off = notifications._put_off

    async def late(*given: Any, **named: Any) -> None:
        await database["notifications"].update_one({"_id": "acme/n-1"}, {"$set": {"lease": "another"}})
        await put_off(*given, **named)

    monkeypatch.setattr(notifications, "_put_off", late)
    assert await notifications.due(NOW, 10) == []
    kept = await database["notifications"].find_one({"_id": "acme/n-1"})
    assert kept is not None
    assert (kept["lease"], kept["next_attempt_at"] <= NOW) == ("another", True)


_WRONG_NOTIFICATIONS: list[dict[str, Any]] = [
    {"created_at": "2026-03-01T12:00:00"},
    {"tries": [1]},
    {"rule_id": 7},
    {"channel": "pigeon"},
    {"settled_at": "yesterday"},
    {"recipient": {"key": ["everyone"], "label": "everyone"}},
    {"attempts": [{"number": 1, "at": "now", "seconds": 1.0, "outcome": "failed", "detail": ""}]},
    {"sent_revision": "2"},
]


@pytest.mark.parametrize("wrong", _WRONG_NOTIFICATIONS, ids=lambda wrong: next(iter(wrong)))
async def test_a_delivery_with_a_value_of_another_type_cannot_be_read(
    notifications: MongoNotifications,
    database: AsyncDatabase[dict[str, Any]],
    left_out: list[str],
    wrong: dict[str, Any],
) -> None:
    """It is left out where it is read, instead of failing what uses the value."""
    for number in range(3):
        await notifications.add(_notification(number))
    await database["notifications"].update_one({"_id": "acme/n-1"}, {"$set": wrong})
    log = await notifications.page("acme", LogFilter(), after=None, limit=9)
    assert [one.id for one in log] == ["n-2", "n-0"]
    assert set(left_out) == {"notifications"}


@pytest.mark.parametrize("wrong", [{"rule_id": 7}, {"channel": ["inbox"]}], ids=["rule", "channel"])
async def test_what_is_due_with_a_value_of_another_type_waits_for_an_hour(
    notifications: MongoNotifications,
    database: AsyncDatabase[dict[str, Any]],
    left_out: list[str],
    wrong: dict[str, Any],
) -> None:
    """Nobody could say where it goes."""
    for number in range(2):
        await notifications.add(_notification(number))
    await database["notifications"].update_one({"_id": "acme/n-0"}, {"$set": wrong})
    assert [one.notification_id for one in await notifications.due(NOW, 10)] == ["n-1"]
    assert left_out == ["notifications"]


async def test_a_claim_that_does_not_say_in_numbers_how_long_it_lasts_stays_its_holders(
    notifications: MongoNotifications, database: AsyncDatabase[dict[str, Any]], left_out: list[str]
) -> None:
    """Compared with a clock it would stop the watch over all others."""
    for number in range(2):
        await notifications.add(_notification(number))
        await notifications.claim("acme", f"n-{number}", now=NOW, lease_seconds=20, token=f"t-{number}")
    await database["notifications"].update_one({"_id": "acme/n-0"}, {"$set": {"lease_seconds": "20"}})
    assert [one.token for one in await notifications.claims(10)] == ["t-1"]
    assert left_out == ["notifications"]


_WRONG_RULES: list[dict[str, Any]] = [
    {"created_at": "2026-03-01T12:00:00"},
    {"revision": "1"},
    {"minimum_confidence": "0.5"},
    {"health.last_failure_at": "2026-03-01T12:00:00"},
    {"sealed_url": ["v1:sealed"]},
]


@pytest.mark.parametrize("wrong", _WRONG_RULES, ids=lambda wrong: next(iter(wrong)))
async def test_a_rule_with_a_value_of_another_type_stops_no_other(
    database: AsyncDatabase[dict[str, Any]], left_out: list[str], wrong: dict[str, Any]
) -> None:
    """A moment without an offset, as a text is read, could be compared with no clock."""
    rules = MongoRules(database, left_out.append)
    for name in ("r-1", "r-2"):
        await rules.insert(a_rule(id=name, sealed_url="v1:sealed"))
    await database["rules"].update_one({"_id": "acme/r-1"}, {"$set": wrong})
    assert [rule.id for rule in await rules.list_of("acme")] == ["r-2"]
    if "sealed_url" in wrong:
        assert [one.rule_id for one in await rules.sealed(None, 10)] == ["r-2"]
    assert set(left_out) == {"rules"}


@pytest.mark.parametrize(
    "wrong", [{"added_at": "2026-03-01"}, {"over": 1}, {"read_by": "u-2"}], ids=["added", "over", "read"]
)
async def test_an_entry_with_a_value_of_another_type_stops_nobody(
    inbox: MongoInbox,
    database: AsyncDatabase[dict[str, Any]],
    left_out: list[str],
    wrong: dict[str, Any],
) -> None:
    """A text for who has read it would say so of whoever's id is a part of it."""
    for number in range(2):
        await inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW)
    await database["inbox"].update_one({"_id": "acme/s-0"}, {"$set": wrong})
    page = await inbox.page(READER, unread_only=False, after=None, limit=9)
    assert [entry.id for entry in page] == ["s-1"]
    assert left_out == ["inbox"]
