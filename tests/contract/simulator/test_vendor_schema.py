"""Every answer of the simulator against the vendor's description of 2.16, except where the live API differs.

The description is OpenAPI 3.0; it is turned into JSON Schema 2020-12 here. Each exception names its reason.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
import pytest

from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    import httpx

    from deploy.simulator.app import Simulator

DESCRIPTION = orjson.loads((Path(__file__).parent / "intercom-2.16.json").read_bytes())

EXCEPTIONS = {
    "pages": "FACTS §8: the pages of a company scroll are null",
    "teammate": "null when nobody was assigned",
    "statistics": "FACTS §7: times and durations are null until they exist",
}
"""Where an answer may differ from the description (a name on the way to the place), and why."""


def as_json_schema(value: Any) -> Any:
    """`nullable` becomes a second type or a null alternative."""
    if isinstance(value, list):
        return [as_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "custom_attributes" in value:
        # The vendor's own examples hold numbers and truth values where the description wants strings.
        value = value | {"custom_attributes": {"type": "object"}}
    made = {
        key: each if key in ("enum", "required") else as_json_schema(each)
        for key, each in value.items()
        if key not in ("nullable", "format")
    }
    if value.get("nullable") is not True:
        return made
    if not isinstance(made.get("type"), str):
        return {"anyOf": [made, {"type": "null"}]}
    made["type"] = [made["type"], "null"]
    return made | ({"enum": [*made["enum"], None]} if "enum" in made else {})


SCHEMA = as_json_schema({key: DESCRIPTION[key] for key in ("responses", "components")})


def faults(operation: str, body: Any) -> list[str]:
    """What the description objects to, without the exceptions."""
    schema = {**SCHEMA["responses"][operation], "components": SCHEMA["components"]}
    found = []
    for error in jsonschema_rs.validator_for(schema).iter_errors(body):
        names = [str(each) for each in error.instance_path if not isinstance(each, int)]
        ends = {"/".join(names[start:]) for start in range(len(names))} | set(names)
        if not ends & EXCEPTIONS.keys():
            found.append(f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}")
    return found


def prepared(simulator: Simulator) -> dict[str, str]:
    """A workspace in which every kind of thing has happened, and ids to ask for."""

    def make(name: str, **arguments: Any) -> None:
        simulator.simulation.mutate(None, Mutation(name, arguments))

    workspace = simulator.simulation.first.workspace
    lead, contact_id = list(workspace.contacts.ids())[:2]
    deleted, conversation_id = list(workspace.conversations.ids())[:2]
    admin_id, team_id, tag_id = (
        next(iter(workspace.admins)),
        next(iter(workspace.teams)),
        next(iter(workspace.tags)),
    )
    make("merge_contacts", contact_id=lead, into_id=contact_id)
    make("tag_contact", contact_id=contact_id, tag_id=tag_id)
    make("delete_conversation", conversation_id=deleted)
    make("tag_conversation", conversation_id=conversation_id, tag_id=tag_id, admin_id=admin_id)
    make("assign", conversation_id=conversation_id, admin_id=admin_id, to_team_id=team_id)
    make("note", conversation_id=conversation_id, admin_id=admin_id, body="<p>Look</p>")
    make("set_priority", conversation_id=conversation_id, admin_id=admin_id, priority="high")
    make("rate", conversation_id=conversation_id, rating=5, remark="Thanks")
    make("redact", conversation_id=conversation_id, part_id=workspace.parts(conversation_id)[0].id)
    make("close", conversation_id=conversation_id, admin_id=admin_id)
    return {
        "GET /admins/{id}": admin_id,
        "GET /teams/{id}": team_id,
        "GET /companies/{id}": next(workspace.companies.ids()),
        "GET /conversations/{id}": conversation_id,
    } | {
        f"GET /contacts/{{id}}{rest}": contact_id
        for rest in ("", "/companies", "/tags", "/segments", "/merge_history")
    }


@pytest.mark.parametrize("operation", sorted(DESCRIPTION["responses"].keys() - {"error"}))
async def test_answers_are_as_described(
    simulator: Simulator, client: httpx.AsyncClient, operation: str
) -> None:
    """Every operation with something in its answer."""
    ids = prepared(simulator)
    method, _, path = operation.partition(" ")
    body = (
        {"query": {"field": "updated_at", "operator": ">", "value": 1}} if path.endswith("search") else None
    )
    answer = await client.request(method, path.replace("{id}", ids.get(operation, "")), json=body)
    assert answer.status_code == 200
    assert faults(operation, answer.json()) == []


@pytest.mark.parametrize(
    "path", ["/contacts/none", "/conversations/1", "/companies/none", "/nothing", "/admins/1"]
)
async def test_errors_are_as_described(client: httpx.AsyncClient, path: str) -> None:
    """Every error has the shape that the description gives all of them."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert faults("error", answer.json()) == []


async def test_the_check_notices_a_wrong_type(client: httpx.AsyncClient) -> None:
    """The test of the test: a number where a string belongs is found."""
    body = (await client.get("/tags")).json()
    body["data"][0]["id"] = 5
    assert faults("GET /tags", body)
