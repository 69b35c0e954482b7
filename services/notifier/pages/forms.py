"""Reading what people sent in forms: every field is text, bounded, and may be absent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.datastructures import FormData

_LONGEST_FIELD = 20_000
_MOST_ITEMS = 200
_MOST_DIGITS = 9


def text(form: FormData, name: str) -> str:
    """Return a field's text without blanks around it; files and absent fields are empty."""
    value = form.get(name)
    return value.strip()[:_LONGEST_FIELD] if isinstance(value, str) else ""


def several(form: FormData, name: str) -> tuple[str, ...]:
    """Return all values of a field that may come many times."""
    return tuple(value for value in form.getlist(name)[:_MOST_ITEMS] if isinstance(value, str))


def lines(form: FormData, name: str) -> tuple[str, ...]:
    """Return what a text area lists, one per line: names may hold commas."""
    return tuple(line.strip() for line in text(form, name).splitlines() if line.strip())


def items(form: FormData, name: str) -> tuple[str, ...]:
    """Return the addresses that a text area lists, by lines, commas or semicolons."""
    return tuple(item.strip() for item in re.split(r"[\n,;]", text(form, name)) if item.strip())


def whole_number(form: FormData, name: str) -> int | None:
    """Return a number, or None without the field; one that cannot be read is -1, which nothing has."""
    found = text(form, name)
    if not found:
        return None
    return int(found) if found.isdecimal() and len(found) <= _MOST_DIGITS else -1


def share(form: FormData, name: str) -> float:
    """Return a number; one that cannot be read is -1, which no rule takes."""
    try:
        return float(text(form, name).replace(",", ".") or 0)
    except ValueError:
        return -1.0
