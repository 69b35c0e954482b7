"""What a part of local mode is: one process, how it is started, and how it is asked whether it works."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local.ports import PortNeed


class Word(StrEnum):
    """What a part says when it is asked."""

    READY = "ready"
    WAITING = "waiting"
    """It answers, and says that it cannot work yet or now."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Answer:
    word: Word
    why: str = ""


Probe = Callable[[], Awaitable[Answer]]


class Stage(IntEnum):
    """The order of starting; stopping goes the other way round."""

    ENGINES = 0
    SERVICES = 1
    EDGE = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised process.

    Attributes:
        name: short and fixed; its log is `logs/<name>.log`.
        title: for people.
        command: asked at each start, since what is best can change between two.
        environment: beside what the runner itself was given.
        death_signal: what the part gets when the runner is killed: engines close their files, services
            just end.
        grace_seconds: between SIGTERM and SIGKILL when it is stopped in order.
    """

    name: str
    title: str
    stage: Stage
    command: Callable[[], tuple[str, ...]]
    probe: Probe
    log_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[PortNeed, ...] = ()
    death_signal: int = signal.SIGKILL
    grace_seconds: float = 20.0
