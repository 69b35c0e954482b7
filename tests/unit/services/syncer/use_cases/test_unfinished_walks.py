"""A walk over all conversations counts as one only when both of its halves came to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from shared.contracts.sync import Gap, ResourceHint
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import held, quietly, reconcile, small
from tests.unit.services.syncer.use_cases.test_refusals import FORBIDDEN, INVALID, SEARCH, refuse

if TYPE_CHECKING:
    from shared.contracts.sync import ResourceType

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
async def test_so_is_one_that_was_asked_for_before_its_time(half: bytes) -> None:
    """A reconcile that was not due yet, as a reading anew asks for one, has to walk to the end too."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = oldest(rig, half)
    quietly(rig, "set_title", one)
    break_half(rig, half)
    await rig.request("reconcile")
    await rig.settle()
    assert named(rig.completed[-1].gaps) == WHOLE
    await after_a_while(rig)
    assert named(rig.completed[-1].gaps) == WHOLE
    mend(rig)
    await after_a_while(rig)
    assert (held(rig, one).title, rig.completed[-1].gaps) == ("Renamed", ())


async def test_so_is_a_walk_over_people_that_was_asked_for_before_its_time() -> None:
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    refuse(rig, lambda asked: httpx.Response(502) if asked.url.path == "/contacts" else None)
    await rig.request("reconcile")
    await rig.settle()
    assert named(rig.completed[-1].gaps) == [("contact", None, "still_lagging")]
    await after_a_while(rig)
    assert named(rig.completed[-1].gaps) == [("contact", None, "still_lagging")]
    mend(rig)
    await after_a_while(rig)
    assert rig.completed[-1].gaps == ()


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


class Vanished:
    """Things that left every list and search, and whose own addresses give no usable answer."""

    def __init__(self, rig: Rig, resource: ResourceType, answer: httpx.Response, *, amount: int = 1) -> None:
        things = rig.workspace.contacts if resource == "contact" else rig.workspace.conversations
        self.ids = [found.id for found in things][:amount]
        for id_ in self.ids:
            rig.mutate(f"delete_{resource}", **{f"{resource}_id": id_})
        self.silent = {f"/{resource}s/{id_}" for id_ in self.ids}
        # The list of deleted ones would tell of them otherwise.
        refuse(rig, lambda asked: self._answer(asked, answer))

    def _answer(self, asked: httpx.Request, answer: httpx.Response) -> httpx.Response | None:
        if asked.url.path == "/conversations/deleted":
            return httpx.Response(502)
        return httpx.Response(answer.status_code, content=answer.content) if self._hides(asked) else None

    def _hides(self, asked: httpx.Request) -> bool:
        return asked.url.path in self.silent


def whole_or_single(rig: Rig) -> list[tuple[str, str | None, str]]:
    return named(tuple(gap for gap in rig.completed[-1].gaps if gap.aspect is None))


async def after_a_while(rig: Rig) -> None:
    rig.clock.advance(300)
    await rig.request("scheduled")
    await rig.settle()


async def test_a_walk_whose_missing_ones_could_not_be_asked_for_is_made_again() -> None:
    """What the lists do not show any more is part of the walk: until it was asked for, nothing is proven."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    vanished = Vanished(rig, "conversation", httpx.Response(502), amount=30)
    await reconcile(rig)
    assert whole_or_single(rig) == WHOLE
    await after_a_while(rig)
    assert whole_or_single(rig) == WHOLE
    vanished.silent.clear()
    await after_a_while(rig)
    assert (whole_or_single(rig), rig.missing()) == ([], [])


@pytest.mark.parametrize(
    ("resource", "answer", "reason"),
    [
        ("conversation", httpx.Response(502), "still_lagging"),
        ("conversation", httpx.Response(400, json=INVALID), "still_lagging"),
        ("conversation", httpx.Response(403, json=FORBIDDEN), "permission_missing"),
        ("contact", httpx.Response(502), "still_lagging"),
    ],
)
async def test_one_that_cannot_be_asked_for_does_not_undo_the_walk(
    resource: ResourceType, answer: httpx.Response, reason: str
) -> None:
    """It is a gap of its own, tried again by itself: nothing else is walked over once more for its sake."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    vanished = Vanished(rig, resource, answer)
    await reconcile(rig)
    (one,) = vanished.ids
    assert whole_or_single(rig) == [(resource, one, reason)]
    walked_at = rig.cursors.kept[KEY][resource].walked_at
    await after_a_while(rig)
    assert whole_or_single(rig) == [(resource, one, reason)]
    assert rig.cursors.kept[KEY][resource].walked_at == walked_at
    vanished.silent.clear()
    await rig.request("manual")
    await rig.settle()
    assert (whole_or_single(rig), rig.missing()) == ([], [])


async def test_a_list_that_is_always_empty_though_it_cannot_be_ends_as_a_gap() -> None:
    """It answers each time, and nothing comes of it: the run does not try for ever."""
    rig = Rig(small())
    empty = httpx.Response(200, json={"type": "admin.list", "admins": []})
    refuse(
        rig, lambda asked: httpx.Response(200, content=empty.content) if asked.url.path == "/admins" else None
    )
    completed = await rig.first_sync()
    assert named(completed.gaps) == [("admin", None, "still_lagging")]


@pytest.mark.parametrize("data", [{}, "", {"tags": []}])
async def test_an_answer_with_something_else_for_its_list_proves_nothing_to_be_gone(data: object) -> None:
    """It is no list without rows: what is held stays, and the list is a gap."""
    rig = Rig(small())
    await rig.first_sync()
    answer = {"type": "list", "data": data}
    refuse(rig, lambda asked: httpx.Response(200, json=answer) if asked.url.path == "/tags" else None)
    await rig.request("scheduled")
    await rig.settle()
    assert rig.missing() == []
    assert named(rig.completed[-1].gaps) == [("tag", None, "still_lagging")]


async def test_a_person_who_answers_and_whose_lists_do_not_is_a_gap_by_name() -> None:
    """Also where a walk did not meet them: that their own address answers leads no further."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    person = next(iter(rig.workspace.contacts))
    for number in range(11):
        rig.mutate("create_tag", name=f"tag {number}")
        rig.mutate("tag_contact", contact_id=person.id, tag_id=list(rig.workspace.tags)[-1])
    rig.clock.advance(60)
    lost = f"/contacts/{person.id}"
    shown = {"data": [], "pages": {}, "total_count": 0}

    def failing(asked: httpx.Request) -> httpx.Response | None:
        if asked.url.path == f"{lost}/tags":
            return httpx.Response(502)
        # No list and no search shows the person.
        return (
            httpx.Response(200, json=shown) if asked.url.path in {"/contacts", "/contacts/search"} else None
        )

    refuse(rig, failing)
    await rig.request("reconcile")
    await rig.settle()
    assert named(rig.completed[-1].gaps) == [("contact", person.id, "still_lagging")]


@pytest.mark.parametrize("resource", ["contact", "conversation"])
async def test_an_answer_about_another_one_says_nothing_of_the_one_asked_for(resource: ResourceType) -> None:
    """A hint is not followed by it: what it names is a gap until its own address answers with it."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    things = rig.workspace.contacts if resource == "contact" else rig.workspace.conversations
    one, other = [found.id for found in things][:2]
    rig.clock.advance(60)
    path = f"/{resource}s/{one}"

    class Elsewhere(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == path:
                url = request.url.copy_with(path=f"/{resource}s/{other}")
                request = httpx.Request(request.method, url, headers=request.headers)
            return await super().handle_async_request(request)

    rig.intercom._transport = ReadOnlyTransport(Elsewhere(rig.simulator.app))
    await rig.request("hint", [ResourceHint(resource=resource, id=one)])
    await rig.settle()
    assert named(rig.completed[-1].gaps) == [(resource, one, "still_lagging")]
    mend(rig)
    await after_a_while(rig)
    assert rig.completed[-1].gaps == ()


async def test_another_answer_than_the_surviving_persons_says_nothing_of_them() -> None:
    """Whoever a merged person went into is asked for at once, and counts as read only by their own answer."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    merged, survivor, other = [found.id for found in rig.workspace.contacts][:3]
    rig.mutate("merge_contacts", contact_id=merged, into_id=survivor)
    rig.clock.advance(60)
    wrong = {
        "type": "contact",
        "id": other,
        "name": "Not theirs",
        "updated_at": int(rig.clock.now().timestamp()),
    }
    path = f"/contacts/{survivor}"
    refuse(rig, lambda asked: httpx.Response(200, json=wrong) if asked.url.path == path else None)
    await rig.request("hint", [ResourceHint(resource="contact", id=merged)])
    await rig.settle()
    event: Any = rig.mirror()[f"org-1/{rig.workspace.id_code}/contact/{other}"]
    assert event.name != "Not theirs"
    assert named(rig.completed[-1].gaps) == [("contact", merged, "still_lagging")]
    mend(rig)
    await after_a_while(rig)
    assert (rig.missing(), rig.completed[-1].gaps) == ([], ())
