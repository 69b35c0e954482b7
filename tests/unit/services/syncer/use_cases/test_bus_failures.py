"""The bus fails while the process lives: what it may have taken is looked after as after a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.syncer.adapters.run_documents import intents_of
from shared.contracts.resources import CompanyChanged, ConversationChanged, ConversationPartChanged
from shared.contracts.sync import ResourceHint
from shared.errors import TransientError
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small
from tests.unit.services.syncer.use_cases.test_trouble import removal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shared.contracts.event import Event

MAIN = KEY.document_id("main")


async def _nothing() -> None:
    return


def unacknowledged(rig: Rig, conversation_id: str, before: Callable[[], Awaitable[None]] = _nothing) -> None:
    """Let the bus take the next publication of a conversation after all, and lose its word.

    `before` is what happens between the reading and that.
    """
    publish = rig.publisher.publish

    async def once(*events: Event) -> None:
        if any(isinstance(each, ConversationChanged) and each.id == conversation_id for each in events):
            rig.publisher.publish = publish  # type: ignore[method-assign]
            await before()
            await publish(*events)
            raise TransientError("No answer for 15 s.")
        await publish(*events)

    rig.publisher.publish = once  # type: ignore[method-assign]


def an_open_one(rig: Rig) -> str:
    return next(found.id for found in rig.workspace.conversations if found.state == "open")


async def a_message_that_only_the_bus_has(rig: Rig) -> str:
    """Return the conversation that a message was added to, whose publication nobody acknowledged."""
    await rig.first_sync()
    one = an_open_one(rig)
    rig.mutate("reply", conversation_id=one, body="<p>My card number</p>")
    unacknowledged(rig, one)
    await rig.request("scheduled")
    assert await rig.slice("main") == "put_off"
    return one


def left_on_the_bus(rig: Rig, conversation_id: str) -> set[str]:
    parts = {
        event.key()
        for event in rig.publisher.published
        if isinstance(event, ConversationPartChanged) and event.conversation_id == conversation_id
    }
    assert parts
    return parts - set(rig.publisher.tombstones)


async def test_what_was_published_and_not_acknowledged_goes_with_its_conversation() -> None:
    """A message that only the bus has is taken back when the conversation is gone by the next try."""
    rig = Rig(small())
    one = await a_message_that_only_the_bus_has(rig)
    rig.mutate("delete_conversation", conversation_id=one)
    await rig.settle()
    assert left_on_the_bus(rig, one) == set()
    assert intents_of(rig.runs.documents[MAIN]) == []


async def test_what_was_published_and_not_acknowledged_is_removed_with_all_data() -> None:
    """Nothing but the slice's note remembers it."""
    rig = Rig(small())
    one = await a_message_that_only_the_bus_has(rig)
    await rig.removal.remove(removal(rig))
    assert left_on_the_bus(rig, one) == set()


async def test_what_was_overtaken_and_not_acknowledged_is_published_again() -> None:
    """A hint published what is newer; whoever was slow may have left what is older behind it on the bus."""
    rig = Rig(small())
    await rig.first_sync()
    one = an_open_one(rig)
    rig.mutate("reply", conversation_id=one, body="<p>First</p>")

    async def hint_overtakes() -> None:
        rig.clock.advance(2)
        rig.mutate("reply", conversation_id=one, body="<p>Second</p>")
        await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
        assert await rig.slice("hints") == "completed"

    unacknowledged(rig, one, hint_overtakes)
    await rig.request("scheduled")
    await rig.settle()
    told = [
        event
        for event in rig.publisher.published
        if isinstance(event, ConversationChanged) and event.id == one
    ]
    assert told[-1].part_count == max(event.part_count for event in told)
    assert rig.missing() == []


@pytest.mark.parametrize("away", ["bus", "store"])
async def test_a_scroll_page_that_could_not_be_kept_is_not_passed_over(away: str) -> None:
    """Asking again brings the page after it, so the walk starts over once the scroll is drained."""
    rig = Rig(small())
    rig.simulation.set_switches(rig.simulation.switches.changed(scroll_page_size=3))
    publish, known, pages = rig.publisher.publish, rig.fingerprints.of, 0

    def away_at_the_second() -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise TransientError("It is away.")

    async def published(*events: Event) -> None:
        if away == "bus" and any(isinstance(event, CompanyChanged) for event in events):
            away_at_the_second()
        await publish(*events)

    async def found(*arguments: Any) -> Any:
        if away == "store" and arguments[1] == "company":
            away_at_the_second()
        return await known(*arguments)

    rig.publisher.publish = published  # type: ignore[method-assign]
    rig.fingerprints.of = found  # type: ignore[method-assign,assignment]
    completed = await rig.first_sync()
    assert pages > 2
    assert completed.gaps == ()
    assert rig.missing() == []
