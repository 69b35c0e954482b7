"""Where a page asks for a colleague's address, those of teammates and account owners are offered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from services.detector.domain.customer_list import CustomerRow
from shared.contracts.resources import AdminChanged
from tests.unit.services.detector.rig import LEAVING

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig


async def test_teammates_come_by_name_and_then_owners(browser: httpx.AsyncClient, rig: Rig) -> None:
    """Each address once; what mail cannot be sent to is left out."""
    await rig.connect()
    await rig.engine.customers.keep(
        "local",
        [
            CustomerRow("acc-1", "Northwind", owner="Zoe@Acme.example"),
            CustomerRow("acc-2", "Contoso", owner="cem@acme.example"),
            CustomerRow("acc-3", "Fabrikam", owner="the sales team"),
        ],
    )
    await rig.tell(
        AdminChanged(**rig.fields(id="1", name="Zoe Lind", email="zoe@acme.example")),
        AdminChanged(**rig.fields(id="2", name="Ann <Lee>", email="Ann@acme.example")),
        AdminChanged(**rig.fields(id="3", name="Fin", email=None)),
    )
    answer = await browser.get("/people/teammates")
    assert answer.status_code == 200
    assert re.findall(r'<option value="([^"]*)"(?: label="([^"]*)")?>', answer.text) == [
        ("ann@acme.example", "Ann &lt;Lee&gt;"),
        ("zoe@acme.example", "Zoe Lind"),
        ("cem@acme.example", ""),
    ]


async def test_a_signal_is_assigned_to_one_of_them(browser: httpx.AsyncClient, rig: Rig) -> None:
    """The field offers the list, which the page asks for once."""
    await rig.connect()
    await rig.tell(*rig.said("k1", LEAVING))
    (signal,) = await rig.signals()
    page = (await browser.get(f"/insights/{signal.signal_id}")).text
    assert re.search(r'<input id="f-to"[^>]* list="addresses"', page)
    assert page.count('<datalist id="addresses" hx-get="/people/teammates"') == 1
