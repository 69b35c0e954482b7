"""Retries the gaps of single resources in turn, so that persistent ones do not keep others waiting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.syncer.resources.reading import Reading
    from shared.contracts.sync import ResourceType

_MOST_RETRIED = 200
"""Gaps of one reason tried again by one run."""


async def gaps_in_turn(reading: Reading, resource: ResourceType, reason: str) -> list[str]:
    """Return the ids to try again now: from after the last one of the time before, round and round.

    Where the round has come to is noted at once, so what a crash keeps from being tried waits for the next.
    """
    cursor = reading.cursor(resource)
    gaps = await reading.gaps.listed(
        reading.connection.key,
        limit=_MOST_RETRIED,
        resource=resource,
        reason=reason,
        after=cursor.retried_to.get(reason, ""),
    )
    await _reached(reading, resource, reason, (gaps[-1].id or "") if len(gaps) == _MOST_RETRIED else "")
    return [gap.id for gap in gaps if gap.id is not None]


async def gaps_one_by_one(reading: Reading, resource: ResourceType, reason: str) -> AsyncIterator[str]:
    """Yield the ids to try again now, while the slice has time left for another one.

    Calls that end with their timeout take long. The next round goes on behind the last one that was tried, so
    that such a one is tried once a round, and not first each time.
    """
    before = reading.cursor(resource).retried_to.get(reason, "")
    for id_ in await gaps_in_turn(reading, resource, reason):
        if not reading.time_left():
            await _reached(reading, resource, reason, before)
            return
        yield id_
        before = id_


async def _reached(reading: Reading, resource: ResourceType, reason: str, id_: str) -> None:
    cursor = reading.cursor(resource)
    if id_ != cursor.retried_to.get(reason, ""):
        await reading.save_cursor(replace(cursor, retried_to={**cursor.retried_to, reason: id_}))
