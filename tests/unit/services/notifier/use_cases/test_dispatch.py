"""Whose turn it is: no receiver and no backlog keeps the others waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from services.notifier.domain.rule import Recipient, Rule
from services.notifier.ports import Destination, Due
from services.notifier.use_cases.dispatch import Dispatcher, sweep_due
from shared.errors import TransientError
from tests.unit.services.notifier.fakes import MirrorVault, ScriptedChannel, a_rule, a_signal
from tests.unit.services.notifier.rig import Rig

if TYPE_CHECKING:
    from services.notifier.ports import HeldClaim, Message
    from shared.contracts.deliveries import ChannelName

MORE_THAN_A_LOOK = 250
"""Rows of one look into the queue are 200."""


class Slow(ScriptedChannel):
    """Answers for rules called slow when its gate is opened, and for all others at once."""

    def __init__(self, name: ChannelName) -> None:
        super().__init__(name)
        self.gate = asyncio.Event()

    async def deliver(self, message: Message) -> str:
        if message.rule_name == "slow":
            await self.gate.wait()
        return await super().deliver(message)


class Waiting:
    """In a deliverer's place: holds those of slow destinations until its gate is opened."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.began: list[str] = []

    async def attempt(self, organization_id: str, notification_id: str, *, in_place_of: object) -> None:
        which = notification_id.split("-", maxsplit=1)[0]
        self.began.append(which)
        if which.startswith("slow"):
            await self.gate.wait()


def _hook(**changes: str) -> Rule:
    return a_rule(
        channel="webhook",
        recipients=(),
        sealed_url=MirrorVault().seal(SecretStr("https://hooks.example.com")),
        destination=Recipient("k", "webhook"),
        **changes,
    )


async def _turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _backlog_of_a_slow_receiver(slow: Slow) -> Rig:
    """Return a rig where more waits for one slow webhook than a look into the queue shows."""
    rig = Rig(slow, timeout=1_000)
    await rig.rules.insert(_hook(id="slow", name="slow"))
    await rig.announcer.take([a_signal(signal_id=f"s-{n}") for n in range(MORE_THAN_A_LOOK)])
    await _turns()
    return rig


async def _fast_webhooks_wait(rig: Rig) -> None:
    """Leave due notifications of another organization's webhook behind, as a crash would."""
    await rig.rules.insert(_hook(id="fast", name="fast", organization_id="other"))
    for number in range(3):
        await rig.announcer._take(
            a_signal(organization_id="other", signal_id=f"z-{number}"),
            await rig.rules.list_of("other"),
        )


async def test_a_slow_receiver_keeps_no_inbox_waiting() -> None:
    """Whatever waits for one webhook, entries of another organization are made at once."""
    slow = Slow("webhook")
    rig = await _backlog_of_a_slow_receiver(slow)
    await rig.rules.insert(a_rule(id="i", organization_id="other"))
    await rig.announcer.take([a_signal(organization_id="other", signal_id="z")])
    await _turns()
    assert rig.sent("inbox") == ["z"]
    slow.gate.set()
    await rig.dispatcher.finish()


async def test_a_sweep_finds_what_is_due_behind_a_backlog() -> None:
    """The oldest in the queue are all one receiver's, and what others have due is started all the same."""
    slow = Slow("webhook")
    rig = await _backlog_of_a_slow_receiver(slow)
    await _fast_webhooks_wait(rig)
    rig.clock.advance(1)
    await rig.dispatcher.sweep(rig.notifications, rig.clock)
    await _turns()
    assert sorted(rig.sent("webhook")) == ["z-0", "z-1", "z-2"]
    slow.gate.set()
    await rig.dispatcher.finish()


async def test_a_sweep_after_a_crash_gives_each_destination_its_turn() -> None:
    """Nothing is under way yet, and one receiver's backlog fills the first look."""
    slow = Slow("webhook")
    rig = Rig(slow, timeout=1_000)
    rules = [_hook(id="slow", name="slow")]
    await rig.rules.insert(rules[0])
    for number in range(MORE_THAN_A_LOOK):
        await rig.announcer._take(a_signal(signal_id=f"s-{number}"), rules)
    rig.clock.advance(1)
    await _fast_webhooks_wait(rig)
    rig.clock.advance(1)
    await rig.dispatcher.sweep(rig.notifications, rig.clock)
    await _turns()
    assert sorted(rig.sent("webhook")) == ["z-0", "z-1", "z-2"]
    slow.gate.set()
    await rig.dispatcher.finish()


async def test_a_backlog_is_sent_to_its_end() -> None:
    """What found no room at first is swept up later, each once."""
    slow = Slow("webhook")
    rig = await _backlog_of_a_slow_receiver(slow)
    slow.gate.set()
    await rig.dispatcher.finish()
    assert len(rig.sent("webhook")) < MORE_THAN_A_LOOK
    await rig.sweep(1)
    assert sorted(rig.sent("webhook")) == sorted(f"s-{n}" for n in range(MORE_THAN_A_LOOK))


async def test_what_is_held_is_bounded_and_each_destination_still_has_one() -> None:
    """Many slow receivers with long backlogs fill what may be held; one more destination moves on."""
    waiting = Waiting()
    dispatcher = Dispatcher(waiting, concurrency=200)  # type: ignore[arg-type] # the one method it calls
    for number in range(20):
        for index in range(300):
            where = Destination("acme", f"slow{number}")
            dispatcher._start(Due(where, f"slow{number}-{index}", "webhook"))
    assert len(dispatcher._under_way) == 3_200 + 4
    for index in range(3):
        dispatcher._start(Due(Destination("acme", "fast"), f"fast-{index}", "webhook"))
    await _turns()
    assert waiting.began.count("fast") == 1
    waiting.gate.set()
    await dispatcher.finish()
    assert len(waiting.began) == 3_200 + 5


async def test_places_go_round_when_every_receiver_is_slow() -> None:
    """With fewer places than tries, each destination has its turn before one has its second four."""
    waiting = Waiting()
    dispatcher = Dispatcher(waiting, concurrency=4)  # type: ignore[arg-type] # the one method it calls
    for name in ("slowA", "slowB"):
        for index in range(20):
            dispatcher._start(Due(Destination("acme", name), f"{name}-{index}", "webhook"))
    await _turns()
    waiting.gate.set()
    await dispatcher.finish()
    assert waiting.began[:8] == ["slowA"] * 4 + ["slowB"] * 4
    assert Counter(waiting.began) == {"slowA": 20, "slowB": 20}


async def test_nothing_is_kept_of_destinations_that_are_served() -> None:
    """Rules come and go; what is held of them goes with their last attempt."""
    dispatcher = Dispatcher(Waiting(), concurrency=4)  # type: ignore[arg-type] # the one method it calls
    for number in range(50):
        dispatcher._start(Due(Destination("acme", f"r-{number}"), f"fast-{number}", "webhook"))
    await dispatcher.finish()
    assert (dispatcher._receivers.turns, dispatcher._receivers.held) == ({}, 0)


async def test_the_sweeper_goes_on_when_the_database_is_away() -> None:
    """A failing look does not end the sweeping."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    made = await rig.announcer._take(a_signal(), [a_rule()])
    assert len(made) == 1
    looks = 0

    class Flaky:
        async def due(self, now: object, limit: int, *, leave_out: object) -> list[Due]:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise TransientError("away")
            return [Due(Destination("acme", "r-1"), made[0].id, "inbox")]

        async def claims(self, limit: int) -> list[HeldClaim]:
            return []

    async def turn(_seconds: float) -> None:
        if looks >= 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await sweep_due(Flaky(), rig.dispatcher, rig.clock, every_seconds=1, sleep=turn)  # type: ignore[arg-type] # the methods it calls
    await rig.dispatcher.finish()
    assert rig.sent("inbox") == ["s-1"]


async def test_a_slow_destination_leaves_places_for_others() -> None:
    """At most four tries to one destination are under way at once."""
    waiting = Waiting()
    dispatcher = Dispatcher(waiting, concurrency=8)  # type: ignore[arg-type] # the one method it calls
    for name in ("slow", "fast"):
        for index in range(10):
            dispatcher._start(Due(Destination("acme", name), f"{name}-{index}", "webhook"))
    await _turns()
    assert Counter(waiting.began) == {"slow": 4, "fast": 10}
    waiting.gate.set()
    await dispatcher.finish()
    assert Counter(waiting.began)["slow"] == 10


async def test_stopping_waits_for_what_was_begun_and_leaves_the_rest_due() -> None:
    """A backlog would outlast the time for stopping; what was not claimed loses nothing by waiting."""
    slow = Slow("webhook")
    rig = await _backlog_of_a_slow_receiver(slow)
    stopping = asyncio.create_task(rig.dispatcher.stop())
    await _turns()
    assert not stopping.done()
    slow.gate.set()
    await stopping
    assert len(rig.sent("webhook")) == 4
    due = await rig.notifications.due(rig.clock.now(), 1_000)
    assert len(due) == MORE_THAN_A_LOOK - 4


async def test_nothing_is_begun_after_stopping() -> None:
    """A look into the queue that ends late finds nobody who would send."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    await rig.dispatcher.stop()
    await rig.take(a_signal())
    await rig.sweep(1)
    assert rig.sent("inbox") == []
