"""Reading single values out of Intercom's bodies: any may be missing, null, of another type, or huge.

Every function returns a value that the contracts accept, or None; none of them raises.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.contracts.resources import Scalar

SHORT_TEXT = 2_000
"""Characters; the contracts' limit for names, titles and addresses."""

_IDENTIFIER = 256
_ATTRIBUTES = 500
_ATTRIBUTE_BYTES = 262_144
"""Bytes of all custom attributes of one resource: a quarter of what a record on the bus may weigh."""

_ADDRESS = 8_192

MOST_REFERENCES = 2_000
"""Ids kept of one list. Intercom allows 1,000 companies per contact (FACTS §8)."""

# Half a surrogate pair can be written in JSON and cannot be written in UTF-8; control characters say nothing.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(value: str) -> str:
    """Return the text without characters that cannot be stored or shown."""
    return _UNWRITABLE.sub("", value) if _UNWRITABLE.search(value) else value


def text(value: Any, limit: int = SHORT_TEXT) -> str | None:
    """Return a non-empty string of at most `limit` characters, or None."""
    if isinstance(value, str):
        return clean(value)[:limit].strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:limit]
    return None


def address(value: Any) -> str | None:
    """Return a URL, or None when it is none or too long to be followed."""
    url = text(value, _ADDRESS + 1)
    return url if url is not None and len(url) <= _ADDRESS else None


def identifier(value: Any) -> str | None:
    """Return an id as text. Intercom writes ids as strings or integers, and 0 for "nobody" (FACTS §1)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if value != 0 and len(str(value)) <= _IDENTIFIER else None
    if isinstance(value, str):
        id_ = clean(value).strip()
        return id_ if 0 < len(id_) <= _IDENTIFIER and id_ != "0" else None
    return None


def identifiers(values: Any) -> tuple[str, ...]:
    """Return the ids of a list of ids or of objects that carry one, in order and without repeats."""
    ids: dict[str, None] = {}
    for value in rows(values):
        name = identifier(value.get("id")) if isinstance(value, dict) else identifier(value)
        if name is not None:
            ids[name] = None
        if len(ids) >= MOST_REFERENCES:
            break
    return tuple(ids)


def rows(value: Any) -> list[Any]:
    """Return the value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def record(value: Any) -> dict[str, Any]:
    """Return the value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def integer(value: Any) -> int | None:
    """Return a whole number that fits 64 bits, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = value.strip()
        value = int(digits) if re.fullmatch(r"-?\d{1,19}", digits) else None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) and value.is_integer() else None
    return value if isinstance(value, int) and abs(value) < 2**63 else None


def count(value: Any) -> int | None:
    """Return a whole number that is not negative, or None."""
    whole = integer(value)
    return whole if whole is not None and whole >= 0 else None


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        decimal = float(value)
    except OverflowError:
        return None
    return decimal if math.isfinite(decimal) else None


def seconds(value: Any) -> int | None:
    """Return Unix seconds. Accepts ISO 8601 as well, which webhooks' items use (FACTS §9)."""
    if isinstance(value, str) and not value.strip().lstrip("-").isdigit():
        try:
            parsed = datetime.fromisoformat(value.strip())
            return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            return None
    return integer(value)


def moment(value: Any) -> datetime | None:
    """Return a time, or None for what no calendar has: clients supply some of these (FACTS §7)."""
    unix_seconds = seconds(value)
    if unix_seconds is None:
        return None
    try:
        return datetime.fromtimestamp(unix_seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def flag(value: Any) -> bool:
    """Return True only for JSON's true."""
    return value is True


def attributes(value: Any) -> dict[str, Scalar]:
    """Return custom attributes: flat, bounded in number and weight; nested values are dropped."""
    scalars: dict[str, Scalar] = {}
    weight = 0
    for name, content in record(value).items():
        scalar = _scalar(content)
        if scalar is _DROPPED or len(scalars) >= _ATTRIBUTES:
            continue
        label = clean(name)[:_IDENTIFIER]
        weight += len(label.encode()) + (len(scalar.encode()) if isinstance(scalar, str) else 8)
        if weight > _ATTRIBUTE_BYTES:
            break
        scalars[label] = scalar
    return scalars


_DROPPED: Any = object()


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(value)[:SHORT_TEXT]
    if isinstance(value, int):
        return value if abs(value) < 2**63 else _DROPPED
    if isinstance(value, float):
        return value if math.isfinite(value) else _DROPPED
    return _DROPPED


def first(values: Iterable[Any]) -> Any:
    """Return the first value that is not None, or None."""
    return next((value for value in values if value is not None), None)


def tag_ids(thing: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tags of a contact (`data`), company or conversation (`tags`)."""
    tags = record(thing.get("tags"))
    return identifiers(tags.get("tags") if isinstance(tags.get("tags"), list) else tags.get("data"))
