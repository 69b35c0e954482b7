"""Holds a value against the part of JSON Schema that the vendor's description of requests uses.

That part is `type`, `enum`, `nullable`, `minimum`, `maximum`, `required`, `properties`, `items`, `oneOf` and
`$ref`. Two readings are ours. The vendor's alternatives overlap, so `oneOf` is met by any of them. And a name
that an object does not declare is a fault: a typing error in a query is what this check is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

KNOWN_KEYWORDS = frozenset(
    {"$ref", "type", "enum", "nullable", "minimum", "maximum", "required", "properties", "items", "oneOf",
     "default"}
)  # fmt: skip
"""A description that uses another keyword would be half read, so a test looks for one."""

DEEPEST = 30
"""Levels of nesting that are looked into; the real API refuses more than two levels of filters."""


def faults(schema: Json, value: Any, schemas: Mapping[str, Json], where: str, depth: int = 0) -> list[str]:
    """What is wrong with `value`, one sentence each, starting with the place; empty when nothing is."""
    if depth > DEEPEST:
        return [f"{where} is nested too deeply"]
    if "$ref" in schema:
        return faults(schemas[schema["$ref"].rpartition("/")[2]], value, schemas, where, depth + 1)
    if value is None and schema.get("nullable"):
        return []
    if "oneOf" in schema:
        return _of_any(schema["oneOf"], value, schemas, where, depth)
    kind = schema.get("type")
    if kind is not None and not _is(kind, value):
        return [f"{where} must be {kind}, not {type(value).__name__}"]
    found = _of_value(schema, value, where)
    if isinstance(value, dict):
        found += _of_object(schema, value, schemas, where, depth)
    elif isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            found += faults(schema["items"], each, schemas, f"{where}[{number}]", depth + 1)
    return found


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def _of_any(
    alternatives: list[Json], value: Any, schemas: Mapping[str, Json], where: str, depth: int
) -> list[str]:
    """Nothing when one alternative is met, else what the nearest of them objects to."""
    nearest: list[str] | None = None
    for each in alternatives:
        found = faults(each, value, schemas, where, depth + 1)
        if not found:
            return []
        if nearest is None or len(found) < len(nearest):
            nearest = found
    return nearest or []


def _of_value(schema: Json, value: Any, where: str) -> list[str]:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} must be one of {', '.join(map(str, schema['enum']))}")
    if "maximum" in schema and value > schema["maximum"]:
        found.append(f"{where} must be at most {schema['maximum']}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{where} must be at least {schema['minimum']}")
    return found


def _of_object(schema: Json, value: Json, schemas: Mapping[str, Json], where: str, depth: int) -> list[str]:
    found = [f"{where} needs {name}" for name in schema.get("required", ()) if name not in value]
    declared = schema.get("properties", {})
    for name, each in value.items():
        if name in declared:
            found += faults(declared[name], each, schemas, f"{where}.{name}", depth + 1)
        else:
            found.append(f"{where}.{name[:60]} is not declared")
    return found
