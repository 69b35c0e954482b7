"""A rig one of whose stores cannot stand a certain thing, as a defect would have it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.services.detector.rig import Rig


class Failing:
    """A store one method of which fails when it is asked about a culprit; all else it does as ever."""

    def __init__(self, store: object, method: str, is_culprit: Callable[[str], bool]) -> None:
        self._store = store
        self._method = method
        self._is_culprit = is_culprit

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._store, name)
        if name != self._method:
            return held

        async def failing(*asked: Any, **named: Any) -> Any:
            if self._is_culprit(str(asked)):
                raise ArithmeticError("a defect")
            return await held(*asked, **named)

        return failing


def failing(rig: Rig, store: str, method: str, *culprits: str) -> Rig:
    """Return a process over the same stores, one of which fails when asked about any of the culprits."""
    broken: Any = Failing(
        getattr(rig.stores, store), method, lambda asked: any(one in asked for one in culprits)
    )
    other = replace(rig, stores=replace(rig.stores, **{store: broken}), left_out=[])
    other._ticks = rig._ticks
    return other
