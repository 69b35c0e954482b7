"""Signals that come to fit a rule after they opened: told then, to those who were not told before."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from services.notifier.domain.preferences import Preferences, QuietHours
from services.notifier.domain.rule import EVERYONE, Recipient
from services.notifier.ports import InboxReader
from services.notifier.use_cases.rule_drafts import RuleDraft
from shared.contracts.signals import CustomerRef, SignalCleared, SignalUpdated
from tests.unit.services.notifier.fakes import ADMIN, NOW, a_fact, a_rule, a_signal
from tests.unit.services.notifier.rig import LONG, Rig

HOOK = Recipient("hook", "https://hook.example")
TOM = InboxReader("acme", "u-2", "tom@example.com")
WEAK = a_signal(confidence=0.62)
UNMATCHED = a_signal(customer=None)
MATCHED = {"customer": CustomerRef(id="cu-1", name="Northwind", owner="tom@example.com"), "tags": ("vip",)}


def grown(**changes: Any) -> SignalUpdated:
    """Return the next state of a weak signal: surer, by words that were said just now."""
    whole = {**WEAK.model_dump(), "revision": 2, "confidence": 0.95, "occurred_at": NOW, **changes}
    return SignalUpdated.model_validate(whole)


async def _rig(**changes: Any) -> Rig:
    rig = Rig()
    await rig.rules.insert(a_rule(**{"minimum_confidence": 0.7, **changes}))
    return rig


async def test_a_signal_that_grows_past_a_rules_confidence_is_told() -> None:
    """Weak at first, it reaches who asked for sure ones when it is sure, and once."""
    rig = await _rig()
    await rig.take(WEAK)
    assert rig.sent("inbox") == []
    await rig.take(grown())
    await rig.take(grown(revision=3, occurred_at=NOW + timedelta(seconds=1)))
    await rig.take(grown(), WEAK)
    await rig.sweep(LONG)
    assert rig.sent("inbox") == ["s-1"]
    (message,) = rig.channels["inbox"].sent
    assert message.notification.signal.confidence == 0.95


async def test_a_signal_that_opens_and_grows_in_one_batch_is_told() -> None:
    """Whether its states come together or apart makes no difference."""
    rig = await _rig()
    await rig.take(WEAK, grown())
    assert rig.sent("inbox") == ["s-1"]


@pytest.mark.parametrize(
    "condition", [{"customers": ("Northwind",)}, {"owners": ("tom@example.com",)}, {"tags": ("VIP",)}]
)
async def test_a_company_that_is_matched_after_the_opening_is_told(condition: dict[str, Any]) -> None:
    """Company and tags may come after the words they belong to; rules that ask for them hear then."""
    rig = await _rig(**condition)
    await rig.take(UNMATCHED)
    assert rig.sent("inbox") == []
    await rig.take(grown(**MATCHED, occurred_at=WEAK.occurred_at))
    assert rig.sent("inbox") == ["s-1"]


async def test_an_owner_who_is_known_later_is_told_and_nobody_else_again() -> None:
    """Who was told at the opening is left alone."""
    rig = await _rig(channel="email", recipients=("owner", "boss@example.com"))
    await rig.take(UNMATCHED)
    await rig.take(grown(**MATCHED, occurred_at=UNMATCHED.occurred_at))
    keys = [message.notification.recipient.key for message in rig.channels["email"].sent]
    assert keys == ["boss@example.com", "tom@example.com"]


@pytest.mark.parametrize(
    "opening", [{"historical": True}, {"occurred_at": NOW - timedelta(days=15)}], ids=["found", "old"]
)
async def test_what_was_of_the_past_stays_so_however_it_grows(opening: dict[str, Any]) -> None:
    """A signal whose opening was not announced is not announced by its updates."""
    rig = await _rig(minimum_confidence=0)
    await rig.take(WEAK.model_copy(update=opening))
    await rig.take(grown())
    assert await rig.log() == []


async def test_a_signal_nobody_knows_is_not_told_by_its_update() -> None:
    """What is not known to be news is none: its opening says so when it comes."""
    rig = await _rig()
    await rig.take(grown())
    assert await rig.log() == []
    await rig.take(a_signal(confidence=0.8))
    assert rig.sent("inbox") == ["s-1"]
    known = await rig.known.get("acme", "s-1")
    assert known is not None
    assert (known.revision, known.news_since) == (2, NOW)


FITS: list[dict[str, Any]] = [
    {"customers": ("Northwind",)},
    {"owners": ("tom@example.com",)},
    {"tags": ("VIP",)},
]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "apart"])
@pytest.mark.parametrize("condition", FITS)
async def test_a_match_that_overtakes_its_opening_is_told(
    condition: dict[str, Any], *, together: bool
) -> None:
    """A matched signal goes on in its customer's partition, which may be read before that of the opening."""
    rig = await _rig(**condition)
    matched = grown(**MATCHED, occurred_at=WEAK.occurred_at)
    for batch in [(matched, UNMATCHED)] if together else [(matched,), (UNMATCHED,)]:
        await rig.take(*batch)
    assert rig.sent("inbox") == ["s-1"]
    await rig.take(UNMATCHED, matched)
    assert len(await rig.log()) == 1
    known = await rig.known.get("acme", "s-1")
    assert known is not None
    assert known.ahead is None


async def test_a_signal_that_opens_anew_after_a_removal_is_told_beside_what_was_before() -> None:
    """A batch may hold the last state from before the removal, of another partition, behind that opening."""
    rig = await _rig()
    await rig.known.forget("acme", UNMATCHED.connection_id, until=NOW)
    anew = a_signal(changed_at=NOW + timedelta(seconds=1))
    await rig.take(anew, grown(revision=5, changed_at=NOW))
    assert rig.sent("inbox") == ["s-1"]


async def test_an_owner_known_before_the_opening_comes_is_told() -> None:
    """The opening itself names no owner; whoever else it goes to reads the newer words."""
    rig = await _rig(channel="email", recipients=("owner", "boss@example.com"))
    await rig.take(grown(**MATCHED, occurred_at=NOW, title="Newer"))
    await rig.take(UNMATCHED)
    found = {
        message.notification.recipient.key: message.notification.signal.title
        for message in rig.channels["email"].sent
    }
    assert found == {"boss@example.com": "Newer", "tom@example.com": "Newer"}


async def test_the_last_state_before_an_opening_counts() -> None:
    """What overtook it may have gone on since, and may be over: then nobody is told."""
    rig = await _rig(minimum_confidence=0)
    await rig.take(grown(title="second"))
    await rig.take(grown(revision=3, title="third"))
    await rig.take(grown(title="second"))
    await rig.take(WEAK)
    assert [one.notification.signal.title for one in rig.channels["inbox"].sent] == ["third"]
    rig = await _rig(minimum_confidence=0)
    await rig.take(grown())
    over = {**grown().model_dump(), "revision": 3, "cleared_because": "withdrawn"}
    await rig.take(SignalCleared.model_validate(over))
    await rig.take(WEAK)
    assert (await rig.log(), rig.silent("already_over")) == ([], 1)


async def test_a_signal_of_the_past_that_is_said_again_counts_from_then() -> None:
    """Announced by a later opening, it grows like any other."""
    rig = await _rig()
    await rig.take(WEAK.model_copy(update={"historical": True}))
    await rig.take(WEAK.model_copy(update={"revision": 2}))
    await rig.take(grown(revision=3))
    assert rig.sent("inbox") == ["s-1"]


@pytest.mark.parametrize(
    ("days", "changes"),
    [(2, {"occurred_at": WEAK.occurred_at}), (20, {})],
    ids=["read again", "words too old"],
)
async def test_upkeep_tells_nobody(days: int, changes: dict[str, Any]) -> None:
    """A list that is uploaded or a newer detector makes no fortnight of messages: newer words do."""
    rig = await _rig()
    await rig.take(WEAK)
    rig.clock.advance(days * LONG)
    await rig.take(grown(**{"changed_at": NOW + timedelta(days=days), **changes}))
    assert await rig.log() == []


async def test_rules_that_are_younger_than_a_signal_leave_it_alone() -> None:
    """Neither a new rule nor one that asks for more tells of what was open; a new name changes nothing."""
    rig = Rig()
    draft = RuleDraft(name="Sure", channel="inbox", minimum_confidence=0.9, recipients=("a@b.c",))
    same = (await rig.administration.create(ADMIN, draft)).rule
    more = (await rig.administration.create(ADMIN, replace(draft, recipients=("d@e.f",)))).rule
    await rig.take(WEAK)
    rig.clock.advance(60)
    await rig.administration.change(ADMIN, same.id, replace(draft, name="Surer"))
    asked = replace(draft, minimum_confidence=0.7, recipients=("d@e.f",))
    await rig.administration.change(ADMIN, more.id, asked)
    await rig.administration.create(ADMIN, replace(draft, recipients=("g@h.i",)))
    await rig.take(grown())
    keys = [message.notification.recipient.key for message in rig.channels["inbox"].sent]
    assert sorted(keys) == ["a@b.c", "everyone"]


async def test_a_signal_that_is_over_tells_nobody_whatever_comes_late() -> None:
    """A clearing ends it, and a state from before the clearing that comes after it changes nothing."""
    rig = await _rig()
    await rig.take(WEAK)
    over = {**grown().model_dump(), "revision": 3, "cleared_because": "withdrawn"}
    await rig.take(SignalCleared.model_validate(over))
    await rig.take(grown())
    assert await rig.log() == []


async def test_wishes_and_quiet_hours_hold_for_what_grew() -> None:
    """Mail is narrowed and waits as at the opening; what a person does not want is counted once."""
    rig = await _rig(channel="email", recipients=("owner", "ines@example.com"), minimum_confidence=0)
    quiet = QuietHours(time(9), time(10), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", minimum_confidence=0.9, quiet=quiet))
    await rig.people.save(Preferences("acme", "u-1", "ines@example.com", kinds=("renewal",)))
    await rig.take(WEAK)
    assert (await rig.log(), rig.silent("not_wanted")) == ([], 2)
    await rig.take(grown())
    assert (rig.sent("email"), rig.silent("not_wanted")) == ([], 2)
    await rig.sweep(30 * 60)
    (message,) = rig.channels["email"].sent
    assert message.notification.recipient.key == "tom@example.com"


async def test_a_fact_that_moved_alerts_nobody_anew() -> None:
    """Who was told is left alone, whoever was not hears only of what dates from later; entries follow."""
    rig = await _rig(minimum_confidence=0)
    await rig.rules.insert(a_rule(id="r-2", channel="webhook", minimum_confidence=0.9, destination=HOOK))
    opened = {"evidence": (), "facts": (a_fact(value="9"),), "occurred_at": NOW}
    signal = WEAK.model_copy(update=opened)
    await rig.take(signal)
    await rig.inbox.put(signal, EVERYONE, NOW)
    rig.clock.advance(2 * LONG)
    later = {**opened, "changed_at": NOW + timedelta(days=2), "facts": (a_fact(),)}
    await rig.take(grown(**later))
    assert (rig.sent("inbox"), rig.sent("webhook")) == (["s-1"], [])
    (entry,) = await rig.inbox.page(TOM, unread_only=False, after=None, limit=10)
    assert [fact.value for fact in entry.signal.facts] == ["4"]
    await rig.take(grown(**{**later, "revision": 3, "facts": ()}))
    (entry,) = await rig.inbox.page(TOM, unread_only=False, after=None, limit=10)
    assert (entry.signal.facts, len(await rig.log())) == ((), 1)
