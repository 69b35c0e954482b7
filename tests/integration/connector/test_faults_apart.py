"""Faults of a workspace as page, API and `earshot doctor` tell them: none looks like another."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import httpx
from typer.testing import CliRunner

from deploy.cli.app import create_app
from deploy.cli.invocation import Invocation
from deploy.simulator.tokens import DEMO_TOKEN, SECOND_TOKEN
from tests.integration.connector.stage import Browser, Workspace, settings, workspace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

FIRST = "gen12345"


async def _permission(place: Workspace) -> None:
    await place.control("tokens", value=DEMO_TOKEN, missing=["read_conversations"])


async def _plan(place: Workspace) -> None:
    await place.control("switches", plan_restricted=["read_conversations"])


async def _revoked(place: Workspace) -> None:
    await place.control("tokens", value=DEMO_TOKEN, state="revoked")


async def _region(place: Workspace) -> None:
    await place.control("switches", us_host_routes=False, wrong_region="empty")


async def _inbox(place: Workspace) -> None:
    await _without(place, conversations=True)


async def _emptied(place: Workspace) -> None:
    await _without(place, conversations=True, people=True)


async def _without(place: Workspace, *, conversations: bool = False, people: bool = False) -> None:
    """Delete what the workspace has."""
    found = place.simulator.simulation.tenants[FIRST].workspace
    changes: list[dict[str, Any]] = []
    if conversations:
        ids = list(found.conversations.ids())
        changes += [{"name": "delete_conversation", "arguments": {"conversation_id": each}} for each in ids]
    if people:
        contacts, companies = list(found.contacts.ids()), [each.id for each in found.companies]
        changes += [{"name": "delete_contact", "arguments": {"contact_id": each}} for each in contacts]
        changes += [{"name": "delete_company", "arguments": {"company_id": each}} for each in companies]
    await place.control("switches", deleted_companies_listed=False)
    await place.control("mutate", mutations=changes)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to a workspace, and where the doctor has to see it."""

    name: str
    make: Callable[[Workspace], Awaitable[None]]
    part: str
    verdict: str
    token: str = DEMO_TOKEN


FAULTS = (
    Fault("missing permission", _permission, "conversations", "missing_permission"),
    Fault("plan restriction", _plan, "conversations", "plan_restricted"),
    Fault("revoked token", _revoked, "token", "revoked_token"),
    Fault("wrong region", _region, "region", "wrong_region", SECOND_TOKEN),
    Fault("empty workspace", _emptied, "content", "empty_workspace"),
    Fault("restricted inbox", _inbox, "conversations", "restricted_inbox_suspected"),
)


@dataclass(frozen=True, slots=True)
class Faces:
    """What each face shows of the lines that are not in order."""

    api: frozenset[tuple[str, str]]
    page: frozenset[tuple[str, str]]
    command: frozenset[tuple[str, str]]
    exit_code: int


async def faces_of(fault: Fault, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> Faces:
    """Connect, let the fault happen, and ask all three."""
    async with workspace() as place:
        await place.control("switches", webhooks=False)
        chosen = settings(place, mongodb_uri)
        if fault.verdict == "wrong_region":
            # The workspace was connected before a host for its region was known.
            narrow = Browser(place, chosen.model_copy(update={"intercom_hosts": {"us": place.url}}))
            connection = await narrow.connect(fault.token)
            browser = Browser(place, chosen, narrow.organization_id)
        else:
            browser = Browser(place, chosen)
            connection = await browser.connect(fault.token)
        await fault.make(place)
        answer = await browser.http.post(f"/api/v1/connections/{connection['id']}/doctor", json={})
        assert answer.status_code == 200
        body = answer.json()
        page = await browser.page()
        command, exit_code = told_by_command(body, connection["id"], monkeypatch)
        return Faces(
            frozenset(
                (line["part"], line["verdict"])
                for line in body["findings"]
                if line["verdict"] not in {"fine", "not_asked"}
            ),
            lines_of(page),
            command,
            exit_code,
        )


def lines_of(page: str) -> frozenset[tuple[str, str]]:
    """Return (title, word) of each line of the page's doctor that is not in order."""
    panel = page[page.index('id="doctor"') :]
    found = re.findall(r"<li><span class=\"row\"><strong>(.*?)</strong>(.*?)</span> <span", panel, re.DOTALL)
    words = {(title, " ".join(html.unescape(re.sub(r"<[^>]*>", " ", word)).split())) for title, word in found}
    # Checks that were not asked share a line, with the titles of all of them.
    assert sum(len(title.split(", ")) for title, _ in words) > 8
    return frozenset((title, word) for title, word in words if word not in {"Fine", "Not asked"})


def told_by_command(
    body: dict[str, Any], connection_id: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[frozenset[tuple[str, str]], int]:
    """Return (title, verdict) of what `earshot doctor` prints for an answer of the API, and its exit code."""

    def request(_method: str, _url: str, **_: Any) -> httpx.Response:
        return httpx.Response(200, json=body)

    monkeypatch.setattr("deploy.cli.api.httpx.request", request)
    runner = CliRunner(env={"COLUMNS": "300"})
    printed = runner.invoke(create_app(), ["doctor", connection_id], obj=Invocation({}))
    as_json = runner.invoke(create_app(), ["doctor", connection_id, "--json"], obj=Invocation({}))
    assert json.loads(as_json.output) == body
    assert printed.exit_code == as_json.exit_code
    lines = [re.split(r"\s{2,}", line.strip()) for line in printed.output.splitlines()[1:] if line.strip()]
    found = frozenset((line[0], line[1]) for line in lines if line[1] not in {"fine", "not_asked"})
    return found, printed.exit_code


async def test_no_fault_looks_like_another(mongodb_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told in one place, by one verdict, on every face; and only emptiness is nobody's fault."""
    found = {fault.name: await faces_of(fault, mongodb_uri, monkeypatch) for fault in FAULTS}
    for fault in FAULTS:
        faces = found[fault.name]
        assert faces.api == {(fault.part, fault.verdict)}, fault.name
        assert [verdict for _, verdict in faces.command] == [fault.verdict], fault.name
        assert len(faces.page) == 1, fault.name
        assert {title for title, _ in faces.page} == {title for title, _ in faces.command}
        assert faces.exit_code == (0 if fault.verdict == "empty_workspace" else 3)
    for one, other in combinations(found, 2):
        assert not found[one].page & found[other].page, (one, other)
        words = [{word for _, word in found[name].page} for name in (one, other)]
        assert words[0] != words[1], (one, other)
