"""What the gateway says itself: to people as a page in the frame, to machines as a problem (RFC 9457).

Nothing here asks a service: a page must look like the product's also while every one of them is away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from shared.auth.identity import LOCAL_IDENTITY
from shared.http.middleware import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from starlette.requests import Request

    from shared.web.pages import Pages

TEMPLATES = Path(__file__).parent / "templates"

_RELOAD_SECONDS = 2
"""A service is back after one to three seconds."""

_WHAT_IT_DOES = {
    "connector": "the connection to Intercom and its settings",
    "syncer": "reading from Intercom",
    "detector": "insights, customers and requests",
    "notifier": "the inbox and notifications",
}


class GatewayResponses:
    """Makes the gateway's own responses; `pages` has `TEMPLATES` as its own."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def service_away(self, request: Request, service: str, *, arrived: bool) -> Response:
        """Say that a service restarts; `arrived`: it may have taken the request before it left."""
        does = _WHAT_IT_DOES.get(service, "this page")
        lines = [f"The part for {does} ({service}) is starting again."]
        reload = request.method in ("GET", "HEAD")
        if reload:
            lines.append("Nothing is lost; this page reloads by itself.")
        elif arrived:
            lines.append(
                "It is not certain that your last step was taken. Go back, look, and repeat it if need be."
            )
        else:
            lines.append("Your last step was not taken. Go back and repeat it in a moment.")
        return self._respond(request, 503, "One moment", lines, reload=reload)

    def not_found(self, request: Request) -> Response:
        return self._respond(request, 404, "Not found", ["There is nothing at this address."])

    def too_large(self, request: Request, most_bytes: int) -> Response:
        megabytes = most_bytes // (1024 * 1024)
        return self._respond(request, 413, "Too large", [f"At most {megabytes} MB can be sent at once."])

    def not_this_host(self, request: Request) -> Response:
        """Refuse a browser that was led here under another name; nobody is signed in there."""
        return self._respond(
            request,
            421,
            "Not reachable under this name",
            ["Local mode signs in by itself, so it answers only at 127.0.0.1 and localhost."],
            stranger=True,
        )

    def _respond(
        self,
        request: Request,
        status: int,
        title: str,
        lines: list[str],
        *,
        reload: bool = False,
        stranger: bool = False,
    ) -> Response:
        headers = {"Cache-Control": "no-store"}
        if status == 503:  # noqa: PLR2004 - the status code is its own name
            headers["Retry-After"] = str(_RELOAD_SECONDS)
        wants_page = "text/html" in request.headers.get("accept", "")
        if request.url.path.startswith("/api/") or not wants_page:
            body = {"type": "about:blank", "title": title, "status": status, "detail": " ".join(lines)}
            return JSONResponse(body, status, headers, media_type="application/problem+json")
        return self._pages.render(
            request,
            "answer.html",
            identity=None if stranger else LOCAL_IDENTITY,
            status_code=status,
            headers={**headers, "Content-Security-Policy": CONTENT_SECURITY_POLICY},
            heading=title,
            lines=lines,
            reload_seconds=_RELOAD_SECONDS if reload else None,
            way_home=not stranger,
        )
