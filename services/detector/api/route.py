"""What all routes of the detector share: errors become statuses, and unchanged responses are not repeated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException
from fastapi.routing import APIRoute
from starlette.responses import Response

from services.detector.errors import (
    ChangedMeanwhileError,
    CustomerListError,
    DetectorServiceError,
    InvalidRequestError,
    NotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from starlette.requests import Request

_STATUS: Mapping[type[DetectorServiceError], int] = {
    NotFoundError: 404,
    ChangedMeanwhileError: 409,
    CustomerListError: 422,
    InvalidRequestError: 422,
}


_CACHE = "private, no-cache"
"""A response belongs to one organization. A cache must ask again each time, for which it has the ETag."""


class DetectorRoute(APIRoute):
    """A route whose handler may raise the detector's own errors.

    A JSON response to a GET has an ETag, made of its content unless the handler set one; a caller that sends
    it in If-None-Match gets a 304.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return _unless_known(request, await handle(request))
            except DetectorServiceError as error:
                raise HTTPException(_STATUS.get(type(error), 422), str(error)) from error

        return answer


def _unless_known(request: Request, response: Response) -> Response:
    """Return the response with its ETag, or a 304 if the caller has it already."""
    is_content = (request.method, response.status_code) == ("GET", 200)
    if not is_content or response.media_type != "application/json":
        return response
    etag = response.headers.get("etag") or f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": response.headers.get("cache-control", _CACHE)}
    response.headers.update(headers)
    if _names(",".join(request.headers.getlist("if-none-match")), etag):
        return Response(status_code=304, headers=headers)
    return response


def _names(header: str, etag: str) -> bool:
    """Return whether an If-None-Match header matches a tag: `*`, or a list; weak tags count as strong."""
    named = [one.strip().removeprefix("W/") for one in header.split(",")]
    return "*" in named or etag in named
