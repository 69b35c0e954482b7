"""The pages: what an administrator sees and does, what a member may not, what is said when it goes wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest

from services.connector.domain.connection import Removal
from services.connector.domain.diagnosis import Sight
from services.connector.domain.report import SyncReport
from services.connector.errors import IntercomUnreachable
from services.connector.pages.routes import INTEGRATIONS, INTERCOM
from shared.contracts.connections import AttentionReason, ConnectionSettings
from shared.contracts.sync import Gap, ResourceCount, SyncCompleted, SyncProgressed
from tests.unit.services.connector.fakes import EU, MEMBER, NOW, TOKEN, US, a_workspace, refused
from tests.unit.services.connector.rig import Rig
from tests.unit.services.connector.site import Site, words_of

CODE = "Y29kZQ=="
OTHER = "dG9rOnNlY29uZDoxOjA="


@pytest.fixture
def rig() -> Rig:
    """A connector whose Intercom knows two workspaces."""
    made = Rig()
    made.intercom.codes = {CODE: TOKEN, "other": OTHER}
    made.intercom.opens[(OTHER, US)] = a_workspace(id="w-2", name="Contoso & Söhne")
    return made


@pytest.fixture
def site(rig: Rig) -> Site:
    """Its pages, seen by an administrator."""
    return Site(rig)


async def authorize(site: Site, code: str = CODE) -> Any:
    """Go to Intercom and come back."""
    sent = await site.post(f"{INTERCOM}/authorize")
    assert sent.status_code == 303
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    return await site.http.get(f"{INTERCOM}/callback", params={"code": code, "state": state})


async def test_before_anything_is_connected(site: Site) -> None:
    """The card and the panel say what to do, and what Intercom will ask."""
    assert "Not connected" in await site.get(INTEGRATIONS)
    page = await site.get()
    assert "Read and list users and companies" in page
    assert "What is read stays on this installation" in page
    assert "Europe" in page
    assert f"Allowed: {US}, {EU}" in page
    assert "Nothing is connected" in await site.get("/operations/sync")


async def test_without_an_app_the_permissions_to_tick_are_named() -> None:
    """Whoever brings a token reads which ones it needs, and where they are ticked."""
    page = await Site(Rig(intercom_client_id=None)).get()
    assert "Use an access token below" in page
    assert "Earshot needs these permissions" in page
    assert "Read and list users and companies" in page


async def test_connecting_by_a_click(site: Site, rig: Rig) -> None:
    """The way to Intercom and back ends at the panel; the doctor has been there."""
    response = await authorize(site)
    assert (response.status_code, response.headers["location"]) == (303, f"{INTERCOM}?said=connected")
    page = await site.get(f"{INTERCOM}?said=connected")
    assert "Connected. The first sync has begun" in page
    assert "Northwind" in page
    assert "Everything may be read." in page
    assert TOKEN not in page
    (connection,) = rig.connections.stored.values()
    assert connection.id in rig.connections.diagnoses


async def test_the_policy_lets_the_form_go_to_the_authorization_screen(site: Site) -> None:
    """There, and nowhere else."""
    response = await site.http.get(INTERCOM)
    policy = response.headers["content-security-policy"]
    assert "form-action 'self' https://app.intercom.com;" in policy


async def test_a_way_back_is_good_once_and_in_one_browser(site: Site, rig: Rig) -> None:
    """Both refusals are pages that say what to do."""
    sent = await site.post(f"{INTERCOM}/authorize")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    stranger = Site(rig)
    stolen = await stranger.http.get(f"{INTERCOM}/callback", params={"code": CODE, "state": state})
    assert stolen.status_code == 400
    assert "another browser" in words_of(stolen)
    again = await site.http.get(f"{INTERCOM}/callback", params={"code": CODE, "state": state})
    assert again.status_code == 400
    assert "Start again with Connect" in words_of(again)
    assert rig.connections.stored == {}


async def test_saying_no_at_intercom(site: Site) -> None:
    """Nothing was connected, and the page says so."""
    sent = await site.post(f"{INTERCOM}/authorize")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    answer = await site.http.get(f"{INTERCOM}/callback", params={"error": "access_denied", "state": state})
    assert "cancelled in Intercom" in words_of(answer)


async def test_without_an_app_there_is_the_token() -> None:
    """The form is open, and the button is not there."""
    site = Site(Rig(intercom_client_id=None))
    assert "needs an OAuth app, which is not set up" in await site.get()
    refusal = await site.post(f"{INTERCOM}/authorize")
    assert refusal.status_code == 400
    assert "EARSHOT_INTERCOM_CLIENT_ID" in words_of(refusal)


async def test_connecting_again_does_not_speak_of_a_first_sync(site: Site, rig: Rig) -> None:
    """What was read before is there, and reading goes on behind it."""
    rig.hold()
    rig.connections.reports["c-1"] = SyncReport(initial_done=True)
    page = await site.get(f"{INTERCOM}?said=connected")
    assert "Connected again. Reading goes on where it stopped." in page
    assert "The first sync has begun" not in page


async def test_connecting_with_a_token(site: Site, rig: Rig) -> None:
    """Spaces around it are the clipboard's."""
    response = await site.post(
        f"{INTERCOM}/token", {"access_token": f" {TOKEN} ", "region": "us", "base_url": ""}
    )
    assert response.status_code == 303
    assert [each.method for each in rig.connections.stored.values()] == ["token"]


@pytest.mark.parametrize(
    ("form", "answer", "status", "said"),
    [
        ({"access_token": ""}, None, 409, "Paste the access token"),
        ({"access_token": TOKEN, "region": "mars"}, None, 422, "EARSHOT_INTERCOM_HOSTS"),
        (
            {"access_token": TOKEN, "region": "us", "base_url": "https://evil.example"},
            None,
            422,
            "'evil.example' is not one of the allowed",
        ),
        ({"access_token": TOKEN, "region": "us"}, refused(), 422, "Intercom says no: token_rejected"),
        ({"access_token": TOKEN, "region": "us"}, IntercomUnreachable("We could not."), 503, "We could not."),
    ],
)
async def test_what_stands_against_a_token_is_said(
    site: Site, rig: Rig, form: dict[str, str], answer: Any, status: int, said: str
) -> None:
    """The form keeps everything but the token."""
    if answer is not None:
        rig.intercom.opens = {(TOKEN, US): answer}
    response = await site.post(f"{INTERCOM}/token", form)
    assert response.status_code == status
    assert said in words_of(response)
    assert TOKEN not in response.text
    assert form.get("base_url", "") in response.text


async def test_another_workspace_is_asked_about_and_kept_out(site: Site, rig: Rig) -> None:
    """Keeping what is there forgets the other one, at Intercom too."""
    await authorize(site)
    question = await authorize(site, "other")
    assert question.status_code == 409
    assert "You connected Contoso & Söhne , but what is held here is data of Northwind" in words_of(question)
    (offer,) = rig.offers.stored
    assert offer in question.text
    kept = await site.post(f"{INTERCOM}/keep", {"offer": offer})
    assert kept.headers["location"] == f"{INTERCOM}?said=kept"
    assert rig.intercom.uninstalls == [OTHER]
    assert [each.workspace.id for each in rig.connections.stored.values()] == ["w-1"]


async def test_another_workspace_takes_the_place_when_its_name_is_typed(site: Site, rig: Rig) -> None:
    """A wrong name asks again; the right one removes and connects."""
    await authorize(site)
    await authorize(site, "other")
    (offer,) = rig.offers.stored
    mistyped = await site.post(f"{INTERCOM}/replace", {"offer": offer, "typed_name": "northwind"})
    assert mistyped.status_code == 409
    assert "Which of them shall it be?" in words_of(mistyped)
    done = await site.post(f"{INTERCOM}/replace", {"offer": offer, "typed_name": "Northwind"})
    assert done.status_code == 303
    states = {each.workspace.id: each.state for each in rig.connections.stored.values()}
    assert states == {"w-1": "removed", "w-2": "connected"}
    assert "Contoso & Söhne" in await site.get()
    late = await site.post(f"{INTERCOM}/replace", {"offer": offer, "typed_name": "Northwind"})
    assert "answered before" in words_of(late)


def report_progress(rig: Rig, **changes: Any) -> SyncProgressed:
    whole: dict[str, Any] = {
        "organization_id": "acme",
        "connection_id": "c-1",
        "run_id": "run-1",
        "reason": "initial",
        "sequence": 1,
        "resource": "conversation",
        "counts": (
            ResourceCount(resource="tag", done=0, total=0),
            ResourceCount(resource="conversation", done=62, total=100),
        ),
        "calls": 70,
        "share": 0.62,
        "items_per_second": 31.0,
        "remaining_seconds": 2.0,
        "started_at": NOW,
        "reported_at": NOW,
        **changes,
    }
    return SyncProgressed(**whole)


async def test_the_first_sync_is_shown_as_it_goes(site: Site, rig: Rig) -> None:
    """With its share on the card, and a page that asks again each second."""
    rig.hold()
    await rig.listening.sync_reported(
        report_progress(rig, waiting_until=NOW + timedelta(seconds=9), waiting_for="the rate limit")
    )
    assert "Syncing 62 %" in await site.get(INTEGRATIONS)
    page = await site.get()
    assert "Reading conversations" in page
    assert "62 of 100" in page
    assert "Waiting for the rate limit" in page
    assert 'hx-trigger="every 1s"' in (await site.http.get(INTERCOM)).text
    assert "Waiting for the rate limit; it goes on" in await site.get("/operations/sync")


async def test_what_is_not_begun_shows_no_progress(site: Site, rig: Rig) -> None:
    """Conversations that wait for contacts have an empty bar, and one estimate speaks for the whole."""
    rig.hold()
    counts = (
        ResourceCount(resource="tag", done=0, total=0),
        ResourceCount(resource="contact", done=150, total=284),
        ResourceCount(resource="conversation", done=0),
    )
    await rig.listening.sync_reported(
        report_progress(rig, resource="contact", counts=counts, share=None, remaining_seconds=90.0)
    )
    for address in (INTERCOM, "/operations/sync"):
        answer = await site.http.get(address)
        # A sentence in figures that do not break is wider than a telephone.
        assert 'numbers">70 calls' not in answer.text
        words = words_of(answer)
        assert "Conversations not begun" in words
        assert "Tags none" in words
        assert words.count(" left") == 1
        assert "about 2 min left" in words


async def test_an_unknown_total_is_not_a_share(site: Site, rig: Rig) -> None:
    """The word stands alone then."""
    rig.hold()
    counts = (ResourceCount(resource="contact", done=1, total=None),)
    await rig.listening.sync_reported(report_progress(rig, counts=counts, share=None))
    assert "Syncing " in await site.get(INTEGRATIONS)
    assert "Syncing 0" not in await site.get(INTEGRATIONS)


async def test_the_ledger_names_its_gaps(site: Site, rig: Rig) -> None:
    """Each with its reason; the page is quiet between runs."""
    rig.hold()
    await rig.listening.sync_reported(
        SyncCompleted(
            organization_id="acme",
            connection_id="c-1",
            run_id="run-1",
            reason="scheduled",
            counts=(),
            held=(
                ResourceCount(resource="conversation", done=1_204, total=1_205),
                ResourceCount(resource="company", done=3),
            ),
            changed=4,
            calls=9,
            complete_up_to=NOW,
            gaps=(
                Gap(resource="conversation", id="77", reason="parts_cut_at_500", missing=12, since=NOW),
                Gap(resource="tag", reason="permission_missing", since=NOW),
                Gap(resource="conversation", reason="permission_missing", aspect="deletions", since=NOW),
            ),
            gap_count=150,
            started_at=NOW,
            completed_at=NOW,
        )
    )
    page = await site.get()
    assert "but for 150 named gaps" in page
    assert "Counted at the end of the last sync" in page
    assert "Conversations 77 12 parts missing Intercom hands out the newest 500 parts only" in page
    assert "Tags The app lacks the permission" in page
    assert "Deleted conversations Intercom does not show the app its list of them" in page
    assert "1,204 1,205" in page
    assert "not told" in page
    assert "The first hundred are shown" in page
    assert 'hx-trigger="every 5s"' in (await site.http.get(INTERCOM)).text
    assert "Connected" in await site.get(INTEGRATIONS)
    assert "150" in await site.get("/operations/sync")


SETTINGS = {
    "lifecycle_events": "on",
    "lookback_days": "30",
    "sync_interval_seconds": "60",
    "match_companies_by_name": "off",
}


async def test_settings_are_saved(site: Site, rig: Rig) -> None:
    """An interval that is none of the usual ones is shown as it is."""
    rig.hold()
    response = await site.post(f"{INTERCOM}/c-1/settings", SETTINGS)
    assert response.headers["location"] == f"{INTERCOM}?said=saved"
    assert rig.held().settings.model_dump() == {
        "lifecycle_events": True,
        "lookback_days": 30,
        "sync_interval_seconds": 60,
        "match_companies_by_name": "off",
    }
    odd = {**SETTINGS, "sync_interval_seconds": "77"}
    del odd["lifecycle_events"]
    await site.post(f"{INTERCOM}/c-1/settings", odd)
    assert not rig.held().settings.lifecycle_events
    assert "every 77 seconds" in await site.get(f"{INTERCOM}?said=saved")


async def test_settings_out_of_range_are_refused(site: Site, rig: Rig) -> None:
    """The field is named, and nothing is changed."""
    rig.hold()
    for name, value in (
        ("lookback_days", "-1"),
        ("lookback_days", "many"),
        ("sync_interval_seconds", "1"),
        ("match_companies_by_name", "perhaps"),
    ):
        response = await site.post(f"{INTERCOM}/c-1/settings", {**SETTINGS, name: value})
        assert response.status_code == 422
        assert name.replace("_", " ").capitalize() in words_of(response)
    assert rig.held().revision == 1


async def test_a_sync_by_hand(site: Site, rig: Rig) -> None:
    """One at rest says why not."""
    rig.hold()
    assert (await site.post(f"{INTERCOM}/c-1/sync")).headers["location"].endswith("said=syncing")
    rig.hold(state="disconnected", credential=None, next_sync_at=None)
    assert (await site.post(f"{INTERCOM}/c-1/sync")).status_code == 409


async def test_the_doctor_is_asked(site: Site, rig: Rig) -> None:
    """A line for each thing, with what to tick."""
    rig.hold()
    rig.intercom.sights = {"conversations": Sight("permission_missing", None, "401 token_unauthorized")}
    assert "Not asked yet." in await site.get()
    assert (await site.post(f"{INTERCOM}/c-1/doctor")).headers["location"].endswith("said=examined#doctor")
    page = await site.get(f"{INTERCOM}?said=examined")
    assert "1 thing to look at." in page
    assert 'The permission "Read conversations" is missing.' in page
    assert "Missing permission" in page


async def test_the_doctor_s_word_of_before_a_stop_is_told_as_past(site: Site, rig: Rig) -> None:
    """Beside "Needs attention" nothing says that everything may be read, until the doctor is asked again."""
    rig.hold()
    await site.post(f"{INTERCOM}/c-1/doctor")
    assert "Everything may be read." in await site.get()
    rig.clock.advance(60)
    rig.hold(
        state="needs_attention", attention="token_revoked", next_sync_at=None, changed_at=rig.clock.now()
    )
    page = await site.get()
    assert "Everything may be read." not in page
    assert "Everything could be read when the doctor was last asked" in page
    assert "ask again to see what is the matter" in page


async def test_what_the_doctor_could_not_ask_is_one_line(site: Site, rig: Rig) -> None:
    """Below a token that is refused, lines that all say the same would hide the one that matters."""
    rig.hold()
    rig.intercom.opens = {}
    await site.post(f"{INTERCOM}/c-1/doctor")
    page = await site.get()
    assert "Teammates, Teams, Tags, Contacts, One contact, Companies, Conversations Not asked" in page
    assert "Token revoked" in page


async def test_a_stopped_connection_says_why_and_can_be_tried_again(site: Site, rig: Rig) -> None:
    """With the way out, Intercom's word, and a button where the credential may be good."""
    rig.hold(
        state="needs_attention",
        attention="permission_missing",
        attention_detail="403 forbidden",
        next_sync_at=None,
    )
    page = await site.get()
    assert "Needs attention" in page
    assert "The app lacks a permission." in page
    assert "What Intercom said 403 forbidden" in page
    assert (await site.post(f"{INTERCOM}/c-1/resume")).headers["location"].endswith("said=resumed")
    assert rig.held().state == "connected"
    assert (await site.post(f"{INTERCOM}/c-1/resume")).status_code == 409


async def test_an_intercom_that_does_not_answer_is_said_at_once(site: Site, rig: Rig) -> None:
    """Since when, and that it goes on by itself, long before it is stopped; one blip says nothing."""
    rig.hold()
    for number in (1, 2, 3):
        assert "No answer" not in await site.get(INTEGRATIONS)
        await rig.listening.sync_reported(
            report_progress(
                rig,
                sequence=number,
                failures=number,
                reported_at=NOW - timedelta(minutes=2),
                waiting_until=NOW + timedelta(seconds=2),
                waiting_for="Intercom to answer",
            )
        )
    for path in (INTEGRATIONS, INTERCOM, "/operations/sync"):
        page = await site.get(path)
        assert "No answer" in page
        assert "Intercom gives no usable answer, first noticed 2 min ago" in page
        assert "Nothing is lost: it is asked again and again, and reading goes on by itself" in page
    await rig.listening.sync_reported(report_progress(rig, sequence=4))
    assert "Syncing 62 %" in await site.get(INTEGRATIONS)


async def test_each_reason_has_its_own_way_out(site: Site, rig: Rig) -> None:
    """On the card and on the panel; a revoked token is not tried again but replaced."""
    told = set()
    for reason in get_args(AttentionReason):
        rig.hold(state="needs_attention", attention=reason, next_sync_at=None)
        card = await site.get(INTEGRATIONS)
        assert "Needs attention" in card
        told.add(card)
        page = await site.get()
        assert "Reconnect" in page
        assert ("Try again" in page) == (reason != "token_revoked")
        assert "Needs attention" in await site.get("/operations/sync")
    assert len(told) == len(get_args(AttentionReason))


@pytest.mark.parametrize(("method", "how"), [("oauth", "uninstalled"), ("token", "Developer Hub")])
async def test_the_question_before_disconnecting_says_what_becomes_of_the_app(
    site: Site, rig: Rig, method: str, how: str
) -> None:
    """An authorization is ended at Intercom as well; a token's app is its owner's to delete."""
    rig.hold(method=method)
    question = (await site.get()).partition("Disconnect Northwind?")[2].partition("Remove all data")[0]
    assert how in question
    assert ("Developer Hub" in question) is (method == "token")


@pytest.mark.parametrize("on", [False, True])
async def test_lifecycle_events_are_offered_while_they_are_off(site: Site, rig: Rig, on: bool) -> None:
    """Nobody who has just connected should have to find the switch."""
    rig.hold(settings=ConnectionSettings(lifecycle_events=on))
    page = await site.get()
    assert ("Turn on lifecycle events" in page) is not on


async def test_disconnecting(site: Site, rig: Rig) -> None:
    """The data stays, and the page says so; a second time is told as done."""
    rig.hold()
    assert (await site.post(f"{INTERCOM}/c-1/disconnect")).headers["location"].endswith("said=disconnected")
    page = await site.get(f"{INTERCOM}?said=disconnected")
    assert "Disconnected" in page
    assert "what was read stays" in page
    assert (await site.post(f"{INTERCOM}/c-1/disconnect")).status_code == 409


async def test_removing_asks_for_the_name_and_follows_the_removal(site: Site, rig: Rig) -> None:
    """Each service is shown as it confirms; connecting again waits for all."""
    rig.hold()
    refusal = await site.post(f"{INTERCOM}/c-1/remove", {"typed_name": "northwind"})
    assert refusal.status_code == 409
    assert "Nothing was removed" in words_of(refusal)
    done = await site.post(f"{INTERCOM}/c-1/remove", {"typed_name": "Northwind"})
    assert done.headers["location"].endswith("said=removing")
    await rig.connections.confirm_removal("acme", "c-1", rig.held().removal.id, "syncer", 12)
    page = await site.get()
    assert "syncer done, 12 documents removed" in page
    assert "detector working" in page
    assert "Removing data" in page
    assert 'hx-trigger="every 1s"' in (await site.http.get(INTERCOM)).text
    early = await site.post(f"{INTERCOM}/token", {"access_token": TOKEN, "region": "us"})
    assert "still being removed (connector, detector, notifier at work)" in words_of(early)
    await rig.confirm_removal()
    assert "hx-trigger" not in (await site.http.get(INTERCOM)).text.partition('id="state"')[2][:60]
    assert "Data removed" in await site.get(INTEGRATIONS)


async def test_a_removal_of_before_they_were_noted_is_shown_as_done(site: Site, rig: Rig) -> None:
    """Without a record there is nothing to follow."""
    rig.hold(state="removed", credential=None, removal=None)
    assert "Data removed" in await site.get()


async def test_of_several_lives_the_one_that_holds_data_is_shown(site: Site, rig: Rig) -> None:
    """Otherwise the one that went last."""
    gone = Removal("r", "Ines", NOW)
    rig.hold(id="c-1", state="removed", removal=gone, changed_at=NOW + timedelta(days=2))
    rig.hold(id="c-2", state="removed", removal=gone, workspace=a_workspace(name="Fabrikam"))
    assert "Northwind" in await site.get()
    rig.hold(id="c-3", workspace=a_workspace(name="Contoso"))
    assert "Contoso" in await site.get()


async def test_an_unknown_connection_is_said_to_be_unknown(site: Site) -> None:
    """On the panel, not as a broken page."""
    for action in ("settings", "sync", "doctor", "resume", "disconnect", "remove"):
        response = await site.post(f"{INTERCOM}/c-9/{action}", SETTINGS)
        assert response.status_code == 404, action
        assert "There is no such connection" in words_of(response)


FORMS = [
    "/authorize",
    "/token",
    "/replace",
    "/keep",
    "/c-1/settings",
    "/c-1/sync",
    "/c-1/doctor",
    "/c-1/resume",
    "/c-1/disconnect",
    "/c-1/remove",
]


async def test_no_form_works_without_its_token(site: Site, rig: Rig) -> None:
    """Another site's page does not have it."""
    rig.hold()
    await site.get()
    for form in FORMS:
        response = await site.http.post(f"{INTERCOM}{form}", data={**SETTINGS, "offer": "x"})
        assert response.status_code == 403, form
    assert rig.held().revision == 1


async def test_members_read_and_change_nothing(rig: Rig) -> None:
    """They see the state; no form is shown, and none works."""
    rig.hold()
    site = Site(rig, MEMBER)
    page = await site.get()
    assert "Northwind" in page
    for button in ("Disconnect", "Sync now", "Ask the doctor", "Lookback"):
        assert button not in page
    for form in FORMS:
        response = await site.post(f"{INTERCOM}{form}", {**SETTINGS, "offer": "x"})
        assert response.status_code == 403, form
    assert (await site.http.get(f"{INTERCOM}/callback")).status_code == 403
    assert rig.held().revision == 1


async def test_keys_are_made_shown_once_and_revoked(site: Site, rig: Rig) -> None:
    """The token is on one page only."""
    assert "No keys yet" in await site.get("/settings/organization/keys")
    assert 'href="/api/v1/openapi/detector.json"' in (await site.http.get("/settings/organization/keys")).text
    made = await site.post(
        "/settings/organization/keys", {"name": "warehouse", "role": "member", "days": "30"}
    )
    (key,) = rig.api_keys.stored.values()
    token = made.text.partition('<code class="token">')[2].partition("<")[0]
    assert token.count(".") == 2
    again = await site.http.get("/settings/organization/keys")
    assert "warehouse" in again.text
    assert token not in again.text
    assert "Revoke the key “warehouse”?" in again.text
    assert (
        f'<form method="post" action="/settings/organization/keys/{key.key_id}/revoke">'
        in (again.text.partition(f'<dialog id="revoke-{key.key_id}"')[2])
    )
    response = await site.post(f"/settings/organization/keys/{key.key_id}/revoke")
    assert response.status_code == 303
    assert "revoked" in await site.get("/settings/organization/keys")
    assert (await site.post("/settings/organization/keys/none/revoke")).status_code == 404


async def test_a_key_has_a_name(site: Site, rig: Rig) -> None:
    """Spaces are none: nobody could tell later which machine a nameless key belongs to."""
    response = await site.post("/settings/organization/keys", {"name": "   ", "role": "member", "days": "30"})
    assert response.status_code == 422
    assert rig.api_keys.stored == {}


async def test_keys_are_not_for_members(rig: Rig) -> None:
    """Not even their names."""
    assert (await Site(rig, MEMBER).http.get("/settings/organization/keys")).status_code == 403
