"""Which changes of an event's schema would break those who read its version.

Within a version only additions are allowed: a new field that may be absent, a wider limit. Readers ignore
fields they do not know, so an addition never breaks them (DESIGN §3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the breaking changes between two JSON Schemas of one event, in words; empty for none."""
    return list(_object_changes("", old, new)) + [
        change
        for name, before in old.get("$defs", {}).items()
        for change in (
            _object_changes(f"{name}.", before, new.get("$defs", {})[name])
            if name in new.get("$defs", {})
            else [f"{name} is gone"]
        )
    ]


def _object_changes(prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in before.items():
        if name not in after:
            yield f"{prefix}{name} is gone"
        elif _shape(schema) != _shape(after[name]):
            yield f"{prefix}{name} was {_shape(schema)} and is {_shape(after[name])}"
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(is_required - was_required):
        # Records written before the change lack it, and compacted topics keep them for ever.
        yield f"{prefix}{name} must now be there"
    for name in sorted((was_required - is_required) & set(after)):
        yield f"{prefix}{name} may now be absent"


def _shape(schema: Mapping[str, Any]) -> Any:
    """Return the part of a field's schema that readers rely on: types, references, closed sets."""
    compared: dict[str, Any] = {
        key: schema[key] for key in ("type", "format", "$ref", "const") if key in schema
    }
    if "enum" in schema:
        compared["enum"] = sorted(map(str, schema["enum"]))
    for key in ("anyOf", "allOf", "oneOf"):
        if key in schema:
            compared[key] = sorted((_shape(option) for option in schema[key]), key=str)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            compared[key] = _shape(schema[key])
    if "prefixItems" in schema:
        compared["prefixItems"] = [_shape(item) for item in schema["prefixItems"]]
    return compared
