"""How this workspace's search interprets times and orders: probed once, because sources disagree (FACTS §6).

What is not proven is assumed to be the worst case, which costs more calls and loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.syncer.domain.fields import rows, seconds
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import FUTURE_SAFE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.resources.reading import Reading

_NARROW_SECONDS = 2
_FEW = 5


@dataclass(frozen=True, slots=True)
class Learned:
    """What a probe has shown.

    Attributes:
        exact: a window of seconds around a known time finds it, so that no cut to days loses rows.
        sorted: rows come in the order that is asked for, so that a walk may stop early.
    """

    exact: bool
    sorted: bool


async def probe_search(reading: Reading, times: Sequence[int]) -> Learned:
    """Probe with times of rows that the search has just shown, so that its lag plays no part."""
    known = times[len(times) // 2]
    if known in await _times(reading, known - _NARROW_SECONDS, known + _NARROW_SECONDS, "descending"):
        return Learned(exact=True, sorted=False)
    low, high = min(times) - FUTURE_SAFE_SECONDS, max(times) + FUTURE_SAFE_SECONDS
    rising = await _times(reading, low, high, "ascending")
    falling = await _times(reading, low, high, "descending")
    obeyed = (
        rising == sorted(rising)
        and falling == sorted(falling, reverse=True)
        and bool(rising)
        and bool(falling)
        and rising[0] < falling[0]
    )
    return Learned(exact=False, sorted=obeyed)


async def _times(reading: Reading, after: int, before: int, order: str) -> list[int]:
    answer = await reading.intercom.read(
        Call(
            Read.CONVERSATION_SEARCH,
            body={
                "query": {
                    "operator": "AND",
                    "value": [
                        {"field": "updated_at", "operator": ">", "value": after},
                        {"field": "updated_at", "operator": "<", "value": before},
                    ],
                },
                "sort": {"field": "updated_at", "order": order},
                "pagination": {"per_page": _FEW},
            },
        )
    )
    conversations = rows(answer.body["conversations"])
    return [
        when
        for row in conversations
        if isinstance(row, dict) and (when := seconds(row.get("updated_at"))) is not None
    ]
