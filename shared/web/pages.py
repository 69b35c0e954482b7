"""Pages as HTML: one Jinja environment a service, its own templates first, the frame's after."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlencode

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from shared.web import charts, formats
from shared.web.icons import icon
from shared.web.navigation import navigation_for
from shared.web.shapes import KIND_LOOKS, kind_shape
from shared.web.static_files import StaticAssets

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from shared.clock import Clock

SHARED_TEMPLATES = Path(__file__).parent / "templates"
_MOST_QUERY_FIELDS = 50
"""Fields of an address that are carried into links; an address with more was not made by a page."""


class Reader(Protocol):
    """Who looks at the page; `shared.auth.Identity` is one."""

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str: ...

    @property
    def role(self) -> str: ...


def is_fragment(request: Request) -> bool:
    """Return whether htmx asks for a part of a page, so that the frame may be left out."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-boosted") != "true"
        and headers.get("hx-history-restore-request") != "true"
    )


def csrf_token_of(request: Request) -> str:
    """Return the token that the HTTP layer put on the request; empty where none is in use."""
    return str(getattr(request.state, "csrf_token", ""))


class Pages:
    """Renders templates of one service inside the frame.

    Args:
        templates: the service's own folder; its names win over the frame's.
        clock: what ages are counted from.
        assets: where the static files are; one object for the whole application.
        csrf_token: how to find the token of a request.
        currency: what amounts are in, as a code of ISO 4217; they are shown with it, and never converted.
    """

    def __init__(
        self,
        templates: Path,
        *,
        clock: Clock,
        assets: StaticAssets | None = None,
        csrf_token: Callable[[Request], str] = csrf_token_of,
        currency: str = "USD",
    ) -> None:
        self.currency = currency
        self.assets = assets or StaticAssets()
        self._clock = clock
        self._csrf_token = csrf_token
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(templates), FileSystemLoader(SHARED_TEMPLATES)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            relative_time=self._relative_time,
            exact_time=formats.exact_time,
            date=formats.date_in_words,
            duration=formats.duration,
            number=formats.number,
            percent=formats.percent,
            address=formats.address,
            money=partial(formats.money, currency=currency),
            pluralise=formats.pluralise,
            marked=formats.marked,
            initials=formats.initials,
        )
        self._environment.globals.update(
            asset=self.assets.url,
            currency=currency,
            icon=icon,
            kind_shape=kind_shape,
            kind_looks=KIND_LOOKS,
            time_left=formats.time_left,
            line_chart=charts.line_chart,
            timeline=charts.timeline,
            sparkline=charts.sparkline,
        )

    def render(
        self,
        request: Request,
        template: str,
        *,
        identity: Reader | None,
        status_code: int = 200,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Return a template as a response.

        Beside what is given, templates see: `request`, `identity` (None on pages for strangers),
        `navigation`, `csrf_token`, `csrf_field`, `fragment` (see `is_fragment`) and
        `query_url(name=value, …)`, which is this page's address with fields of its query replaced,
        and left out where the value is None.

        Raises:
            jinja2.UndefinedError: the template uses a name that was not given.
        """
        token = self._csrf_token(request)
        body = self._environment.get_template(template).render(
            {
                "live_url": None,
                **context,
                "request": request,
                "identity": identity,
                "navigation": navigation_for(request.url.path),
                "csrf_token": token,
                "csrf_field": Markup('<input type="hidden" name="csrf_token" value="{}">').format(token),
                "fragment": is_fragment(request),
                "query_url": partial(_query_url, request),
                "now": self._clock.now(),
            }
        )
        # A page holds one reader's data: neither a proxy nor the back button after signing out may keep it.
        return HTMLResponse(
            body, status_code, headers={"Cache-Control": "no-store", "Vary": "HX-Request", **(headers or {})}
        )

    def _relative_time(self, moment: Any, **options: Any) -> Markup:
        return formats.relative_time(moment, now=self._clock.now(), **options)


def _query_url(request: Request, **changes: str | float | None) -> str:
    fields = [
        (name, value)
        for name, value in parse_qsl(request.url.query)[:_MOST_QUERY_FIELDS]
        if name not in changes
    ]
    fields += [(name, str(value)) for name, value in changes.items() if value is not None]
    return f"{request.url.path}?{urlencode(fields)}" if fields else request.url.path
