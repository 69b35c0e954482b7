"""What happens in the middle of a batch, and what a removal must leave."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from services.detector.use_cases.admission import Admission
from services.detector.use_cases.intake import Intake
from tests.unit.services.detector.rig import CONNECTION, NORTHWIND, ORG, WORKSPACE, Rig

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.detector.use_cases.follow_on import Allowance
    from shared.contracts.event import Event


def meanwhile(rig: Rig, happening: Callable[[], Awaitable[None]], *, before: bool = False) -> None:
    """Let something happen once while a batch is taken in, at its beginning or at its end."""
    intake = rig.engine.intake
    left = [happening]

    async def interrupted(
        take: Callable[[Sequence[Event]], Awaitable[None]], events: Sequence[Event]
    ) -> None:
        if before and left:
            await left.pop()()
        await take(events)
        if left:
            await left.pop()()

    class Interrupted(Intake):
        def __init__(self) -> None:
            """Everything is asked of the intake proper."""

        async def conversations(self, events: Sequence[Event]) -> None:
            await interrupted(intake.conversations, events)

        async def directory(self, events: Sequence[Event], allowance: Allowance) -> None:
            await interrupted(partial(intake.directory, allowance=allowance), events)

    rig.engine.admission = Admission(
        intake=Interrupted(),
        connections=rig.stores.connections,
        remove=rig.engine.remove_data,
        clock=rig.clock,
    )


async def expect_nothing(rig: Rig) -> None:
    """Fail unless nothing that was read through the connection is left."""
    assert await rig.signals() == []
    assert await rig.stores.signals.by_connection(ORG, CONNECTION) == []
    assert await rig.stores.mirror.keys_after(ORG, WORKSPACE, "", 10) == []
    assert await rig.stores.mirror.company_keys_after(ORG, WORKSPACE, "", 10) == []
    assert await rig.stores.mirror.contacts(ORG, [f"{WORKSPACE}:dana"]) == {}
    assert await rig.stores.customers.by_ids(ORG, [NORTHWIND]) == {}
    assert await rig.stores.connections.get(ORG, CONNECTION) is None
    assert await rig.stores.rereads.latest(ORG) == []
