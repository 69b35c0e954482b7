"""Writes customers that others may be writing at the same moment: whoever comes second reads again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

_TRIES = 6
"""Attempts before the whole operation is retried; each attempt fails only because another one succeeded."""


async def write_until_kept(
    customer_ids: Collection[str], attempt: Callable[[Collection[str], int], Awaitable[Collection[str]]]
) -> None:
    """Read and write customers, repeating it for those whose write was refused.

    `attempt` takes the ids and the number of the attempt; it returns the ids that were refused.

    Raises:
        TransientError: others wrote the same customers at every attempt.
    """
    left = customer_ids
    for tried in range(_TRIES):
        if not left:
            return
        left = await attempt(left, tried)
    if left:
        raise TransientError("These customers are being changed by others all the time. Try again.")
