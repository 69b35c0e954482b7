"""What a response from Intercom means: the one table from status, codes and body to a value or an error."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from services.syncer.domain.budget import LONGEST_WAIT_SECONDS, RateHeaders
from services.syncer.domain.fields import clean, record, rows
from services.syncer.domain.reads import Read
from services.syncer.errors import (
    ContactMergedError,
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    ResourceMissingError,
    ScrollLostError,
    ScrollTakenError,
    SlowDownError,
    SourceUnavailableError,
    TokenRejectedError,
)
from shared.intercom import json_of, refusal_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.reads import Call
    from shared.errors import EarshotError
    from shared.intercom import Refusal

_MOST_DETAIL = 300
_DEFAULT_WAIT_SECONDS = 10.0
"""The length of Intercom's window, for a 429 that does not say when the window ends."""

_MOST_AHEAD_SECONDS = 600.0
"""How far ahead of ours the source's clock may be. If both clocks are right to within this, what is read
behind the cursor's overlap covers it; of two clocks that differ by more, the one that is behind misses
nothing."""

_CANONICAL = re.compile(r"<[^>]*/contacts/([A-Za-z0-9_-]{1,128})[^>]*>\s*;[^,]*rel=\"?canonical\"?")
_RATE_CODES = frozenset({"rate_limit_exceeded", "too_many_requests", "retry_after"})
_REFUSALS: dict[Refusal, type[EarshotError]] = {
    "token_rejected": TokenRejectedError,
    "permission_missing": PermissionMissingError,
    "plan_restricted": PlanRestrictedError,
}


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete HTTP response."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def parsed(content: bytes) -> Any:
    """Return the JSON value, or None where there is none."""
    try:
        return json_of(content)
    except ValueError:
        return None


def usable_body(call: Call, response: HttpResponse) -> dict[str, Any]:
    """Return the body of a good response.

    Raises SourceUnavailableError for a 200 that is empty, not JSON, or lacks what a real response has.
    """
    body = parsed(response.content)
    here = body if isinstance(body, dict) else {}
    missing = [
        name
        for name, kind in call.read.value.expects
        if here.get(name) is None or not isinstance(here[name], kind)
    ]
    if not isinstance(body, dict) or missing:
        raise SourceUnavailableError(
            f"{call.path} answered {response.status} without {', '.join(missing) or 'a JSON object'}"
            f" ({len(response.content)} bytes)."
        )
    if body.get("type") == "error.list":
        raise SourceUnavailableError(f"{call.path} answered {response.status} with a list of errors.")
    return body


def error_of(call: Call, response: HttpResponse, *, now: float) -> EarshotError:
    """Return what a response outside 2xx means; `now` is Unix seconds by our clock (FACTS §3)."""
    codes, detail = _codes(parsed(response.content))
    where = f"{call.path}: {response.status} {detail}"
    if response.status == 429 or (codes & _RATE_CODES and response.status < 500):  # noqa: PLR2004 - HTTP statuses
        wait = min(_wait_seconds(response.headers, now), LONGEST_WAIT_SECONDS)
        return SlowDownError(f"{where} (too many calls)", seconds=wait)
    specific = _access_error(response, codes, where) or _missing_error(call, response, codes, where)
    if specific is not None:
        return specific
    if call.read is Read.COMPANY_SCROLL and response.status == 500:  # noqa: PLR2004
        return ScrollLostError(where)
    if 400 <= response.status < 500 and response.status != 408:  # noqa: PLR2004
        return RequestRefusedError(where)
    return SourceUnavailableError(where, overloaded=response.status >= 500 or response.status == 408)  # noqa: PLR2004


def _access_error(response: HttpResponse, codes: frozenset[str], where: str) -> EarshotError | None:
    refusal = refusal_of(response.status, codes)
    if refusal is not None:
        return _REFUSALS[refusal](where)
    # Without Intercom's error codes, it comes from a proxy or a firewall in between.
    return SourceUnavailableError(where) if response.status in {401, 403} else None


def _missing_error(
    call: Call, response: HttpResponse, codes: frozenset[str], where: str
) -> EarshotError | None:
    if response.status == 400 and "scroll_exists" in codes:  # noqa: PLR2004
        return ScrollTakenError(where)
    if response.status == 410:  # noqa: PLR2004
        link = _CANONICAL.search(response.headers.get("link", ""))
        if "contact_merged" in codes or link:
            return ContactMergedError(where, successor_id=link[1] if link else None)
        return ResourceMissingError(where) if call.id else SourceUnavailableError(where)
    if response.status != 404:  # noqa: PLR2004
        return None
    if call.read is Read.COMPANY_SCROLL:
        return ScrollLostError(where)
    # A bare 404 means a deleted company (FACTS §3); for other resources it comes from a proxy.
    from_intercom = codes or call.read is Read.COMPANY
    return ResourceMissingError(where) if call.id and from_intercom else SourceUnavailableError(where)


def _codes(body: Any) -> tuple[frozenset[str], str]:
    errors = [record(error) for error in rows(record(body).get("errors"))]
    codes = frozenset(error["code"] for error in errors if isinstance(error.get("code"), str))
    words = "; ".join(
        f"{error.get('code')}: {error.get('message')}" if error.get("message") else f"{error.get('code')}"
        for error in errors
    )
    return codes, clean(words)[:_MOST_DETAIL] or "without Intercom's own words"


def served_at(headers: Mapping[str, str], now: float) -> float:
    """Return the source's clock in Unix seconds: its Date header, or our clock where there is none."""
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return now
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def not_ahead(at: float, now: float) -> float:
    """Return the source's clock, or ours and some minutes if it claims to be further ahead.

    Cursors are set to this time. A date a year ahead, from somebody in between, would hide all changes of
    that year.
    """
    return min(at, now + _MOST_AHEAD_SECONDS)


def rate_headers(headers: Mapping[str, str], source_now: float) -> RateHeaders | None:
    """Return the budget that the response announced; None if it announced none."""
    try:
        limit = int(headers["x-ratelimit-limit"])
        remaining = int(headers["x-ratelimit-remaining"])
        reset = float(headers["x-ratelimit-reset"])
    except (KeyError, ValueError):
        return None
    if not math.isfinite(reset):
        return None  # Nobody could wait for it, or ever see it pass.
    return RateHeaders(limit, remaining, reset - source_now, reset)


def _wait_seconds(headers: Mapping[str, str], now: float) -> float:
    announced = rate_headers(headers, served_at(headers, now))
    retry_after = headers.get("retry-after", "")
    if retry_after.isdecimal():
        return float(retry_after)
    if announced is None or announced.remaining > 0:
        # `too_many_requests` is about one resource under load: the window says nothing (FACTS §4).
        return _DEFAULT_WAIT_SECONDS if announced is None else 1.0
    return max(announced.reset_in_seconds, 0.0)
