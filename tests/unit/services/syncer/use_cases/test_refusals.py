"""What the source refuses by itself: single conversations, single pages; the rest is read all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from shared.contracts.resources import ConversationChanged
from shared.contracts.sync import Gap, ResourceHint
from tests.unit.services.syncer.rig import KEY, START, Rig
from tests.unit.services.syncer.use_cases.test_reading import small

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.contracts.sync import ResourceType, SyncReason

SEARCH = "/conversations/search"
FORBIDDEN = {"errors": [{"code": "forbidden"}]}
INVALID = {"errors": [{"code": "parameter_invalid"}]}


REASONS: tuple[SyncReason, ...] = ("manual", "scheduled", "manual", "reconcile")


class Refusing(httpx.ASGITransport):
    """A workspace that answers some requests with a refusal, and all others as it would."""

    def __init__(self, rig: Rig, refusal: Callable[[httpx.Request], httpx.Response | None]) -> None:
        super().__init__(rig.simulator.app)
        self._refusal = refusal

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._refusal(request) or await super().handle_async_request(request)


def refuse(rig: Rig, refusal: Callable[[httpx.Request], httpx.Response | None]) -> None:
    rig.intercom._transport = ReadOnlyTransport(Refusing(rig, refusal))


def hide(rig: Rig, hidden: Collection[str]) -> None:
    """Refuse each of these conversations by its id, though lists and searches show it."""
    paths = {f"/conversations/{id_}" for id_ in hidden}
    refuse(rig, lambda asked: httpx.Response(403, json=FORBIDDEN) if asked.url.path in paths else None)


def readable_and_missing(rig: Rig, hidden: Collection[str]) -> list[str]:
    return [found for found in rig.missing() if not any(id_ in found.split() for id_ in hidden)]


async def test_refused_conversations_do_not_stop_the_reading_of_changes() -> None:
    """Each is named; whatever else changes is read by the next run, as if they were not there."""
    rig = Rig(small())
    every = [found.id for found in rig.workspace.conversations]
    hidden = set(every[::8][:12])
    hide(rig, hidden)
    await rig.first_sync()
    changed = next(id_ for id_ in every if id_ not in hidden)
    rig.mutate("reply", conversation_id=changed, body="<p>x</p>")
    rig.clock.advance(600)
    await rig.request("scheduled")
    await rig.settle()
    assert {(gap.id, gap.reason) for gap in rig.completed[-1].gaps} == {
        (id_, "permission_missing") for id_ in hidden
    }
    assert readable_and_missing(rig, hidden) == []
    assert rig.completed[-1].complete_up_to is not None


async def test_many_refused_in_a_row_hide_no_others() -> None:
    """A first sync that meets nothing but refusals for a while reads what comes after them."""
    rig = Rig(small())
    hidden = {found.id for found in list(rig.workspace.conversations)[-40:]}
    hide(rig, hidden)
    completed = await rig.first_sync()
    assert {gap.id for gap in completed.gaps} <= hidden
    assert readable_and_missing(rig, hidden) == []


async def test_a_refused_search_is_a_gap_of_the_whole_resource() -> None:
    """Where conversations are not granted at all, the search says so, and none is named by its id."""
    rig = Rig(small())
    await rig.first_sync()
    refuse(rig, lambda asked: httpx.Response(403, json=FORBIDDEN) if asked.url.path == SEARCH else None)
    await rig.request("scheduled")
    await rig.settle()
    assert [(gap.resource, gap.id, gap.reason) for gap in rig.completed[-1].gaps] == [
        ("conversation", None, "permission_missing")
    ]


async def test_a_refused_list_of_deleted_ones_is_no_gap_of_all_conversations() -> None:
    """It is named for what it is, until it was read: no run that leaves it out closes it."""
    rig = Rig(small())
    deleted = "/conversations/deleted"
    refuse(rig, lambda asked: httpx.Response(403, json=FORBIDDEN) if asked.url.path == deleted else None)
    completed = await rig.first_sync()
    named = [("conversation", None, "permission_missing", "deletions")]
    assert [(gap.resource, gap.id, gap.reason, gap.aspect) for gap in completed.gaps] == named
    assert (completed.complete_up_to is not None, rig.missing()) == (True, [])
    await rig.cursors.save(KEY, replace(rig.cursors.kept[KEY]["conversation"], deleted_from=heard(rig)))
    await rig.request("scheduled")
    await rig.settle()
    assert rig.completed[-1].gaps == completed.gaps
    refuse(rig, lambda _: None)
    await rig.request("manual")
    await rig.settle()
    assert rig.completed[-1].gaps == ()


async def test_conversations_and_their_deletions_are_two_gaps() -> None:
    """What is kept whole stays named when only the list of deleted ones is granted again."""
    rig = Rig(small())
    await rig.first_sync()
    both = {SEARCH, "/conversations/deleted"}
    refuse(rig, lambda asked: httpx.Response(403, json=FORBIDDEN) if asked.url.path in both else None)
    await rig.request("manual")
    await rig.settle()
    assert {gap.aspect for gap in rig.completed[-1].gaps} == {None, "deletions"}
    both.remove("/conversations/deleted")
    await rig.request("manual")
    await rig.settle()
    assert [gap.aspect for gap in rig.completed[-1].gaps] == [None]


def heard(rig: Rig) -> int:
    """Return a time at which the list of deleted ones was heard so lately that it is left out."""
    return int(rig.clock.now().timestamp())


@pytest.mark.parametrize(("path", "resource"), [("/contacts", "contact"), (SEARCH, "conversation")])
async def test_a_page_that_is_always_refused_ends_its_walk(path: str, resource: str) -> None:
    """Starting over does not help it: a gap names the list, the rest is read, the next run tries again."""
    rig = Rig(small())
    pages = 0

    def refusal(asked: httpx.Request) -> httpx.Response | None:
        nonlocal pages
        if asked.url.path != path or b"starting_after" not in asked.url.query + asked.content:
            return None
        pages += 1
        return httpx.Response(400, json=INVALID)

    rig.simulation.set_switches(rig.simulation.switches.changed(slow_above_page_size=20, slow_answer="502"))
    refuse(rig, refusal)
    completed = await rig.first_sync()
    assert {(gap.resource, gap.id, gap.reason) for gap in completed.gaps} == {
        (resource, None, "still_lagging")
    }
    assert pages == 6
    # The search for changes has no beginning on a first run, so it shows all contacts as well.
    assert (completed.complete_up_to is None) == (resource == "conversation")
    rig.intercom._transport = ReadOnlyTransport(httpx.ASGITransport(rig.simulator.app))
    await rig.request("scheduled")
    await rig.settle()
    assert (rig.missing(), rig.completed[-1].gap_count) == ([], 0)


async def test_a_first_walk_that_ends_unfinished_reads_nothing_beyond_the_lookback() -> None:
    """What changed is asked for from a beginning; while there is none, the search would show all there is."""
    rig = Rig(small(), lookback_days=30)

    def refusal(asked: httpx.Request) -> httpx.Response | None:
        later = b"closed" in asked.content and b"starting_after" in asked.content
        return httpx.Response(400, json=INVALID) if asked.url.path == SEARCH and later else None

    rig.simulation.set_switches(rig.simulation.switches.changed(slow_above_page_size=10, slow_answer="502"))
    refuse(rig, refusal)
    completed = await rig.first_sync()
    oldest = rig.clock.now() - timedelta(days=31)
    beyond = {
        found.id
        for found in rig.workspace.conversations
        if found.state == "closed" and found.updated_at < oldest.timestamp()
    }
    held = {event.id for event in rig.mirror().values() if isinstance(event, ConversationChanged)}
    assert (len(beyond) > 0, beyond & held) == (True, set())
    assert {(gap.id, gap.reason) for gap in completed.gaps} == {(None, "still_lagging")}
    assert completed.complete_up_to is None


async def test_a_scroll_that_breaks_each_time_ends() -> None:
    """After five starts the list stands in, as a named gap: the run ends, and the next one is not held up."""
    rig = Rig(small())
    scrolls = 0

    def broken(asked: httpx.Request) -> httpx.Response | None:
        nonlocal scrolls
        if asked.url.path != "/companies/scroll":
            return None
        if b"scroll_param" in asked.url.query:
            return httpx.Response(500, json={"errors": [{"code": "server_error"}]})
        scrolls += 1
        rig.clock.advance(61)  # Until the one that broke has expired.
        return None

    rig.simulation.set_switches(rig.simulation.switches.changed(scroll_page_size=3))
    refuse(rig, broken)
    completed = await rig.first_sync()
    assert [(gap.resource, gap.id, gap.reason) for gap in completed.gaps] == [
        ("company", None, "still_lagging")
    ]
    assert scrolls == 5
    assert rig.missing() == []


async def test_a_list_that_is_no_more_is_a_gap() -> None:
    """410 says of one resource that it went; from a list it is a trouble of that list, and stops no other."""
    rig = Rig(small())
    refuse(rig, lambda asked: httpx.Response(410, json=INVALID) if asked.url.path == "/teams" else None)
    completed = await rig.first_sync()
    assert [(gap.resource, gap.id, gap.reason) for gap in completed.gaps] == [("team", None, "still_lagging")]
    assert [found for found in rig.missing() if not found.startswith("team")] == []


@pytest.mark.parametrize("resource", ["conversation", "contact", "company"])
async def test_what_was_said_to_be_gone_and_is_shown_again_comes_back(resource: ResourceType) -> None:
    """One wrong 404, or a contact that is unarchived: no time moves, and a walk over all shows it."""
    rig = Rig(small())
    await rig.first_sync()
    things: dict[str, Any] = {
        "conversation": rig.workspace.conversations,
        "contact": rig.workspace.contacts,
        "company": rig.workspace.companies,
    }
    one = next(iter(things[resource])).id
    paths = {"conversation": "/conversations", "contact": "/contacts", "company": "/companies"}
    missing = {"errors": [{"code": "not_found"}]}
    asked_for: list[str] = []

    def gone(asked: httpx.Request) -> httpx.Response | None:
        if asked.url.path != f"{paths[resource]}/{one}":
            return None
        asked_for.append(asked.url.path)
        return httpx.Response(404, json=missing)

    refuse(rig, gone)
    await rig.request("hint", [ResourceHint(resource=resource, id=one)])
    await rig.settle()
    assert f"{resource} {one} is missing" in rig.missing()
    for _ in range(2):
        # At once it is taken for an index that lags.
        await rig.request("reconcile")
        await rig.settle()
    assert len(asked_for) == 1
    refuse(rig, lambda _: None)
    rig.clock.advance(86_400)
    await rig.request("reconcile")
    await rig.settle()
    assert rig.missing() == []


async def test_contacts_that_never_answer_are_no_endless_slice() -> None:
    """A call that ends with its timeout is longer than a slice: one is made, and the rest waits its turn."""
    rig = Rig(small())
    await rig.first_sync()
    hidden = [found.id for found in rig.workspace.contacts][:3]
    for id_ in hidden:
        made = {"resource": "contact", "id": id_, "reason": "still_lagging", "since": START}
        await rig.gaps.open(KEY, Gap.model_validate(made))
        for number in range(11):
            rig.mutate("create_tag", name=f"{id_} {number}")
            rig.mutate("tag_contact", contact_id=id_, tag_id=list(rig.workspace.tags)[-1])
    asked_for: list[str] = []

    def silent(asked: httpx.Request) -> httpx.Response | None:
        if not any(id_ in asked.url.path for id_ in hidden):
            return None
        asked_for.append(asked.url.path)
        rig.clock.advance(30)
        raise httpx.ReadTimeout("no answer", request=asked)

    refuse(rig, silent)
    await rig.request("scheduled")
    while rig.runs.documents[KEY.document_id("main")]["state"] == "active":
        before = len(asked_for)
        await rig.slice("main")
        assert len(asked_for) - before <= 1
        rig.clock.advance(60)
    assert {id_ for id_ in hidden for path in asked_for if id_ in path} == set(hidden)


async def test_many_gaps_are_tried_in_turn() -> None:
    """Two hundred a run, from where the last one came to; refused ones when a person or a walk asks."""
    rig = Rig(small())
    await rig.first_sync()
    hidden = [f"9{number:03}" for number in range(230)]
    for id_ in hidden:
        made = {"resource": "conversation", "id": id_, "reason": "permission_missing", "since": START}
        await rig.gaps.open(KEY, Gap.model_validate(made))
    asked: list[str] = []

    def refusal(request: httpx.Request) -> httpx.Response | None:
        id_ = request.url.path.removeprefix("/conversations/")
        if id_ not in hidden:
            return None
        asked.append(id_)
        return httpx.Response(403, json=FORBIDDEN)

    refuse(rig, refusal)
    rounds: list[list[str]] = []
    for reason in REASONS:
        await rig.request(reason)
        await rig.settle()
        rounds.append(sorted(asked))
        asked.clear()
    assert rounds == [hidden[:200], [], hidden[200:], hidden[:200]]
    assert rig.completed[-1].gap_count == 230
