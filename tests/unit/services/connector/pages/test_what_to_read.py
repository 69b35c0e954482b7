"""What to read is chosen before the first sync: with a token, over Intercom's screen, in another's place."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.connector.errors import IntercomUnreachable
from services.connector.pages.routes import INTERCOM
from shared.contracts.connections import ConnectionChanged, ConnectionSettings
from tests.unit.services.connector.fakes import MEMBER, TOKEN, US, a_workspace
from tests.unit.services.connector.rig import Rig
from tests.unit.services.connector.site import Site, words_of

CODE = "Y29kZQ=="
OTHER = "dG9rOnNlY29uZDoxOjA="
CHOSEN = {"lookback_days": "365", "lifecycle_events": "on", "match_companies_by_name": "off"}
AS_SETTINGS = {"lookback_days": 365, "lifecycle_events": True, "match_companies_by_name": "off"}
OPENED = re.compile(r'<details class="fold" open>\s*<summary>What to read')
BOUNDS = "Lookback has to be a whole number of days from 0 to 3,650. Nothing was connected."


@pytest.fixture
def rig() -> Rig:
    """A connector whose Intercom knows two workspaces."""
    made = Rig(first_settings=ConnectionSettings(sync_interval_seconds=60))
    made.intercom.codes = {CODE: TOKEN, "other": OTHER}
    made.intercom.opens[(OTHER, US)] = a_workspace(id="w-2", name="Contoso")
    return made


@pytest.fixture
def site(rig: Rig) -> Site:
    """Its pages, seen by an administrator."""
    return Site(rig)


async def leave(site: Site, chosen: dict[str, str]) -> str:
    """Go to Intercom; return the state."""
    sent = await site.post(f"{INTERCOM}/authorize", chosen)
    assert sent.status_code == 303
    return parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]


async def come_back(site: Site, state: str, **changes: str) -> Any:
    return await site.http.get(f"{INTERCOM}/callback", params={"code": CODE, "state": state, **changes})


def begun_with(rig: Rig) -> dict[str, Any]:
    """Return the settings of the first fact that was told, which is what the first sync goes by."""
    settings: ConnectionSettings = rig.published(ConnectionChanged)[0].settings
    return settings.model_dump(exclude={"sync_interval_seconds"})


async def test_it_is_folded_away_and_says_what_holds_by_default(site: Site) -> None:
    """Nobody has to choose; the fields of the two forms are told apart."""
    html = (await site.http.get(INTERCOM)).text
    assert html.count("<summary>What to read") == 2
    assert not OPENED.search(html)
    assert "by default open conversations, and closed ones of the last 90 days" in await site.get()
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


async def test_the_installation_s_own_choice_is_what_the_form_begins_with() -> None:
    """Pressing Connect without a look at it leaves that choice as it is."""
    rig = Rig(first_settings=ConnectionSettings(lifecycle_events=True, lookback_days=14))
    html = (await Site(rig).http.get(INTERCOM)).text
    assert html.count('name="lifecycle_events" value="on" checked') == 2
    assert html.count('name="lookback_days" type="text" value="14"') == 2


async def test_a_token_brings_what_was_chosen(site: Site, rig: Rig) -> None:
    """Before the first sync, not after; what has no field is the installation's choice."""
    answer = await site.post(f"{INTERCOM}/token", {"access_token": TOKEN, "region": "us", **CHOSEN})
    assert answer.status_code == 303
    assert begun_with(rig) == AS_SETTINGS
    (connection,) = rig.connections.stored.values()
    assert connection.settings.sync_interval_seconds == 60


async def test_the_way_over_intercom_s_screen_brings_it_too(site: Site, rig: Rig) -> None:
    """It waits on the server, and what the way back adds to its address is not looked at."""
    state = await leave(site, CHOSEN)
    answer = await come_back(site, state, lookback_days="3650", match_companies_by_name="exact")
    assert answer.headers["location"] == f"{INTERCOM}?said=connected"
    assert begun_with(rig) == AS_SETTINGS


async def test_a_switch_that_is_off_is_a_choice_as_well() -> None:
    """Also where the installation has it on."""
    rig = Rig(first_settings=ConnectionSettings(lifecycle_events=True))
    rig.intercom.codes = {CODE: TOKEN}
    site = Site(rig)
    await come_back(site, await leave(site, {"lookback_days": "90", "match_companies_by_name": "exact"}))
    assert not begun_with(rig)["lifecycle_events"]


async def test_forms_without_the_fields_leave_all_as_it_is(site: Site, rig: Rig) -> None:
    """A bookmark of a page from before the fields were there still connects."""
    await come_back(site, await leave(site, {}))
    assert begun_with(rig) == ConnectionSettings().model_dump(exclude={"sync_interval_seconds"})


@pytest.mark.parametrize("way", ["authorize", "token"])
@pytest.mark.parametrize("days", ["-1", "3651", "many", "", "1e3", "+5", "4.5", "٣", "9" * 32])
async def test_a_lookback_that_cannot_be_is_refused_with_its_bounds(
    site: Site, rig: Rig, way: str, days: str
) -> None:
    """Nothing is asked of Intercom; the form comes back open, with all that was typed but the token."""
    form = {"access_token": TOKEN, "region": "eu", "base_url": "", **CHOSEN, "lookback_days": days}
    answer = await site.post(f"{INTERCOM}/{way}", form)
    assert answer.status_code == 422
    assert words_of(answer).count(BOUNDS) == 2
    assert len(OPENED.findall(answer.text)) == 1
    assert f'value="{days}"' in answer.text
    assert 'value="on" checked' in answer.text
    assert '<option value="off" selected>' in answer.text
    assert ('<option value="eu" selected>' in answer.text) is (way == "token")
    assert TOKEN not in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert (rig.intercom.asked, rig.states.stored, rig.connections.stored) == ([], {}, {})


async def test_spaces_around_a_number_are_no_fault(site: Site, rig: Rig) -> None:
    """Nor is a leading nought."""
    form = {"access_token": TOKEN, "region": "us", **CHOSEN, "lookback_days": " 030 "}
    assert (await site.post(f"{INTERCOM}/token", form)).status_code == 303
    assert begun_with(rig)["lookback_days"] == 30


async def test_a_way_of_matching_that_is_not_on_the_list_is_refused(site: Site, rig: Rig) -> None:
    """Only a form that was tampered with has one."""
    answer = await site.post(f"{INTERCOM}/authorize", {**CHOSEN, "match_companies_by_name": "perhaps"})
    assert answer.status_code == 422
    assert "Choose from the list how companies are matched" in words_of(answer)
    assert rig.states.stored == {}


async def test_fields_are_bounded(site: Site, rig: Rig) -> None:
    """What is longer than any choice is not even shown again."""
    answer = await site.post(f"{INTERCOM}/authorize", {**CHOSEN, "lookback_days": "9" * 33})
    assert answer.status_code == 422
    assert "9" * 33 not in answer.text
    assert rig.states.stored == {}


async def test_a_token_that_is_refused_keeps_the_choices(site: Site, rig: Rig) -> None:
    """They stand where they were, for the next try."""
    rig.intercom.opens = {(TOKEN, US): IntercomUnreachable("We could not.")}
    answer = await site.post(f"{INTERCOM}/token", {"access_token": TOKEN, "region": "us", **CHOSEN})
    assert answer.status_code == 503
    assert len(OPENED.findall(answer.text)) == 1
    assert 'value="365"' in answer.text
    assert 'aria-invalid="true"' not in answer.text


async def test_saying_no_at_intercom_keeps_the_choices(site: Site) -> None:
    """The page that says so has them still; the next Connect takes them along."""
    state = await leave(site, CHOSEN)
    answer = await site.http.get(f"{INTERCOM}/callback", params={"error": "access_denied", "state": state})
    assert "cancelled in Intercom" in words_of(answer)
    assert len(OPENED.findall(answer.text)) == 1
    assert 'value="365"' in answer.text


async def test_another_s_way_back_shows_and_changes_nothing(site: Site, rig: Rig) -> None:
    """Neither the thief of a state nor who made one up learns what was chosen."""
    state = await leave(site, CHOSEN)
    for wrong in (state, "made-up"):
        stolen = await come_back(Site(rig), wrong)
        assert stolen.status_code == 400
        assert 'value="365"' not in stolen.text
    assert (await come_back(site, state)).status_code == 400
    assert rig.connections.stored == {}


async def test_reconnecting_does_not_ask_again(site: Site, rig: Rig) -> None:
    """The settings are there, a panel below; what a form brings all the same changes nothing."""
    rig.hold(state="disconnected", credential=None, next_sync_at=None, next_look_at=None)
    assert "What to read" not in await site.get()
    await site.post(f"{INTERCOM}/token", {"access_token": TOKEN, "region": "us", **CHOSEN})
    assert rig.held().state == "connected"
    assert rig.held().settings == ConnectionSettings()


async def test_after_a_removal_it_is_asked_again(site: Site, rig: Rig) -> None:
    """What comes next is a new connection."""
    rig.hold(state="removed", credential=None, removal=None)
    assert "What to read" in await site.get()


async def test_a_workspace_that_takes_the_place_of_another_is_asked_about(site: Site, rig: Rig) -> None:
    """The question has what was chosen already, and takes another choice."""
    rig.hold()
    token = {"access_token": OTHER, "region": "us", **CHOSEN}
    question = await site.post(f"{INTERCOM}/token", token)
    assert question.status_code == 409
    assert 'value="365"' in question.text
    (offer,) = rig.offers.stored
    answer = {"offer": offer, "typed_name": "Northwind", **CHOSEN, "lookback_days": "7"}
    refused = await site.post(f"{INTERCOM}/replace", {**answer, "lookback_days": "-7"})
    assert refused.status_code == 422
    assert "Which of them shall it be?" in words_of(refused)
    assert BOUNDS in words_of(refused)
    assert rig.held().state == "connected"
    assert (await site.post(f"{INTERCOM}/replace", answer)).status_code == 303
    (begun,) = [each.settings for each in rig.connections.stored.values() if each.state == "connected"]
    assert begun == ConnectionSettings(**{**AS_SETTINGS, "lookback_days": 7}, sync_interval_seconds=60)


async def test_a_mistyped_name_keeps_the_choices(site: Site, rig: Rig) -> None:
    """The question is asked again, with what was chosen."""
    rig.hold()
    await site.post(f"{INTERCOM}/token", {"access_token": OTHER, "region": "us"})
    (offer,) = rig.offers.stored
    again = await site.post(f"{INTERCOM}/replace", {"offer": offer, "typed_name": "north", **CHOSEN})
    assert again.status_code == 409
    assert 'value="365"' in again.text


async def test_a_member_chooses_nothing(rig: Rig) -> None:
    """Connecting is an administrator's."""
    assert (await Site(rig, MEMBER).post(f"{INTERCOM}/authorize", CHOSEN)).status_code == 403
    assert rig.states.stored == {}
