"""How Intercom's bodies are parsed, and what its refusals say about a credential (FACTS §3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection

Refusal = Literal["token_rejected", "permission_missing", "plan_restricted"]

_PLAN_CODES = frozenset({"api_plan_restricted"})
_PERMISSION_CODES = frozenset({"token_unauthorized", "forbidden", "action_forbidden"})
"""The token is valid and this resource is not granted; only `token_unauthorized` comes with a 401."""


def json_of(body: bytes) -> Any:
    """Return the JSON value of a body, without halves of characters that were cut in two.

    A text that was cut in the middle of an emoji ends with half a surrogate pair, which can be written in
    JSON and nowhere else: strict parsers reject the whole body for it.

    Raises:
        ValueError: the body is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return _whole(json.loads(body))
        except RecursionError as error:
            raise ValueError("The body is nested too deeply.") from error


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="ignore").decode()
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value


def refusal_of(status: int, codes: Collection[str]) -> Refusal | None:
    """Return what a response refuses, by its status and Intercom's error codes; None if nothing.

    A 401 or 403 without a code does not come from Intercom but from a proxy or firewall in between, and says
    nothing about the credential. One refused token may still be a hiccup: before a connection is stopped for
    it, `/me` is asked once more.
    """
    known_codes = frozenset(codes)
    if status == 402 or (known_codes & _PLAN_CODES and 400 <= status < 500):  # noqa: PLR2004 - HTTP statuses
        return "plan_restricted"
    if status == 401 and known_codes:  # noqa: PLR2004
        return "permission_missing" if known_codes & _PERMISSION_CODES else "token_rejected"
    if status == 403 and known_codes:  # noqa: PLR2004
        # Newer endpoints name the scope that is missing, in words of their own.
        return "permission_missing"
    return None
