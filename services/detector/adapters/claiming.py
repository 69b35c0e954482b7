"""Claims on work that any replica may do: whoever asks first has it for a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.documents.collection import ORGANIZATION, database_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from shared.documents.collection import Collection
    from shared.documents.database import Document

AHEAD = timedelta(minutes=10)
"""Replicas' clocks differ by less: a time further ahead was written by a clock that has been corrected."""


async def claim_first(
    collection: Collection,
    wanted: Mapping[str, Any],
    owner: str,
    *,
    now: datetime,
    lease_seconds: float,
    order: str = "claimed_until",
) -> Document | None:
    """Lease the first of these documents, of any organization, that nobody works on.

    None if there is none, or if another replica was quicker. `order` is the field by which one is the first.
    """
    beyond = now + timedelta(seconds=lease_seconds) + AHEAD
    # Nobody holds a claim for so long: a clock that was ahead, and is corrected, made it.
    over = [{"claimed_until": {"$lte": now}}, {"claimed_until": {"$gt": beyond}}]
    free = {**wanted, "$or": over}
    with database_errors():
        first = await collection.across_organizations().find_one(free, sort=[(order, 1)])
    if first is None:
        return None
    return await collection.of(first[ORGANIZATION]).find_one_and_update(
        {"_id": first["_id"], **free},
        {"$set": {"claimed_by": owner, "claimed_until": now + timedelta(seconds=lease_seconds)}},
    )
