"""Every component on one page, with sample data: `python -m shared.web.gallery --port 8790`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from shared.clock import ManualClock
from shared.web.cards import SignalCard
from shared.web.charts import Dot, Point, SignalMark, line_chart, timeline
from shared.web.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from markupsafe import Markup
    from starlette.requests import Request

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
CONTENT_SECURITY_POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


@dataclass(frozen=True, slots=True)
class SampleReader:
    name: str = "Ines Moreau"
    email: str = "ines@example.com"
    role: str = "admin"


@dataclass(frozen=True, slots=True)
class SampleRow:
    name: str
    state: str
    tone: str
    mood: tuple[float, ...]
    spend: float
    heard: datetime


CARDS = (
    SignalCard(
        url="#1",
        kind="churn_risk",
        explicit=True,
        title="Will not renew",
        confidence=0.94,
        at=NOW - timedelta(minutes=12),
        customer_name="Northwind",
        customer_url="#c",
        quote="we won't be renewing once the contract ends in March",
        who="Dana Ruiz, Head of Ops",
        owner="ines@example.com",
        others=3,
        unread=True,
    ),
    SignalCard(
        url="#2",
        kind="expansion",
        title="Another team wants in",
        confidence=0.81,
        at=NOW - timedelta(hours=1),
        customer_name="Contoso",
        customer_url="#c",
        quote="can we add the Berlin team, about 40 people? They would need the reports and audit trail,"
        " and their lead asks whether one invoice for both offices is possible",
        who="Jonas Weber",
        owner="tom@example.com",
    ),
    SignalCard(
        url="#3",
        kind="feature_request",
        title="Export to a spreadsheet",
        confidence=0.77,
        at=NOW - timedelta(days=2),
        quote="I wish I could get this table into Excel",
        who="sam@fabrikam.example",
    ),
    SignalCard(
        url="#4",
        kind="sentiment_shift",
        title="Sentiment of Fabrikam fell by 0.7 in 14 days",
        confidence=0.68,
        at=NOW - timedelta(days=6),
        customer_name="Fabrikam Verwaltungsgesellschaft mit beschränkter Haftung",
        customer_url="#c",
        state="cleared",
    ),
)
ROWS = (
    SampleRow("Northwind", "At risk", "bad", (0.6, 0.5, 0.1, -0.3, -0.5), 4_200, NOW - timedelta(minutes=12)),
    SampleRow("Contoso", "Growing", "good", (0.1, 0.2, 0.2, 0.5, 0.6), 2_900, NOW - timedelta(hours=1)),
    SampleRow("Fabrikam", "Watch", "attention", (0.4, 0.4, -0.1, -0.3), 900, NOW - timedelta(days=6)),
)


def sample_line() -> Markup:
    points = [
        Point(NOW - timedelta(days=150 - 15 * i), v)
        for i, v in enumerate((82, 84, 80, 76, 77, 70, 61, 55, 48, 44, 41))
    ]
    return line_chart(
        points,
        title="Health of Northwind over five months",
        unit="health, of 100",
        start=NOW - timedelta(days=160),
        end=NOW,
        low=0,
        high=100,
        ticks=((0, "0"), (50, "50"), (100, "100")),
    )


def sample_timeline() -> Markup:
    moods = (0.5, 0.6, 0.4, 0.3, 0.1, -0.2, -0.4, -0.5)
    return timeline(
        title="Northwind over a year",
        start=NOW - timedelta(days=365),
        end=NOW,
        conversations=[
            Dot(NOW - timedelta(days=350 - 17 * i), f"Conversation {i + 1}", "#") for i in range(20)
        ],
        signals=[
            SignalMark(NOW - timedelta(days=320), "onboarding", "First login", "#", cleared=True),
            SignalMark(NOW - timedelta(days=200), "feature_request", "Export", "#"),
            SignalMark(NOW - timedelta(days=90), "sentiment_shift", "Falls", "#"),
            SignalMark(NOW - timedelta(days=1), "churn_risk", "Will not renew", "#"),
        ],
        sentiment=[Point(NOW - timedelta(days=340 - 48 * i), v) for i, v in enumerate(moods)],
    )


def create_gallery() -> Starlette:
    """Return the gallery as an application, under the policy that the services send as well."""
    pages = Pages(Path(__file__).parent / "templates", clock=ManualClock(NOW))

    def gallery(request: Request) -> Response:
        return pages.render(
            request,
            "gallery.html",
            identity=SampleReader(),
            headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
            live_url="/stream",
            cards=CARDS,
            rows=ROWS,
            line=sample_line(),
            times=sample_timeline(),
        )

    unread: Callable[[Request], Awaitable[Response]] = _unread
    return Starlette(
        routes=[
            Route("/inbox/unread", unread),
            Route("/insights", gallery),
            Route("/", gallery),
            Mount("/static", pages.assets),
        ]
    )


async def _unread(_request: Request) -> Response:
    return PlainTextResponse("3")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8790)
    uvicorn.run(create_gallery(), host="127.0.0.1", port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
