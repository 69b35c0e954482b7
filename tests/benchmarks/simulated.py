"""The simulated workspace that readers are measured on: one process, the documented limits, a latency."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from tests.benchmarks.watched import Windows
from tests.integration.syncer.stage import simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP_LIMIT = 1667
"""Calls of one app in ten seconds: 10,000 a minute, as documented and measured (FACTS §4)."""

WORKSPACE_LIMIT = 4167
_DAYS = 80
"""Shorter than Earshot's lookback, so that every conversation is read by everybody."""

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Calls:
    """What a reader asked for: calls in all, refused for their pace, most at once, and by window."""

    total: int
    too_many: int
    most_at_once: int
    windows: Windows


class Simulated:
    """A running workspace."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS)

    def workspace_id(self) -> str:
        return str(self._client.get("/_control/state").json()["workspaces"][0]["id"])

    def switch(self, **switches: Any) -> None:
        self._client.post("/_control/switches", json=switches).raise_for_status()

    def forget_calls(self) -> None:
        self._client.post("/_control/statistics/reset").raise_for_status()

    def calls(self, limit: int = APP_LIMIT) -> Calls:
        told = self._client.get("/_control/statistics").json()
        windows = told["calls_by_window"]
        # A window without any call is missing from the list, and is no less a window.
        first, last = (int(edge) for edge in (min(windows, key=int), max(windows, key=int)))
        counts = tuple(windows.get(str(at), 0) for at in range(first, last + 10, 10))
        return Calls(told["calls_total"], told["too_many"], told["in_flight_max"], Windows(counts, limit))

    def reply_to(self, amount: int, total: int) -> list[str]:
        """Let the customers of `amount` conversations, spread over the workspace, write once more."""
        first = int(self._first_id())
        ids = [str(first + number * total // amount) for number in range(amount)]
        mutations = [
            {"name": "reply", "arguments": {"conversation_id": id_, "body": "<p>One more thing</p>"}}
            for id_ in ids
        ]
        self._client.post("/_control/mutate", json={"mutations": mutations}).raise_for_status()
        return ids

    def _first_id(self) -> str:
        with self._client.stream("GET", "/_control/truth/conversations") as answer:
            line = next(answer.iter_lines())
        return str(httpx.Response(200, content=line).json()["id"])

    def close(self) -> None:
        self._client.close()


@contextmanager
def simulated(
    folder: Path,
    *,
    conversations: int,
    parts: int,
    latency_ms: float,
    contacts: int = 500,
    companies: int = 50,
    **settings: Any,
) -> Iterator[Simulated]:
    """Run a workspace for the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with simulator(
        folder,
        CONVERSATIONS=conversations,
        PARTS=parts,
        CONTACTS=contacts,
        COMPANIES=companies,
        DAYS=_DAYS,
        SWITCHES__LATENCY_MEDIAN_MS=latency_ms,
        SWITCHES__APP_LIMIT=settings.pop("app_limit", APP_LIMIT),
        SWITCHES__WORKSPACE_LIMIT=settings.pop("workspace_limit", WORKSPACE_LIMIT),
        **settings,
    ) as url:
        workspace = Simulated(url)
        try:
            yield workspace
        finally:
            workspace.close()
