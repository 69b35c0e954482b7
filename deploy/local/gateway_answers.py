"""What the gateway says itself: to people as a page, to machines as a problem document (RFC 9457)."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

_RELOAD_SECONDS = 2
"""A service is back after one to three seconds."""

_WHAT_IT_DOES = {
    "connector": "the connection to Intercom and its settings",
    "syncer": "reading from Intercom",
    "detector": "insights, customers and requests",
    "notifier": "the inbox and notifications",
}

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1.5rem;"
    "color:#1d2433;background:#fbfbfc}h1{font-size:1.25rem}p{margin:.5rem 0}"
    "a{color:#2f55c8}@media(prefers-color-scheme:dark){body{color:#e6e8ee;background:#14171f}a{color:#93abff}}"
)


def service_away(request: Request, service: str, *, arrived: bool) -> Response:
    """Say that a service restarts. `arrived` is True where it may have taken the request before it left."""
    does = _WHAT_IT_DOES.get(service, "this page")
    title = "One moment"
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
    return _answer(request, 503, title, lines, reload=reload)


def not_found(request: Request) -> Response:
    return _answer(request, 404, "Not found", ["There is nothing at this address."], way_on=True)


def too_large(request: Request, most_bytes: int) -> Response:
    megabytes = most_bytes // (1024 * 1024)
    return _answer(request, 413, "Too large", [f"At most {megabytes} MB can be sent at once."])


def not_this_host(request: Request) -> Response:
    """Refuse a browser that was led here under another name."""
    return _answer(
        request,
        421,
        "Not reachable under this name",
        ["Local mode signs in by itself, so it answers only at 127.0.0.1 and localhost."],
    )


def _answer(
    request: Request,
    status: int,
    title: str,
    lines: list[str],
    *,
    reload: bool = False,
    way_on: bool = False,
) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 503:  # noqa: PLR2004 - the status code is its own name
        headers["Retry-After"] = str(_RELOAD_SECONDS)
    wants_page = "text/html" in request.headers.get("accept", "")
    if request.url.path.startswith("/api/") or not wants_page:
        body = {"type": "about:blank", "title": title, "status": status, "detail": " ".join(lines)}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    )
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    if way_on:
        paragraphs += '<p><a href="/insights">To the insights</a></p>'
    again = f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">' if reload else ""
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Earshot</title>'
        f'<meta name="viewport" content="width=device-width">{again}<style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{paragraphs}</main></body></html>"
    )
    return HTMLResponse(page, status, headers)
