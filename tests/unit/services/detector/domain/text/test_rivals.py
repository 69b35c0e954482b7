"""Which names a text model is spared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.rivals import with_rivals_unnamed


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("We are moving to Pipedrive next month.", "We are moving to another tool next month."),
        ("we moved everything over to xero", "we moved everything over to another tool"),
        ("In the end we went with Bamboo.", "In the end we went with another tool."),
        ("Our CFO wants us to look at HubSpot.", "Our CFO wants us to look at another tool."),
        ("Had a demo with the When I Work people", "Had a demo with the another tool people"),
        ("compared with Hetzner and OVH", "compared with another tool and another tool"),
        ("a quote from Campaign Monitor/Brevo", "a quote from another tool/another tool"),
    ],
)
def test_who_is_chosen_is_another_tool(text: str, read: str) -> None:
    """The words before a name show that it is weighed or chosen."""
    assert with_rivals_unnamed(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "We came from Zendesk last year.",
        "Does it integrate with HubSpot? We are moving to HubSpot.",
        "We are switching to Slack.",
        "The Xero export is broken.",
        "We are moving to front desk duty.",
        "We are moving to Bamboozle.",
        "We are moving to a bigger office.",
        "",
    ],
)
def test_all_else_stays(text: str) -> None:
    """Where one comes from, what one connects, platforms, and names that are words."""
    assert with_rivals_unnamed(text) == text


def test_the_own_product_is_no_rival_and_all_others_are() -> None:
    """To Zendesk a customer who goes with Zendesk comes; one who compares it with HubSpot may leave."""
    assert with_rivals_unnamed("We went with Zendesk.", "zendesk") == "We went with Zendesk."
    text = "We compared you with HubSpot and Zendesk."
    assert with_rivals_unnamed(text, "zendesk") == "We compared you with another tool and Zendesk."
    assert with_rivals_unnamed("Moving to helpscout", "helpscout") == "Moving to helpscout"
    assert with_rivals_unnamed("Moving to Help Scout", "helpscout") == "Moving to Help Scout"


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    """A text that names nobody is left as it is."""
    assert with_rivals_unnamed(text) == text or "another tool" in with_rivals_unnamed(text)
