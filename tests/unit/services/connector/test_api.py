"""The JSON API: what machines see and do, with the status that each refusal has."""

from __future__ import annotations

from typing import Any

import pytest

from services.connector.domain.diagnosis import Sight
from services.connector.errors import IntercomUnreachable
from shared.auth.tokens import mint_service_token
from shared.contracts.sync import ResourceCount, SyncProgressed
from shared.http.problems import NO_CREDENTIAL
from tests.unit.services.connector.fakes import MEMBER, NOW, TOKEN, US, a_workspace, refused
from tests.unit.services.connector.rig import Rig
from tests.unit.services.connector.site import Site


@pytest.fixture
def rig() -> Rig:
    """A connector."""
    return Rig()


@pytest.fixture
def site(rig: Rig) -> Site:
    """Its API, called by an administrator."""
    return Site(rig)


async def test_connecting_listing_and_reading(site: Site, rig: Rig) -> None:
    """The credential is in none of it; the doctor has been there after the answer."""
    made = await site.api("POST", "/connections", json={"access_token": TOKEN, "region": "us"})
    assert made.status_code == 201
    connection_id = made.json()["id"]
    listed = (await site.api("GET", "/connections")).json()
    assert (listed["count"], listed["next_cursor"]) == (1, None)
    one = (await site.api("GET", f"/connections/{connection_id}")).json()
    assert one == listed["items"][0]
    assert (one["state"], one["workspace_name"], one["base_url"]) == ("connected", "Northwind", US)
    assert one["progress"] is None
    assert one["ledger"]["complete_up_to"] is None
    found = await site.api("GET", f"/connections/{connection_id}/doctor")
    assert found.json()["healthy"] is True
    for text in (made.text, str(listed), str(one), found.text):
        assert TOKEN not in text
        assert rig.held(connection_id).credential not in text


async def test_what_cannot_be_connected(site: Site, rig: Rig) -> None:
    """Nothing is stored, and the token is not in the answer."""
    away = IntercomUnreachable("away")
    tries: list[tuple[dict[str, str], Any, int]] = [
        ({}, None, 422),
        ({"access_token": ""}, None, 422),
        ({"access_token": TOKEN}, None, 422),
        ({"access_token": TOKEN, "base_url": "https://evil.example"}, None, 422),
        ({"access_token": TOKEN, "base_url": "https://[evil"}, None, 422),
        ({"access_token": TOKEN, "region": "us"}, refused(), 422),
        ({"access_token": TOKEN, "region": "us"}, away, 503),
        ({"access_token": "x" * 5_000, "region": "us"}, None, 422),
    ]
    for body, answer, status in tries:
        rig.intercom.opens = {(TOKEN, US): answer} if answer else {}
        response = await site.api("POST", "/connections", json=body)
        assert response.status_code == status, body
        assert response.headers["content-type"] == "application/problem+json"
        assert TOKEN not in response.text
        assert "x" * 5_000 not in response.text
    assert rig.connections.stored == {}


async def test_another_workspace_is_a_conflict(site: Site, rig: Rig) -> None:
    """A machine removes first, then connects; both names are told."""
    rig.hold(workspace=a_workspace(id="w-9", name="Contoso"))
    response = await site.api("POST", "/connections", json={"access_token": TOKEN, "region": "us"})
    assert response.status_code == 409
    assert "Northwind" in response.json()["detail"]
    assert "Contoso" in response.json()["detail"]


async def test_progress_and_ledger(site: Site, rig: Rig) -> None:
    """As the pages have them."""
    rig.hold()
    await rig.listening.sync_reported(
        SyncProgressed(
            organization_id="acme",
            connection_id="c-1",
            run_id="run-1",
            reason="initial",
            sequence=1,
            resource="contact",
            counts=(ResourceCount(resource="contact", done=1, total=4),),
            share=0.25,
            calls=1,
            started_at=NOW,
            reported_at=NOW,
        )
    )
    assert (await site.api("GET", "/connections/c-1")).json()["progress"]["share"] == 0.25
    ledger = (await site.api("GET", "/connections/c-1/ledger")).json()
    assert (ledger["gaps"], ledger["gap_count"]) == ([], 0)


async def test_settings_sync_disconnect_remove(site: Site, rig: Rig) -> None:
    """Each has its call; the removal wants the name."""
    rig.hold()
    saved = await site.api("PUT", "/connections/c-1/settings", json={"lookback_days": 7})
    assert saved.json()["settings"]["lookback_days"] == 7
    assert (await site.api("PUT", "/connections/c-1/settings", json={"lookback_days": -1})).status_code == 422
    assert (await site.api("POST", "/connections/c-1/sync")).status_code == 202
    assert (await site.api("POST", "/connections/c-1/disconnect")).json()["state"] == "disconnected"
    assert (await site.api("POST", "/connections/c-1/sync")).status_code == 409
    assert (await site.api("DELETE", "/connections/c-1/data")).status_code == 422
    assert (
        await site.api("DELETE", "/connections/c-1/data", params={"confirm": "northwind"})
    ).status_code == 422
    removed = await site.api("DELETE", "/connections/c-1/data", params={"confirm": "Northwind"})
    assert (removed.json()["state"], removed.json()["removal_confirmed_by"]) == ("removed", [])
    await rig.confirm_removal()
    after = await site.api("GET", "/connections/c-1")
    assert after.json()["removal_confirmed_by"] == ["connector", "syncer", "detector", "notifier"]


async def test_the_doctor(site: Site, rig: Rig) -> None:
    """One line each, with the permission's name; before the first time there is none."""
    rig.hold()
    assert (await site.api("GET", "/connections/c-1/doctor")).status_code == 404
    rig.intercom.sights = {"tags": Sight("permission_missing", None, "403 forbidden")}
    found = (await site.api("POST", "/connections/c-1/doctor")).json()
    assert found["healthy"] is False
    line = next(finding for finding in found["findings"] if finding["part"] == "tags")
    assert (line["verdict"], line["permission"]) == ("missing_permission", "Read tags")
    assert (await site.api("GET", "/connections/c-1/doctor")).json() == found


async def test_trying_again(site: Site, rig: Rig) -> None:
    """A stopped one goes on."""
    rig.hold(state="needs_attention", attention="unreachable", next_sync_at=None)
    assert (await site.api("POST", "/connections/c-1/resume")).json()["state"] == "connected"
    assert (await site.api("POST", "/connections/c-1/resume")).status_code == 409


async def test_a_lost_key_is_the_operator_s_to_mend(site: Site, rig: Rig) -> None:
    """Told as such, with the setting's name."""
    rig.hold(credential="v0:lost")
    response = await site.api("POST", "/connections/c-1/doctor")
    assert response.status_code == 503
    assert "EARSHOT_CREDENTIAL_KEYS" in response.json()["detail"]


CALLS = [
    ("GET", "/connections/c-9"),
    ("GET", "/connections/c-9/ledger"),
    ("GET", "/connections/c-9/doctor"),
    ("POST", "/connections/c-9/doctor"),
    ("POST", "/connections/c-9/resume"),
    ("PUT", "/connections/c-9/settings"),
    ("POST", "/connections/c-9/sync"),
    ("POST", "/connections/c-9/disconnect"),
    ("DELETE", "/connections/c-9/data"),
]
SENT: dict[str, dict[str, Any]] = {"PUT": {"json": {}}, "DELETE": {"params": {"confirm": "x"}}}


async def test_what_is_not_there_is_404(site: Site) -> None:
    """Another organization's is not there either."""
    for method, path in CALLS:
        sent = SENT.get(method, {})
        response = await site.api(method, path, **sent)
        assert response.status_code == 404, (method, path)


async def test_members_change_nothing(rig: Rig) -> None:
    """They read."""
    site = Site(rig, MEMBER)
    for method, path in [*CALLS, ("POST", "/connections")]:
        if method != "GET":
            sent = SENT.get(method, {"json": {"access_token": TOKEN}})
            response = await site.api(method, path, **sent)
            assert response.status_code == 403, (method, path)
    assert (await site.api("GET", "/connections")).status_code == 200


async def test_keys(site: Site) -> None:
    """Made with a token that no list shows, revoked by their id."""
    made = await site.api("POST", "/keys", json={"name": "export", "days": 1})
    assert made.status_code == 201
    key = made.json()
    assert key["token"]
    (listed,) = (await site.api("GET", "/keys")).json()["items"]
    assert listed == {**key, "token": None}
    assert (await site.api("DELETE", f"/keys/{key['key_id']}")).json()["revoked_at"] is not None
    assert (await site.api("DELETE", "/keys/none")).status_code == 404
    for body in ({"name": ""}, {"name": "x", "days": 400}, {"name": "x", "role": "owner"}):
        assert (await site.api("POST", "/keys", json=body)).status_code == 422


def _bearer(rig: Rig, **changes: Any) -> dict[str, str]:
    names = {"service": "syncer", "audience": "connector", **changes}
    return {"Authorization": f"Bearer {mint_service_token(rig.settings.signing_key, rig.clock, **names)}"}


CREDENTIAL = "/internal/v1/connections/c-1/credential"


async def test_the_syncer_borrows_the_credential(site: Site, rig: Rig) -> None:
    """With its own short-lived token, for the organization that it names."""
    rig.hold()
    asked = {"organization_id": "acme"}
    lent = await site.http.get(CREDENTIAL, params=asked, headers=_bearer(rig))
    assert lent.json() == {
        "access_token": TOKEN,
        "base_url": US,
        "workspace_id": "w-1",
        "expires_in_seconds": 300,
    }
    other = await site.http.get(CREDENTIAL, params={"organization_id": "other"}, headers=_bearer(rig))
    assert (other.status_code, other.json()["type"]) == (404, NO_CREDENTIAL)
    rig.hold(state="needs_attention")
    refusal = await site.http.get(CREDENTIAL, params=asked, headers=_bearer(rig))
    assert (refusal.status_code, refusal.json()["type"]) == (409, NO_CREDENTIAL)
    rig.hold(credential="v0:lost")
    assert (await site.http.get(CREDENTIAL, params=asked, headers=_bearer(rig))).status_code == 503


async def test_an_address_without_a_connection_behind_it_is_told_apart(site: Site, rig: Rig) -> None:
    """Only the lease itself says that there is no credential; any other address says nothing of the kind."""
    asks = {**_bearer(rig), "Accept": "*/*"}
    missed = await site.http.get(f"/prefix{CREDENTIAL}", headers=asks)
    assert (missed.status_code, missed.json()["type"]) == (404, "about:blank")


async def test_nobody_else_borrows_it(site: Site, rig: Rig) -> None:
    """Neither a signed-in administrator nor another service nor a token of yesterday."""
    rig.hold()
    yesterday = _bearer(rig)
    rig.clock.advance(86_400)
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        _bearer(rig, service="detector"),
        _bearer(rig, audience="notifier"),
        yesterday,
    ):
        response = await site.http.get(CREDENTIAL, params={"organization_id": "acme"}, headers=headers)
        assert response.status_code == 401
        assert TOKEN not in response.text
