"""Holds each request against the vendor's own description of 2.16, beyond what the API itself would refuse.

Intercom ignores a parameter that it does not know; a reader that misspells one reads the wrong thing and
never learns of it. Here it is noted. What clients of the live API rightly send although the description does
not declare it is listed in `UNDECLARED`, each with the section of FACTS that says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from deploy.simulator.contract import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import Headers, QueryParams

    from deploy.simulator.contract.schema import Json

DESCRIPTION = Path(__file__).parent / "intercom-2.16-requests.json"

INTEGER: Json = {"type": "integer"}
STRING: Json = {"type": "string"}
SORT: Json = {"type": "object", "properties": {"field": STRING, "order": STRING}}

UNDECLARED: Mapping[tuple[str, str, str], tuple[Json, str]] = MappingProxyType(
    {
        ("GET /contacts", "query", "per_page"): (INTEGER | {"maximum": 150}, "FACTS §5"),
        ("GET /contacts", "query", "starting_after"): (STRING, "FACTS §5"),
        ("GET /contacts/{id}/companies", "query", "page"): (INTEGER, "FACTS §5"),
        ("GET /contacts/{id}/companies", "query", "per_page"): (INTEGER, "FACTS §5"),
        ("POST /conversations/search", "body", "sort"): (SORT, "FACTS §6"),
    }
)
"""Operation, place and name of what the description leaves out; what it must look like; who says so."""

_INTEGER = re.compile(r"-?\d{1,18}")
_NUMBER_OF_PATH = re.compile(r"\d{1,18}")


class OperationContract:
    """What one operation may be asked."""

    def __init__(self, operation: str, described: Json, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas
        self._query: dict[str, Json] = {}
        self._header_versions: frozenset[str] = frozenset()
        self._numeric_path = False
        for parameter in described["parameters"]:
            place, shape = parameter["in"], parameter["schema"]
            if place == "query":
                self._query[parameter["name"]] = shape
            elif place == "path":
                self._numeric_path = shape.get("type") == "integer"
            else:
                self._header_versions = frozenset(schemas["intercom_version"]["enum"])
        self._body: Json | None = described.get("body")
        for (name, place, key), (shape, _) in UNDECLARED.items():
            if name == operation and place == "query":
                self._query[key] = shape
            elif name == operation:
                self._body = self._extended(key, shape)

    def _extended(self, key: str, shape: Json) -> Json:
        """The body's schema with one property more."""
        body = self._body or {"type": "object"}
        if "$ref" in body:
            body = self._schemas[body["$ref"].rpartition("/")[2]]
        return body | {"properties": {**body.get("properties", {}), key: shape}}

    def faults(self, thing_id: str | None, query: QueryParams, headers: Headers, content: bytes) -> list[str]:
        """What the description objects to in a request, one sentence each."""
        found = []
        if self._numeric_path and thing_id is not None and not _NUMBER_OF_PATH.fullmatch(thing_id):
            found.append("path.id must be integer")
        version = headers.get("intercom-version")
        if version is not None and version not in self._header_versions:
            found.append("header.Intercom-Version is none of the versions there are")
        for name, text in query.multi_items():
            shape = self._query.get(name)
            if shape is None:
                found.append(f"query.{name[:60]} is not declared")
            else:
                found += schema.faults(shape, _typed(shape, text), self._schemas, f"query.{name}")
        if content or self._body is not None:
            found += self._of_body(headers, content)
        return found

    def _of_body(self, headers: Headers, content: bytes) -> list[str]:
        if self._body is None:
            return ["body is not declared"]
        if not content:
            return ["body is missing"]
        found = []
        if not headers.get("content-type", "").lower().startswith("application/json"):
            found.append("header.Content-Type must be application/json")
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError:
            return [*found, "body is no JSON"]
        return found + schema.faults(self._body, body, self._schemas, "body")


def _typed(shape: Json, text: str) -> Any:
    """The text of a parameter as its declared type, where it can be read as that."""
    match shape.get("type"):
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case _:
            return text


def read_contracts(path: Path = DESCRIPTION) -> Mapping[str, OperationContract]:
    """The contract of every operation served, by its name in statistics ("GET /contacts/{id}")."""
    description = orjson.loads(path.read_bytes())
    schemas = description["components"]["schemas"]
    return MappingProxyType(
        {
            operation: OperationContract(operation, described, schemas)
            for operation, described in description["operations"].items()
        }
    )
