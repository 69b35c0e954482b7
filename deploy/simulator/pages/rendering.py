"""Turning templates into pages, with the security headers that every page carries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from deploy.simulator.plaintext import plaintext
from deploy.simulator.scenarios import expected_words

if TYPE_CHECKING:
    from shared.clock import Clock

FOLDER = Path(__file__).parent
MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Renderer:
    """Renders templates of this package. `form_origin` is where the authorization form may lead to."""

    def __init__(self, clock: Clock, form_origin: str) -> None:
        self._clock = clock
        self._policy = (
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
            f"form-action 'self' {form_origin}; base-uri 'none'; frame-ancestors 'none'"
        )
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["ago"] = self.ago
        self._environment.filters["exact"] = exact
        self._environment.filters["plain"] = plaintext
        self._environment.filters["expected"] = expected_words

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        body = self._environment.get_template(template).render(**values)
        headers = {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(body, status, headers)

    def ago(self, moment: float) -> str:
        """How long ago a Unix time was, in words."""
        seconds = max(0, int(self._clock.now().timestamp() - moment))
        if seconds < MINUTE:
            return f"{seconds} s ago"
        if seconds < HOUR:
            return f"{seconds // MINUTE} min ago"
        if seconds < DAY:
            return f"{seconds // HOUR} h ago"
        return f"{seconds // DAY} d ago"


def exact(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
