"""The vendor's own client reads the simulator as it would read Intercom (its traps: FACTS §10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from intercom import (
    AsyncIntercom,
    MultipleFilterSearchRequest,
    SingleFilterSearchRequest,
    StartingAfterPaging,
)
from intercom.core.api_error import ApiError
from intercom.errors import NotFoundError, UnauthorizedError

from deploy.simulator.model import Mutation
from deploy.simulator.tokens import DEMO_TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deploy.simulator.app import Simulator


@pytest.fixture
async def sdk(simulator: Simulator) -> AsyncIterator[AsyncIntercom]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator.app)) as client:
        yield AsyncIntercom(
            token=DEMO_TOKEN,
            base_url="http://simulator",
            headers={"Intercom-Version": "2.16"},
            httpx_client=client,
        )


def ids(things: Any) -> set[str]:
    return {each.id for each in things}


async def test_it_knows_who_it_is(sdk: AsyncIntercom) -> None:
    """The workspace and its region come with the admin."""
    me = await sdk.admins.identify()
    assert me is not None
    assert me.app is not None
    assert (me.app.id_code, me.app.region) == ("gen12345", "US")


async def test_whole_lists_come_at_once(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """Admins, teams, tags, segments and attributes."""
    workspace = simulator.simulation.first.workspace
    assert ids((await sdk.admins.list()).admins) == set(workspace.admins)
    assert ids((await sdk.teams.list()).teams) == set(workspace.teams)
    assert ids((await sdk.tags.list()).data) == set(workspace.tags)
    assert ids((await sdk.segments.list()).segments) == set(workspace.segments)
    assert [each.name for each in (await sdk.data_attributes.list()).data or []] == ["seat", "seats_bought"]


async def test_listing_contacts_pages_to_the_end(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """Every contact once, by cursor."""
    found = [each.id async for each in await sdk.contacts.list(per_page=50)]
    assert sorted(found) == sorted(simulator.simulation.first.workspace.contacts.ids())


async def test_listing_conversations_pages_to_the_end(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """Every conversation once, newest change first."""
    found = [each async for each in await sdk.conversations.list(per_page=100)]
    assert sorted(each.id for each in found) == sorted(
        simulator.simulation.first.workspace.conversations.ids()
    )
    times = [each.updated_at for each in found]
    assert times == sorted(times, reverse=True)


async def test_companies_are_scrolled_and_listed(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """The client asks one page past the end and gets an empty one."""
    wanted = sorted(simulator.simulation.first.workspace.companies.ids())
    assert sorted([each.id async for each in await sdk.companies.scroll()]) == wanted
    assert sorted([each.id async for each in await sdk.companies.list(per_page=10)]) == wanted


async def test_searching_by_hand_follows_the_cursor(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """The client's own pager repeats the first page for ever, so the cursor is passed by hand."""
    query = MultipleFilterSearchRequest(
        operator="AND",
        value=[
            SingleFilterSearchRequest(field="updated_at", operator=">", value="1"),
            SingleFilterSearchRequest(field="state", operator="=", value="closed"),
        ],
    )
    seen: list[str] = []
    paging = StartingAfterPaging(per_page=100)
    while True:
        page = (await sdk.conversations.search(query=query, pagination=paging)).response
        assert page is not None
        seen += [each.id for each in page.conversations]
        following = page.pages.next if page.pages else None
        if following is None:
            break
        paging = StartingAfterPaging(per_page=100, starting_after=following.starting_after)
    everything = simulator.simulation.first.workspace.conversations
    assert sorted(seen) == sorted(each.id for each in everything if each.state == "closed")
    assert page.total_count == len(seen)


async def test_a_conversation_comes_with_its_parts(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """Parts, source and teammates, the latter under `admins` as the client expects."""
    workspace = simulator.simulation.first.workspace
    conversation_id = next(workspace.conversations.ids())
    found = await sdk.conversations.find(conversation_id=conversation_id, display_as="plaintext")
    assert found.conversation_parts is not None
    parts = found.conversation_parts.conversation_parts
    assert [each.id for each in parts] == [each.id for each in workspace.parts(conversation_id)]
    assert found.source is not None
    assert "<p>" not in (found.source.body or "")
    assert found.teammates is not None
    assert found.teammates.admins


async def test_a_contact_has_companies_and_tags(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """The companies lie under `data`, where this client does not look."""
    workspace = simulator.simulation.first.workspace
    contact_id = next(workspace.contacts.ids())
    simulator.simulation.mutate(
        None, Mutation("tag_contact", {"contact_id": contact_id, "tag_id": "9300001"})
    )
    assert (await sdk.contacts.find(contact_id=contact_id)).id == contact_id
    tags = await sdk.contacts.list_attached_tags(contact_id=contact_id)
    assert [each.name for each in tags.data] == ["vip"]
    pager = await sdk.contacts.list_attached_companies(contact_id=contact_id)
    assert pager.response is not None
    extra = pager.response.model_dump()
    assert [each["id"] for each in extra["data"]] == list(workspace.contacts[contact_id].company_ids)


async def test_errors_arrive_as_the_clients_own(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """401, 404 and 410 with the headers that go with them."""
    with pytest.raises(NotFoundError):
        await sdk.conversations.find(conversation_id="1")
    lead, user = list(simulator.simulation.first.workspace.contacts.ids())[:2]
    simulator.simulation.mutate(None, Mutation("merge_contacts", {"contact_id": lead, "into_id": user}))
    with pytest.raises(ApiError) as merged:
        await sdk.contacts.find(contact_id=lead)
    assert merged.value.status_code == 410
    assert (merged.value.headers or {})["link"] == f'</contacts/{user}>; rel="canonical"'
    simulator.simulation.tokens.change(DEMO_TOKEN, state="revoked")
    with pytest.raises(UnauthorizedError):
        await sdk.tags.list()


async def test_what_writes_is_refused_and_noted(simulator: Simulator, sdk: AsyncIntercom) -> None:
    """The client can write; the simulator lets it not, and remembers."""
    with pytest.raises(ApiError) as refused:
        await sdk.tags.create(request={"name": "mine"})
    assert refused.value.status_code == 403
    assert simulator.simulation.statistics.violations[0]["path"] == "/tags"
