"""Tests of the tests: with one safeguard taken out, a death at the place that it guards must be noticed.

The same deaths with all safeguards in place change nothing: `test_places` shows it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.e2e.faults.undertaker import Undertaker
from tests.e2e.torture.run import stand
from tests.e2e.torture.service import MUTANT_VARIABLE, SEEN_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_FACTS = 3
_SETTLED_SECONDS = 30
"""More than any sweep, lease and pause between two tries that a fact of these can meet."""

_GUARDED = {
    # The facts of a signal were taken from its list, and the bus has not got them.
    "pending-list": ("detector/signals.update", ("never announced on the bus", "have not their last state")),
    # The signal is stored with its fact, and whoever stored it is dead.
    "sweeper": ("detector/signals.insert", ("never announced on the bus", "have not their last state")),
    # Parts are stored, their batch is not through, and its offset is committed all the same.
    "commit-after-store": ("detector/parts.insert", ("facts are not one open signal",)),
    # The receiver has it, and the notifier does not know.
    "idempotency-key": ("notifier/webhook.sent", ("came under more than one id",)),
    # A notification, to the inbox or a receiver, is stored; the offset is not committed: it comes again.
    "unique-index": ("notifier/notifications.insert", ("are twice in the log", "under more than one id")),
}
"""By mutant: where the process dies, and words of faults of which one must be found."""


@pytest.mark.parametrize("mutant", _GUARDED)
def test_a_missing_safeguard_is_noticed(mutant: str, tmp_path: Path) -> None:
    """The verdict names what was lost or doubled."""
    place, words = _GUARDED[mutant]
    service = place.partition("/")[0]
    seen = tmp_path / "seen"
    seen.mkdir()
    environment = {SEEN_VARIABLE: str(seen), MUTANT_VARIABLE: mutant}
    stand_in = "tests.e2e.torture.service"
    with stand(
        tmp_path, random.Random(5), each_second=1, stand_in=stand_in, environment=environment
    ) as ground:
        ground.connect()
        undertaker = Undertaker(ground.cluster, service, seen, {place})
        undertaker.start()
        try:
            ground.writer.write(_FACTS, by_known=True)
            undertaker.wait_first_death()
            verdict = ground.settle(print, seconds=_SETTLED_SECONDS)
        finally:
            undertaker.stop()
        assert undertaker.ends == [place]
        assert any(each in fault for fault in verdict.faults for each in words), verdict.faults
