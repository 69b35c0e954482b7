"""Words that were redacted: gone from entries, from what is not sent yet, from the log and the bus."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.notifier.channels.inbox import InboxChannel
from services.notifier.domain.echo import NOT_KEPT
from services.notifier.domain.rule import Recipient
from services.notifier.errors import DeliveryPostponed, DeliveryRefused
from services.notifier.ports import InboxReader
from shared.contracts.connections import DataRemoved
from shared.contracts.deliveries import NotificationFailed
from shared.contracts.signals import SignalCleared, SignalUpdated
from tests.unit.services.notifier.fakes import NOW, CountingAnnouncements, ScriptedChannel, a_rule, a_signal
from tests.unit.services.notifier.rig import LONG, Rig

if TYPE_CHECKING:
    from services.notifier.ports import InboxEntry, Message

QUOTE = a_signal().evidence[0].quote
HOOK = Recipient("hook", "https://hook.example")
TOM = InboxReader("acme", "u-2", "tom@example.com")


def redacted(**changes: Any) -> SignalUpdated:
    return SignalUpdated.model_validate({**a_signal().model_dump(), "revision": 2, "evidence": (), **changes})


def cleared() -> SignalCleared:
    return SignalCleared.model_validate(
        {**a_signal().model_dump(), "revision": 2, "evidence": (), "cleared_because": "evidence_gone"}
    )


class SlowInbox(ScriptedChannel):
    """An inbox whose entry is made after something else has happened."""

    def __init__(self, rig: Rig, meanwhile: SignalUpdated | SignalCleared) -> None:
        super().__init__("inbox")
        self._rig = rig
        self._meanwhile = meanwhile
        self._inner = InboxChannel(rig.inbox, CountingAnnouncements())

    async def deliver(self, message: Message) -> str:
        await self._rig.announcer.take([self._meanwhile])
        return await self._inner.deliver(message)


async def entry_of(rig: Rig) -> InboxEntry:
    (entry,) = await rig.inbox.page(TOM, unread_only=False, after=None, limit=10)
    return entry


async def crossed(meanwhile: SignalUpdated | SignalCleared) -> InboxEntry:
    """Let a signal lose its words between the claim of its notification and the entry."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    rig.channels["inbox"] = SlowInbox(rig, meanwhile)
    await rig.take(a_signal())
    return await entry_of(rig)


async def test_an_entry_loses_the_words() -> None:
    """What is in the inbox already shows them no longer."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    rig.channels["inbox"] = SlowInbox(rig, redacted(revision=1))
    await rig.take(a_signal())
    assert QUOTE in str(await entry_of(rig))
    await rig.take(redacted())
    assert QUOTE not in str(await entry_of(rig))
    assert QUOTE not in str(await rig.log())


async def test_words_that_go_while_the_entry_is_made_are_not_in_it() -> None:
    """A redaction that finds no entry yet is caught up with as soon as there is one."""
    entry = await crossed(redacted())
    assert (entry.signal.evidence, entry.over) == ((), None)


async def test_a_signal_that_ends_while_the_entry_is_made_is_over_in_it() -> None:
    """The same for a signal whose only evidence went."""
    entry = await crossed(cleared())
    assert (entry.signal.evidence, entry.over) == ((), "evidence_gone")


async def test_data_that_is_removed_while_the_entry_is_made_leaves_none() -> None:
    """A removal that finds no entry yet has given its word on it: the entry goes as soon as there is one."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    word = DataRemoved(
        organization_id="acme",
        connection_id="c-1",
        removal_id="x",
        service="detector",
        documents=1,
        removed_at=NOW + timedelta(seconds=1),
    )

    class Crossed(SlowInbox):
        async def deliver(self, message: Message) -> str:
            await rig.removal.remove(word)
            return await self._inner.deliver(message)

    rig.channels["inbox"] = Crossed(rig, redacted())
    await rig.take(a_signal())
    assert len(rig.publisher.published) == 1
    assert await rig.inbox.page(TOM, unread_only=False, after=None, limit=10) == []
    assert await rig.log() == []


async def test_what_is_tried_again_is_sent_without_the_words() -> None:
    """A receiver that was away gets the state of the day it comes back."""
    rig = Rig(ScriptedChannel("webhook", DeliveryPostponed("busy", reason="rejected", status=503)))
    await rig.rules.insert(a_rule(channel="webhook", recipients=(), destination=HOOK))
    await rig.take(a_signal())
    await rig.take(redacted())
    await rig.sweep(LONG)
    first, second = rig.channels["webhook"].sent
    assert QUOTE in str(first)
    assert QUOTE not in str(second)


async def test_a_title_that_lost_its_words_is_shown_and_sent_without_them() -> None:
    """A request's title is a customer's words too: entries and what waits take the title it has now."""
    rig = Rig(
        ScriptedChannel("inbox"),
        ScriptedChannel("webhook", DeliveryPostponed("busy", reason="rejected", status=503)),
    )
    rig.channels["inbox"] = SlowInbox(rig, redacted(revision=1))
    await rig.rules.insert(a_rule())
    await rig.rules.insert(a_rule(id="r-2", channel="webhook", recipients=(), destination=HOOK))
    await rig.take(a_signal(title="Zebra mode"))
    assert (await entry_of(rig)).signal.title == "Zebra mode"
    await rig.take(redacted(title="Dark mode"))
    assert (await entry_of(rig)).signal.title == "Dark mode"
    await rig.sweep(LONG)
    first, second = rig.channels["webhook"].sent
    assert ("Zebra" in str(first), "Zebra" in str(second)) == (True, False)
    assert {one.signal.title for one in await rig.log()} == {"Dark mode"}


async def test_an_answer_that_repeats_the_words_is_not_kept() -> None:
    """Neither log, rule nor bus keep what a receiver echoes: no redaction would reach it there."""
    said = DeliveryRefused(f"The receiver answered 400: bad {QUOTE}", reason="rejected", status=400)
    rig = Rig(ScriptedChannel("webhook", said))
    await rig.rules.insert(a_rule(channel="webhook", recipients=(), destination=HOOK))
    await rig.take(a_signal())
    await rig.take(redacted())
    (notification,) = await rig.log()
    rule = await rig.rules.get("acme", "r-1")
    (fact,) = rig.publisher.published
    assert isinstance(fact, NotificationFailed)
    assert rule is not None
    for kept in (notification.attempts[0].detail, rule.health.last_failure, fact.detail):
        assert kept == f"The receiver answered 400: bad {NOT_KEPT}"
