"""Writing customers that others may write at the same moment: whoever comes second reads again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

_TRIES = 6
"""Attempts before the whole is asked to come again; each one loses only to somebody's progress."""


async def write_until_kept(
    customer_ids: Collection[str], attempt: Callable[[Collection[str], int], Awaitable[Collection[str]]]
) -> None:
    """Have customers read and written, and those that were refused anew.

    `attempt` takes the ids, and how often it was tried with them before; it returns those that were refused.

    Raises:
        TransientError: others wrote the same customers again and again.
    """
    left = customer_ids
    for tried in range(_TRIES):
        if not left:
            return
        left = await attempt(left, tried)
    if left:
        raise TransientError("These customers are being changed by others all the time. Try again.")
