"""Nothing can be changed by a form of another site, at any address of any service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from shared.contracts.topics import SERVICES
from tests.contract.services import application_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from shared.contracts.topics import Service

SAFE = {"GET", "HEAD", "OPTIONS"}
BY_MACHINES = ("/webhooks/", "/internal/")
"""Signed, or with a service's token; a browser's session opens none of them."""

HERE = "http://127.0.0.1"


def changes(app: FastAPI) -> list[tuple[str, str]]:
    """Return method and address of each call that a session opens, and that may change something."""
    return sorted(
        (method, re.sub(r"\{[^}]+\}", "x", one.path))
        for one in iter_route_contexts(app.routes)
        if one.path is not None and not one.path.startswith(BY_MACHINES)
        for method in set(one.methods or ()) - SAFE
    )


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""])
@pytest.mark.parametrize("service", SERVICES)
async def test_a_session_alone_changes_nothing(service: Service, kind: str) -> None:
    """Not even a browser that names no origin may send what a form can send, without its page's token."""
    app = application_of(service)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        for method, path in changes(app):
            answer = await client.request(method, path, headers={"content-type": kind} if kind else {})
            assert (answer.status_code, "This form has grown old" in answer.text) == (403, True), (
                method,
                path,
            )
    await app.state.lifecycle.end()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_page_of_another_site_changes_nothing(service: Service) -> None:
    """Whatever it sends, and whether it has a name (a sandboxed one is "null")."""
    app = application_of(service)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        for method, path in changes(app):
            for origin in ("https://evil.example", "null"):
                answer = await client.request(method, path, json={}, headers={"origin": origin})
                told = "another site" in answer.text
                assert (answer.status_code, told) == (403, True), (method, path)
    await app.state.lifecycle.end()


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"syncer"}))
def test_each_service_with_pages_has_such_calls(service: Service) -> None:
    """The tests above look at something."""
    found = changes(application_of(service))
    assert any(path.startswith("/api/") for _, path in found)
    assert any(not path.startswith("/api/") for _, path in found)
