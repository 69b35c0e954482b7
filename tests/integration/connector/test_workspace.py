"""The connector against a simulated workspace: ways in, refusals, and what the doctor says of each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.simulator.tokens import DEMO_TOKEN, SECOND_TOKEN
from services.connector.pages.routes import INTERCOM
from tests.integration.connector.stage import Browser, Workspace, settings, workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FIRST, SECOND = "gen12345", "second42"


@pytest.fixture
async def place() -> AsyncIterator[Workspace]:
    """A simulated Intercom with two workspaces, one of them in Europe, that sends no notifications."""
    async with workspace() as made:
        await made.control("switches", webhooks=False)
        yield made


@pytest.fixture
def browser(place: Workspace, mongodb_uri: str) -> Browser:
    """An administrator; the bus does not run, so what is told waits with the connection."""
    return Browser(place, settings(place, mongodb_uri))


async def test_oauth_there_and_back(browser: Browser) -> None:
    """The code's equals sign survives, the state is good once, and the page names the workspace."""
    back = await browser.authorize(FIRST)
    assert parse_qs(urlsplit(back).query)["code"][0].endswith("=")
    assert (await browser.http.get(back)).headers["location"] == f"{INTERCOM}?said=connected"
    (connection,) = await browser.connections()
    assert (connection["workspace_id"], connection["method"], connection["region"]) == (FIRST, "oauth", "us")
    again = await browser.http.get(back)
    assert again.status_code == 400
    assert "used before" in again.text
    page = await browser.page()
    assert "Everything may be read." in page
    assert connection["workspace_name"] in page


async def test_saying_no_at_intercom(browser: Browser) -> None:
    """The page says that nothing was connected."""
    back = await browser.authorize(FIRST, decision="cancel")
    answer = await browser.http.get(back)
    assert answer.status_code == 400
    assert "Nothing was connected" in answer.text
    assert await browser.connections() == []


async def test_a_code_without_its_equals_sign_is_told(browser: Browser) -> None:
    """Intercom refuses it, and the words say what to do."""
    back = await browser.authorize(FIRST)
    answer = await browser.http.get(back.replace("%3D", ""))
    assert answer.status_code == 422
    assert "Connect again" in answer.text


async def test_a_wrong_client_secret_is_the_operator_s(place: Workspace, mongodb_uri: str) -> None:
    """It does not look like an old code."""
    wrong = Browser(place, settings(place, mongodb_uri, intercom_client_secret="wrong"))
    answer = await wrong.http.get(await wrong.authorize(FIRST))
    assert "EARSHOT_INTERCOM_CLIENT_SECRET" in answer.text


@pytest.mark.parametrize("mode", ["empty", "unauthorized"])
async def test_a_workspace_of_another_region_is_found(browser: Browser, place: Workspace, mode: str) -> None:
    """Whether the wrong host says nothing or refuses; the regional host is used from then on."""
    await place.control("switches", wrong_region=mode, us_host_routes=False)
    connection = await browser.connect(SECOND_TOKEN, region="us")
    assert (connection["region"], connection["base_url"]) == ("eu", f"{place.url}/eu")
    assert set((await browser.verdicts(connection["id"])).values()) == {"fine"}


async def test_a_workspace_of_a_region_without_host(place: Workspace, mongodb_uri: str) -> None:
    """It is read through the host there is, and said to be where it is."""
    alone = Browser(place, settings(place, mongodb_uri, intercom_hosts={"us": place.url}))
    connection = await alone.connect(SECOND_TOKEN)
    assert (connection["region"], connection["base_url"]) == ("eu", place.url)
    assert set((await alone.verdicts(connection["id"])).values()) == {"fine"}


async def test_a_token_that_is_none(browser: Browser, place: Workspace) -> None:
    """A wrong one, and one that was revoked before."""
    await place.control("tokens", value=DEMO_TOKEN, state="revoked")
    for token in ("dG9rOndyb25nOjE6MA==", DEMO_TOKEN):
        answer = await browser.post("token", access_token=token, region="us")
        assert answer.status_code == 422
        assert "does not accept this token" in answer.text
        assert token not in answer.text


async def test_a_host_that_is_not_allowed_gets_nothing(browser: Browser, place: Workspace) -> None:
    """Not even a connection: the simulator counts no call."""
    answer = await browser.post(
        "token", access_token=DEMO_TOKEN, base_url=place.url.replace("127.0.0.1", "localhost")
    )
    assert answer.status_code == 422
    assert "not one of the allowed Intercom hosts" in answer.text
    assert (await place.calls())["calls"] == {}


async def test_a_host_that_answers_html(place: Workspace, mongodb_uri: str) -> None:
    """An allowed one that is no API is told as that; a gateway's page for a moment, as passing."""
    page = Browser(place, settings(place, mongodb_uri, intercom_hosts={"us": f"{place.url}/oauth"}))
    answer = await page.post("token", access_token=DEMO_TOKEN, region="us")
    assert answer.status_code == 422
    assert "not Intercom" in answer.text
    await place.control("switches", html_502_every=1)
    passing = Browser(place, settings(place, mongodb_uri))
    answer = await passing.post("token", access_token=DEMO_TOKEN, region="us")
    assert answer.status_code == 503
    assert "cannot answer now (status 502)" in answer.text


@pytest.mark.parametrize("code", ["token_unauthorized", "forbidden", "action_forbidden"])
async def test_each_missing_permission_is_named(browser: Browser, place: Workspace, code: str) -> None:
    """However Intercom words it, by the name that it has in the Developer Hub."""
    connection = await browser.connect(DEMO_TOKEN)
    await place.control("switches", missing_permission=code)
    parts = {
        "read_admins": {"admins"},
        "read_tags": {"tags"},
        "read_users_and_companies": {"teams", "contacts", "companies"},
        "read_one_user_and_company": {"contact"},
        "read_conversations": {"conversations"},
        "read_single_admin": {"token"},
    }
    for permission, expected in parts.items():
        await place.control("tokens", value=DEMO_TOKEN, missing=[permission])
        found = await browser.verdicts(connection["id"])
        assert {part for part, verdict in found.items() if verdict == "missing_permission"} == expected
        assert not set(found.values()) & {"revoked_token", "empty_workspace", "plan_restricted"}
    page = await browser.page()
    assert "Read one admin" in page


async def test_a_plan_that_lacks_something(browser: Browser, place: Workspace) -> None:
    """One line, and no other fault."""
    connection = await browser.connect(DEMO_TOKEN)
    await place.control("switches", plan_restricted=["read_conversations"])
    found = await browser.verdicts(connection["id"])
    assert {part for part, verdict in found.items() if verdict == "plan_restricted"} == {"conversations"}


@pytest.mark.parametrize("code", ["unauthorized", "token_revoked", "token_suspended", "token_not_found"])
async def test_a_revoked_token_stops_the_connection(browser: Browser, place: Workspace, code: str) -> None:
    """The doctor finds it under any code, and a fresh token brings the same connection back."""
    connection = await browser.connect(DEMO_TOKEN)
    await place.control("switches", revoked_code=code)
    await place.control("tokens", value=DEMO_TOKEN, state="revoked")
    assert (await browser.verdicts(connection["id"]))["token"] == "revoked_token"
    (stopped,) = await browser.connections()
    assert (stopped["state"], stopped["attention"]) == ("needs_attention", "token_revoked")
    fresh = (await place.control("tokens", workspace=FIRST))["value"]
    again = await browser.connect(fresh)
    assert (again["id"], again["state"]) == (connection["id"], "connected")


async def test_a_wrong_region_is_found_afterwards(
    browser: Browser, place: Workspace, mongodb_uri: str
) -> None:
    """A host for the workspace's region was added after it was connected: not empty, not revoked."""
    chosen = settings(place, mongodb_uri, intercom_hosts={"us": place.url})
    before = Browser(place, chosen)
    connection = await before.connect(SECOND_TOKEN)
    wider = chosen.model_copy(update={"intercom_hosts": {"us": place.url, "eu": f"{place.url}/eu"}})
    after = Browser(place, wider, before.organization_id)
    await place.control("switches", us_host_routes=False, wrong_region="empty")
    found = await after.verdicts(connection["id"])
    assert found["region"] == "wrong_region"
    assert found["content"] == "not_asked"
    await place.control("switches", wrong_region="unauthorized")
    found = await after.verdicts(connection["id"])
    assert (found["token"], found["region"]) == ("fine", "wrong_region")
    assert (await after.connect(SECOND_TOKEN))["base_url"] == f"{place.url}/eu"


async def test_an_empty_workspace_is_called_empty(browser: Browser, place: Workspace) -> None:
    """By its own name, and nobody is accused."""
    connection = await browser.connect(DEMO_TOKEN)
    tenant = place.simulator.simulation.tenants[FIRST]
    await _empty(place, tenant)
    found = await browser.verdicts(connection["id"])
    assert found["content"] == "empty_workspace"


async def _empty(place: Workspace, tenant: Any) -> None:
    """Delete everything that can be deleted."""
    found = tenant.workspace
    changes: list[dict[str, Any]] = [
        {"name": "delete_conversation", "arguments": {"conversation_id": each}}
        for each in list(found.conversations.ids())
    ]
    changes += [
        {"name": "delete_contact", "arguments": {"contact_id": each}} for each in list(found.contacts.ids())
    ]
    changes += [
        {"name": "delete_company", "arguments": {"company_id": each.id}} for each in list(found.companies)
    ]
    await place.control("switches", deleted_companies_listed=False)
    await place.control("mutate", mutations=changes)


async def test_another_workspace_is_asked_about(browser: Browser, place: Workspace) -> None:
    """Keeping the first ends the second's installation at Intercom."""
    await browser.http.get(await browser.authorize(FIRST))
    question = await browser.http.get(await browser.authorize(SECOND))
    assert question.status_code == 409
    assert "Which of them shall it be?" in question.text
    offer = question.text.partition('name="offer" value="')[2].partition('"')[0]
    assert (await browser.post("keep", offer=offer)).headers["location"].endswith("said=kept")
    tokens = (await place.http.get("/_control/tokens")).json()["tokens"]
    made = {token["workspace"]: token["state"] for token in tokens if token["app"] == "oauth-demo-client"}
    assert made == {FIRST: "active", SECOND: "revoked"}
    assert [each["workspace_id"] for each in await browser.connections()] == [FIRST]
