"""Which signals are news."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.domain.announcing import silent_because
from tests.unit.services.notifier.fakes import NOW, a_signal


@pytest.mark.parametrize(
    ("signal", "known", "because"),
    [
        ({}, {}, None),
        ({"historical": True}, {}, "historical"),
        ({"occurred_at": NOW - timedelta(days=14, seconds=1)}, {}, "too_old"),
        ({"occurred_at": NOW - timedelta(days=14)}, {}, None),
        ({}, {"known_revision": 2, "known_over": True}, "already_over"),
        ({}, {"known_revision": 1, "known_over": False}, None),
        ({"revision": 5}, {"known_revision": 3, "known_over": True}, None),
        ({}, {"removed_until": NOW}, "data_removed"),
        ({"changed_at": NOW + timedelta(seconds=1)}, {"removed_until": NOW}, None),
    ],
)
def test_reasons_for_silence(signal: dict[str, Any], known: dict[str, Any], because: str | None) -> None:
    """The past, what is over already and what was removed are not announced; a signal that opens anew is."""
    facts: dict[str, Any] = {"known_revision": None, "known_over": False, "removed_until": None, **known}
    assert silent_because(a_signal(**signal), now=NOW, most_age_days=14, **facts) == because
