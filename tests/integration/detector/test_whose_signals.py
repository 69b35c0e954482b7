"""Signals by who looks after them, for people and machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from tests.unit.services.detector.rig import LEAVING, WISH

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig

MACHINE = {"Accept": "application/json"}
ME = "you@localhost"


@pytest.fixture
async def assigned(browser: httpx.AsyncClient, rig: Rig) -> str:
    """Two signals, of which the reader looks after one; its id."""
    await rig.connect()
    await rig.tell(*rig.said("k1", LEAVING, WISH))
    mine: str = next(one.signal_id for one in await rig.signals() if one.slot.kind == "churn_risk")
    answer = await browser.post(f"/insights/{mine}/assign", data={"to": " You@LocalHost"})
    assert answer.status_code == 303
    return mine


async def listed(browser: httpx.AsyncClient, query: str) -> list[Any]:
    answer = await browser.get(f"/api/v1/signals?{query}", headers=MACHINE)
    assert answer.status_code == 200
    assert answer.json()["count"] == len(answer.json()["items"])
    return [one["id"] for one in answer.json()["items"]]


async def test_the_api_takes_who_looks_after_them(browser: httpx.AsyncClient, assigned: str) -> None:
    """However the address is spelled; nobody else's are listed."""
    for spelled in (ME, "YOU@localhost", "%20you@localhost"):
        assert await listed(browser, f"assigned_to={spelled}") == [assigned]
    assert await listed(browser, "assigned_to=bo@acme.example") == []
    assert len(await listed(browser, "")) == 2


async def test_insights_are_narrowed_to_mine(browser: httpx.AsyncClient, assigned: str) -> None:
    """On the page, in its file and its stream; "me" is offered first, and is chosen where it is asked for."""
    page = (await browser.get(f"/insights?assigned_to={ME}")).text
    assert re.findall(r'class="cover" href="/insights/([^"]+)"', page) == [assigned]
    offered = page.partition('name="assigned_to"')[2].partition("</select>")[0]
    assert re.findall(r"<option value=\"([^\"]*)\"( selected)?>([^<]*)<", offered) == [
        ("", "", "any"),
        (ME, " selected", "me"),
    ]
    assert f"/insights/events?assigned_to={ME}" in page
    file = (await browser.get(f"/insights/export.csv?assigned_to={ME}")).text.splitlines()
    assert [line.partition(",")[0] for line in file[1:]] == [assigned]
    assert "Nothing matches" in (await browser.get("/insights?assigned_to=bo@acme.example")).text


@pytest.mark.parametrize("path", ["/insights", "/customers", "/requests", "/people"])
async def test_my_customers_are_one_choice_away(browser: httpx.AsyncClient, rig: Rig, path: str) -> None:
    """Every list that is narrowed by owner offers the reader first, and finds what is theirs by it."""
    await rig.connect()
    rows = [
        CustomerRow("acc-1", "Northwind", owner="You@localhost"),
        CustomerRow("acc-2", "Contoso", owner="ann@acme.example"),
    ]
    await rig.engine.customers.keep("local", rows)
    await rig.tell(
        rig.contact(), rig.company(external_id="acc-1"), rig.contact("lee", ("co2",)),
        rig.company("co2", "Contoso", external_id="acc-2"),
    )  # fmt: skip
    await rig.tell(*rig.said("k1", WISH))
    await rig.tell(*rig.said("k2", LEAVING, contact_ids=("lee",)))
    page = (await browser.get(f"{path}?owner=You@localhost")).text
    offered = page.partition('name="owner"')[2].partition("</select>")[0]
    assert re.findall(r"<option value=\"([^\"]*)\"[^>]*>([^<]*)<", offered)[:2] == [
        ("", "any"),
        ("You@localhost", "me"),
    ]
    assert page.count("data-row-link") == 1
