"""Two replicas over one database: one of them sends, whatever their clocks say."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import TransientError
from tests.unit.services.notifier.fakes import NOW, ScriptedChannel, a_rule, a_signal
from tests.unit.services.notifier.rig import Rig

if TYPE_CHECKING:
    from services.notifier.domain.rule import Rule
    from services.notifier.ports import HeldClaim, Message

TRY = 5.0
LEASE = TRY + 10
HOUR = 3_600.0
WRONG = [-HOUR, -LEASE, 0.0, LEASE, HOUR]
"""By how much the second replica's clock differs from the first one's."""


class Held(ScriptedChannel):
    """Answers when its gate is opened; a message counts from when it was handed over."""

    def __init__(self) -> None:
        super().__init__("inbox")
        self.gate = asyncio.Event()
        self.handed_over: list[str] = []

    async def deliver(self, message: Message) -> str:
        self.handed_over.append(message.notification.signal.signal_id)
        await self.gate.wait()
        return await super().deliver(message)


class Pair:
    """The first replica takes signals; what either is handed to send ends in one list."""

    def __init__(self, wrong_by: float = 0.0) -> None:
        self.channel = Held()
        self.first = Rig(self.channel, timeout=TRY)
        self.second = Rig(self.channel, timeout=TRY, beside=self.first)
        self.set_second(wrong_by)

    def set_second(self, wrong_by: float) -> None:
        """Set the second replica's wall clock to so many seconds beside the first one's."""
        self.second.clock.set_wall_time(self.first.clock.now() + timedelta(seconds=wrong_by))

    async def take(self) -> None:
        """Let the first replica claim a signal's notification and hand it over; no answer comes yet."""
        await self.first.rules.insert(a_rule())
        await self.first.announcer.take([a_signal()])
        await turns()
        assert self.channel.handed_over == ["s-1"]

    async def second_looks(self, seconds: float, *, every: float = 1.0) -> None:
        """Let time pass for both; the second replica looks for work as often as it does."""
        for _ in range(round(seconds / every)):
            self.pass_time(every)
            await self.second.dispatcher.sweep(self.second.notifications, self.second.clock)
            await turns()

    def pass_time(self, seconds: float) -> None:
        for replica in (self.first, self.second):
            replica.clock.advance(seconds)

    async def answer(self) -> None:
        self.channel.gate.set()
        for replica in (self.first, self.second):
            await replica.dispatcher.finish()


async def turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("wrong_by", WRONG)
async def test_clocks_that_differ_send_once(wrong_by: float) -> None:
    """A claim that is at work is nobody else's, also by a clock that says its lease ended long ago."""
    pair = Pair(wrong_by)
    await pair.take()
    await pair.second_looks(TRY)
    await pair.answer()
    await pair.second_looks(2 * LEASE)
    assert pair.channel.handed_over == ["s-1"]
    assert [(n.state, n.tries) for n in await pair.first.log()] == [("delivered", 1)]


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
async def test_a_clock_that_jumps_meanwhile_sends_nothing_twice(jump: float) -> None:
    """A corrected clock makes no lease longer or shorter, whether its holder's or a watcher's."""
    pair = Pair()
    await pair.take()
    await pair.second_looks(2)
    pair.set_second(jump)
    await pair.second_looks(TRY - 2)
    pair.first.clock.set_wall_time(NOW + timedelta(seconds=2 * jump))
    await pair.first.dispatcher.sweep(pair.first.notifications, pair.first.clock)
    await pair.second_looks(2)
    await pair.answer()
    await pair.second_looks(2 * LEASE)
    assert pair.channel.handed_over == ["s-1"]


@pytest.mark.parametrize("wrong_by", WRONG)
async def test_what_a_dead_replica_held_is_sent_after_one_lease(wrong_by: float) -> None:
    """Not before the second replica has watched it for so long, and at its next look after."""
    pair = Pair(wrong_by)
    await pair.take()
    await pair.second_looks(LEASE)
    assert pair.channel.handed_over == ["s-1"]
    await pair.second_looks(1)
    assert pair.channel.handed_over == ["s-1", "s-1"]
    await pair.answer()
    assert [(n.state, n.tries) for n in await pair.first.log()] == [("delivered", 2)]


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
async def test_a_jump_does_not_put_recovery_off(jump: float) -> None:
    """A watcher whose clock is corrected goes on watching from where it was."""
    pair = Pair()
    await pair.take()
    await pair.second_looks(LEASE / 2)
    pair.set_second(jump)
    await pair.second_looks(LEASE / 2 + 1)
    assert pair.channel.handed_over == ["s-1", "s-1"]
    await pair.answer()


async def test_a_replica_that_started_waits_for_one_lease() -> None:
    """What died with its forerunner it has to watch itself: nobody tells it that the holder is dead."""
    pair = Pair()
    await pair.take()
    await pair.second_looks(LEASE - 1)
    pair.second = Rig(pair.channel, timeout=TRY, beside=pair.first)
    await pair.second_looks(LEASE)
    assert pair.channel.handed_over == ["s-1"]
    await pair.second_looks(1)
    assert pair.channel.handed_over == ["s-1", "s-1"]
    await pair.answer()


async def test_a_holder_that_claims_anew_is_not_robbed() -> None:
    """Each claim is watched from its own beginning, however often the same notification is tried."""
    pair = Pair()
    await pair.take()
    (claim,) = await pair.first.notifications.claims(10)
    for number in range(5):
        await pair.second_looks(LEASE - 1)
        taken = await pair.first.notifications.claim(
            "acme",
            claim.due.notification_id,
            now=pair.first.clock.now(),
            lease_seconds=LEASE,
            token=f"{number}",
            in_place_of=claim.token,
        )
        assert taken is not None
        (claim,) = await pair.first.notifications.claims(10)
    await pair.second_looks(LEASE - 1)
    assert pair.channel.handed_over == ["s-1"]
    await pair.answer()


async def test_the_length_that_counts_is_the_holders() -> None:
    """A replica whose receivers are given less time waits as long as the claim says."""
    pair = Pair()
    pair.second = Rig(pair.channel, timeout=1, beside=pair.first)
    await pair.take()
    await pair.second_looks(LEASE)
    assert pair.channel.handed_over == ["s-1"]
    await pair.second_looks(1)
    assert pair.channel.handed_over == ["s-1", "s-1"]
    await pair.answer()


async def test_who_stalled_before_sending_sends_nothing() -> None:
    """A replica that wakes after its lease leaves the notification to whoever took it over."""
    pair = Pair()
    await pair.first.rules.insert(a_rule())
    (made,) = await pair.first.announcer._take(a_signal(), [a_rule()])
    known, wake = pair.first.rules.get, asyncio.Event()

    async def stalled(organization_id: str, rule_id: str) -> Rule | None:
        pair.first.rules.get = known  # type: ignore[method-assign] # the second replica is well
        await wake.wait()
        return await known(organization_id, rule_id)

    pair.first.rules.get = stalled  # type: ignore[method-assign] # an engine that hangs
    stalling = asyncio.create_task(pair.first.deliverer.attempt("acme", made.id))
    await turns()
    pair.channel.gate.set()
    await pair.second_looks(LEASE + 1)
    assert pair.channel.handed_over == ["s-1"]
    wake.set()
    assert await stalling is None
    assert pair.channel.handed_over == ["s-1"]
    assert [(n.state, n.tries) for n in await pair.first.log()] == [("delivered", 2)]


class _Away:
    """A database that shows no claims for so many seconds by a replica's clock."""

    def __init__(self, replica: Rig, seconds: float) -> None:
        self._clock, self._until = replica.clock, replica.clock.monotonic() + seconds
        self._claims = replica.notifications.claims
        replica.notifications.claims = self  # type: ignore[method-assign] # an engine that is away

    async def __call__(self, limit: int) -> list[HeldClaim]:
        if self._clock.monotonic() < self._until:
            raise TransientError("no primary")
        return await self._claims(limit)


async def test_a_database_that_was_away_leaves_the_holder_time_to_store() -> None:
    """Who could not look did not watch: what the holder could not store meanwhile it stores first."""
    pair = Pair()
    await pair.take()
    await pair.second_looks(TRY)
    _Away(pair.second, 4 * LEASE)

    async def looks() -> Any:
        with pytest.raises(TransientError):
            await pair.second_looks(1)

    for _ in range(round(4 * LEASE) - 1):
        await looks()
    await pair.second_looks(1)
    assert pair.channel.handed_over == ["s-1"]
    await pair.answer()
    await pair.second_looks(2 * LEASE)
    assert pair.channel.handed_over == ["s-1"]


async def test_a_claim_is_as_old_as_the_answer_that_showed_it() -> None:
    """It may have been made while the question was on its way."""
    pair = Pair()
    await pair.take()
    claims = pair.second.notifications.claims

    async def slow(limit: int) -> list[HeldClaim]:
        pair.second.notifications.claims = claims  # type: ignore[method-assign] # the next looks are quick
        pair.pass_time(4)
        return await claims(limit)

    pair.second.notifications.claims = slow  # type: ignore[method-assign] # an engine that is slow
    await pair.second_looks(1)
    await pair.second_looks(LEASE - 1)
    assert pair.channel.handed_over == ["s-1"]
    await pair.second_looks(1)
    assert pair.channel.handed_over == ["s-1", "s-1"]
    await pair.answer()


async def test_looks_that_are_rare_take_over_all_the_same() -> None:
    """Each look counts for some seconds at most; a slow database delays a recovery and prevents none."""
    pair = Pair()
    await pair.take()
    await pair.second_looks(3 * 60, every=60)
    assert pair.channel.handed_over == ["s-1"]
    await pair.second_looks(60, every=60)
    assert pair.channel.handed_over == ["s-1", "s-1"]
    await pair.answer()
