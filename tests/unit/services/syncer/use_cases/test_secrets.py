"""The token in the syncer's hands: whatever breaks, a dump of all frames and their variables has it not."""

from __future__ import annotations

import traceback
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from deploy.simulator.tokens import DEMO_TOKEN
from services.syncer.adapters.http_connector import HttpCredentials
from services.syncer.errors import DisconnectedError
from shared.clock import ManualClock
from shared.errors import TransientError
from shared.http.problems import NO_CREDENTIAL
from tests.unit.services.syncer.rig import KEY, START, Rig
from tests.unit.services.syncer.use_cases.test_reading import small

FORMS = (DEMO_TOKEN, DEMO_TOKEN.rstrip("="), DEMO_TOKEN[::-1], DEMO_TOKEN.encode().hex())


def dump(error: BaseException) -> str:
    """Return what a tool that shows everything would write down of a crash: causes, frames, variables."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(whole.format())


@pytest.mark.parametrize("path", ["/me", "/tags", "/conversations/search", "/companies/scroll", "/contacts"])
@pytest.mark.parametrize("crash", [RuntimeError, KeyError, httpx.ReadError], ids=lambda kind: kind.__name__)
async def test_no_crash_shows_the_token(path: str, crash: type[Exception]) -> None:
    """A bug in the middle of a call, and a broken connection, at whichever call it comes."""
    rig = Rig(small())
    inner: Any = rig.intercom._transport
    original = inner.handle_async_request
    seen: list[BaseException] = []

    async def answer(request: Any) -> Any:
        if request.url.path == path:
            seen.append(crash("it broke"))
            raise seen[-1]
        return await original(request)

    inner.handle_async_request = answer
    await rig.connect()
    await rig.request("initial")
    try:
        for _ in range(3):
            await rig.slice("main")
    except Exception as error:  # noqa: BLE001 - whatever nobody foresees is what this is about
        seen.append(error)
    assert seen
    for crashed in seen:
        written = dump(crashed)
        assert len(written) > 500
        assert not [form for form in FORMS if form in written]


LEASE = {"access_token": DEMO_TOKEN, "base_url": "http://intercom.test", "expires_in_seconds": 60}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {**LEASE, "expires_in_seconds": DEMO_TOKEN}),
        (200, {**LEASE, "base_url": None}),
        (200, {"token": DEMO_TOKEN}),
        (200, [DEMO_TOKEN]),
        (500, {"detail": DEMO_TOKEN}),
        (404, {"detail": DEMO_TOKEN}),
        (404, {"type": NO_CREDENTIAL, "detail": DEMO_TOKEN}),
    ],
    ids=["a wrong type", "a missing one", "a wrong name", "a list", "a fault", "nothing", "none"],
)
async def test_no_bad_lease_shows_the_token(status: int, body: Any) -> None:
    """What the connector answered is not shown when it cannot be used."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=orjson.dumps(body))

    credentials = HttpCredentials(
        connector_url="http://connector.test",
        signing_key=SecretStr("k" * 40),
        clock=ManualClock(START),
        transport=httpx.MockTransport(answer),
    )
    with pytest.raises((TransientError, DisconnectedError)) as caught:
        await credentials.lease(KEY)
    trace = caught.value.__traceback__
    assert trace is not None
    # The first frame is this test's, which knows the token.
    written = dump(caught.value.with_traceback(trace.tb_next)) + repr(caught.value)
    assert "http_connector.py" in written
    assert not [form for form in FORMS if form in written]
