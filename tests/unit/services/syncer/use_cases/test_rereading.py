"""Reading a workspace anew: what was lost comes again, whole, and what is gone is said again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from services.syncer.use_cases.reread import Reread
from shared.contracts.resources import ConversationChanged, ResourceDeleted
from shared.errors import TransientError
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small
from tests.unit.services.syncer.use_cases.test_refusals import refuse

if TYPE_CHECKING:
    from services.syncer.domain.fingerprint import Fingerprint


def reread(rig: Rig) -> Reread:
    return Reread(fingerprints=rig.fingerprints, runs=rig.runs, clock=rig.clock)


async def test_a_bus_that_lost_everything_is_filled_again() -> None:
    """An ordinary reconcile publishes nothing, since nothing changed; reading anew publishes it all."""
    rig = Rig(small())
    await rig.first_sync()
    held = len(rig.fingerprints.kept[KEY])
    rig.publisher.published.clear()
    await rig.request("reconcile")
    await rig.settle()
    assert rig.mirror() == {}
    assert await reread(rig).ask(KEY, request_id="anew") == held
    await rig.settle()
    assert rig.missing() == []
    assert (rig.completed[-1].reason, rig.completed[-1].gap_count) == ("reconcile", 0)


async def test_what_no_walk_shows_is_asked_for_by_its_id() -> None:
    """Conversations that were closed before the lookback are read again too."""
    rig = Rig(small())
    await rig.first_sync()
    before = {key for key, event in rig.mirror().items() if isinstance(event, ConversationChanged)}
    rig.lookback_days = 10
    await rig.connect()
    rig.publisher.published.clear()
    await reread(rig).ask(KEY, request_id="anew")
    await rig.settle()
    assert {key for key, event in rig.mirror().items() if isinstance(event, ConversationChanged)} == before


async def test_what_went_is_said_to_be_gone_again() -> None:
    """A reader that was set back to before a deletion hears of it; a deleted company does not come back."""
    rig = Rig(small())
    await rig.first_sync()
    (conversation, *_), (contact, *_) = sorted(rig.truth("conversations")), sorted(rig.truth("contacts"))
    (company, *_) = sorted(rig.truth("companies"))
    rig.mutate("delete_conversation", conversation_id=conversation)
    rig.mutate("delete_contact", contact_id=contact)
    rig.mutate("delete_company", company_id=company)
    rig.clock.advance(600)
    await rig.request("reconcile")
    await rig.settle()
    rig.clock.advance(600)
    rig.publisher.published.clear()
    await reread(rig).ask(KEY, request_id="anew")
    await rig.settle()
    again = {event.id for event in rig.publisher.published if isinstance(event, ResourceDeleted)}
    assert {conversation, contact} <= again
    assert rig.missing() == []


async def test_it_outlasts_an_interruption() -> None:
    """Asked for while Intercom does not answer: whoever asks next, for whatever, all is read anew."""
    rig = Rig(small())
    await rig.first_sync()
    refuse(rig, lambda _: httpx.Response(502))
    await rig.request("scheduled")
    await rig.settle()
    assert rig.interrupted
    await reread(rig).ask(KEY, request_id="anew")
    await rig.settle()
    refuse(rig, lambda _: None)
    rig.publisher.published.clear()
    await rig.request("scheduled")
    await rig.settle()
    assert rig.missing() == []
    assert rig.completed[-1].reason == "reconcile"


async def test_a_second_reading_costs_no_more_than_any_run() -> None:
    """What was read anew is trusted again."""
    rig = Rig(small())
    await rig.first_sync()
    await reread(rig).ask(KEY, request_id="anew")
    await rig.settle()
    rig.clock.advance(60)
    rig.publisher.published.clear()
    await rig.request("reconcile")
    await rig.settle()
    assert rig.mirror() == {}


async def test_it_gives_way_to_runs_that_remember_meanwhile() -> None:
    """What another writer stored in between is looked at again, and is doubted all the same."""
    rig = Rig(small())
    await rig.first_sync()
    original = rig.fingerprints.store
    interfered = 0

    async def store(*arguments: object, **named: object) -> list[Fingerprint]:
        nonlocal interfered
        if interfered == 0:
            interfered += 1
            mine = rig.fingerprints.kept[KEY]
            for one, held in list(mine.items())[:3]:
                mine[one] = replace(held, revision=held.revision + 1)
        return await original(*arguments, **named)  # type: ignore[arg-type]

    rig.fingerprints.store = store  # type: ignore[method-assign]
    await reread(rig).ask(KEY, request_id="anew")
    assert {held.version for held in rig.fingerprints.kept[KEY].values()} == {""}


async def test_it_says_so_where_runs_never_rest() -> None:
    """Asking once more goes on from what was doubted."""
    rig = Rig(small())
    await rig.first_sync()

    async def store(_: object, records: list[Fingerprint], **__: object) -> list[Fingerprint]:
        return list(records)

    rig.fingerprints.store = store  # type: ignore[method-assign, assignment]
    with pytest.raises(TransientError, match="ask once more"):
        await reread(rig).ask(KEY, request_id="anew")
