"""Walks over several pages: what a cursor is asked with, and what a cursor that leads nowhere proves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from services.syncer.errors import SourceUnavailableError
from services.syncer.ports import Answer
from services.syncer.resources.paging import Pages
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import small
from tests.unit.services.syncer.use_cases.test_refusals import SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = 5


class Paging(httpx.ASGITransport):
    """A workspace that gives out small pages, and whose answers to searches may be changed."""

    def __init__(self, rig: Rig, changed: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
        super().__init__(rig.simulator.app)
        self._changed = changed
        self.asked: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != SEARCH:
            return await super().handle_async_request(request)
        body = orjson.loads(request.content)
        body["pagination"]["per_page"] = min(body["pagination"]["per_page"], PAGE)
        self.asked.append(orjson.loads(request.content))
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        answer = await super().handle_async_request(
            httpx.Request(request.method, request.url, headers=headers, content=orjson.dumps(body))
        )
        told = orjson.loads(await answer.aread())
        self._changed(body, told)
        return httpx.Response(answer.status_code, json=told)


def page(rig: Rig, changed: Callable[[dict[str, Any], dict[str, Any]], None]) -> Paging:
    paging = Paging(rig, changed)
    rig.intercom._transport = ReadOnlyTransport(paging)
    return paging


def unchanged(_asked: dict[str, Any], _told: dict[str, Any]) -> None:
    return


def standing_still(asked: dict[str, Any], told: dict[str, Any]) -> None:
    """Name the page that was asked for as the one that follows, as when a cursor is not heeded."""
    after = asked["pagination"].get("starting_after")
    if after is not None and told["pages"].get("next"):
        told["pages"]["next"]["starting_after"] = after


def nameless(_asked: dict[str, Any], told: dict[str, Any]) -> None:
    """Say that there is a next page, and not which."""
    if told["pages"].get("next"):
        told["pages"]["next"] = {"page": 2}


def to_and_fro(_asked: dict[str, Any], told: dict[str, Any]) -> None:
    """Lead from the second page to the third and back to the second, for ever."""
    if told["pages"]["page"] == 3 and told["pages"].get("next"):
        told["pages"]["next"]["starting_after"] = SECOND[0]
    elif told["pages"]["page"] == 1 and told["pages"].get("next"):
        SECOND[:] = [told["pages"]["next"]["starting_after"]]


SECOND: list[str] = []


@pytest.mark.parametrize("leading", [standing_still, nameless, to_and_fro])
async def test_a_page_that_leads_nowhere_is_not_the_last(leading: Callable[..., None]) -> None:
    """Only a page without a next one ends a walk: what lies behind a useless cursor was never seen."""
    rig = Rig(small())
    page(rig, leading)
    completed = await rig.first_sync()
    assert rig.missing() != []
    assert [(gap.id, gap.reason) for gap in completed.gaps] == [(None, "still_lagging")]
    assert completed.complete_up_to is None
    page(rig, unchanged)
    await rig.request("scheduled")
    await rig.settle()
    assert (rig.missing(), rig.completed[-1].gaps) == ([], ())


async def test_each_page_of_a_search_repeats_its_first_question() -> None:
    """A cursor belongs to the whole question, also when the search turns out exact between two pages."""
    rig = Rig(small())
    await rig.first_sync()
    await rig.cursors.save(KEY, replace(rig.cursors.kept[KEY]["conversation"], exact=None, sorted=None))
    for found in list(rig.workspace.conversations)[:30]:
        rig.mutate("reply", conversation_id=found.id, body="<p>x</p>")
    rig.clock.advance(60)
    # Each page takes a slice of its own.
    paging = page(rig, lambda _asked, _told: rig.clock.advance(rig.slice_seconds + 1))
    await rig.request("scheduled")
    await rig.settle()
    assert rig.cursors.kept[KEY]["conversation"].exact is True
    (first, *others) = [asked for asked in paging.asked if len(asked["query"]["value"]) == 1]
    assert len(others) > 3
    assert [asked["query"] for asked in others] == [first["query"]] * len(others)
    assert rig.missing() == []


async def test_where_nothing_more_is_wanted_nothing_has_to_follow() -> None:
    """A search that is past what changed ends there, whatever its page says of the next one."""
    rig = Rig(small())
    await rig.first_sync()
    for found in list(rig.workspace.conversations)[: 2 * PAGE]:
        rig.mutate("reply", conversation_id=found.id, body="<p>x</p>")
    await rig.request("scheduled")
    await rig.settle()
    rig.clock.advance(3_600)
    cursor = replace(rig.cursors.kept[KEY]["conversation"], exact=False, sorted=True)
    await rig.cursors.save(KEY, cursor.advanced(int(rig.clock.now().timestamp())))
    paging = page(rig, nameless)
    await rig.request("scheduled")
    await rig.settle()
    assert len(paging.asked) == 1
    assert rig.completed[-1].gaps == ()


@pytest.mark.parametrize("length", [2, 3, 7, 100])
@pytest.mark.parametrize("before", [0, 1, 20])
def test_a_circle_of_any_length_is_found_and_remembers_one_cursor(before: int, length: int) -> None:
    """Within a few rounds, wherever the circle begins."""
    position: dict[str, Any] = {}
    pages = Pages(position)
    for turned in range(10 * (before + length)):
        number = turned if turned < before else before + (turned - before) % length
        answer = Answer({"pages": {"next": {"starting_after": f"cursor {number}"}}}, 0)
        try:
            pages.turn(answer)
        except SourceUnavailableError:
            break
        assert str(position).count("cursor") <= 2
    assert turned < 4 * (before + length)
    assert position == {"restarts": 1}


def test_a_walk_that_goes_on_and_on_is_no_circle() -> None:
    pages = Pages({})
    for number in range(5_000):
        pages.turn(Answer({"pages": {"next": {"starting_after": f"cursor {number}"}}}, 0))
    pages.turn(Answer({"pages": {}}, 0))
    assert pages.ended
