"""How long it takes from a change in the workspace to the alert at a webhook receiver.

Each change is a customer of another company giving notice or asking to renew, so each opens its own signal.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.chain.workspace import Workspace

_BOUND_SECONDS = 60
"""How long the last alert is waited for after the last change."""

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Delay:
    """Delays of changes, in seconds. `lost` changes caused no alert in time; `repeated` alerts came twice."""

    way: str
    seconds: tuple[float, ...]
    lost: int
    repeated: int

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[98]

    @property
    def largest(self) -> float:
        return max(self.seconds)


def measure(
    workspace: Workspace,
    receiver: str,
    *,
    way: str,
    words: str,
    contacts: Sequence[str],
    spread_seconds: float,
) -> Delay:
    """Let each contact write, evenly over `spread_seconds`, and wait for the alerts."""
    began = time.monotonic()
    written: dict[str, float] = {}
    for number, contact in enumerate(contacts):
        time.sleep(max(0.0, began + number * spread_seconds / len(contacts) - time.monotonic()))
        at = time.time()
        written[workspace.write(contact, words)] = at
    deadline = time.monotonic() + _BOUND_SECONDS
    arrived = _arrived(workspace, receiver)
    while written.keys() - arrived.keys() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        arrived = _arrived(workspace, receiver)
    delays = sorted(arrived[id_][0] - at for id_, at in written.items() if id_ in arrived)
    return Delay(
        way=way,
        seconds=tuple(delays),
        lost=len(written) - len(delays),
        repeated=sum(len(times) - 1 for id_, times in arrived.items() if id_ in written),
    )


def _arrived(workspace: Workspace, receiver: str) -> dict[str, list[float]]:
    """Return when alerts about each conversation arrived."""
    found: dict[str, list[float]] = {}
    for message in workspace.received("webhook", receiver):
        for id_ in message["body"]["data"].get("conversation_ids", ()):
            found.setdefault(id_, []).append(message["at"])
    return found
