"""How the detector's errors reach callers: each decision has its status, its sentence stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import HTTPException
from fastapi.routing import APIRoute

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
    from starlette.responses import Response

_STATUS: Mapping[type[DetectorServiceError], int] = {
    NotFoundError: 404,
    ChangedMeanwhileError: 409,
    CustomerListError: 422,
    InvalidRequestError: 422,
}


class AnsweringRoute(APIRoute):
    """A route whose handler may raise the detector's own errors."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except DetectorServiceError as error:
                raise HTTPException(_STATUS.get(type(error), 422), str(error)) from error

        return answer
