"""Gaps of single resources are tried again in turn, so that those that stay keep no others waiting."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.syncer.resources.reading import Reading
    from shared.contracts.sync import ResourceType

_MOST_RETRIED = 200
"""Gaps of one reason tried again by one run."""


async def gaps_in_turn(reading: Reading, resource: ResourceType, reason: str) -> list[str]:
    """Return the ids to try again now: from after the last one of the time before, round and round.

    Where the round has come to is noted at once, so what a crash keeps from being tried waits for the next.
    """
    cursor = reading.cursor(resource)
    found = await reading.gaps.listed(
        reading.connection.key,
        limit=_MOST_RETRIED,
        resource=resource,
        reason=reason,
        after=cursor.retried_to.get(reason, ""),
    )
    reached = (found[-1].id or "") if len(found) == _MOST_RETRIED else ""
    if reached != cursor.retried_to.get(reason, ""):
        await reading.save_cursor(replace(cursor, retried_to={**cursor.retried_to, reason: reached}))
    return [gap.id for gap in found if gap.id is not None]
