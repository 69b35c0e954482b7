"""The card of newer detectors, its buttons, and the same for machines, over a document server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from services.detector.detectors import Detectors
from tests.unit.services.detector.redetection_suite import Hears
from tests.unit.services.detector.rig import LEAVING, WISH, present_detectors

if TYPE_CHECKING:
    import httpx

    from services.detector.settings import Settings
    from tests.unit.services.detector.rig import Rig

DETECTION = "/settings/organization/detection"
API = "/api/v1/redetections"
MACHINE = {"Accept": "application/json"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The application goes by the rules alone, as the rigs of these tests do."""
    return settings.model_copy(update={"text_model": False})


@pytest.fixture
async def old(rig: Rig) -> Rig:
    """A process of an earlier version, which took a notice for a renewal and heard no wishes."""
    old = rig.of_version(Detectors(conversation=(Hears("1", "subscription"),)))
    await old.connect()
    await old.reread_all()
    await old.tell(*old.said("k1", LEAVING, title="Our contract"))
    await old.tell(*old.said("k2", WISH, contact_ids=("lee",)))
    return old


async def text(browser: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


async def compared(old: Rig) -> Rig:
    new = await old.upgraded(present_detectors())
    await new.redetect_all()
    return new


async def test_without_a_newer_version_there_is_no_card(browser: httpx.AsyncClient, rig: Rig) -> None:
    """A first installation is asked nothing, on the page and by the API."""
    await rig.connect()
    await rig.tell(*rig.said("k1", LEAVING))
    assert 'id="redetection"' not in await text(browser, DETECTION)
    assert (await browser.get(API, headers=MACHINE)).json() == {"items": []}


async def test_while_it_is_read_there_is_a_number_and_no_button(browser: httpx.AsyncClient, old: Rig) -> None:
    """The card shows how far it is; deciding is refused in words, and Insights does not ask yet."""
    await old.upgraded(present_detectors())
    page = await text(browser, DETECTION)
    assert "0 of 2 conversations" in page
    assert "Switch on</button>" not in page
    assert "See what would change" not in await text(browser, "/insights")
    (found,) = (await browser.get(API, headers=MACHINE)).json()["items"]
    assert (found["state"], found["done"], found["total"]) == ("reading", 0, 2)
    refused = await browser.post(f"{API}/{found['id']}/switch-on", headers=MACHINE)
    assert (refused.status_code, "still being worked out" in refused.text) == (422, True)


async def test_what_would_change_is_shown_and_switched_on(browser: httpx.AsyncClient, old: Rig) -> None:
    """Versions, counts and quoted examples, then the button; afterwards the card is gone."""
    new = await compared(old)
    assert "See what would change" in await text(browser, "/insights")
    page = await text(browser, DETECTION)
    for words in (
        "Hears",
        "version 1, no longer there",
        "Churn risk, explicit",
        "Feature request",
        'href="/conversations/ws1:k1"',
        "“subscription”",
        "\N{MINUS SIGN}1",
        "Keep as it is</button>",
    ):
        assert words in page, words
    form = re.search(rf'action="({DETECTION}/redetections/\w+/switch-on)"', page)
    assert form is not None
    done = await browser.post(form[1])
    assert (done.status_code, done.headers["location"]) == (303, f"{DETECTION}?decided=on")
    after = await text(browser, done.headers["location"])
    assert "Switched on." in after
    assert "Reading past conversations again" in after
    assert 'id="redetection"' not in after
    assert "nothing to decide" in await text(
        browser, form[1].replace(DETECTION, "").replace("/redetections", API).replace("/switch-on", ""), 404
    )
    await new.reread_all()
    assert {one.slot.kind for one in await new.signals(state="open")} >= {"churn_risk", "feature_request"}


async def test_keeping_it_is_remembered_and_can_be_taken_back(browser: httpx.AsyncClient, old: Rig) -> None:
    """The card says who decided, offers to switch on later, and Insights asks no more."""
    new = await compared(old)
    form = re.search(rf'action="({DETECTION}/redetections/\w+/keep)"', await text(browser, DETECTION))
    assert form is not None
    kept = await browser.post(form[1])
    page = await text(browser, kept.headers["location"])
    assert "you@localhost decided so" in page
    assert "Keep as it is</button>" not in page
    assert "Switch on</button>" in page
    assert "See what would change" not in await text(browser, "/insights")
    assert {one.slot.kind for one in await new.signals(state="open")} == {"renewal"}


async def test_the_api_tells_and_decides(browser: httpx.AsyncClient, old: Rig) -> None:
    """The preview has counts and examples with offsets; each decision answers with the new state."""
    await compared(old)
    (found,) = (await browser.get(API, headers=MACHINE)).json()["items"]
    kinds = {one["kind"]: one for one in found["kinds"]}
    assert kinds["renewal"] == {"kind": "renewal", "found": 1, "added": 0, "gone": 1, "changed": 0}
    assert kinds["churn_risk/explicit"]["added"] == 1
    example = next(one for one in found["examples"] if one["kind"] == "renewal")
    assert LEAVING[example["start"] : example["end"]] == example["quote"] == "subscription"
    assert (example["change"], example["confidence_before"], example["confidence_after"]) == (
        "gone",
        0.9,
        None,
    )
    one = (await browser.get(f"{API}/{found['id']}", headers=MACHINE)).json()
    assert one == found
    for step, state in (("keep", "refused"), ("switch-on", "switched_on")):
        answer = (await browser.post(f"{API}/{found['id']}/{step}", headers=MACHINE)).json()
        assert (answer["state"], answer["decided_by"]) == (state, "you@localhost")
    assert (await browser.post(f"{API}/{found['id']}/keep", headers=MACHINE)).status_code == 404


async def test_redacted_words_leave_the_card(browser: httpx.AsyncClient, old: Rig) -> None:
    """What was redacted after it was counted is quoted neither on the page nor by the API."""
    new = await compared(old)
    await new.tell(new.part("k1", 0, "", redacted=True))
    assert "“subscription”" not in await text(browser, DETECTION)
    (found,) = (await browser.get(API, headers=MACHINE)).json()["items"]
    assert {one["conversation_id"] for one in found["examples"]} == {"ws1:k2"}


async def test_deciding_needs_the_page_s_token(browser: httpx.AsyncClient, old: Rig) -> None:
    """Without the token neither form nor call decides anything."""
    await compared(old)
    (found,) = (await browser.get(API, headers=MACHINE)).json()["items"]
    del browser.headers["x-csrf-token"]
    for path in (f"{DETECTION}/redetections/{found['id']}/switch-on", f"{API}/{found['id']}/keep"):
        assert (await browser.post(path)).status_code == 403
    (after,) = (await browser.get(API, headers=MACHINE)).json()["items"]
    assert after["state"] == "ready"


async def test_the_document_of_the_api_shows_an_example(browser: httpx.AsyncClient) -> None:
    """OpenAPI names the routes and carries a worked example."""
    document = (await browser.get("/api/v1/openapi/detector.json", headers=MACHINE)).json()
    assert {f"{API}/{{redetection_id}}/switch-on", f"{API}/{{redetection_id}}/keep", API} <= set(
        document["paths"]
    )
    assert document["components"]["schemas"]["RedetectionOut"]["examples"][0]["state"] == "ready"
