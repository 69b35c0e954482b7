"""Amounts are shown in the installation's currency, on each page and in each file that has one."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from services.detector.domain.customer_list import CustomerRow
from tests.unit.services.detector.rig import LEAVING, WISH

if TYPE_CHECKING:
    import httpx

    from services.detector.settings import Settings
    from tests.unit.services.detector.rig import Rig


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The application of an installation that counts in francs, which have no sign of their own here."""
    return settings.model_copy(update={"currency": "CHF", "text_model": False})


async def test_every_amount_is_in_the_installation_s_currency(browser: httpx.AsyncClient, rig: Rig) -> None:
    """No page has a dollar left, and a file says in a column of its own what its numbers are in."""
    await rig.connect()
    await rig.tell(rig.contact(), rig.company(monthly_spend=900.0))
    await rig.engine.customers.keep("local", [CustomerRow("acc-2", "Contoso")])
    await rig.tell(*rig.said("k1", LEAVING, WISH, title="Our contract"))
    wish = next(one for one in await rig.signals() if one.slot.kind == "feature_request")
    assert wish.customer is not None
    signal, request = f"/insights/{wish.signal_id}", f"/requests/{wish.slot.variant}"
    for page in ("/customers", f"/customers/{wish.customer.id}", signal, "/requests", request):
        answer = await browser.get(page)
        assert answer.status_code == 200, page
        assert "900 CHF" in answer.text, page
        assert "$" not in answer.text, page
    assert "In CHF, with a decimal point" in (await browser.get("/settings/organization/customers")).text

    lists = ("/customers/export.csv", "/insights/export.csv", "/requests/export.csv")
    for file in (*lists, f"{request}/asked.csv"):
        rows = list(csv.DictReader(io.StringIO((await browser.get(file)).text)))
        assert {(row["monthly_spend"], row["currency"]) for row in rows} <= {("900.0", "CHF"), ("", "")}, file
        assert any(row["currency"] for row in rows), file
