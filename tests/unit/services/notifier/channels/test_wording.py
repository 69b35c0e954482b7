"""What a message says beside the words themselves: how sure, whose account, what is at stake."""

from __future__ import annotations

import pytest

from services.notifier.channels.as_read import as_read
from shared.contracts.signals import CustomerRef
from tests.unit.services.notifier.fakes import a_rule, a_signal
from tests.unit.services.notifier.rig import Rig


async def _told(spend: float | None, currency: str = "USD") -> str:
    rig = Rig(currency=currency)
    await rig.rules.insert(a_rule())
    customer = CustomerRef(id="cu-1", name="Northwind", owner="tom@example.com", monthly_spend=spend)
    await rig.take(a_signal(customer=customer))
    (message,) = rig.channels["inbox"].sent
    return as_read(message).body


@pytest.mark.parametrize(
    ("currency", "amount"), [("USD", "$3,248"), ("EUR", "€3,248"), ("CHF", "3,248 CHF")], ids=str
)
async def test_a_message_says_what_is_at_stake(currency: str, amount: str) -> None:
    """The customer's spend stands beside the owner, in the installation's currency."""
    told = await _told(3_248.0, currency)
    assert f"Confidence 0.94 · Owner tom@example.com · Spend {amount} a month" in told


@pytest.mark.parametrize("spend", [None, 0.0])
async def test_no_spend_is_not_told(spend: float | None) -> None:
    """What is not known, or nothing, would only be one more thing to read."""
    assert "Spend" not in await _told(spend)
