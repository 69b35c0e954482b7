"""What a proven full walk did not meet may be gone; each one is asked for before anybody is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from services.syncer.errors import SlowDownError

if TYPE_CHECKING:
    from services.syncer.domain.held import Held
    from services.syncer.domain.run import StepState
    from services.syncer.resources.reading import Reading
    from shared.contracts.sync import ResourceType

_AT_ONCE = 50
"""Asked for side by side; the pace lets as many go as the source bears."""


class Became(Protocol):
    """Asks the source for one resource and publishes what became of it."""

    async def __call__(self, reading: Reading, id_: str, held: Held | None) -> None: ...


async def sweep_absent(
    reading: Reading,
    state: StepState,
    resource: ResourceType,
    became: Became,
    *,
    changed_since: int | None = None,
) -> bool:
    """Look after what is held and was not met by the walk in the position; tell whether all is done.

    Rows that move between pages can be missed although they exist (FACTS §5): absence alone proves nothing.
    `changed_since` leaves out what is closed and older, where the walk did not go that far.

    Keys of the position: `swept` (the id up to which it was looked through, once, since what was met has to
    be looked at as well), `left` (whether some of them failed, and everything is looked through once more).
    """
    position = state.position
    walk = position["walk"]
    while reading.time_left():
        absent = await reading.fingerprints.unseen(
            reading.connection.key,
            resource,
            walk=walk,
            after=position.get("swept", ""),
            limit=_AT_ONCE,
            changed_since=changed_since,
        )
        if not absent:
            position.pop("swept", None)
            if position.pop("left", False):
                continue
            return True
        outcomes = await asyncio.gather(
            *(became(reading, held.id, held) for held in absent), return_exceptions=True
        )
        asked = [held.id for held, outcome in zip(absent, outcomes, strict=True) if outcome is None]
        # Marked as met, so that what one failure leaves over is all that is asked for again.
        await reading.mark(resource, asked, walk)
        failures = [outcome for outcome in outcomes if outcome is not None]
        if not any(isinstance(failure, SlowDownError) for failure in failures):
            position["swept"] = absent[-1].id
            position["left"] = bool(failures) or position.get("left", False)
        if failures:
            raise failures[0]
    return False
