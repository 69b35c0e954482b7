"""How many of a resource are known to exist and are not held: each has a gap by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.gap import UNREAD_GAPS

if TYPE_CHECKING:
    from services.syncer.domain.connection import ConnectionKey
    from services.syncer.ports import Fingerprints, Gaps
    from shared.contracts.sync import ResourceType

_AT_ONCE = 200
"""Gaps compared at once with what is held; a conversation's record names its parts."""


async def unread_count(
    gaps: Gaps, fingerprints: Fingerprints, key: ConnectionKey, resource: ResourceType
) -> int:
    """Return how many were never read, however many gaps there are.

    What is held in an older state has a gap as well, and counts among what is held.
    """
    unread: set[str] = set()
    for reason in UNREAD_GAPS:
        after, more = "", True
        while more:
            portion = await gaps.listed(key, limit=_AT_ONCE, resource=resource, reason=reason, after=after)
            ids = [gap.id for gap in portion if gap.id is not None]
            known = await fingerprints.of(key, resource, ids)
            unread.update(id_ for id_ in ids if id_ not in known or known[id_].gone)
            more = len(portion) == _AT_ONCE
            after = ids[-1] if ids else after
    return len(unread)
