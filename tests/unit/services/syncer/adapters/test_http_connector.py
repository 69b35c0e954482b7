"""Leasing a credential: asked once, kept until it ends, never shown."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from services.syncer.adapters.http_connector import HttpCredentials
from services.syncer.errors import CredentialWithheldError, DisconnectedError, QuestionUnknownError
from shared.auth.tokens import service_of_token
from shared.clock import ManualClock
from shared.errors import TransientError
from shared.http.problems import NO_CREDENTIAL
from tests.unit.services.syncer.store_suite import KEY, NOW

SIGNING_KEY = SecretStr("a signing key that is long enough for tests")
TOKEN = "dG9rOnNlY3JldC10b2tlbg=="
LEASE = {
    "access_token": TOKEN,
    "base_url": "https://api.test",
    "workspace_id": "ws",
    "expires_in_seconds": 60,
}


class Connector:
    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def credentials(connector: Connector, clock: ManualClock) -> HttpCredentials:
    return HttpCredentials(
        connector_url="http://connector.test",
        signing_key=SIGNING_KEY,
        clock=clock,
        transport=httpx.MockTransport(connector),
    )


async def test_asks_as_the_syncer_and_keeps_the_answer() -> None:
    """One signed call serves until the lease ends; dropping it asks again at once."""
    connector, clock = Connector(httpx.Response(200, json=LEASE)), ManualClock(NOW)
    leases = credentials(connector, clock)
    lease = await leases.lease(KEY)
    assert (lease.access_token.get_secret_value(), lease.base_url, lease.workspace_id) == (
        TOKEN,
        "https://api.test",
        "ws",
    )
    assert await leases.lease(KEY) is lease
    asked = connector.requests[0]
    assert asked.url.path == "/internal/v1/connections/con-1/credential"
    assert asked.url.params["organization_id"] == "org-1"
    bearer = asked.headers["Authorization"].removeprefix("Bearer ")
    assert service_of_token(bearer, SIGNING_KEY, clock, audience="connector") == "syncer"
    clock.advance(56)
    await leases.lease(KEY)
    leases.drop(KEY)
    await leases.lease(KEY)
    assert len(connector.requests) == 3
    await leases.aclose()


async def test_a_lease_that_was_dropped_while_it_was_asked_for_is_not_kept() -> None:
    """It may be the one that the drop was about; who asked has it, and the next one asks again."""
    connector, clock = Connector(httpx.Response(200, json=LEASE)), ManualClock(NOW)

    async def answer(request: httpx.Request) -> httpx.Response:
        if not connector.requests:
            leases.drop(KEY)
        return connector(request)

    leases = HttpCredentials(
        connector_url="http://connector.test",
        signing_key=SIGNING_KEY,
        clock=clock,
        transport=httpx.MockTransport(answer),
    )
    first = await leases.lease(KEY)
    second = await leases.lease(KEY)
    assert second is not first
    assert await leases.lease(KEY) is second
    assert len(connector.requests) == 2
    await leases.aclose()


async def test_no_token_is_kept_beyond_its_end() -> None:
    """A connection that is never asked for again leaves none in memory."""
    connector, clock = Connector(httpx.Response(200, json=LEASE)), ManualClock(NOW)
    leases = credentials(connector, clock)
    left = weakref.ref((await leases.lease(KEY)).access_token)
    clock.advance(56)
    await leases.lease(replace(KEY, connection_id="con-2"))
    gc.collect()
    assert left() is None
    await leases.aclose()


@pytest.mark.parametrize("status", [404, 409])
async def test_no_credential_means_disconnected(status: int) -> None:
    """The connector's own refusal, which bears a name, is somebody's decision and not a fault."""
    refusal = {"type": NO_CREDENTIAL, "title": "Not found", "status": status}
    leases = credentials(Connector(httpx.Response(status, json=refusal)), ManualClock(NOW))
    with pytest.raises(DisconnectedError):
        await leases.lease(KEY)


@pytest.mark.parametrize("status", [404, 409, 410])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><h1>404 Not Found</h1></html>",
        b'["not found"]',
        b'{"type": "about:blank", "title": "Not found", "status": 404, "detail": "Not Found"}',
    ],
)
async def test_an_address_that_is_not_the_connectors_concludes_nothing(status: int, content: bytes) -> None:
    """A wrong setting answers like a connection that is gone: the operator is told which one to look at."""
    leases = credentials(Connector(httpx.Response(status, content=content)), ManualClock(NOW))
    with pytest.raises(CredentialWithheldError, match="EARSHOT_CONNECTOR_URL"):
        await leases.lease(KEY)


@pytest.mark.parametrize(
    ("status", "content", "ours"),
    [
        (
            404,
            b'{"type": "about:blank", "title": "Not found", "detail": "Not Found", "reference": "r"}',
            True,
        ),
        (409, b'{"type": "about:blank", "title": "Changed", "detail": "Paused", "reference": "r"}', True),
        (404, b'{"type": "about:blank", "title": "Not found", "status": 404, "detail": "Not Found"}', False),
        (404, b'{"detail": "Not Found"}', False),
        (404, b"<html>", False),
        (401, b'{"type": "about:blank", "title": "Sign in", "detail": "No", "reference": "r"}', False),
    ],
)
async def test_a_service_that_does_not_know_the_question_may_be_an_older_connector(
    status: int, content: bytes, *, ours: bool
) -> None:
    """Only one of ours can be upgraded into the connector; any other address stays a wrong one."""
    leases = credentials(Connector(httpx.Response(status, content=content)), ManualClock(NOW))
    with pytest.raises(CredentialWithheldError) as caught:
        await leases.lease(KEY)
    assert isinstance(caught.value, QuestionUnknownError) == ours


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.Response(503),
        httpx.Response(401),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={**LEASE, "expires_in_seconds": "soon"}),
    ],
)
async def test_faults_are_tried_later_and_tell_no_token(answer: httpx.Response | Exception) -> None:
    """A connector that is away or talks nonsense is asked again; the token is in no message."""
    leases = credentials(Connector(answer), ManualClock(NOW))
    with pytest.raises(TransientError) as caught:
        await leases.lease(KEY)
    shown = str(caught.value) + repr(caught.value.__cause__)
    assert TOKEN not in shown


@pytest.mark.parametrize(
    ("answer", "withheld"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.Response(500), False),
        (httpx.Response(503), False),
        (httpx.Response(401), True),
        (httpx.Response(403), True),
        (httpx.Response(422), True),
        (httpx.Response(200, text="<html>"), True),
    ],
)
async def test_a_refusal_is_told_apart_from_a_connector_that_is_away(
    answer: httpx.Response | Exception, *, withheld: bool
) -> None:
    """The one is a setting to be mended, the other is our own trouble and passes."""
    leases = credentials(Connector(answer), ManualClock(NOW))
    with pytest.raises(TransientError) as caught:
        await leases.lease(KEY)
    assert isinstance(caught.value, CredentialWithheldError) == withheld


async def test_a_token_shows_itself_nowhere() -> None:
    """Printing what was leased prints no secret."""
    leases = credentials(Connector(httpx.Response(200, json=LEASE)), ManualClock(NOW))
    assert TOKEN not in repr(await leases.lease(KEY))
