"""A receiver's answer is shown to people; its own address, which may be a secret, is taken out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from services.notifier.channels.outgoing import OutgoingHttp, ReceiverResponse
from services.notifier.errors import DeliveryPostponed
from tests.unit.services.notifier.channels.answering import answering

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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


class _Broken(httpx.AsyncByteStream):
    """A body of which only the beginning comes."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"tak"
        raise httpx.ReadError("the connection broke off")


@pytest.mark.parametrize("status", [200, 503])
async def test_a_success_is_one_whatever_becomes_of_its_body(status: int) -> None:
    """The receiver has the message: sent again, it would be there twice. A refusal's words may be lost."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=_Broken())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=True)
        if status == 200:
            assert await http.post(_URL, b"{}", {}) == ReceiverResponse(200, "")
            return
        with pytest.raises(DeliveryPostponed):
            await http.post(_URL, b"{}", {})
