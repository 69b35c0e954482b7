"""Steps that several tests take alike, and how long they wait for what happens by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.chain.workspace import Workspace

INTEGRATION = "/settings/organization/integrations/intercom"
RULES = "/settings/organization/notifications"
CHAIN_MS = 45_000
"""From the workspace to the reader on two busy cores: a sync or a whole chain of events lies between."""


class Walk:
    """A page with the words of the product."""

    def __init__(self, page: Page, workspace: Workspace, screenshots: Path) -> None:
        self.page = page
        self.workspace = workspace
        self._screenshots = screenshots

    def screenshot(self, name: str) -> None:
        """Keep what is seen now."""
        self.page.screenshot(path=self._screenshots / f"{name}.png", full_page=True)

    def state_becomes(self, word: str) -> None:
        """Wait until the connection's panel says this state."""
        expect(self.page.locator("#state .state").first).to_have_text(word, timeout=CHAIN_MS)

    def authorize(self, button: str) -> None:
        """Go through Intercom's authorization screen and back to the card."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_url("**/oauth?*")
        self.page.get_by_role("button", name="Authorize access").click()
        self.page.wait_for_url(f"**{INTEGRATION}?said=connected")

    def unread(self) -> int:
        """Return the count that every page shows beside the bell."""
        words = self.page.locator("[data-unread-source]").inner_text().strip()
        return int(words or 0)
