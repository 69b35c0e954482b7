"""The test of the test: each bug that readers of Intercom have had is planted, and is found.

The same story passes on the syncer as it is, so that it is the bug which is found and not the story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.completeness import plants
from tests.integration.completeness.world import World, tiny

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.completeness.plants import Assembly

    Story = Callable[[World], Awaitable[None]]


async def read_all(world: World) -> None:
    await world.connect()
    await world.ask("initial")
    await world.settle()
    world.clock.advance(60)


async def follow(world: World) -> None:
    await world.ask("scheduled")
    await world.settle()


async def a_change_that_is_shown_late(world: World) -> None:
    """The search shows a reply six minutes after a run has asked past it."""
    await read_all(world)
    world.switch(conversation_lag_seconds=400, contact_lag_seconds=400)
    world.change("reply", 3, 0)
    world.clock.advance(10)
    await follow(world)
    world.clock.advance(600)
    await follow(world)


async def a_run_of_many_slices(world: World) -> None:
    """Many changes, long ago, and a run that needs several slices for them."""
    await read_all(world)
    for number in range(10):
        world.change("reply", number, 0)
    world.clock.advance(7_200)
    await follow(world)


async def a_change_at_the_edge_of_the_window(world: World) -> None:
    """Shown late by exactly the overlap: its second is the first of the next window."""
    await read_all(world)
    world.switch(conversation_lag_seconds=900)
    world.clock.advance(0.4)
    world.change("note", 3, 0)
    world.clock.advance(899.8)
    await follow(world)
    world.clock.advance(0.4)
    world.switch(conversation_lag_seconds=0)
    await follow(world)
    world.clock.advance(1_000)
    await follow(world)


async def two_changes_in_a_second(world: World) -> None:
    """A conversation is read between two changes of the same second."""
    await read_all(world)
    world.change("note", 3, 0)
    await follow(world)
    world.change("note", 3, 0)
    world.clock.advance(1_000)
    await follow(world)


async def a_scroll_that_expires(world: World) -> None:
    """Something holds up the walk over the companies for longer than the scroll lives."""
    world.switch(scroll_page_size=2)
    await world.connect()
    await world.ask("initial")
    while "/companies/scroll" not in world.line.paths:
        await world.slice("main")
    world.clock.advance(100)
    await world.settle()


async def a_list_that_leaves_some_out(world: World) -> None:
    """While another app holds the scroll the list stands in, which knows no company without users."""
    world.change("company", 0, 0)
    await read_all(world)
    world.switch(foreign_scroll=True)
    await world.ask("manual")
    await world.settle()


async def a_run_right_after_a_change(world: World) -> None:
    """A run ends before the search shows what was changed before it began."""
    await read_all(world)
    world.switch(conversation_lag_seconds=600)
    world.change("note", 3, 0)
    world.clock.advance(5)
    await follow(world)


async def an_empty_answer(world: World) -> None:
    """One conversation comes as a 200 with nothing in it, once."""
    await read_all(world)
    world.change("note", 3, 0)
    world.line.broken[f"/conversations/{world.conversation(3)}"] = ["empty"]
    world.clock.advance(5)
    await follow(world)


async def a_title_that_moves_no_time(world: World) -> None:
    """A conversation is renamed; neither its time nor a webhook tells."""
    await read_all(world)
    world.clock.advance(7_200)
    world.change("title quietly", 3, 0)
    await follow(world)


async def a_redaction_that_nothing_tells(world: World) -> None:
    """A message is redacted; no time moves, its row shows no message, and the webhook is lost."""
    await read_all(world)
    world.clock.advance(7_200)
    world.change("redact quietly", 3, 1)
    world.hints.clear()
    await follow(world)


STORIES: list[tuple[Assembly, Story]] = [
    (plants.NO_OVERLAP, a_change_that_is_shown_late),
    (plants.CURSOR_FIRST, a_run_of_many_slices),
    (plants.AFTER_NOT_FROM, a_change_at_the_edge_of_the_window),
    (plants.SAME_SECOND_IS_SAME, two_changes_in_a_second),
    (plants.SCROLL_ENDS_AT_404, a_scroll_that_expires),
    (plants.ABSENT_IS_GONE, a_list_that_leaves_some_out),
    (plants.NO_LAG_GUARD, a_run_right_after_a_change),
    (plants.EMPTY_IS_ANSWER, an_empty_answer),
    (plants.TIME_IS_ENOUGH, a_title_that_moves_no_time),
    (plants.NO_AUDIT, a_redaction_that_nothing_tells),
]


async def differences(assembly: Assembly, story: Story) -> list[str]:
    """Tell the story and return what is wrong, there and then or at its end."""
    world = World(assembly, settings=tiny(), slice_items=3)
    try:
        await story(world)
        await world.calm()
    except AssertionError as broken:
        return [str(broken)]
    return world.reckon()


@pytest.mark.parametrize(("planted", "story"), STORIES, ids=[planted.name for planted, _ in STORIES])
async def test_a_planted_bug_is_found(planted: Assembly, story: Story) -> None:
    """The story is told twice: with the bug it ends badly, without it well."""
    assert await differences(plants.HEALTHY, story) == []
    assert await differences(planted, story) != []
