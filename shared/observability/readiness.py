"""Readiness: which parts of a service can work now, if not, why, and whether to send it requests."""

from __future__ import annotations

from dataclasses import dataclass

_PROCESSING = "processing "


def processing_of(group: str) -> str:
    """Return the name of the part that stands for a consumer group's processing."""
    return _PROCESSING + group


def comes_with_bus(part: str) -> bool:
    """Return whether a part is the link to Kafka or a waiting batch, which requests can do without.

    What requests decide is stored, and published later. Only the page of dead letters reads the bus, and says
    so.
    """
    return part == "bus" or part.startswith(_PROCESSING)


@dataclass(frozen=True, slots=True)
class PartState:
    """One part's state. `why` is for operators; it contains no secrets."""

    ready: bool
    why: str = ""


class Readiness:
    """A service is ready when every named part is. Parts start as not ready."""

    def __init__(self, *parts: str) -> None:
        self._parts: dict[str, PartState] = {part: PartState(ready=False, why="starting") for part in parts}
        self._were_ready: set[str] = set()
        self.stopping: str | None = None

    def set(self, part: str, *, ready: bool, why: str = "") -> None:
        self._parts[part] = PartState(ready, why)
        if ready:
            self._were_ready.add(part)

    @property
    def ready(self) -> bool:
        return self.stopping is None and all(state.ready for state in self._parts.values())

    @property
    def serving(self) -> bool:
        """Whether to send requests here: everything was ready once, and what requests need is ready now."""
        return self.stopping is None and all(
            state.ready or (comes_with_bus(part) and part in self._were_ready)
            for part, state in self._parts.items()
        )

    def report(self) -> dict[str, dict[str, str | bool]]:
        """Return each part with its state, as `/health/ready` shows it."""
        return {part: {"ready": state.ready, "why": state.why} for part, state in self._parts.items()}
