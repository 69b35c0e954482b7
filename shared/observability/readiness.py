"""Readiness: which parts of a service can do their work now, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartState:
    """One part's word. `why` is for operators; it holds no secrets."""

    ready: bool
    why: str = ""


class Readiness:
    """A service is ready when every part that was named is. Parts start as not ready."""

    def __init__(self, *parts: str) -> None:
        self._parts: dict[str, PartState] = {part: PartState(ready=False, why="starting") for part in parts}
        self.stopping: str | None = None

    def set(self, part: str, *, ready: bool, why: str = "") -> None:
        self._parts[part] = PartState(ready, why)

    @property
    def ready(self) -> bool:
        return self.stopping is None and all(state.ready for state in self._parts.values())

    def report(self) -> dict[str, dict[str, str | bool]]:
        """Return each part with its state, as `/health/ready` shows it."""
        return {part: {"ready": state.ready, "why": state.why} for part, state in self._parts.items()}
