"""Reading the delivery log: what is counted, and from where on it is not."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifier.ports import LogFilter
from services.notifier.use_cases.read_log import MOST_COUNTED, LogReading
from tests.unit.services.notifier.fakes import MemoryNotifications


class Long(MemoryNotifications):
    """A log of so many entries, of which no more are counted than was asked for."""

    entries = 0

    async def count(self, organization_id: str, wanted: LogFilter, *, at_most: int) -> int:
        return min(self.entries, at_most)


@pytest.mark.parametrize(
    ("entries", "said"), [(0, 0), (MOST_COUNTED, MOST_COUNTED), (MOST_COUNTED + 1, None), (9_000_000, None)]
)
async def test_a_long_log_is_not_counted_to_its_end(entries: int, said: int | None) -> None:
    """It grows for a year; a page says from where on there are more."""
    log, dead_letters = Long(), Any
    log.entries = entries
    reading = LogReading(notifications=log, dead_letters=dead_letters)  # type: ignore[arg-type] # not read here
    assert await reading.count("acme", LogFilter()) == said
