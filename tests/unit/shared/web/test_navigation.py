"""Which section an address belongs to."""

from __future__ import annotations

import pytest

from shared.web.navigation import navigation_for


@pytest.mark.parametrize(
    ("path", "section", "tab"),
    [
        ("/", "Insights", None),
        ("/insights/abc", "Insights", None),
        ("/conversations/7", "Conversations", "Conversations"),
        ("/topics", "Conversations", "Topics"),
        ("/customers", "Customers", None),
        ("/customers-of-old", None, None),
        ("/settings/organization/integrations/intercom", "Settings", "Integrations"),
        ("/settings/me", "Settings", "My notifications"),
        ("/operations/dead-letters", "Operations", "Dead letters"),
        ("/nowhere", None, None),
    ],
)
def test_one_section_and_one_tab_are_current(path: str, section: str | None, tab: str | None) -> None:
    """The longest prefix decides; an address of no section marks none."""
    navigation = navigation_for(path)
    assert [link.title for link in navigation.sections if link.current] == ([section] if section else [])
    assert [link.title for link in navigation.tabs if link.current] == ([tab] if tab else [])
    assert navigation.section_title == section
    assert navigation.page_title == (tab or section)


@pytest.mark.parametrize(("path", "behind"), [("/topics", True), ("/people", True), ("/requests", False)])
def test_a_section_that_the_narrow_bar_leaves_out_is_behind_more(path: str, *, behind: bool) -> None:
    """So that the bar says where one is, whichever page it is."""
    assert navigation_for(path).behind_more is behind
