"""What pages say of a workspace that was just connected agrees with itself, and is said in plain words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.services.detector.rig import NOW, WISH

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig


async def shown(browser: httpx.AsyncClient, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def fact(page: str, label: str) -> str:
    """Return what stands under a label: its markup, for a moment has its exact time in it."""
    found = re.search(rf"<dt>{label}</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    assert found is not None, label
    return found[1]


async def test_a_request_was_first_asked_when_somebody_wrote(browser: httpx.AsyncClient, rig: Rig) -> None:
    """A first sync finds today what was asked for over months: that is not first heard after last asked."""
    await rig.connect()
    await rig.tell(rig.contact(), rig.company())
    await rig.tell(*rig.said("k1", WISH, at=NOW - timedelta(days=60)))
    await rig.tell(*rig.said("k2", WISH, at=NOW - timedelta(days=10)))
    (found,) = (await browser.get("/api/v1/requests")).json()["items"]
    page = await shown(browser, f"/requests/{found['id']}")
    assert (NOW - timedelta(days=60)).isoformat() in fact(page, "First asked")
    assert (NOW - timedelta(days=10)).isoformat() in fact(page, "Last asked")


async def test_a_list_of_people_says_whose_they_are(browser: httpx.AsyncClient, rig: Rig) -> None:
    """Each customer is a link; who belongs to no company has none."""
    await rig.connect()
    await rig.tell(rig.contact(), rig.company(), rig.contact("lee", ()))
    await rig.tell(*rig.said("k1", WISH))
    (customer,) = (await browser.get("/api/v1/customers")).json()["items"]
    rows = (await shown(browser, "/people")).split("<tr data-row>")[1:]
    linked = [f'<a href="/customers/{customer["id"]}">Northwind</a>' in row for row in rows]
    assert sorted(linked) == [False, True]
