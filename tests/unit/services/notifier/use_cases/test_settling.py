"""An implied churn risk is told once it has stood for two minutes; what is taken back before is not."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from services.notifier.domain.preferences import Preferences, QuietHours
from shared.contracts.signals import SignalCleared, SignalUpdated
from tests.unit.services.notifier.fakes import a_rule, a_signal
from tests.unit.services.notifier.rig import Rig


def _later(kind: type[SignalUpdated | SignalCleared], **changes: Any) -> SignalUpdated | SignalCleared:
    return kind.model_validate({**a_signal(explicit=False).model_dump(), "revision": 2, **changes})


@pytest.fixture
async def rig() -> Rig:
    """A rig with one rule for inboxes and one for mail."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    await rig.rules.insert(a_rule(id="r-2", channel="email", recipients=("owner",)))
    return rig


async def test_it_is_told_when_it_has_stood(rig: Rig) -> None:
    """By every channel, two minutes after it opened, once."""
    await rig.take(a_signal(explicit=False))
    await rig.sweep(119)
    assert (rig.sent("inbox"), rig.sent("email")) == ([], [])
    await rig.sweep(1)
    assert (rig.sent("inbox"), rig.sent("email")) == (["s-1"], ["s-1"])
    await rig.sweep(3_600)
    assert rig.sent("inbox") == ["s-1"]


async def test_notice_does_not_wait(rig: Rig) -> None:
    """Who says that they leave is heard at once."""
    await rig.take(a_signal(explicit=True))
    assert rig.sent("inbox") == ["s-1"]


async def test_what_is_taken_back_meanwhile_reaches_nobody(rig: Rig) -> None:
    """Nor is it in the log: nothing was to be sent."""
    await rig.take(a_signal(explicit=False))
    rig.clock.advance(60)
    await rig.take(_later(SignalCleared, cleared_because="withdrawn", evidence=()))
    await rig.sweep(3_600)
    assert (rig.sent("inbox"), await rig.log()) == ([], [])


async def test_what_counts_again_is_told(rig: Rig) -> None:
    """The words were taken back and hold after all: nobody had heard, so people hear now."""
    await rig.take(a_signal(explicit=False))
    rig.clock.advance(60)
    await rig.take(_later(SignalCleared, cleared_because="withdrawn"))
    rig.clock.advance(240)
    await rig.take(_later(SignalUpdated, revision=3))
    assert (rig.sent("inbox"), rig.sent("email")) == (["s-1"], ["s-1"])


async def test_what_was_told_and_counts_again_is_told_once(rig: Rig) -> None:
    """Who heard has heard."""
    await rig.take(a_signal(explicit=False))
    await rig.sweep(120)
    await rig.take(_later(SignalCleared, cleared_because="withdrawn"))
    await rig.take(_later(SignalUpdated, revision=3))
    await rig.sweep(3_600)
    assert rig.sent("inbox") == ["s-1"]


async def test_a_dismissal_meanwhile_stays_in_the_log(rig: Rig) -> None:
    """A person judged: that is final, and the log says so."""
    await rig.take(a_signal(explicit=False))
    await rig.take(_later(SignalCleared, cleared_because="dismissed"))
    await rig.sweep(3_600)
    assert rig.sent("inbox") == []
    assert {one.cancelled_because for one in await rig.log()} == {"The signal was cleared: dismissed."}


async def test_quiet_hours_hold_after_the_wait(rig: Rig) -> None:
    """Mail that is due within quiet hours waits for their end; the clock stands at 09:30."""
    quiet = QuietHours(time(9, 31), time(10), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", quiet=quiet))
    await rig.take(a_signal(explicit=False))
    await rig.sweep(120)
    assert (rig.sent("inbox"), rig.sent("email")) == (["s-1"], [])
    await rig.sweep(28 * 60)
    assert rig.sent("email") == ["s-1"]
