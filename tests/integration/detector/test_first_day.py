"""What an administrator sees before anything is connected: the next step, and nothing that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig

_FILTERS = '<form class="filters"'


@pytest.mark.parametrize("path", ["/", "/customers", "/people", "/requests", "/conversations", "/topics"])
async def test_filters_come_with_what_they_filter(browser: httpx.AsyncClient, rig: Rig, path: str) -> None:
    """None stands above a list that says to connect a workspace first, except where one hides something."""
    page = (await browser.get(path)).text
    assert ("Connect Intercom" in page, _FILTERS in page) == (True, False)
    if path != "/topics":
        assert _FILTERS in (await browser.get(f"{path}?tag=vip")).text
    await rig.connect()
    assert _FILTERS in (await browser.get(path)).text


async def test_no_company_is_said_to_be_matched_before_any_was_read(
    browser: httpx.AsyncClient, rig: Rig
) -> None:
    """The customers' settings tell an empty mirror from one in which all is decided."""
    settings = "/settings/organization/customers"
    page = (await browser.get(settings)).text
    assert "No company was read yet" in page
    assert "Every company that was read is matched" not in page
    await rig.connect()
    await rig.tell(rig.company("co1", "Northwind"))
    assert "No company was read yet" not in (await browser.get(settings)).text


async def test_moods_that_turn_are_called_as_on_cards(browser: httpx.AsyncClient, rig: Rig) -> None:
    """How long a signal lasts is told in the words that the signals bear."""
    page = (await browser.get("/settings/organization/detection")).text
    assert "Sentiment shift, worse" in page
    assert "Sentiment shift, better" in page
