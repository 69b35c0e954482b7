"""When the vendor's people work and when customers write: mostly by day from Monday to Friday, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

OPENS = 8
CLOSES = 18
SATURDAY = 5
#: Customers write from early morning until late evening, seldom at night.
CUSTOMER_DAY = (6, 22)
DAY = 86_400
#: So much of what would fall on a weekend stays there.
WEEKEND_SHARE = 0.15


def _morning(moment: datetime, hour: int, rng: random.Random) -> datetime:
    minutes = rng.randint(2, 75)
    return moment.replace(hour=hour, minute=0, second=rng.randint(0, 59)) + timedelta(minutes=minutes)


def staffed(at: int, rng: random.Random) -> int:
    """`at` if the office is open then, else some time in the next morning on which it opens."""
    moment = datetime.fromtimestamp(at, UTC)
    if moment.weekday() < SATURDAY and OPENS <= moment.hour < CLOSES:
        return at
    if moment.weekday() >= SATURDAY or moment.hour >= CLOSES:
        moment += timedelta(days=1)
        while moment.weekday() >= SATURDAY:
            moment += timedelta(days=1)
    return int(_morning(moment, OPENS, rng).timestamp())


def awake(at: int, rng: random.Random) -> int:
    """`at` if customers are awake then, else some time in the following morning."""
    moment = datetime.fromtimestamp(at, UTC)
    first, last = CUSTOMER_DAY
    if first <= moment.hour < last:
        return at
    if moment.hour >= last:
        moment += timedelta(days=1)
    return int(_morning(moment, first, rng).timestamp())


def working_moment(days_ago: int, now: int, rng: random.Random, *, spread: bool = False) -> int:
    """A moment that many days before `now`; a weekend becomes the Friday before.

    With `spread`, it becomes any day of the week before, or now and then stays a weekend.
    """
    moment = datetime.fromtimestamp(now - days_ago * DAY, UTC)
    if moment.weekday() >= SATURDAY and not (spread and rng.random() < WEEKEND_SHARE):
        moment -= timedelta(days=moment.weekday() - SATURDAY + (rng.randint(1, 5) if spread else 1))
    hour = min(max(int(rng.gauss(11.5, 2.6)), 7), CLOSES - 1)
    return int(moment.replace(hour=hour, minute=rng.randint(0, 59), second=rng.randint(0, 59)).timestamp())
