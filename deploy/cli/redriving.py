"""Feeding many letters back: each for itself, so that one that cannot be sent holds up no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.cli.dead_letters import NotSentBack, redrive
from deploy.cli.engine import open_producer
from deploy.cli.overtaken import COMPACTED, overtaken

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from deploy.cli.dead_letters import Letter
    from deploy.cli.engine import Bus


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter; `why` says what keeps it, and is None when it was sent back."""

    letter: Letter
    why: str | None = None
    is_overtaken: bool = False


async def send_back(
    bus: Bus, letters: Sequence[Letter], *, compacted: Collection[str] = COMPACTED
) -> list[Outcome]:
    """Send letters back in order, and tell of each; those of compacted topics that were overtaken stay.

    Raises `EngineFailed` when Kafka does not answer.
    """
    newer = await overtaken(bus, letters, compacted=compacted)
    outcomes: list[Outcome] = []
    async with open_producer(bus) as producer:
        for letter in letters:
            if letter.name in newer:
                why = f"{letter.name} was overtaken, and would undo that if sent back: {newer[letter.name]}."
                outcomes.append(Outcome(letter, why, is_overtaken=True))
                continue
            try:
                await redrive(producer, letter)
            except NotSentBack as error:
                outcomes.append(Outcome(letter, str(error)))
            else:
                outcomes.append(Outcome(letter))
    return outcomes
