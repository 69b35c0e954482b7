"""Places in lists that are read page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list that is ordered by time, then by id, either both falling or both rising."""

    at: datetime
    id: str
