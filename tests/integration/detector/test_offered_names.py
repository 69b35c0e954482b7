"""Where a form asks for customers or tags, those there are are offered, and what is none is named."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import known_customer_id
from shared.contracts.resources import TagChanged

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig


@pytest.fixture
async def filled(rig: Rig) -> Rig:
    """Sixty-two customers and sixty tags, more than a form is sent at once."""
    await rig.connect()
    rows = [CustomerRow(f"acc-{number}", f"Shop {number:02}") for number in range(60)]
    await rig.engine.customers.keep(
        "local", [*rows, CustomerRow("nw", "Northwind, Inc."), CustomerRow("straße", "Gruß & Co")]
    )
    await rig.tell(
        *(TagChanged(**rig.fields(id=f"t{number}", name=f"tag {number:02}")) for number in range(59)),
        TagChanged(**rig.fields(id="t99", name="Urgent")),
    )
    return rig


async def offered(browser: httpx.AsyncClient, path: str, **typed: str) -> list[str]:
    answer = await browser.get(path, params=typed)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return [html.unescape(one) for one in re.findall(r'<option value="([^"]*)">', answer.text)]


async def said(browser: httpx.AsyncClient, path: str, **lines: str) -> str:
    answer = await browser.get(path, params=lines)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.text)).split())


async def test_customers_are_offered_like_what_is_typed(browser: httpx.AsyncClient, filled: Rig) -> None:
    """By name, fifty at most; a part of the name in any case is enough."""
    assert (await offered(browser, "/customers/offered"))[:2] == ["Gruß & Co", "Northwind, Inc."]
    assert len(await offered(browser, "/customers/offered")) == 50
    assert await offered(browser, "/customers/offered", customer="WIND") == ["Northwind, Inc."]
    assert await offered(browser, "/customers/offered", customer="nobody") == []


async def test_tags_are_offered_like_what_is_typed(browser: httpx.AsyncClient, filled: Rig) -> None:
    """By name, fifty at most."""
    assert len(await offered(browser, "/topics/offered")) == 50
    assert await offered(browser, "/topics/offered", tag="URG") == ["Urgent"]


async def test_what_is_no_customer_is_named(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Names in any case and ids are known; the rest is named, with what may be meant."""
    fine = "northwind, inc.\nGRUSS & co\n\n" + known_customer_id("local", "acc-7")
    assert await said(browser, "/customers/unknown", customers=fine) == ""
    assert await said(browser, "/customers/unknown") == ""
    words = await said(browser, "/customers/unknown", customers=f"{fine}\nNorthwind\nAcme")
    assert words == (
        "No customer is called “Northwind” (is “Northwind, Inc.” meant?) or “Acme”,"
        " so nobody is told of them. It can be saved all the same, for a customer that is yet to come."
    )
    assert "“Shop 05” meant?" in await said(browser, "/customers/unknown", customers="acc-5")


async def test_what_is_no_tag_is_named(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Compared without regard to case; many unknown ones do not make a long sentence."""
    assert await said(browser, "/topics/unknown", tags="URGENT\ntag 07") == ""
    assert await said(browser, "/topics/unknown", tags="urgently") == (
        "No tag is called “urgently”, so nobody is told of it."
        " It can be saved all the same, for a tag that is yet to come."
    )
    many = await said(browser, "/topics/unknown", tags="\n".join(f"new {number}" for number in range(300)))
    assert "“new 4” and others, so nobody is told of them." in many
    assert "new 5" not in many
