"""The published description of each API says what every call does, takes and may be refused with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from services.connector import api_models as connector_models
from services.notifier import api_models as notifier_models
from shared.contracts.topics import SERVICES
from tests.contract.readmes.papers import codes, text_of
from tests.contract.services import application_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.contracts.topics import Service

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
Document = dict[str, Any]


@pytest.fixture(params=SERVICES, scope="module")
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.param
    return found


@pytest.fixture(scope="module")
def document(service: Service) -> Document:
    return application_of(service).openapi()


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_each_call_and_parameter_has_words(document: Document) -> None:
    """Nobody has to guess from a name."""
    silent = [
        f"{name} {parameter['name']}"
        for name, operation in operations(document)
        for parameter in [{"name": "", **operation}, *operation.get("parameters", ())]
        if not parameter.get("description")
    ]
    assert silent == []


def test_each_field_has_words(document: Document) -> None:
    """What is answered and what is sent: units, and when there is nothing."""
    silent = [
        f"{name}.{field}"
        for name, schema in document.get("components", {}).get("schemas", {}).items()
        for field, shown in schema.get("properties", {}).items()
        if not shown.get("description")
    ]
    assert silent == []


def test_each_refusal_is_described_as_it_is_sent(document: Document) -> None:
    """Refusals are problem documents; FastAPI's own shape, which is never sent, is named nowhere."""
    assert "HTTPValidationError" not in document.get("components", {}).get("schemas", {})
    for name, operation in operations(document):
        responses = operation["responses"]
        expected = {"401", "403", "422", "503", "default"} | ({"404"} if "{" in name else set())
        assert {
            status for status, answer in responses.items() if answer.get("content") == PROBLEM
        } == expected, name


async def test_each_call_refuses_a_parameter_that_it_does_not_take(
    service: Service, document: Document
) -> None:
    """A misspelt filter is named beside those that the description knows, and nothing is done."""
    app = application_of(service)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for name, operation in operations(document):
            method, _, path = name.partition(" ")
            known = sorted(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
            answer = await client.request(method, path, params={"tagg": "x"})
            assert answer.status_code == 422, name
            takes = f"this call takes {', '.join(known) or 'none'}"
            assert answer.json()["errors"] == [
                {"where": "query.tagg", "what": f"there is no such parameter; {takes}"}
            ], name


async def test_each_call_refuses_a_field_that_it_does_not_take(service: Service, document: Document) -> None:
    """A misspelt field is named, and nothing is done: left out in silence it would count as not given."""
    transport = httpx.ASGITransport(application_of(service), client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for name, operation in operations(document):
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None:
                continue
            method, _, path = name.partition(" ")
            many = body["schema"].get("type") == "array"
            answer = await client.request(method, path, json=[{"tagg": "x"}] if many else {"tagg": "x"})
            assert answer.status_code == 422, name
            where = "body.0.tagg" if many else "body.tagg"
            unknown = {"where": where, "what": "Extra inputs are not permitted"}
            assert unknown in answer.json()["errors"], name


def test_no_part_of_a_body_takes_what_it_does_not_know(document: Document) -> None:
    """The description says so of every object within it, so that whoever writes a client is told at once."""
    schemas = document.get("components", {}).get("schemas", {})

    def tolerant(shown: Any, place: str) -> Iterator[str]:
        if isinstance(shown, list):
            for one in shown:
                yield from tolerant(one, place)
        elif isinstance(shown, dict):
            if "$ref" in shown:
                place = shown["$ref"].rpartition("/")[2]
                yield from tolerant(schemas[place], place)
            if "properties" in shown and shown.get("additionalProperties") is not False:
                yield place
            yield from tolerant([one for key, one in shown.items() if not key.startswith("example")], place)

    assert [
        f"{name} {place}"
        for name, operation in operations(document)
        for body in operation.get("requestBody", {}).get("content", {}).values()
        for place in tolerant(body["schema"], "body")
    ] == []


def test_each_body_has_an_example(document: Document) -> None:
    """What is sent can be copied from the description."""
    schemas = document.get("components", {}).get("schemas", {})
    for name, operation in operations(document):
        for body in operation.get("requestBody", {}).get("content", {}).values():
            shown = body["schema"].get("items", body["schema"])
            schema = schemas[shown["$ref"].rpartition("/")[2]] if "$ref" in shown else shown
            assert (
                "example" in body
                or "examples" in body["schema"]
                or "examples" in schema
                or any("examples" in field for field in schema.get("properties", {}).values())
            ), name


def test_each_answer_has_an_example(document: Document) -> None:
    """What comes back can be read before anything is asked; a list's stands with what it lists."""
    schemas = document.get("components", {}).get("schemas", {})
    silent = set()
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            shown = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if status.startswith("2") and "$ref" in shown:
                schema = schemas[shown["$ref"].rpartition("/")[2]]
                listed = schema.get("properties", {}).get("items", {}).get("items", {})
                item = schemas.get(listed.get("$ref", "").rpartition("/")[2], schema)
                if not schema.get("examples") and not item.get("examples"):
                    silent.add(name)
    assert sorted(silent) == []


def test_each_example_of_an_answer_is_one() -> None:
    """It has the fields and the values that an answer can have."""
    models = {**vars(connector_models), **vars(notifier_models)}
    for name, model in models.items():
        if name.endswith("View") or name in {"Unread", "Marked", "SampleResult"}:
            for example in (model.model_config.get("json_schema_extra") or {}).get("examples", ()):
                answer = model.model_validate(example).model_dump(mode="json")
                assert answer.keys() == example.keys(), name


def test_a_bearer_key_is_asked_for(document: Document) -> None:
    """Clients that are made from the description send one."""
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]


def test_the_readme_names_every_list(service: Service, document: Document) -> None:
    """The row API of a service's README leads to each collection that is served."""
    paths = {path.removeprefix("/api/v1/").partition("/")[0] for path in document["paths"]}
    row = next(
        (
            line
            for line in text_of(f"services/{service}/README.md").splitlines()
            if line.startswith("| API |")
        ),
        "",
    )
    named = {word.removeprefix("/api/v1").strip("/…").partition("/")[0] for word in codes(row)}
    assert paths <= named


def test_each_topic_and_event_has_words() -> None:
    """The AsyncAPI document says of every channel and message what it is."""
    document = json.loads(text_of("shared/contracts/published/asyncapi.json"))
    parts = {**document["channels"], **document["components"]["messages"]}
    said = {name: part.get("description") or part.get("summary") for name, part in parts.items()}
    assert [name for name, words in said.items() if not words] == []
