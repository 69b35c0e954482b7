"""What Intercom calls: signed on the raw bytes, answered at once, never with 410."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.contracts.sync import SyncRequested
from shared.errors import TransientError
from tests.unit.services.connector.fakes import TOKEN, US, refused
from tests.unit.services.connector.rig import CLIENT_SECRET, Rig
from tests.unit.services.connector.site import Site

HOOK = "/webhooks/intercom"


@pytest.fixture
def rig() -> Rig:
    """A connector with one connected workspace."""
    made = Rig()
    made.hold()
    return made


@pytest.fixture
def site(rig: Rig) -> Site:
    """Its addresses."""
    return Site(rig)


def hub(body: bytes, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {"X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def body_signed(body: bytes, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {"X-Body-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def notification(**changes: Any) -> bytes:
    return json.dumps(
        {
            "type": "notification_event",
            "app_id": "w-1",
            "id": "notif_1",
            "topic": "conversation.user.replied",
            "created_at": 1_700_000_000,
            "data": {
                "item": {"type": "conversation", "id": "42", "created_at": "2023-08-15T20:29:47.988+00:00"}
            },
            **changes,
        }
    ).encode()


async def send(site: Site, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return await site.http.post(HOOK, content=body, headers=hub(body) if headers is None else headers)


async def test_the_address_answers_head(site: Site) -> None:
    """Intercom asks so when the address is saved (FACTS §9)."""
    assert (await site.http.head(HOOK)).status_code == 200


async def test_a_notification_becomes_a_hint(site: Site, rig: Rig) -> None:
    """Stored, answered, published; how long that took is measured."""
    response = await send(site, notification())
    assert (response.status_code, response.content) == (200, b"")
    (request,) = rig.published(SyncRequested)
    assert [(hint.resource, hint.id) for hint in request.hints] == [("conversation", "42")]
    assert rig.counted("earshot_webhook_answer_seconds_count") == 1


async def test_duplicates_disorder_and_null_ids_are_absorbed(site: Site, rig: Rig) -> None:
    """The same news is one hint, whenever and however often it comes."""
    older = notification(id=None, created_at=1_699_999_999)
    newer = notification(id=None)
    for body in (newer, older, newer, older):
        assert (await send(site, body)).status_code == 200
    assert len(rig.published(SyncRequested)) == 2


@pytest.mark.parametrize(
    "body",
    [
        notification(app_id="unknown"),
        notification(topic="ticket.created"),
        notification(topic="ping", data={"item": {"type": "ping"}}),
        notification(data=None),
        b"[]",
        b"7",
        b"{}",
    ],
)
async def test_what_is_not_for_us_is_answered_like_any_other(site: Site, rig: Rig, body: bytes) -> None:
    """An unknown tenant gets 200 and is dropped (FACTS §9)."""
    assert (await send(site, body)).status_code == 200
    assert rig.published(SyncRequested) == []


async def test_text_that_was_cut_inside_an_emoji_costs_no_hint(site: Site, rig: Rig) -> None:
    """Half a character in a message, which strict parsers refuse, is nobody's fault; it is not stored."""
    item = {"type": "conversation", "id": "42", "source": {"body": "so glad \ud83d"}}
    assert (await send(site, notification(data={"item": item}))).status_code == 200
    (request,) = rig.published(SyncRequested)
    assert [hint.id for hint in request.hints] == ["42"]
    assert (await send(site, notification(app_id="w-1\ud83d", id="notif\udc00"))).status_code == 200


async def test_a_wrong_signature_is_refused(site: Site, rig: Rig) -> None:
    """None, another secret's, or that of other bytes."""
    body = notification()
    for headers in ({}, hub(body, "another secret"), hub(body + b" "), body_signed(body)):
        response = await send(site, body, headers)
        assert response.status_code == 401
    assert rig.published(SyncRequested) == []
    assert rig.counted("earshot_webhooks_total", outcome="refused") == 4


async def test_bytes_that_are_no_json_are_refused(site: Site) -> None:
    """Signed or not."""
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        assert (await send(site, body)).status_code == 400


async def test_a_body_beyond_any_notification_is_refused(site: Site) -> None:
    """Before its signature is computed."""
    assert (await send(site, b" " * 1_048_577)).status_code == 413


async def test_a_bus_that_is_away_is_not_intercom_s_trouble(site: Site, rig: Rig) -> None:
    """The hint is stored, and answered with 200."""
    rig.publisher.fail_next(TransientError("away"))
    assert (await send(site, notification())).status_code == 200
    assert rig.published(SyncRequested) == []
    await rig.notices.publish_pending("acme", "notif_1")
    assert len(rig.published(SyncRequested)) == 1


async def test_a_slow_bus_does_not_delay_the_answer(site: Site, rig: Rig) -> None:
    """The answer has gone out before publishing begins."""
    order: list[str] = []
    publish = rig.listening.publish

    async def noted(taken: Any) -> None:
        order.append("publish")
        await publish(taken)

    rig.listening.publish = noted  # type: ignore[method-assign] # notes when it is called

    async def app(scope: Any, receive: Any, send_: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.body":
                order.append("answered")
            await send_(message)

        transport = site.http._transport
        assert isinstance(transport, httpx.ASGITransport)
        await transport.app(scope, receive, sending)

    body = notification()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        await client.post(HOOK, content=body, headers=hub(body))
    assert order == ["answered", "publish"]


async def test_a_database_that_is_away_is_told_honestly(site: Site, rig: Rig) -> None:
    """Intercom sends it again after a minute."""

    async def away(*_: object, **__: object) -> list[Any]:
        raise TransientError("The document database did not answer")

    rig.connections.of_workspace = away  # type: ignore[method-assign] # the database is away
    assert (await send(site, notification())).status_code == 503
    assert rig.counted("earshot_webhooks_total", outcome="postponed") == 1


async def test_a_database_that_hangs_is_not_waited_for(
    site: Site, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intercom gives up after five seconds; we say so before."""

    async def hangs(*_: object, **__: object) -> list[Any]:
        await asyncio.Event().wait()
        raise AssertionError

    rig.connections.of_workspace = hangs  # type: ignore[method-assign] # the database hangs
    monkeypatch.setattr("services.connector.webhooks._PATIENCE_SECONDS", 0.01)
    assert (await send(site, notification())).status_code == 503


@pytest.mark.parametrize("secret", [None, SecretStr("")])
async def test_without_an_app_there_is_nothing_to_call(secret: SecretStr | None) -> None:
    """404, and never 410, which would end the subscription. An empty secret is none: anybody has that."""
    site = Site(Rig(intercom_client_secret=secret))
    body = notification()
    for path in (HOOK, f"{HOOK}/uninstalled", f"{HOOK}/health"):
        answer = await site.http.post(path, content=body, headers=hub(body, "") | body_signed(body, ""))
        assert answer.status_code == 404


async def test_a_revoked_installation_stops_its_connections(site: Site, rig: Rig) -> None:
    """The notice is signed its own way, and its word is checked with /me."""
    rig.intercom.opens = {(TOKEN, US): refused()}
    body = b'{"app_id": "w-1"}'
    response = await site.http.post(f"{HOOK}/uninstalled", content=body, headers=body_signed(body))
    assert response.status_code == 200
    assert (rig.held().state, rig.held().attention) == ("needs_attention", "token_revoked")


async def test_a_late_uninstall_notice_stops_nothing(site: Site, rig: Rig) -> None:
    """The credential works: the notice is about an installation that was replaced."""
    body = b'{"app_id": "w-1"}'
    await site.http.post(f"{HOOK}/uninstalled", content=body, headers=body_signed(body))
    assert rig.held().state == "connected"


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"app_id": 7}', b'{"app_id": ""}', b'{"app_id": "unknown"}']
)
async def test_an_uninstall_notice_about_nobody_is_answered(site: Site, rig: Rig, body: bytes) -> None:
    """And nothing is looked at."""
    response = await site.http.post(f"{HOOK}/uninstalled", content=body, headers=body_signed(body))
    assert response.status_code == 200
    assert rig.intercom.asked == []


async def test_an_unsigned_uninstall_notice_is_refused(site: Site, rig: Rig) -> None:
    """Anybody could stop a tenant otherwise."""
    body = b'{"app_id": "w-1"}'
    for headers in ({}, hub(body)):
        response = await site.http.post(f"{HOOK}/uninstalled", content=body, headers=headers)
        assert response.status_code == 401
    assert rig.intercom.asked == []


async def test_an_uninstall_notice_while_the_database_is_away(site: Site, rig: Rig) -> None:
    """It was answered; the next look finds what it told."""

    async def away(*_: object, **__: object) -> list[Any]:
        raise TransientError("away")

    rig.connections.of_workspace = away  # type: ignore[method-assign] # the database is away
    body = b'{"app_id": "w-1"}'
    response = await site.http.post(f"{HOOK}/uninstalled", content=body, headers=body_signed(body))
    assert response.status_code == 200


async def test_the_health_check(site: Site, rig: Rig) -> None:
    """OK for one that is read; otherwise it asks for a reinstall (FACTS §2)."""
    body = b'{"workspace_id": "w-1"}'
    for headers in ({}, body_signed(body)):
        response = await site.http.post(f"{HOOK}/health", content=body, headers=headers)
        assert response.json() == {"state": "OK"}
    rig.hold(state="disconnected")
    for unread in (body, b'{"workspace_id": "w-9"}', b"{}", b"[]"):
        answer = (await site.http.post(f"{HOOK}/health", content=unread)).json()
        assert (answer["state"], answer["cta_type"]) == ("UNHEALTHY", "REINSTALL_CTA")
        assert answer["message"]


async def test_a_health_check_with_a_wrong_signature_or_no_json(site: Site) -> None:
    """A signature that is there must hold."""
    body = b'{"workspace_id": "w-1"}'
    wrong = await site.http.post(f"{HOOK}/health", content=body, headers={"X-Body-Signature": "0" * 64})
    assert wrong.status_code == 401
    assert (await site.http.post(f"{HOOK}/health", content=b"{")).status_code == 400
