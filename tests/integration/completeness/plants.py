"""How a syncer under test is put together: as it should be, or with one thing wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.syncer.resources.reading import ReadingRules, Resource

    Change = Callable[[Any], Any]


def _same(thing: Any) -> Any:
    return thing


@dataclass(frozen=True)
class Assembly:
    """What is done to each part before the syncer is wired; by default nothing.

    Attributes:
        claimed_overlap: what the reports take for the overlap.
        wrap_intercom: puts something between the use cases and the client.
    """

    name: str = "healthy"
    rules: Callable[[ReadingRules], ReadingRules] = _same
    claimed_overlap: Callable[[int], int] = _same
    resources: Callable[[tuple[Resource, ...]], tuple[Resource, ...]] = _same
    wrap_fingerprints: Change = _same
    wrap_intercom: Change = _same


HEALTHY = Assembly()
