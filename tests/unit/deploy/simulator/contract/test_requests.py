"""Requests against the vendor's description: parameters, headers, bodies, and what FACTS adds."""

from __future__ import annotations

import orjson
import pytest
from starlette.datastructures import Headers, QueryParams

from deploy.simulator.api.routes import ENDPOINTS
from deploy.simulator.contract.requests import UNDECLARED, read_contracts

CONTRACTS = read_contracts()
QUERY = orjson.dumps({"query": {"field": "id", "operator": "=", "value": "1"}, "sort": {"field": "id"}})
AS_JSON = {"content-type": "application/json"}


def objections(
    operation: str,
    query: str = "",
    thing_id: str | None = None,
    headers: dict[str, str] | None = None,
    content: bytes = b"",
) -> list[str]:
    return CONTRACTS[operation].faults(thing_id, QueryParams(query), Headers(headers or {}), content)


def test_every_served_operation_has_a_contract() -> None:
    """None is answered unchecked, and none is described that is not served."""
    assert set(CONTRACTS) == {f"{method} {path}" for method, path, *_ in ENDPOINTS}


@pytest.mark.parametrize("operation", sorted({operation for operation, _, _ in UNDECLARED}))
def test_what_facts_adds_is_served(operation: str) -> None:
    """An exception for an operation that does not exist would go unnoticed."""
    assert operation in CONTRACTS


@pytest.mark.parametrize(
    ("operation", "query"),
    [
        ("GET /conversations", "per_page=150&starting_after=abc"),
        ("GET /contacts", "per_page=10&starting_after=abc"),
        ("GET /contacts/{id}/companies", "page=2&per_page=60"),
        ("GET /segments", "include_count=true"),
        ("POST /companies/list", "page=1&per_page=60&order=desc"),
        ("GET /conversations/{id}", "display_as=plaintext"),
    ],
)
def test_good_parameters(operation: str, query: str) -> None:
    """Declared ones, and those that FACTS adds."""
    assert objections(operation, query) == []


@pytest.mark.parametrize(
    ("operation", "query", "objection"),
    [
        ("GET /conversations", "perpage=5", "query.perpage is not declared"),
        ("GET /conversations", "per_page=151", "query.per_page must be at most 150"),
        ("GET /conversations", "per_page=many", "query.per_page must be integer, not str"),
        ("GET /contacts/{id}/merge_history", "order=up", "query.order must be one of asc, desc"),
        ("GET /segments", "include_count=yes", "query.include_count must be boolean, not str"),
    ],
)
def test_bad_parameters(operation: str, query: str, objection: str) -> None:
    """Misspelt, out of range, of the wrong type."""
    assert objections(operation, query) == [objection]


def test_ids_in_paths() -> None:
    """Conversations have numbers, contacts have any text."""
    assert objections("GET /conversations/{id}", thing_id="abc") == ["path.id must be integer"]
    assert objections("GET /conversations/{id}", thing_id="12") == []
    assert objections("GET /contacts/{id}", thing_id="67f0") == []


def test_versions() -> None:
    """A version that never existed is objected to."""
    assert objections("GET /tags", headers={"Intercom-Version": "2.16"}) == []
    assert len(objections("GET /tags", headers={"Intercom-Version": "9.1"})) == 1


def test_bodies() -> None:
    """A search needs one, of JSON and said to be JSON; a read takes none."""
    assert objections("POST /conversations/search", headers=AS_JSON, content=QUERY) == []
    assert objections("POST /conversations/search", headers=AS_JSON) == ["body is missing"]
    assert "body is no JSON" in objections("POST /conversations/search", headers=AS_JSON, content=b"{")
    assert objections("POST /conversations/search", content=QUERY) == [
        "header.Content-Type must be application/json"
    ]
    assert objections("POST /companies/list", headers=AS_JSON, content=b"{}") == ["body is not declared"]
