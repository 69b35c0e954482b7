"""What changed long ago is let go of, and nobody hears of it twice for that."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.notifier.ports import InboxReader
from services.notifier.use_cases.retention import AGAIN_SECONDS, AT_ONCE, EVERY_SECONDS, PAUSE_SECONDS
from shared.contracts.signals import SignalCleared, SignalUpdated
from shared.errors import TransientError
from tests.unit.services.notifier.fakes import ADMIN, NOW, a_rule, a_signal
from tests.unit.services.notifier.rig import RETENTION_DAYS, Rig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.notifier.ports import InboxEntry, KnownSignal
    from shared.contracts.signals import SignalEvent

DAY = 86_400.0
TOM = InboxReader("acme", "u-2", "tom@example.com")


async def _rig() -> Rig:
    """A notifier that told everybody of one signal, whose entry is there."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    await rig.take(a_signal())
    await rig.inbox.put(a_signal(), "everyone", NOW)
    assert rig.sent("inbox") == ["s-1"]
    return rig


def _updated(rig: Rig, revision: int, **changes: Any) -> SignalUpdated:
    now = rig.clock.now()
    whole = {**a_signal().model_dump(), "revision": revision, "occurred_at": now, "changed_at": now}
    return SignalUpdated.model_validate({**whole, **changes})


async def _entries(rig: Rig) -> list[InboxEntry]:
    return await rig.inbox.page(TOM, unread_only=False, after=None, limit=9)


async def _held(rig: Rig) -> tuple[int, int, bool]:
    return len(await rig.log()), len(await _entries(rig)), await rig.known.get("acme", "s-1") is not None


async def test_a_signal_goes_whole_and_not_before_its_time() -> None:
    """Deliveries, entry and memory, so many days after it last changed."""
    rig = await _rig()
    rig.clock.advance(RETENTION_DAYS * DAY)
    assert not await rig.retention.portion()
    assert await _held(rig) == (1, 1, True)
    rig.clock.advance(1)
    assert not await rig.retention.portion()
    assert await _held(rig) == (0, 0, False)


async def test_an_entry_that_came_later_than_its_signal_goes_with_it() -> None:
    """Deliveries wait for their turn, and clocks differ: nothing is left that nobody would find."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    await rig.take(a_signal())
    await rig.inbox.put(a_signal(), "everyone", NOW + timedelta(hours=3))
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    await rig.retention.portion()
    assert await _held(rig) == (0, 0, False)


async def test_a_signal_that_still_changes_keeps_what_says_who_was_told() -> None:
    """However old its first delivery is: its next words are told to nobody a second time."""
    rig = await _rig()
    for revision in range(2, 6):
        rig.clock.advance((RETENTION_DAYS - 1) * DAY)
        await rig.take(_updated(rig, revision))
        await rig.retention.portion()
    assert rig.sent("inbox") == ["s-1"]
    assert await _held(rig) == (1, 1, True)


@pytest.mark.parametrize("first", [True, False], ids=["all records", "the newest"])
async def test_what_was_let_go_of_is_not_told_again_when_its_records_come_again(*, first: bool) -> None:
    """From the bus, which keeps the newest for ever, or from dead letters, in order or not."""
    rig = await _rig()
    rig.clock.advance(DAY)
    records: list[SignalEvent] = [a_signal(), _updated(rig, 2)]
    rig.clock.advance(DAY)
    cleared = {**_updated(rig, 3).model_dump(), "cleared_because": "resolved"}
    records.append(SignalCleared.model_validate(cleared))
    await rig.take(*records)
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    await rig.retention.portion()
    for again in (records, records[::-1]) if first else (records[-1:],):
        await rig.take(*again)
    await rig.sweep()
    assert rig.sent("inbox") == ["s-1"]
    assert await rig.log() == []


async def test_new_words_of_what_was_let_go_of_are_an_update_of_nothing() -> None:
    """Who was told of it once is not known any more, so nobody is."""
    rig = await _rig()
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    await rig.retention.portion()
    await rig.take(_updated(rig, 2))
    rig.clock.advance(DAY)
    await rig.take(_updated(rig, 3))
    assert rig.sent("inbox") == ["s-1"]


async def test_a_crash_on_the_way_tells_nobody_twice_and_the_rest_goes_later() -> None:
    """Its deliveries are gone, the memory of it is not yet, and new words come just then."""
    rig = await _rig()
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    expire = rig.inbox.expire

    async def killed(organization_id: str, signal_ids: Sequence[str], *, before: datetime) -> None:
        raise TransientError("away")

    rig.inbox.expire = killed  # type: ignore[method-assign] # the process ends between two stores
    with pytest.raises(TransientError):
        await rig.retention.portion()
    assert await _held(rig) == (0, 1, True)
    rig.inbox.expire = expire  # type: ignore[method-assign] # and is started again
    other = rig.clock.now()
    await rig.take(_updated(rig, 2))
    assert rig.sent("inbox") == ["s-1"]
    await rig.retention.portion()
    assert (await rig.known.get("acme", "s-1")) is not None
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    assert rig.clock.now() > other
    await rig.retention.portion()
    assert await _held(rig) == (0, 0, False)


async def test_new_words_that_come_while_their_signal_is_let_go_of_are_told_to_nobody() -> None:
    """Who had been told was known when they were looked at, and was not any more when that was looked up."""
    rig = await _rig()
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    get = rig.known.get

    async def slow(organization_id: str, signal_id: str) -> KnownSignal | None:
        rig.known.get = get  # type: ignore[method-assign] # once
        found = await get(organization_id, signal_id)
        await rig.retention.portion()
        return found

    rig.known.get = slow  # type: ignore[method-assign] # an hour's turn comes just then
    await rig.take(_updated(rig, 2))
    await rig.sweep(60)
    assert rig.sent("inbox") == ["s-1"]
    assert await rig.log() == []


async def test_words_that_date_from_the_future_are_remembered_for_longer() -> None:
    """As long as they count as fresh, their record could be announced again."""
    rig = await _rig()
    await rig.take(a_signal(signal_id="s-9", occurred_at=NOW + timedelta(days=30)))
    rig.clock.advance((RETENTION_DAYS + 20) * DAY)
    await rig.retention.portion()
    assert [n.signal.signal_id for n in await rig.log()] == ["s-9"]


async def test_samples_go_as_well() -> None:
    """A rule that was tried out leaves a delivery, which no record of the bus would tell of."""
    rig = await _rig()
    await rig.administration.try_out(ADMIN, "r-1")
    assert len(await rig.log()) == 2
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    await rig.retention.portion()
    assert await rig.log() == []


async def test_many_go_in_portions_with_pauses_and_a_database_that_is_away_is_waited_for() -> None:
    """Of all organizations, at the start and each hour."""
    rig = Rig()
    for number in range(AT_ONCE + 1):
        signal = a_signal(signal_id=f"s-{number}", organization_id=("acme", "other")[number % 2])
        await rig.known.remember(signal, over=True, at=NOW)
    rig.clock.advance(RETENTION_DAYS * DAY + 1)
    slept: list[float] = []
    unseen_since = rig.known.unseen_since

    async def away(before: datetime, limit: int) -> list[tuple[str, str]]:
        rig.known.unseen_since = unseen_since  # type: ignore[method-assign] # and is back
        raise TransientError("away")

    rig.known.unseen_since = away  # type: ignore[method-assign] # an engine that is away once

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if seconds == EVERY_SECONDS:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await rig.retention.run(sleep)
    assert slept == [AGAIN_SECONDS, PAUSE_SECONDS, EVERY_SECONDS]
    assert await rig.known.unseen_since(rig.clock.now(), 9) == []
