"""Which signals are news."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifier.domain.announcing import is_removed, silent_because, told_from
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
    ],
)
def test_reasons_for_silence(signal: dict[str, Any], known: dict[str, Any], because: str | None) -> None:
    """The past and what is over already are not announced; a signal that opens anew is."""
    facts: dict[str, Any] = {"known_revision": None, "known_over": False, **known}
    assert silent_because(a_signal(**signal), now=NOW, most_age_days=14, **facts) == because


@pytest.mark.parametrize(("later", "until", "removed"), [(0, NOW, True), (1, NOW, False), (0, None, False)])
def test_what_counts_as_removed(later: int, until: datetime | None, removed: bool) -> None:
    """What changed up to the moment of removal speaks of removed data; later signals are of a new life."""
    assert is_removed(a_signal(changed_at=NOW + timedelta(seconds=later)), until) is removed


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 0),
        ({"explicit": False}, 120),
        ({"explicit": False, "opened_at": NOW - timedelta(seconds=90)}, 30),
        ({"explicit": False, "opened_at": NOW - timedelta(hours=1)}, 0),
        ({"explicit": False, "opened_at": NOW + timedelta(hours=1)}, 120),
        ({"explicit": False, "evidence": ()}, 0),
        ({"kind": "sentiment_shift", "explicit": None, "direction": "down"}, 0),
    ],
)
def test_only_what_is_implied_by_words_waits(changes: dict[str, Any], seconds: int) -> None:
    """Two minutes from its opening, whatever the clock of who opened it; notice and facts do not wait."""
    assert told_from(a_signal(**changes), now=NOW, settle_seconds=120) == NOW + timedelta(seconds=seconds)
