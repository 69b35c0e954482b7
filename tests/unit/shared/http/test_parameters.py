"""What a caller of the API asks for by a name that nobody knows is refused, not left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, Query
from prometheus_client import CollectorRegistry

from shared.auth.authenticator import Refused
from shared.auth.dependencies import Admin, Member
from shared.auth.identity import Identity
from shared.clock import SystemClock
from shared.config import ServiceSettings
from shared.http.application import create_api
from shared.http.lifecycle import Lifecycle
from shared.http.paging import CursorText, PageSize
from shared.observability.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

SETTINGS = ServiceSettings.model_validate({"http_port": 8701, "signing_key": "k" * 48})
MEMBER = {"x-role": "member"}


class Doorman:
    """Knows who says a role."""

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:
        role = headers.get("x-role")
        if role not in {"member", "admin"}:
            raise Refused(401, "Sign in first.")
        return Identity("acme", "mia", "Mia", "mia@acme.example", "admin" if role == "admin" else "member")


def narrowed(
    tag: Annotated[str | None, Query()] = None, since: Annotated[str | None, Query(alias="from")] = None
) -> tuple[str | None, str | None]:
    return tag, since


def things() -> APIRouter:
    router = APIRouter(prefix="/things")

    @router.get("")
    async def listed(
        identity: Member,
        wanted: Annotated[tuple[str | None, str | None], Depends(narrowed)],
        cursor: CursorText = None,
        limit: PageSize = 50,
    ) -> dict[str, object]:
        return {"tag": wanted[0], "since": wanted[1], "limit": limit, "cursor": cursor, "who": identity.name}

    @router.delete("/{thing_id}")
    async def remove(identity: Admin, thing_id: str) -> dict[str, str]:
        return {"removed": thing_id, "by": identity.name}

    return router


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    api, page = APIRouter(prefix="/api/v1"), APIRouter()
    api.include_router(things())

    @page.get("/things")
    async def shown(identity: Member, tag: str = "") -> dict[str, str]:
        return {"tag": tag, "who": identity.name}

    readiness = Readiness("bus")
    app = create_api(
        service="connector",
        settings=SETTINGS,
        routers=[api, page],
        lifecycle=Lifecycle(readiness, grace_seconds=1),
        readiness=readiness,
        authenticator=Doorman(),
        clock=SystemClock(),
        registry=CollectorRegistry(),
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8701") as found:
        yield found


async def test_a_parameter_that_nobody_knows_is_named_beside_those_that_are_known(
    client: httpx.AsyncClient,
) -> None:
    """A typo answers with the right word, and never with everything."""
    answer = await client.get("/api/v1/things?tagg=x&limit=2", headers=MEMBER)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    what = "there is no such parameter; this call takes cursor, from, limit, tag"
    assert answer.json()["errors"] == [{"where": "query.tagg", "what": what}]
    assert answer.json()["detail"] == f"query.tagg: {what}"


async def test_each_unknown_parameter_is_named_once(client: httpx.AsyncClient) -> None:
    """Also where it has no value, or several."""
    answer = await client.get("/api/v1/things?a=1&b&a=2&tag=t", headers=MEMBER)
    assert [error["where"] for error in answer.json()["errors"]] == ["query.a", "query.b"]


async def test_a_change_with_an_unknown_parameter_is_not_made(client: httpx.AsyncClient) -> None:
    """A call that takes no parameter says so."""
    answer = await client.delete("/api/v1/things/7?dry_run=true", headers={"x-role": "admin"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["what"] == "there is no such parameter; this call takes none"


async def test_known_parameters_are_taken(client: httpx.AsyncClient) -> None:
    """Those of a dependency count, by the name they have in an address."""
    answer = await client.get("/api/v1/things?tag=t&from=f&limit=3&cursor=c", headers=MEMBER)
    assert answer.json() == {"tag": "t", "since": "f", "limit": 3, "cursor": "c", "who": "Mia"}


async def test_a_stranger_is_told_of_no_parameter(client: httpx.AsyncClient) -> None:
    """Who has no key is refused for that."""
    answer = await client.get("/api/v1/things?tagg=x")
    assert (answer.status_code, "tag" in answer.text) == (401, False)


async def test_head_is_refused_alike(client: httpx.AsyncClient) -> None:
    """It has the status that GET has."""
    assert (await client.head("/api/v1/things?tagg=x", headers=MEMBER)).status_code == 422


async def test_a_page_leaves_out_what_it_does_not_know(client: httpx.AsyncClient) -> None:
    """Links to pages gather parameters on their way, in mail and in browsers."""
    answer = await client.get("/things?tag=t&utm_source=mail", headers=MEMBER)
    assert (answer.status_code, answer.json()["tag"]) == (200, "t")
