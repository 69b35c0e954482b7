"""Each switch of FACTS §11 as a client sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.simulator.model import Mutation
from deploy.simulator.tokens import DEMO_TOKEN, PERMISSIONS, SECOND_TOKEN

if TYPE_CHECKING:
    from deploy.simulator.app import Simulator

ALL = {"query": {"field": "updated_at", "operator": ">", "value": 1}}


def throw(simulator: Simulator, **switches: Any) -> None:
    simulator.simulation.set_switches(simulator.simulation.switches.changed(**switches))


def change(simulator: Simulator, name: str, **arguments: Any) -> str:
    return simulator.simulation.mutate(None, Mutation(name, arguments))[0].id


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def first_contact(simulator: Simulator) -> str:
    return next(simulator.simulation.first.workspace.contacts.ids())


def first_conversation(simulator: Simulator) -> str:
    return next(simulator.simulation.first.workspace.conversations.ids())


async def every_page(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], key: str
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    pagination: dict[str, Any] = {"per_page": 50}
    while True:
        answer = (await client.post(path, json=body | {"pagination": pagination})).json()
        rows += answer[key]
        following = answer["pages"].get("next")
        if following is None:
            return rows
        pagination = {"per_page": 50, "starting_after": following["starting_after"]}


async def test_contact_dates(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """1: a change of now is not found by > now - 60 unless dates are exact."""
    contact_id = first_contact(simulator)
    change(simulator, "update_contact", contact_id=contact_id, changes={"name": "Now"})
    at = simulator.simulation.first.workspace.contacts[contact_id].updated_at
    query = {"query": {"field": "updated_at", "operator": ">", "value": at - 1}}
    assert (await client.post("/contacts/search", json=query)).json()["total_count"] == 0
    throw(simulator, contact_dates="exact")
    assert (await client.post("/contacts/search", json=query)).json()["total_count"] == 1


async def test_conversation_dates(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """2: the probe of two seconds around a change hits when exact and misses when cut to the day."""
    conversation_id = first_conversation(simulator)
    change(simulator, "reply", conversation_id=conversation_id, body="now")
    at = simulator.simulation.first.workspace.conversations[conversation_id].updated_at
    window = [
        {"field": "updated_at", "operator": ">", "value": at - 2},
        {"field": "updated_at", "operator": "<", "value": at + 2},
    ]
    query = {"query": {"operator": "AND", "value": window}}
    assert (await client.post("/conversations/search", json=query)).json()["total_count"] == 1
    throw(simulator, conversation_dates="utc_day")
    assert (await client.post("/conversations/search", json=query)).json()["total_count"] == 0


async def test_conversation_sort(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """3: sorted as asked, or by creation whatever was asked; complete either way."""
    conversation_id = first_conversation(simulator)
    change(simulator, "reply", conversation_id=conversation_id, body="now")
    body = ALL | {"sort": {"field": "updated_at", "order": "ascending"}}
    rows = await every_page(client, "/conversations/search", body, "conversations")
    assert rows[-1]["id"] == conversation_id
    throw(simulator, conversation_sort="ignored")
    rows = await every_page(client, "/conversations/search", body, "conversations")
    created = [row["created_at"] for row in rows]
    assert created == sorted(created, reverse=True)
    assert len({row["id"] for row in rows}) == 330


async def test_index_lag(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """4: the thing itself is new at once, the search is not."""
    throw(simulator, conversation_lag_seconds=3_600, contact_lag_seconds=3_600)
    contact_id = first_contact(simulator)
    conversation_id = change(simulator, "create_conversation", contact_id=contact_id, body="new")
    assert (await client.get(f"/conversations/{conversation_id}")).status_code == 200
    body = {"query": {"field": "id", "operator": "=", "value": conversation_id}}
    assert (await client.post("/conversations/search", json=body)).json()["total_count"] == 0


async def test_rate_limit(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """5: headers on every good answer, 429 with the same headers when the window is used up."""
    throw(simulator, app_limit=3)
    answers = [await client.get("/tags") for _ in range(8)]
    limited = [each for each in answers if each.status_code == 429]
    # A window may end between two calls, and then three more are let through.
    assert len(limited) in (2, 5)
    assert code(limited[0]) == (429, "rate_limit_exceeded")
    assert all(each.headers["x-ratelimit-limit"] == "3" for each in answers)
    assert limited[0].headers["x-ratelimit-remaining"] == "0"
    assert int(limited[0].headers["x-ratelimit-reset"]) % 10 == 0
    assert simulator.simulation.statistics.as_json()["too_many"] == len(limited)


async def test_too_many_requests(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """5: a resource under load may refuse while there is budget left."""
    throw(simulator, too_many_requests_every=1)
    answer = await client.get("/tags")
    assert code(answer) == (429, "too_many_requests")
    assert int(answer.headers["x-ratelimit-remaining"]) > 0


@pytest.mark.parametrize("wanted", ["unauthorized", "token_revoked", "token_suspended", "token_not_found"])
async def test_revoked_token(simulator: Simulator, client: httpx.AsyncClient, wanted: str) -> None:
    """6: which code a revoked token gets is not known; there are no rate-limit headers then."""
    throw(simulator, revoked_code=wanted)
    simulator.simulation.tokens.change(DEMO_TOKEN, state="revoked")
    answer = await client.get("/me")
    assert code(answer) == (401, wanted)
    assert "x-ratelimit-limit" not in answer.headers


async def test_bad_tokens(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """6: none, nonsense, suspended and expired."""
    assert code(await client.get("/me", headers={"Authorization": ""})) == (401, "unauthorized")
    assert code(await client.get("/me", headers={"Authorization": "Bearer x"})) == (401, "unauthorized")
    simulator.simulation.tokens.change(DEMO_TOKEN, state="suspended")
    assert code(await client.get("/me")) == (401, "token_suspended")
    simulator.simulation.tokens.change(DEMO_TOKEN, state="expired")
    assert code(await client.get("/me")) == (401, "token_expired")


FAMILIES = {
    "read_single_admin": ("GET", "/me"),
    "read_admins": ("GET", "/admins"),
    "read_tags": ("GET", "/tags"),
    "read_users_and_companies": ("POST", "/contacts/search"),
    "read_one_user_and_company": ("GET", "/contacts/x"),
    "read_conversations": ("POST", "/conversations/search"),
}


@pytest.mark.parametrize("family", PERMISSIONS)
async def test_missing_permissions(simulator: Simulator, client: httpx.AsyncClient, family: str) -> None:
    """6, 7: a missing permission closes its own family and no other, in three ways of saying so."""
    simulator.simulation.tokens.change(DEMO_TOKEN, missing=frozenset({family}))
    method, path = FAMILIES[family]
    for wanted, status in (("token_unauthorized", 401), ("forbidden", 403), ("action_forbidden", 403)):
        throw(simulator, missing_permission=wanted)
        assert code(await client.request(method, path, json=ALL)) == (status, wanted)
    others = [each for each in FAMILIES if each not in (family, "read_one_user_and_company")]
    for other in others:
        method, path = FAMILIES[other]
        assert (await client.request(method, path, json=ALL)).status_code == 200


async def test_plan_restriction(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """7: a family that the plan does not have."""
    throw(simulator, plan_restricted=("read_conversations",))
    assert code(await client.get("/conversations")) == (403, "api_plan_restricted")
    assert (await client.get("/tags")).status_code == 200


async def test_merged_contacts(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """8: 410 with a Link over several merges, or 404; never in a search; listed in the history."""
    one, two, three = list(simulator.simulation.first.workspace.contacts.ids())[:3]
    change(simulator, "merge_contacts", contact_id=one, into_id=two)
    change(simulator, "merge_contacts", contact_id=two, into_id=three)
    answer = await client.get(f"/contacts/{one}")
    assert code(answer) == (410, "contact_merged")
    assert answer.headers["link"] == f'</contacts/{three}>; rel="canonical"'
    body = {"query": {"field": "id", "operator": "IN", "value": [one, two, three]}}
    assert [row["id"] for row in (await client.post("/contacts/search", json=body)).json()["data"]] == [three]
    history = (await client.get(f"/contacts/{three}/merge_history")).json()
    assert [row["source_contact_id"] for row in history["data"]] == [two]
    throw(simulator, merged_contacts="not_found")
    assert (await client.get(f"/contacts/{one}")).status_code == 404


async def test_parts_limit(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """9: the newest parts only, while the counts tell of all."""
    conversation_id = first_conversation(simulator)
    for number in range(10):
        change(simulator, "reply", conversation_id=conversation_id, body=str(number))
    throw(simulator, parts_limit=4)
    found = (await client.get(f"/conversations/{conversation_id}")).json()
    shown = found["conversation_parts"]["conversation_parts"]
    assert [part["body"] for part in shown] == ["6", "7", "8", "9"]
    assert found["conversation_parts"]["total_count"] > 4
    assert found["statistics"]["count_conversation_parts"] == found["conversation_parts"]["total_count"]


async def test_scroll(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """10: one at a time, held by others, dead after a 500."""
    throw(simulator, scroll_page_size=10)
    first = (await client.get("/companies/scroll")).json()
    assert len(first["data"]) == 10
    assert code(await client.get("/companies/scroll")) == (400, "scroll_exists")
    throw(simulator, scroll_error_at_page=2)
    param = {"scroll_param": first["scroll_param"]}
    assert (await client.get("/companies/scroll", params=param)).status_code == 500
    assert (await client.get("/companies/scroll", params=param)).status_code == 404
    throw(simulator, foreign_scroll=True)
    assert code(await client.get("/companies/scroll")) == (400, "scroll_exists")


async def test_companies_list_cap(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """11: past the cap the scroll API is named."""
    throw(simulator, companies_list_cap=20)
    assert (await client.post("/companies/list?page=2&per_page=10")).status_code == 200
    answer = await client.post("/companies/list?page=3&per_page=10")
    assert answer.status_code == 400
    assert "scroll API" in answer.json()["errors"][0]["message"]


async def test_rows_move_between_pages(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """12: ascending by change, a row that moves is met again later; nothing is lost for good."""
    throw(simulator, rows_move=True)
    body = ALL | {"sort": {"field": "updated_at", "order": "ascending"}}
    rows = await every_page(client, "/conversations/search", body, "conversations")
    assert {row["id"] for row in rows} == set(simulator.simulation.first.workspace.conversations.ids())
    body = ALL | {"sort": {"field": "updated_at", "order": "descending"}}
    rows = await every_page(client, "/conversations/search", body, "conversations")
    assert len({row["id"] for row in rows}) < 330


async def test_broken_answers(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """13: HTML, an empty 200, and a bare 404 for a deleted company that lists go on showing."""
    company_id = next(simulator.simulation.first.workspace.companies.ids())
    change(simulator, "delete_company", company_id=company_id)
    throw(simulator, html_404=True)
    gone = await client.get(f"/companies/{company_id}")
    assert (gone.status_code, gone.headers["content-type"].partition(";")[0]) == (404, "text/html")
    listed = (await client.post("/companies/list?per_page=60")).json()["data"]
    assert company_id in {row["id"] for row in listed}
    throw(simulator, deleted_companies_listed=False)
    listed = (await client.post("/companies/list?per_page=60")).json()["data"]
    assert company_id not in {row["id"] for row in listed}
    throw(simulator, html_502_every=1)
    assert (await client.get("/tags")).text.startswith("<html>")
    throw(simulator, html_502_every=0, empty_200_every=1)
    empty = await client.get("/tags")
    assert (empty.status_code, empty.content) == (200, b"")


async def test_lost_connections(simulator: Simulator, served: str) -> None:
    """13: the connection ends in the middle of an answer, over a real socket."""
    throw(simulator, reset_every=1)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {DEMO_TOKEN}"}) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{served}/tags")


@pytest.mark.parametrize(("answer", "status"), [("504", 504), ("502", 502), ("slow", 200)])
async def test_big_pages(simulator: Simulator, client: httpx.AsyncClient, answer: str, status: int) -> None:
    """14: a page above the size fails or is slow, a smaller one is not."""
    throw(simulator, slow_above_page_size=20, slow_answer=answer, slow_seconds=0)
    assert (await client.get("/conversations?per_page=21")).status_code == status
    assert (await client.get("/conversations?per_page=20")).status_code == 200


async def test_workspaces_share_ids_and_regions_are_apart(
    simulator: Simulator, client: httpx.AsyncClient
) -> None:
    """16, 17: the same id is another conversation; the wrong regional host shows nothing."""
    second = {"Authorization": f"Bearer {SECOND_TOKEN}"}
    conversation_id = first_conversation(simulator)
    ours = (await client.get(f"/conversations/{conversation_id}")).json()
    theirs = (await client.get(f"/eu/conversations/{conversation_id}", headers=second)).json()
    assert ours["id"] == theirs["id"]
    assert ours["source"]["body"] != theirs["source"]["body"] or ours["created_at"] != theirs["created_at"]
    me = (await client.get("/au/me", headers=second)).json()
    assert me["app"]["region"] == "EU"
    assert (await client.get("/au/conversations", headers=second)).json()["total_count"] == 0
    assert (await client.get(f"/au/conversations/{conversation_id}", headers=second)).status_code == 404
    assert (await client.get("/us/conversations", headers=second)).json()["total_count"] == 40
    throw(simulator, us_host_routes=False)
    assert (await client.get("/us/conversations", headers=second)).json()["total_count"] == 0
    throw(simulator, wrong_region="unauthorized")
    assert code(await client.get("/au/me", headers=second)) == (401, "unauthorized")
    by_host = second | {"Host": "api.eu.intercom.io"}
    assert (await client.get("/conversations", headers=by_host)).json()["total_count"] == 40


async def test_versions(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """18: the served version is echoed; one that does not exist or is too old is refused."""
    assert (await client.get("/me")).headers["intercom-version"] == "2.16"
    old = {"Intercom-Version": "2.15"}
    assert code(await client.get("/conversations/deleted", headers=old)) == (400, "intercom_version_invalid")
    assert (await client.get("/tags", headers=old)).headers["intercom-version"] == "2.15"
    for nonsense in ("9.9", "latest", "2.99"):
        answer = await client.get("/tags", headers={"Intercom-Version": nonsense})
        assert code(answer) == (400, "intercom_version_invalid")
    throw(simulator, version_echo=False)
    assert "intercom-version" not in (await client.get("/me")).headers


async def test_paging_traps(client: httpx.AsyncClient) -> None:
    """A page too big, a sort left out on a further page, a loose sort order, a cursor in the address."""
    too_big = ALL | {"pagination": {"per_page": 151}}
    assert code(await client.post("/conversations/search", json=too_big)) == (400, "invalid_per_page")
    loose = ALL | {"sort": {"field": "updated_at", "order": "desc"}}
    assert code(await client.post("/contacts/search", json=loose)) == (400, "invalid_sort_order")
    by_name = ALL | {"sort": {"field": "name", "order": "ascending"}, "pagination": {"per_page": 5}}
    first = (await client.post("/contacts/search", json=by_name)).json()
    cursor = first["pages"]["next"]["starting_after"]
    dropped = ALL | {"pagination": {"per_page": 5, "starting_after": cursor}}
    assert code(await client.post("/contacts/search", json=dropped)) == (500, "server_error")
    again = (await client.post(f"/contacts/search?starting_after={cursor}", json=by_name)).json()
    assert again["data"] == first["data"]
    rows = await every_page(client, "/contacts/search", by_name, "data")
    names = [row["name"] for row in rows]
    assert names == sorted(names)
    assert len({row["id"] for row in rows}) == 160
    assert (await client.get("/contacts")).json()["pages"]["per_page"] == 10


async def test_a_bad_stretch_fails_whatever_the_page_size(
    simulator: Simulator, client: httpx.AsyncClient
) -> None:
    """14: pages that meet it fail until they hold one row; others come."""
    rows = await every_page(client, "/conversations/search", ALL, "conversations")
    bad = sorted(row["updated_at"] for row in rows)[-10]
    throw(simulator, bad_stretch_from=bad, bad_stretch_to=bad + 1)
    for size, status in ((150, 504), (10, 504), (5, 200)):
        body = ALL | {"pagination": {"per_page": size}}
        assert (await client.post("/conversations/search", json=body)).status_code == status
    one = {"query": {"field": "updated_at", "operator": "=", "value": bad}, "pagination": {"per_page": 1}}
    answer = (await client.post("/conversations/search", json=one)).json()
    assert answer["total_count"] >= 1
    two = one | {"pagination": {"per_page": 2}}
    assert (await client.post("/conversations/search", json=two)).status_code == 504


async def test_a_connection_breaks_off_before_the_headers(simulator: Simulator, served: str) -> None:
    """13: the client gets no status at all, and the server goes on."""
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    throw(simulator, reset_every=1, reset_before="headers")
    async with httpx.AsyncClient(base_url=served, headers=headers) as client:
        for _ in range(3):
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                await client.get("/tags")
        throw(simulator, reset_before="body")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/tags")
        throw(simulator, reset_every=0)
        assert (await client.get("/tags")).status_code == 200
    assert simulator.simulation.statistics.in_flight == 0
