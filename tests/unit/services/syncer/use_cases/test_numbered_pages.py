"""Lists that are paged by number: what ends one, and what only looks like an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from services.syncer.errors import WalkRefusedError
from services.syncer.ports import Answer
from services.syncer.resources.paging import NumberedPages
from shared.errors import TransientError
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import small
from tests.unit.services.syncer.use_cases.test_refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = 2
DELETED = "/conversations/deleted"


class Numbered(httpx.ASGITransport):
    """A workspace whose lists of one address come in small pages, with what follows changed."""

    def __init__(self, rig: Rig, path: str, changed: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(rig.simulator.app)
        self._path = path
        self._changed = changed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != self._path:
            return await super().handle_async_request(request)
        url = request.url.copy_merge_params({"per_page": PAGE})
        answer = await super().handle_async_request(
            httpx.Request(request.method, url, headers=request.headers)
        )
        told = orjson.loads(await answer.aread())
        self._changed(told["pages"])
        return httpx.Response(answer.status_code, json=told)


def listed(rig: Rig, path: str, changed: Callable[[dict[str, Any]], None]) -> None:
    rig.intercom._transport = ReadOnlyTransport(Numbered(rig, path, changed))


def unchanged(_pages: dict[str, Any]) -> None:
    return


def unreadable(pages: dict[str, Any]) -> None:
    """Say that there is a next page, and not which."""
    if pages["next"]:
        pages["next"] = "https://api.intercom.io/elsewhere"


def standing_still(pages: dict[str, Any]) -> None:
    """Name the page itself as the one that follows, as where the number is not heeded."""
    if pages["next"]:
        pages["next"] = {"page": pages["page"]}


async def deleted(rig: Rig, amount: int = 5) -> None:
    """Read everything, then delete conversations of which nothing but the list of deleted ones tells."""
    await rig.first_sync()
    for found in list(rig.workspace.conversations)[:amount]:
        rig.mutate("delete_conversation", conversation_id=found.id)
    rig.clock.advance(1_000)


async def somebody_of_many_companies() -> tuple[Rig, Any]:
    """Return a workspace that was read, and somebody who came to be of all its 14 companies since."""
    rig = Rig(small().model_copy(update={"companies": 14}))
    await rig.first_sync()
    person = next(iter(rig.workspace.contacts))
    for company in rig.workspace.companies:
        rig.mutate("attach_company", contact_id=person.id, company_id=company.id)
    rig.clock.advance(60)
    return rig, person


@pytest.mark.parametrize("leading", [unreadable, standing_still])
async def test_deletions_behind_a_page_that_leads_nowhere_are_not_forgotten(
    leading: Callable[[dict[str, Any]], None],
) -> None:
    """The list does not count as read: it is a gap, and the next run asks from the same time."""
    rig = Rig(small())
    await deleted(rig)
    heard = rig.cursors.kept[KEY]["conversation"].deleted_from
    listed(rig, DELETED, leading)
    await rig.request("manual")
    await rig.settle()
    assert len(rig.missing()) == 5 - PAGE
    gaps = [(gap.resource, gap.id, gap.reason, gap.aspect) for gap in rig.completed[-1].gaps]
    assert gaps == [("conversation", None, "still_lagging", "deletions")]
    assert rig.cursors.kept[KEY]["conversation"].deleted_from == heard
    listed(rig, DELETED, unchanged)
    await rig.request("manual")
    await rig.settle()
    assert (rig.missing(), rig.completed[-1].gaps) == ([], ())


class ById(httpx.ASGITransport):
    """A workspace whose deleted conversations are listed by their ids, newest first, in small pages."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != DELETED:
            return await super().handle_async_request(request)
        number = int(request.url.params["page"])
        whole = request.url.copy_merge_params({"page": 1})
        answer = await super().handle_async_request(httpx.Request("GET", whole, headers=request.headers))
        told = orjson.loads(await answer.aread())
        told["conversations"].sort(key=lambda row: int(row["id"]), reverse=True)
        left = told["conversations"][number * PAGE :]
        told["conversations"] = told["conversations"][(number - 1) * PAGE : number * PAGE]
        told["pages"]["next"] = f"https://api.intercom.io{DELETED}?page={number + 1}" if left else None
        return httpx.Response(answer.status_code, json=told)


async def test_a_deletion_behind_older_ones_is_heard_of() -> None:
    """The list ends early only where its times fall: by their ids an older conversation comes last."""
    rig = Rig(small())
    await rig.first_sync()
    oldest, *others = sorted(rig.workspace.conversations, key=lambda found: int(found.id))
    for found in others[:5]:
        rig.mutate("delete_conversation", conversation_id=found.id)
        rig.clock.advance(1_000)
    await rig.request("manual")
    await rig.settle()
    rig.clock.advance(7_200)
    rig.mutate("delete_conversation", conversation_id=oldest.id)
    rig.intercom._transport = ReadOnlyTransport(ById(rig.simulator.app))
    rig.clock.advance(60)
    await rig.request("manual")
    await rig.settle()
    assert rig.missing() == []


async def test_deletions_that_could_not_be_published_are_read_again() -> None:
    """A page goes by when what it says is on the bus, and not before."""
    rig = Rig(small())
    await deleted(rig)
    failures = [TransientError("The bus is away.")]

    def away(_pages: dict[str, Any]) -> None:
        if failures:
            rig.publisher.fail_next(failures.pop())

    listed(rig, DELETED, away)
    await rig.request("manual")
    await rig.settle()
    assert (failures, rig.missing(), rig.completed[-1].gaps) == ([], [], ())


@pytest.mark.parametrize("leading", [unreadable, standing_still])
async def test_companies_of_a_person_behind_a_useless_page_are_missed_by_name(
    leading: Callable[[dict[str, Any]], None],
) -> None:
    """Part of the list is never published as all of it; the person is a gap until the list can be read."""
    rig, person = await somebody_of_many_companies()
    listed(rig, f"/contacts/{person.id}/companies", leading)
    await rig.request("manual")
    await rig.settle()
    assert [(gap.resource, gap.id) for gap in rig.completed[-1].gaps] == [("contact", person.id)]
    event: Any = rig.mirror()[f"org-1/{rig.workspace.id_code}/contact/{person.id}"]
    assert len(event.company_ids) < 14
    listed(rig, f"/contacts/{person.id}/companies", unchanged)
    rig.clock.advance(60)
    await rig.request("manual")
    await rig.settle()
    event = rig.mirror()[f"org-1/{rig.workspace.id_code}/contact/{person.id}"]
    assert (len(event.company_ids), rig.completed[-1].gaps) == (14, ())


async def test_an_answer_without_a_list_is_no_empty_list() -> None:
    """A person does not lose all their companies because an answer came without any word of them."""
    rig, person = await somebody_of_many_companies()
    path = f"/contacts/{person.id}/companies"
    refuse(rig, lambda asked: httpx.Response(200, json={"type": "list"}) if asked.url.path == path else None)
    before: Any = rig.mirror()[f"org-1/{rig.workspace.id_code}/contact/{person.id}"]
    await rig.request("manual")
    await rig.settle()
    after: Any = rig.mirror()[f"org-1/{rig.workspace.id_code}/contact/{person.id}"]
    assert after.company_ids == before.company_ids
    assert [(gap.resource, gap.id) for gap in rig.completed[-1].gaps] == [("contact", person.id)]


def test_a_list_that_never_ends_is_given_up() -> None:
    """Not before the source itself has said that it ends at the ten thousandth row, read one by one."""
    pages = NumberedPages({}, largest=60)
    pages._page = 10_000
    pages.turn(Answer({"pages": {"next": {"page": 10_001}}}, 0))
    pages._page = 10_001
    with pytest.raises(WalkRefusedError):
        pages.turn(Answer({"pages": {"next": {"page": 10_002}}}, 0))


async def test_empty_pages_end_no_list_and_are_not_followed_for_ever() -> None:
    """Nothing comes of it, so the person is a gap, after as few calls as for any other useless page."""
    rig, person = await somebody_of_many_companies()
    path, asked = f"/contacts/{person.id}/companies", 0

    def empty(request: httpx.Request) -> httpx.Response | None:
        nonlocal asked
        if request.url.path != path:
            return None
        asked += 1
        following = {"page": int(request.url.params["page"]) + 1}
        return httpx.Response(200, json={"data": [], "pages": {"next": following}})

    refuse(rig, empty)
    await rig.request("manual")
    await rig.settle()
    assert [(gap.resource, gap.id) for gap in rig.completed[-1].gaps] == [("contact", person.id)]
    assert asked < 20


def companies_of_a_person(rig: Rig, person: str, row: Callable[[int], str], amount: int) -> list[int]:
    """Let a person have so many rows of companies; return the list of the pages that were asked for."""
    asked: list[int] = []

    def page(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != f"/contacts/{person}/companies":
            return None
        number, size = int(request.url.params["page"]), int(request.url.params["per_page"])
        asked.append(number)
        following = {"page": number + 1} if number * size < amount else None
        data = [{"id": row(at)} for at in range((number - 1) * size, min(number * size, amount))]
        return httpx.Response(200, json={"data": data, "pages": {"next": following}})

    refuse(rig, page)
    return asked


async def person_of_many_companies(rig: Rig) -> str:
    """Return somebody whose row shows a part of their companies, and who changed since the first sync."""
    await rig.first_sync()
    person = next(iter(rig.workspace.contacts)).id
    for company in rig.workspace.companies:
        rig.mutate("attach_company", contact_id=person, company_id=company.id)
    rig.clock.advance(60)
    return person


@pytest.mark.parametrize(("amount", "whole"), [(2_000, True), (2_001, False), (600_000, False)])
async def test_more_companies_than_a_record_holds_are_a_gap(amount: int, whole: bool) -> None:
    """They are never published cut, as if there were no others."""
    rig = Rig(small().model_copy(update={"companies": 14}))
    person = await person_of_many_companies(rig)
    companies_of_a_person(rig, person, lambda at: f"c{at}", amount)
    await rig.request("manual")
    await rig.settle()
    event: Any = rig.mirror()[f"org-1/{rig.workspace.id_code}/contact/{person}"]
    gaps = [(gap.resource, gap.id) for gap in rig.completed[-1].gaps]
    assert gaps == ([] if whole else [("contact", person)])
    assert (len(event.company_ids) == amount) is whole
    assert len(event.company_ids) < 14 or whole


async def test_a_list_that_goes_in_a_circle_is_left_at_once() -> None:
    """A page that tells of nothing new is no part of a list, however many are said to follow."""
    rig = Rig(small().model_copy(update={"companies": 14}))
    person = await person_of_many_companies(rig)
    asked = companies_of_a_person(rig, person, lambda at: f"c{at % 20}", 600_000)
    await rig.request("manual")
    await rig.settle()
    assert [(gap.resource, gap.id) for gap in rig.completed[-1].gaps] == [("contact", person)]
    assert len(asked) < 20
