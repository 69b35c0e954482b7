"""A walk over all conversations counts as one only when both of its halves came to their end."""

from __future__ import annotations

import httpx
import pytest

from shared.contracts.sync import Gap
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import held, quietly, reconcile, small
from tests.unit.services.syncer.use_cases.test_refusals import INVALID, SEARCH, refuse

WHOLE = [("conversation", None, "still_lagging")]
OPEN, CLOSED = b'"value":"open"', b'"value":"closed"'


def break_half(rig: Rig, half: bytes) -> None:
    """Refuse every page of one half of the walk; the other half, and searches for changes, go on."""

    def refusal(asked: httpx.Request) -> httpx.Response | None:
        # The count of closed ones, a page of one row, belongs to the other half.
        page = asked.url.path == SEARCH and b'"per_page":1}' not in asked.content
        return httpx.Response(400, json=INVALID) if page and half in asked.content else None

    refuse(rig, refusal)


def mend(rig: Rig) -> None:
    refuse(rig, lambda _: None)


def oldest(rig: Rig, half: bytes) -> str:
    """Return the conversation that a half of the walk shows last."""
    states = {"closed"} if half == CLOSED else {"open", "snoozed"}
    found = [each for each in rig.workspace.conversations if each.state in states]
    return min(found, key=lambda each: each.updated_at).id


def named(gaps: tuple[Gap, ...]) -> list[tuple[str, str | None, str]]:
    return [(gap.resource, gap.id, gap.reason) for gap in gaps]


@pytest.mark.parametrize("half", [OPEN, CLOSED])
async def test_a_reconcile_that_ends_unfinished_is_made_again_by_the_next_run(half: bytes) -> None:
    """What the walk did not reach is reached by the next run, and the gap stands until it is."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = oldest(rig, half)
    quietly(rig, "set_title", one)
    break_half(rig, half)
    await reconcile(rig)
    assert named(rig.completed[-1].gaps) == WHOLE
    assert held(rig, one).title != "Renamed"
    rig.clock.advance(300)
    await rig.request("scheduled")
    await rig.settle()
    assert named(rig.completed[-1].gaps) == WHOLE
    mend(rig)
    rig.clock.advance(300)
    await rig.request("scheduled")
    await rig.settle()
    assert (held(rig, one).title, rig.completed[-1].gaps) == ("Renamed", ())


@pytest.mark.parametrize("half", [OPEN, CLOSED])
async def test_a_first_sync_that_ends_unfinished_claims_nothing(half: bytes) -> None:
    """Whichever half was cut short: there is no time up to which everything is held."""
    rig = Rig(small())
    break_half(rig, half)
    completed = await rig.first_sync()
    assert (named(completed.gaps), completed.complete_up_to) == (WHOLE, None)
    mend(rig)
    await rig.request("scheduled")
    await rig.settle()
    assert (rig.missing(), rig.completed[-1].gaps) == ([], ())
    assert rig.completed[-1].complete_up_to is not None


@pytest.mark.parametrize("half", [OPEN, CLOSED])
async def test_an_unfinished_walk_proves_nothing_to_be_gone(half: bytes) -> None:
    """What it did not meet is asked for by nobody, and a gap that only a whole walk closes stays."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    await rig.gaps.open(KEY, _deleted_before_read(rig))
    break_half(rig, half)
    before = rig.simulation.statistics.calls["GET /conversations/{id}"]
    await reconcile(rig)
    assert rig.simulation.statistics.calls["GET /conversations/{id}"] == before
    assert ("conversation", "99999", "deleted_before_read") in named(rig.completed[-1].gaps)


def _deleted_before_read(rig: Rig) -> Gap:
    return Gap(resource="conversation", id="99999", reason="deleted_before_read", since=rig.clock.now())


async def test_a_walk_whose_missing_ones_could_not_be_asked_for_is_made_again() -> None:
    """What the lists do not show any more is part of the walk: until it was asked for, nothing is proven."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = oldest(rig, CLOSED)
    rig.mutate("delete_conversation", conversation_id=one)
    silent = {"/conversations/deleted", f"/conversations/{one}"}
    refuse(rig, lambda asked: httpx.Response(502) if asked.url.path in silent else None)
    await reconcile(rig)
    assert WHOLE[0] in named(rig.completed[-1].gaps)
    rig.clock.advance(300)
    await rig.request("scheduled")
    await rig.settle()
    assert [gap.aspect for gap in rig.completed[-1].gaps] == [None, "deletions"]
    silent.remove(f"/conversations/{one}")
    rig.clock.advance(300)
    await rig.request("scheduled")
    await rig.settle()
    assert [gap.aspect for gap in rig.completed[-1].gaps] == ["deletions"]
    assert rig.missing() == []
