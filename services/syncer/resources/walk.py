"""What a proven full walk did not meet may be gone; each one is asked for before anybody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from services.syncer.domain.held import Held
    from services.syncer.domain.run import StepState
    from services.syncer.resources.reading import Reading
    from shared.contracts.sync import ResourceType

_AT_ONCE = 50


class Became(Protocol):
    """Asks the source for one resource and publishes what became of it."""

    async def __call__(self, reading: Reading, id_: str, held: Held | None) -> None: ...


async def sweep_absent(reading: Reading, state: StepState, resource: ResourceType, became: Became) -> bool:
    """Look after what is held and was not met by the walk in the position; tell whether all is done.

    Rows that move between pages can be missed although they exist (FACTS §5): absence alone proves nothing.
    """
    position = state.position
    walk = position["walk"]
    while True:
        absent = await reading.fingerprints.unseen(
            reading.connection.key, resource, walk=walk, after=position.get("swept", ""), limit=_AT_ONCE
        )
        for held in absent:
            if not reading.time_left():
                return False
            await became(reading, held.id, held)
            position["swept"] = held.id
        if len(absent) < _AT_ONCE:
            return True
