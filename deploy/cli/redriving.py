"""Feeding many letters back: each for itself, so that one that cannot be sent holds up no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.cli.dead_letters import NotSentBack, redrive
from deploy.cli.engine import open_producer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.cli.dead_letters import Letter
    from deploy.cli.engine import Bus


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter; `why` says what keeps it, and is None when it was sent back."""

    letter: Letter
    why: str | None = None


async def send_back(bus: Bus, letters: Sequence[Letter]) -> list[Outcome]:
    """Send letters back in order, and tell of each. Raises `EngineFailed` when Kafka does not answer."""
    outcomes: list[Outcome] = []
    async with open_producer(bus) as producer:
        for letter in letters:
            try:
                await redrive(producer, letter)
            except NotSentBack as error:
                outcomes.append(Outcome(letter, str(error)))
            else:
                outcomes.append(Outcome(letter))
    return outcomes
