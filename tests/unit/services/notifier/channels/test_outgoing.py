"""A receiver's answer is shown to people; its own address, which may be a secret, is taken out of it."""

from __future__ import annotations

import pytest

from services.notifier.errors import DeliveryPostponed
from tests.unit.services.notifier.channels.answering import answering

_URL = "https://hooks.example.com/services/T0123/B01234567/XyZ-secret?sig=a%2Fb%2Fc%2Fd-k3y&v=1"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("Cannot POST /services/T0123/B01234567/XyZ-secret", "Cannot POST /…/T0123/…/…"),
        ("no such hook: XyZ-secret", "no such hook: …"),
        ("bad sig a/b/c/d-k3y", "bad sig …"),
        ("bad sig a%2Fb%2Fc%2Fd-k3y", "bad sig …"),
        ("busy, v1 is full", "busy, v1 is full"),
    ],
)
async def test_an_answer_that_repeats_the_address_is_shown_without_it(answer: str, shown: str) -> None:
    """Path and query are what lets somebody post there."""
    async with answering(503, answer) as http:
        with pytest.raises(DeliveryPostponed) as caught:
            await http.post(_URL, b"{}", {})
    assert str(caught.value) == f"The receiver answered 503: {shown}"
