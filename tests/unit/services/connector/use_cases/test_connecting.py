"""Ways in: states that are good once and for one browser, tokens that go to allowed hosts only."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    HostNotAllowed,
    IntercomRefused,
    IntercomUnreachable,
    OAuthRefused,
)
from services.connector.use_cases.connecting import CALLBACK_PATH
from shared.contracts.connections import ConnectionChanged, ConnectionSettings
from shared.errors import TransientError
from tests.unit.services.connector.fakes import ADMIN, AU, EU, NOW, TOKEN, US, a_workspace, refused
from tests.unit.services.connector.rig import Rig

BROWSER = "the form token of a browser"
CODE = "Y29kZQ=="


@pytest.fixture
def rig() -> Rig:
    """A connector with an OAuth app; one code is good for the token of Northwind's workspace."""
    made = Rig()
    made.intercom.codes[CODE] = TOKEN
    return made


async def begin(rig: Rig, browser: str = BROWSER, **chosen: Any) -> str:
    settings = ConnectionSettings(**chosen) if chosen else None
    target = await rig.connecting.begin_oauth(ADMIN, browser, settings=settings)
    return parse_qs(urlsplit(target).query)["state"][0]


async def finish(rig: Rig, state: str | None, code: str | None = CODE, **changes: Any) -> Any:
    whole = {"browser_token": BROWSER, "organization_id": "acme", **changes}
    way_back = await rig.connecting.take_way_back(state=state, **whole)
    return await rig.connecting.finish_oauth(way_back, code=code)


async def test_the_authorization_screen_gets_a_state_and_the_way_back(rig: Rig) -> None:
    """The callback has one slash, whatever the public URL ends with; states never repeat."""
    target = await rig.connecting.begin_oauth(ADMIN, BROWSER)
    query = parse_qs(urlsplit(target).query)
    assert query["redirect_uri"] == [f"https://earshot.example.com{CALLBACK_PATH}"]
    assert await begin(rig) != query["state"][0]


async def test_coming_back_connects_and_tells(rig: Rig) -> None:
    """The code keeps its equals signs; the connection is due at once; the fact is out."""
    connection = await finish(rig, await begin(rig))
    assert ("exchange", CODE, "") in rig.intercom.asked
    assert (connection.method, connection.connected_by) == ("oauth", "Ines Moreau")
    assert (connection.state, connection.next_sync_at) == ("connected", NOW)
    (told,) = rig.published(ConnectionChanged)
    assert (told.connection_id, told.state, told.workspace_id) == (connection.id, "connected", "w-1")
    assert TOKEN not in told.model_dump_json()
    assert rig.counted("earshot_connections_made_total", method="oauth") == 1


async def test_what_was_chosen_before_leaving_is_what_the_connection_begins_with() -> None:
    """The first fact has it, so no run is planned on anything else; the rest is the installation's choice."""
    rig = Rig(first_settings=ConnectionSettings(sync_interval_seconds=60, lifecycle_events=True))
    rig.intercom.codes[CODE] = TOKEN
    chosen: dict[str, Any] = {
        "lookback_days": 730,
        "lifecycle_events": False,
        "match_companies_by_name": "off",
    }
    await finish(rig, await begin(rig, **chosen))
    (told,) = rig.published(ConnectionChanged)
    assert told.settings.model_dump() == {**chosen, "sync_interval_seconds": 60}


async def test_what_was_chosen_is_no_part_of_the_address(rig: Rig) -> None:
    """Intercom, and whoever changes the address on the way, sees a state that means nothing to them."""
    target = await rig.connecting.begin_oauth(ADMIN, BROWSER, settings=ConnectionSettings(lookback_days=731))
    assert "731" not in target
    assert set(parse_qs(urlsplit(target).query)) == set(
        parse_qs(urlsplit(await rig.connecting.begin_oauth(ADMIN, BROWSER)).query)
    )


async def test_a_second_way_back_changes_no_settings(rig: Rig) -> None:
    """Neither the same one again, nor another that was opened with other choices: connected is connected."""
    first, second = await begin(rig, lookback_days=30), await begin(rig, lookback_days=3_000)
    connection = await finish(rig, first)
    with pytest.raises(OAuthRefused):
        await finish(rig, first)
    assert (await finish(rig, second)).settings == connection.settings
    assert connection.settings.lookback_days == 30


async def test_a_state_is_good_once(rig: Rig) -> None:
    """The second use is refused, and no code is spent on it."""
    state = await begin(rig)
    await finish(rig, state)
    asked = len(rig.intercom.asked)
    with pytest.raises(OAuthRefused, match="used before"):
        await finish(rig, state)
    assert len(rig.intercom.asked) == asked


@pytest.mark.parametrize("state", [None, "", "never given out"])
async def test_an_unknown_state_is_refused(rig: Rig, state: str | None) -> None:
    """Nothing is asked of Intercom."""
    with pytest.raises(OAuthRefused):
        await finish(rig, state)
    assert rig.intercom.asked == []


@pytest.mark.parametrize("change", [{"browser_token": "another"}, {"organization_id": "other"}])
async def test_a_state_is_bound_to_its_browser_and_organization(rig: Rig, change: dict[str, str]) -> None:
    """A stolen one is of no use, and is used up by the attempt."""
    state = await begin(rig)
    with pytest.raises(OAuthRefused, match="another browser"):
        await finish(rig, state, **change)
    with pytest.raises(OAuthRefused):
        await finish(rig, state)
    assert rig.intercom.asked == []


async def test_a_state_grows_old(rig: Rig) -> None:
    """Ten minutes are enough to sign in."""
    state = await begin(rig)
    rig.clock.advance(601)
    with pytest.raises(OAuthRefused, match="too old"):
        await finish(rig, state)


async def test_saying_no_at_intercom_connects_nothing(rig: Rig) -> None:
    """The way back comes without a code."""
    with pytest.raises(OAuthRefused, match="cancelled"):
        await finish(rig, await begin(rig), code=None)
    assert rig.connections.stored == {}


async def test_a_bad_code_is_told(rig: Rig) -> None:
    """Nothing is stored."""
    with pytest.raises(IntercomRefused):
        await finish(rig, await begin(rig), code="bad")
    assert rig.connections.stored == {}


async def test_without_an_app_there_is_no_authorization() -> None:
    """The settings that are missing are named."""
    rig = Rig(intercom_client_id=None)
    assert not rig.connecting.oauth_available
    with pytest.raises(OAuthRefused, match="EARSHOT_INTERCOM_CLIENT_ID"):
        await rig.connecting.begin_oauth(ADMIN, BROWSER)


async def test_every_region_is_found_by_oauth(rig: Rig) -> None:
    """A host that does not know the token is no reason to stop; the workspace's own is kept."""
    rig.intercom.opens = {(TOKEN, AU): a_workspace(region="au", base_url=AU)}
    connection = await finish(rig, await begin(rig))
    assert (connection.workspace.region, connection.workspace.base_url) == ("au", AU)
    assert [asked[2] for asked in rig.intercom.asked if asked[0] == "me"] == [US, EU, AU]


async def test_a_token_connects_where_it_was_said_to_belong(rig: Rig) -> None:
    """One question, to that host."""
    rig.intercom.opens = {(TOKEN, EU): a_workspace(region="eu", base_url=EU)}
    connection = await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=f"{EU}/")
    assert (connection.method, connection.workspace.region) == ("token", "eu")
    assert rig.intercom.asked == [("me", TOKEN, EU)]


async def test_a_wrong_region_is_put_right(rig: Rig) -> None:
    """It does not look like a wrong token: the region that knows it is found."""
    rig.intercom.opens = {(TOKEN, EU): a_workspace(region="eu", base_url=EU)}
    connection = await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=US)
    assert connection.workspace.region == "eu"


async def test_a_token_goes_to_no_host_that_is_not_allowed(rig: Rig) -> None:
    """It is refused before anything is asked."""
    for address in ("https://evil.example", "https://api.intercom.io.evil.example"):
        with pytest.raises(HostNotAllowed):
            await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=address)
    assert rig.intercom.asked == []


@pytest.mark.parametrize(
    ("first", "rest", "told"),
    [
        (refused(), refused(), IntercomRefused),
        (refused("not_intercom"), refused(), IntercomRefused),
        (IntercomUnreachable("away"), refused(), IntercomUnreachable),
    ],
)
async def test_what_the_named_host_said_is_what_is_told(
    rig: Rig, first: Exception, rest: Exception, told: type[Exception]
) -> None:
    """The others were only asked in case."""
    rig.intercom.opens = {(TOKEN, US): first, (TOKEN, EU): rest, (TOKEN, AU): rest}
    with pytest.raises(told) as raised:
        await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=US)
    assert raised.value is first
    assert rig.connections.stored == {}


async def test_a_region_that_stumbles_is_asked_again(rig: Rig) -> None:
    """Its gateway's hiccup says nothing about the token, which goes nowhere else meanwhile."""
    rig.intercom.opens = {
        (TOKEN, EU): [IntercomUnreachable("502"), a_workspace(region="eu", base_url=EU)],
        (TOKEN, US): a_workspace(),
    }
    connection = await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=EU)
    assert connection.workspace.region == "eu"
    assert rig.intercom.asked == [("me", TOKEN, EU)] * 2


@pytest.mark.parametrize("trouble", [IntercomUnreachable("away"), refused("not_intercom")])
async def test_a_region_that_is_away_connects_no_other(rig: Rig, trouble: Exception) -> None:
    """A workspace that nobody named is not connected because the named region cannot answer."""
    rig.intercom.opens = {(TOKEN, EU): trouble, (TOKEN, US): a_workspace()}
    with pytest.raises(type(trouble)):
        await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=EU)
    assert {asked[2] for asked in rig.intercom.asked} == {EU}
    assert rig.connections.stored == {}


@pytest.mark.parametrize("kind", ["permission_missing", "plan_restricted"])
async def test_a_recognised_token_is_not_carried_around(rig: Rig, kind: Any) -> None:
    """Its own region answered: the others cannot know better."""
    rig.intercom.opens = {(TOKEN, US): refused(kind)}
    with pytest.raises(IntercomRefused) as raised:
        await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=US)
    assert raised.value.kind == kind
    assert len(rig.intercom.asked) == 1


def test_a_form_s_two_fields_name_one_host(rig: Rig) -> None:
    """The URL wins over the region; blanks are nothing."""
    assert rig.connecting.base_url_of(region=" EU ", base_url=" ") == EU
    assert rig.connecting.base_url_of(region="us", base_url=f"{EU}/") == EU
    for region, base_url in (("", ""), (None, None), ("mars", None), ("us", "https://evil.example")):
        with pytest.raises(HostNotAllowed):
            rig.connecting.base_url_of(region=region, base_url=base_url)


async def test_the_credential_is_kept_encrypted(rig: Rig) -> None:
    """What is stored is not what was given."""
    connection = await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=US)
    assert connection.credential != TOKEN
    assert rig.vault.decrypt(rig.held(connection.id).credential) == TOKEN


async def test_a_bus_that_is_away_does_not_undo_the_connection(rig: Rig) -> None:
    """The fact waits with it."""
    rig.publisher.fail_next(TransientError("away"))
    connection = await rig.connecting.connect_with_token(ADMIN, token=TOKEN, base_url=US)
    assert rig.published(ConnectionChanged) == []
    await rig.connections.publish_pending("acme", connection.id)
    assert [told.revision for told in rig.published(ConnectionChanged)] == [1]


async def test_a_stopped_connection_can_be_tried_again(rig: Rig) -> None:
    """With the credential it has; it goes on at once."""
    rig.hold(state="needs_attention", attention="permission_missing", next_sync_at=None)
    rig.clock.advance(60)
    after = await rig.connecting.try_again(ADMIN, "c-1")
    assert (after.state, after.attention, after.next_sync_at) == ("connected", None, rig.clock.now())
    assert rig.vault.decrypt(after.credential or "") == TOKEN
    assert [told.state for told in rig.published(ConnectionChanged)] == ["connected"]


async def test_trying_again_in_vain_changes_nothing(rig: Rig) -> None:
    """Intercom's word is told."""
    rig.hold(state="needs_attention", attention="plan_restricted", next_sync_at=None)
    rig.intercom.opens = {(TOKEN, US): refused("plan_restricted")}
    with pytest.raises(IntercomRefused):
        await rig.connecting.try_again(ADMIN, "c-1")
    assert rig.held().state == "needs_attention"


async def test_trying_again_does_not_change_the_workspace(rig: Rig) -> None:
    """A host that knows the token for another workspace is no way to go on."""
    rig.hold(state="needs_attention", attention="token_revoked", next_sync_at=None)
    rig.intercom.opens = {(TOKEN, EU): a_workspace(id="other", region="eu", base_url=EU)}
    with pytest.raises(ConnectionConflict, match="another workspace"):
        await rig.connecting.try_again(ADMIN, "c-1")
    assert rig.held().state == "needs_attention"


async def test_trying_again_needs_something_to_try(rig: Rig) -> None:
    """Neither one at work nor one without credential nor a stranger's."""
    rig.hold()
    with pytest.raises(ConnectionConflict):
        await rig.connecting.try_again(ADMIN, "c-1")
    rig.hold(state="needs_attention", credential=None)
    with pytest.raises(ConnectionConflict):
        await rig.connecting.try_again(ADMIN, "c-1")
    with pytest.raises(ConnectionUnknown):
        await rig.connecting.try_again(ADMIN, "c-9")


async def test_a_reconnect_during_the_try_stands(rig: Rig) -> None:
    """What was proven is not what is stored any more."""
    rig.hold(state="needs_attention", attention="unreachable", next_sync_at=None)
    rig.connections.meanwhile = lambda: rig.hold(revision=5, credential="v2:other")
    after = await rig.connecting.try_again(ADMIN, "c-1")
    assert (after.revision, after.credential) == (5, "v2:other")
