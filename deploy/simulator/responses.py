"""How an API call is responded to: a body and headers, or one of Intercom's errors (FACTS §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.simulator.errors import SimulatorError


class ApiError(SimulatorError):
    """The response is an `error.list` of one error."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = headers or {}

    def body(self, request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return {"type": "error.list", "request_id": request_id, "errors": [error]}


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response that is not what the API promises: HTML, or nothing at all."""

    status: int
    body: bytes
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class JsonResponse:
    """A good response: JSON with a status."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def not_found(what: str, code: str = "not_found") -> ApiError:
    return ApiError(404, code, f"{what} not found")
