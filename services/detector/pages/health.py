"""A customer's health as its page shows it: the number, what it is made of, and what moved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.detector.domain.health import INGREDIENTS
from services.detector.domain.health_history import moved
from shared.web.charts import Point
from shared.web.formats import MINUS

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.health import State
    from services.detector.domain.health_history import HealthHistory

_COMPARED_DAYS = 30
"""What moved it is told against a month ago, or the first settled measure if that is younger."""

_CHART_FROM = 2
"""A line needs two points."""


@dataclass(frozen=True, slots=True)
class PartShown:
    label: str
    reason: str
    known: bool
    points: str
    most: str


@dataclass(frozen=True, slots=True)
class MovedShown:
    label: str
    points: str


@dataclass(frozen=True, slots=True)
class HealthShown:
    """`since` is the moment that `change` and `moved` compare with; None where nothing earlier is known."""

    score: int | None
    parts: list[PartShown]
    since: datetime | None
    change: int
    moved: list[MovedShown]
    chart: dict[str, Any] | None


def health_shown(name: str, history: HealthHistory, now: datetime) -> HealthShown:
    """Return what the page shows of a customer's health."""
    latest = history.latest
    if latest is None:
        return HealthShown(None, [], None, 0, [], None)
    before = history.about(_COMPARED_DAYS, now)
    return HealthShown(
        score=latest.score,
        parts=[
            PartShown(
                INGREDIENTS[part.name],
                part.reason,
                part.share is not None,
                f"{part.points:.0f}",
                f"{part.most:.0f}",
            )
            for part in latest.parts
            if part.weight
        ],
        since=before.at if before else None,
        change=(latest.score or 0) - (before.score or 0) if before and latest.score is not None else 0,
        moved=_moved(before, latest.state) if before and latest.score is not None else [],
        chart=_chart(name, history, now),
    )


def _moved(before: State, after: State) -> list[MovedShown]:
    return [
        MovedShown(INGREDIENTS[one.name], f"{one.points:+.0f}".replace("-", MINUS))
        for one in moved(before, after)
    ]


def _chart(name: str, history: HealthHistory, now: datetime) -> dict[str, Any] | None:
    points = [Point(state.at, float(state.score)) for state in history.settled if state.score is not None]
    if len(points) < _CHART_FROM:
        return None
    return {
        "points": points,
        "title": f"Health of {name}",
        "unit": "health, of 100",
        "start": min(points[0].at, now - timedelta(days=7)),
        "end": now,
        "low": 0,
        "high": 100,
        "ticks": ((0, "0"), (50, "50"), (100, "100")),
    }
