"""A hint reads while a list of a full run is on its way: the list is the older one, whatever it says."""

from __future__ import annotations

from dataclasses import replace
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from shared.contracts.resources import CompanyChanged, ContactChanged, ResourceDeleted
from shared.contracts.sync import ResourceHint
from tests.unit.services.syncer.rig import Rig
from tests.unit.services.syncer.use_cases.test_reading import small

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shared.contracts.sync import ResourceType


class Slow(httpx.ASGITransport):
    """A way to the workspace on which the next answer to `path` takes long: `meanwhile` happens first."""

    def __init__(self, rig: Rig, path: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(rig.simulator.app)
        self._clock = rig.clock
        self._path: str | None = path
        self._meanwhile = meanwhile

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        answer.headers["Date"] = format_datetime(self._clock.now(), usegmt=True)
        if request.url.path == self._path:
            self._path = None
            await self._meanwhile()
        return answer


def slow(rig: Rig, path: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
    rig.intercom._transport = ReadOnlyTransport(Slow(rig, path, meanwhile))


async def hinted(rig: Rig, resource: ResourceType, id_: str) -> None:
    rig.clock.advance(2)
    await rig.request("hint", [ResourceHint(resource=resource, id=id_)])
    assert await rig.slice("hints") == "completed"


async def test_a_teammate_who_joins_meanwhile_stays() -> None:
    """The list without them is older than they are, and proves nothing to be gone."""
    rig = Rig(small())
    await rig.first_sync()

    async def somebody_joins() -> None:
        rig.mutate("add_admin", name="Ann", email="ann@workspace.test")
        await hinted(rig, "admin", list(rig.workspace.admins)[-1])

    slow(rig, "/admins", somebody_joins)
    await rig.request("scheduled")
    await rig.settle()
    assert not any(isinstance(event, ResourceDeleted) for event in rig.publisher.published)
    assert rig.missing() == []


async def test_a_persons_row_that_is_older_than_what_is_held_changes_nothing() -> None:
    """Also where a tag moves no time by which the two could be told apart."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = next(iter(rig.workspace.contacts))
    tag = next(id_ for id_ in rig.workspace.tags if id_ not in one.tag_ids)

    async def they_are_tagged() -> None:
        rig.workspace.put_contact(replace(one, tag_ids=(*one.tag_ids, tag)))
        await hinted(rig, "contact", one.id)

    slow(rig, "/contacts", they_are_tagged)
    await rig.request("reconcile")
    await rig.settle()
    told = [event for event in rig.publisher.published if isinstance(event, ContactChanged)]
    assert tag in next(event for event in reversed(told) if event.id == one.id).tag_ids


async def test_a_companys_row_that_is_older_than_what_is_held_changes_nothing() -> None:
    """It is counted all the same: it was met."""
    rig = Rig(small(), audit_calls_per_minute=0)
    completed = await rig.first_sync()
    one = next(iter(rig.workspace.companies))

    async def it_is_renamed() -> None:
        rig.workspace.put_company(replace(one, name="Newest"))
        await hinted(rig, "company", one.id)

    slow(rig, "/companies/scroll", it_is_renamed)
    await rig.request("manual")  # A reconcile would ask for each by its id as well.
    await rig.settle()
    told = [event for event in rig.publisher.published if isinstance(event, CompanyChanged)]
    assert next(event for event in reversed(told) if event.id == one.id).name == "Newest"
    assert rig.completed[-1].held == completed.held
