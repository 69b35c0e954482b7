"""A replica whose clock is wrong: what went is gone for readers who keep what was observed last."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.contracts.resources import ResourceDeleted
from shared.contracts.sync import ResourceHint
from tests.integration.completeness.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.contracts.sync import SyncReason

HALF_AN_HOUR = 1_800.0

WAYS: dict[str, tuple[Callable[[World], bool], SyncReason, Callable[[World], tuple[str, str] | None]]] = {
    "list of deleted conversations": (
        lambda world: world.mutate("delete_conversation", conversation_id=world.conversation(0)),
        "manual",
        lambda _world: None,
    ),
    "webhook about a conversation": (
        lambda world: world.mutate("delete_conversation", conversation_id=world.conversation(0)),
        "hint",
        lambda world: ("conversation", world.conversation(0)),
    ),
    "webhook about a contact": (
        lambda world: world.mutate("delete_contact", contact_id=world.contact(0)),
        "hint",
        lambda world: ("contact", world.contact(0)),
    ),
    "absence from a whole list": (
        lambda world: world.mutate("delete_tag", tag_id=world.tag(0)),
        "scheduled",
        lambda _world: None,
    ),
    "absence from a walk": (
        lambda world: world.mutate("delete_contact", contact_id=world.contact(0)),
        "reconcile",
        lambda _world: None,
    ),
    "merge": (
        lambda world: world.mutate("merge_contacts", contact_id=world.contact(0), into_id=world.contact(1)),
        "reconcile",
        lambda _world: None,
    ),
}


@pytest.mark.parametrize("wrong_by", [-HALF_AN_HOUR, HALF_AN_HOUR], ids=["behind", "ahead"])
@pytest.mark.parametrize("way", WAYS)
async def test_what_went_is_gone(way: str, wrong_by: float) -> None:
    """However it is learned: a deletion is not older than the resource's record, and leaves the mirror."""
    world = World()
    await world.connect()
    await world.ask("initial")
    await world.settle()
    world.clock.advance(120)
    for clock in world.clocks:
        clock.wrong_by = wrong_by
    happen, reason, named = WAYS[way]
    hint = named(world)
    assert happen(world)
    world.clock.advance(10)
    hints = () if hint is None else (ResourceHint.model_validate({"resource": hint[0], "id": hint[1]}),)
    await world.ask(reason, hints)
    for document in world.runs.documents.values():
        document["wake_at"] += timedelta(seconds=wrong_by)  # Whoever took in the request has the same clock.
    await world.settle()
    assert world.told(ResourceDeleted)
    now = world.clock.now()
    assert all(event.observed_at <= now for event in world.told(ResourceDeleted))
    for clock in world.clocks:
        clock.wrong_by = 0
    await world.calm()
    assert world.reckon() == []


async def test_what_comes_back_is_there_again() -> None:
    """A deletion that was learned by a clock ahead of the source's does not keep a returned contact out."""
    world = World()
    await world.connect()
    await world.ask("initial")
    await world.settle()
    for clock in world.clocks:
        clock.wrong_by = HALF_AN_HOUR
    contact = world.contact(0)
    hint = (ResourceHint(resource="contact", id=contact),)
    assert world.mutate("archive_contact", contact_id=contact)
    world.clock.advance(10)
    await world.ask("hint", hint)
    await world.settle()
    assert world.mutate("unarchive_contact", contact_id=contact)
    world.clock.advance(10)
    await world.ask("hint", hint)
    await world.settle()
    await world.calm()
    assert world.reckon() == []
