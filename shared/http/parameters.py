"""Refuses query parameters that a route does not take: a misspelt filter must not return everything."""

from __future__ import annotations

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from shared.auth.dependencies import require_member

_API = "/api/"
"""Pages are exempt: mail programs and browsers add parameters to their links."""


async def refuse_unknown_parameters(request: Request) -> None:
    """Respond with 422 to an API call with a query parameter that its route does not take.

    The problem names each such parameter, and those that the route takes. A caller who may not call at all is
    refused for that first, as by `require_member`.
    """
    route = request.scope.get("route")
    if not request.query_params or not request.scope["path"].startswith(_API):
        return
    if not isinstance(route, APIRoute):
        return
    known = {
        field.alias
        for field in get_flat_params(route.dependant)
        if isinstance(field.field_info, params.Query)
    }
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        await require_member(request)
        takes = ", ".join(sorted(known)) or "none"
        what = f"there is no such parameter; this call takes {takes}"
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": what} for name in unknown]
        )
