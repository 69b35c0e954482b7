"""What goes wrong behind a page while it looks right: errors of scripts, refused content, failed answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Error, Page, Response

_FIRST_FAILURE = 400
_SAID_BY_ANSWERS = "Failed to load resource: the server responded"
"""The console repeats each failed answer; the answer itself is watched, with its address."""


class Watch:
    """Collects the faults of one page from its first address to its last.

    A refusal by the Content-Security-Policy is an error on the console, so it is heard here too.
    """

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        self._expected: set[int] = set()
        self._page = page
        page.on("console", self._hear_console)
        page.on("pageerror", self._hear_error)
        page.on("response", self._hear_answer)

    def expect(self, status: int) -> None:
        """Answers with this status belong to the test from now on."""
        self._expected.add(status)

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_SAID_BY_ANSWERS):
            self.faults.append(f"{self._page.url}: {message.type} on the console: {message.text}")

    def _hear_error(self, error: Error) -> None:
        self.faults.append(f"{self._page.url}: a script failed: {error}")

    def _hear_answer(self, response: Response) -> None:
        if response.status >= _FIRST_FAILURE and response.status not in self._expected:
            asked = f"{response.request.method} {response.url}"
            self.faults.append(f"{self._page.url}: {asked}: {response.status}")
