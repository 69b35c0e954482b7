"""Matching companies by hand and taking it back, as an administrator, a member and a machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import known_customer_id, provisional_customer_id
from shared.auth.identity import LOCAL_ORGANIZATION_ID, Identity
from tests.integration.detector.test_pages import MACHINE, filled, text
from tests.integration.detector.test_who_acted import SignedIn

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig

SETTINGS = "/settings/organization/customers"
COMPANIES = f"{SETTINGS}/companies"
API = "/api/v1/customers/companies"
CONTOSO = known_customer_id(LOCAL_ORGANIZATION_ID, "acc-2")
NORTHWIND = provisional_customer_id(LOCAL_ORGANIZATION_ID, "ws1:co1")


async def test_an_unmatched_company_is_matched_from_the_settings(
    browser: httpx.AsyncClient, rig: Rig
) -> None:
    """Without a suggestion: it is listed, its customer is found, and what will happen is said."""
    await filled(rig)
    assert f'href="{COMPANIES}/ws1:co1"' in await text(browser, SETTINGS)
    page = await text(browser, f"{COMPANIES}/ws1:co1")
    assert "It is matched to nobody, so it stands for itself." in page
    assert "Nobody has decided anything about this company" in page
    for words in ("conto", "acc-2"):
        found = await text(browser, f"{COMPANIES}/ws1:co1?find={words}")
        assert re.findall(r'type="radio" name="customer" value="(\w+)"', found) == [CONTOSO]
        assert "its 1 person and 1 conversation move to the customer you choose" in " ".join(found.split())
    assert "No other customer has “north”" in await text(browser, f"{COMPANIES}/ws1:co1?find=north")
    path = f"{COMPANIES}/ws1:co1/match"
    unchosen = await browser.post(path, data={"find": "conto"})
    assert (unchosen.status_code, "Choose the customer that it is." in unchosen.text) == (422, True)
    answer = await browser.post(path, data={"customer": CONTOSO})
    assert answer.status_code == 303
    page = await text(browser, answer.headers["location"])
    assert "Matched to Contoso." in page
    assert "Because you@localhost decided so" in page
    assert "Every company that was read is matched" in await text(browser, SETTINGS)


async def test_a_company_is_matched_from_its_customer_s_page_and_undone(
    browser: httpx.AsyncClient, rig: Rig
) -> None:
    """The page says why each company is this customer's; undone, the history keeps who did what."""
    await filled(rig)
    page = await text(browser, f"/customers/{CONTOSO}?company=NORTH")
    assert "Because its company_id acc-2 is the customer&#39;s external id" in page
    assert re.findall(r'type="radio" name="company" value="([\w:]+)"', page) == ["ws1:co1"]
    answer = await browser.post(f"/customers/{CONTOSO}/companies", data={"company": "ws1:co1"})
    page = await text(browser, answer.headers["location"])
    assert "Because you@localhost decided so" in page
    (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
    assert signal.subject.customer_id == CONTOSO
    undo = f"{COMPANIES}/ws1:co1/undo"
    answer = await browser.post(undo, data={"customer": CONTOSO})
    page = await text(browser, answer.headers["location"])
    assert "It stands for itself now." in page
    history = page.partition('id="history"')[2]
    assert re.findall(r"It is(?: not)?", history) == ["It is not", "It is"]
    assert (await browser.post(undo, data={"customer": CONTOSO})).status_code == 409
    none = await browser.post(f"/customers/{CONTOSO}/companies", data={})
    assert none.headers["location"] == f"/customers/{CONTOSO}#companies"


async def test_companies_are_listed_with_why(browser: httpx.AsyncClient, rig: Rig) -> None:
    """All of them, narrowed by words and by what their match rests on, and as CSV."""
    await filled(rig)
    assert "No company yet" not in await text(browser, COMPANIES)
    page = await text(browser, f"{COMPANIES}?match=external_id")
    assert ("Contoso" in page, "Northwind" in page) == (True, False)
    assert "No company matches" in await text(browser, f"{COMPANIES}?q=nobody")
    assert "2 companies" in await text(browser, f"{COMPANIES}?match=anything")
    export = (await browser.get(f"{COMPANIES}/export.csv?match=none")).text.splitlines()
    assert [line.split(",")[0] for line in export] == ["id", "ws1:co1"]
    assert (await browser.get(f"{COMPANIES}/ws1:gone")).status_code == 404


async def test_matching_by_machine(browser: httpx.AsyncClient, rig: Rig) -> None:
    """List, match, undo; what is asked wrongly is refused by what is wrong."""
    await filled(rig)
    listed = (await browser.get(API, params={"matched_by": "none"}, headers=MACHINE)).json()
    assert (listed["count"], listed["items"][0]["company_id"]) == (1, "ws1:co1")
    assert listed["items"][0]["customer"]["known"] is False
    path, body = f"{API}/ws1:co1", {"customer_id": CONTOSO}
    matched = (await browser.post(f"{path}/match", json=body, headers=MACHINE)).json()
    assert (matched["matched_by"], matched["decided_by"], matched["customer"]["id"]) == (
        "person",
        "you@localhost",
        CONTOSO,
    )
    assert (matched["people"], matched["conversations"]) == (1, 1)
    undone = (await browser.post(f"{path}/undo", json=body, headers=MACHINE)).json()
    assert (undone["matched_by"], undone["customer"]["id"]) == ("none", NORTHWIND)
    said = [(one["confirmed"], one["name"], one["by"]) for one in undone["decisions"]]
    assert said == [(False, "Contoso", "you@localhost"), (True, "Contoso", "you@localhost")]
    assert (await browser.get(path, headers=MACHINE)).json() == undone
    refused: list[tuple[str, dict[str, Any], int]] = [
        ("undo", body, 409),
        ("match", {"customer_id": NORTHWIND}, 422),
        ("match", {"customer_id": "none"}, 404),
        ("match", {}, 422),
    ]
    for step, wrong, status in refused:
        assert (await browser.post(f"{path}/{step}", json=wrong, headers=MACHINE)).status_code == status
    assert (await browser.post(f"{API}/ws1:gone/match", json=body, headers=MACHINE)).status_code == 404


async def test_customers_are_found_by_external_id(browser: httpx.AsyncClient, rig: Rig) -> None:
    """The whole id, as the list has it, beside words of the name."""
    await rig.engine.customers.keep("local", [CustomerRow("acc-2", "Contoso"), CustomerRow("b", "acc-2 Inc")])
    found = (await browser.get("/api/v1/customers", params={"q": "acc-2"}, headers=MACHINE)).json()
    assert sorted(one["name"] for one in found["items"]) == ["Contoso", "acc-2 Inc"]


async def test_a_member_sees_why_and_changes_nothing(browser: httpx.AsyncClient, rig: Rig) -> None:
    """Pages offer no form, and pages and API refuse one that is sent all the same."""
    await filled(rig)
    transport: Any = browser._transport
    member = Identity(LOCAL_ORGANIZATION_ID, "bo", "Bo", "bo@acme.example", "member", ambient=False)
    transport.app.state.authenticator = SignedIn(member)
    for path in (f"{COMPANIES}/ws1:co2?find=north", f"/customers/{CONTOSO}?company=north"):
        page = await text(browser, path)
        assert "is the customer&#39;s external id" in page
        assert 'type="radio"' not in page
        assert "/undo" not in page
    sent: list[tuple[str, dict[str, Any]]] = [
        (f"{COMPANIES}/ws1:co2/undo", {"data": {"customer": CONTOSO}}),
        (f"{COMPANIES}/ws1:co1/match", {"data": {"customer": CONTOSO}}),
        (f"/customers/{CONTOSO}/companies", {"data": {"company": "ws1:co1"}}),
        (f"{API}/ws1:co1/match", {"json": {"customer_id": CONTOSO}}),
        (f"{API}/ws1:co2/undo", {"json": {"customer_id": CONTOSO}}),
    ]
    for path, how in sent:
        assert (await browser.post(path, **how)).status_code == 403


@pytest.mark.parametrize("path", [f"{COMPANIES}/ws1:co1/match", f"{COMPANIES}/ws1:co2/undo"])
async def test_another_site_matches_nothing(browser: httpx.AsyncClient, rig: Rig, path: str) -> None:
    """Without the page's token a form is refused."""
    await filled(rig)
    del browser.headers["x-csrf-token"]
    assert (await browser.post(path, data={"customer": CONTOSO})).status_code == 403


async def test_a_company_whose_customer_just_went_is_shown(browser: httpx.AsyncClient, rig: Rig) -> None:
    """As when the data of a company goes, whose stand-in it was said to be: followed a moment later."""
    await filled(rig)
    await rig.stores.customers.delete(LOCAL_ORGANIZATION_ID, [CONTOSO])
    page = await text(browser, f"{COMPANIES}/ws1:co2")
    assert "Not looked at yet" in page
    assert "Undo the match" not in page
    await text(browser, f"{COMPANIES}/ws1:co2?done=matched")
    await text(browser, f"{COMPANIES}/ws1:co2?done=undone")
    assert "Contoso" in await text(browser, COMPANIES)
    assert "Matched to nobody now" in await text(browser, f"/customers/{NORTHWIND}?company=contoso")


async def test_a_customer_s_many_companies_hide_none_that_is_looked_for(
    browser: httpx.AsyncClient, rig: Rig
) -> None:
    """Those that bear the same name and are the customer's already are passed over, however many they are."""
    await filled(rig)
    await rig.tell(
        *(rig.company(f"x{one}", f"Contoso {one:02}", external_id="acc-2") for one in range(41)),
        rig.company("z", "Contoso Zeta"),
    )
    page = await text(browser, f"/customers/{CONTOSO}?company=contoso")
    assert re.findall(r'type="radio" name="company" value="([\w:]+)"', page) == ["ws1:z"]
