"""What a page of refusal tells a person: which field is wrong, and where to continue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.web.navigation import navigation_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import Request

_READING = ("GET", "HEAD")
_QUERY_REFUSED = (400, 422)
_HOME = ("/insights", "To the insights")
_BOUNDS = {
    "missing": "is missing",
    "greater_than_equal": "is at least {ge}",
    "less_than_equal": "is at most {le}",
    "string_too_short": "is too short",
    "string_too_long": "has at most {max_length} characters",
    "int_parsing": "is a whole number",
    "float_parsing": "is a number",
}
_MOST = 5
"""Fields that are named; more wrong at once is no typing mistake."""


def fields_in_words(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return what is wrong with a form, a sentence for each field: "Lookback days is at most 3650"."""
    return " ".join(_field_in_words(error) for error in list(errors)[:_MOST])


def _field_in_words(error: Mapping[str, Any]) -> str:
    # Of several values the place ends in a number.
    field = next(part for part in reversed(error["loc"]) if isinstance(part, str)).replace("_", " ")
    bound = _BOUNDS.get(error["type"])
    problem = bound.format_map(error.get("ctx") or {}) if bound else f"is not right: {error['msg']}"
    return f"{field[:1].upper()}{field[1:]} {problem}."


def same_address(request: Request) -> str:
    """Return where to try again: this page; after a form, the start page; never another site's."""
    if request.method not in _READING:
        return _HOME[0]
    return _local(request.url.path, request.url.query)


def way_on(request: Request, status: int) -> tuple[str, str]:
    """Return where to go on, and the link's words.

    To the page of a form; for a list whose filters or cursor were refused to its
    beginning; else to the section's list.
    """
    if request.method not in _READING and (page := _page_of_form(request)):
        return page, "Back to where you were"
    path = request.url.path
    if status in _QUERY_REFUSED and request.url.query and request.method in _READING:
        return _local(path, ""), "To the first page"
    section = next((link for link in navigation_for(path).sections if link.current), None)
    if section is None or section.href == path:
        return _HOME
    return section.href, f"To the {section.title.lower()}"


def _page_of_form(request: Request) -> str | None:
    """Return the page that a form was sent from, by the Referer; only a page of this site counts."""
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return None
    if not page.netloc or page.netloc != request.headers.get("host"):
        return None
    return _local(page.path, page.query)


def _local(path: str, query: str) -> str:
    """Return an address of this site: two slashes at its beginning would mean another site."""
    return f"/{path.lstrip('/')}" + (f"?{query}" if query else "")
