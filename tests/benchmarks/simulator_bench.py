"""Whether the simulated workspace is fast and small enough to measure others with: `make bench-simulator`.

A million conversations, nobody else asking: what one read, one page of a search and one change cost it in
processor time, and its memory. A core has 1,000 ms a second; 400 reads a second leave 2.5 ms for each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
from rich.console import Console

from deploy.simulator.generated import FIRST_CONVERSATION
from deploy.simulator.tokens import DEMO_TOKEN
from tests.benchmarks.earshot_side import neighbours
from tests.benchmarks.simulated import simulated
from tests.benchmarks.watched import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_UNLIMITED = 10_000_000
_AT_ONCE = 16
_AIM_MS = 2.5


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="make bench-simulator", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=4_000)
    parser.add_argument("--short", action="store_true", help="1,000 reads")
    options = parser.parse_args(arguments)
    if options.short:
        options.reads = 1_000
    show = Console(highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="earshot-simulator-") as name,
        simulated(
            Path(name),
            conversations=options.conversations,
            parts=8,
            latency_ms=0,
            app_limit=_UNLIMITED,
            workspace_limit=_UNLIMITED,
        ) as workspace,
    ):
        pid = neighbours()["simulator"]
        asyncio.run(_measured(workspace.url, pid, options, show))
        memory = psutil.Process(pid).memory_info().rss / 2**20
    show.print(f"resident memory {memory:.0f} MiB with {options.conversations:,} conversations")
    show.print(
        f"load {os.getloadavg()[0]:.1f}, {psutil.cpu_count()} cores, {time.strftime('%Y-%m-%d %H:%M')}"
    )


async def _measured(url: str, pid: int, options: argparse.Namespace, show: Console) -> None:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Intercom-Version": "2.16"}
    step = max(options.conversations // options.reads, 1)
    async with aiohttp.ClientSession(headers=headers) as session:

        async def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
            async with session.request(method, f"{url}{path}", json=body) as answer:
                answer.raise_for_status()
                return await answer.json()

        async def read(number: int) -> None:
            await ask("GET", f"/conversations/{FIRST_CONVERSATION + number * step}")

        async def page(number: int) -> None:
            since = {"field": "updated_at", "operator": ">", "value": 1_000_000 + number}
            path, pagination = "/conversations/search", {"per_page": 150}
            first = await ask("POST", path, {"query": since, "pagination": pagination})
            after = {"starting_after": first["pages"]["next"]["starting_after"]}
            await ask("POST", path, {"query": since, "pagination": pagination | after})

        async def change(number: int) -> None:
            arguments = {"conversation_id": str(FIRST_CONVERSATION + number), "body": "<p>More</p>"}
            await ask("POST", "/_control/mutate", {"name": "reply", "arguments": arguments})

        for what, amount, calls, once in (
            ("a conversation by id", options.reads, 1, read),
            ("a page of 150 of a search", options.reads // 40, 2, page),
            ("a change", options.reads // 10, 1, change),
        ):
            spent, seconds = await _timed(pid, amount, once)
            ms = 1_000 * spent / (amount * calls)
            show.print(
                f"{what:28} {ms:7.2f} ms of processor   {1_000 / ms:6.0f} a second and core"
                f"   {amount * calls / seconds:6.0f} a second here"
                + (f"   (aim {_AIM_MS} ms)" if once is read else "")
            )


async def _timed(pid: int, amount: int, once: Callable[[int], Awaitable[None]]) -> tuple[float, float]:
    numbers = iter(range(amount))

    async def work() -> None:
        for number in numbers:
            await once(number)

    before, began = cpu_seconds(pid), time.monotonic()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return cpu_seconds(pid) - before, time.monotonic() - began


if __name__ == "__main__":
    main(sys.argv[1:])
