"""The whole chain, measured: `make bench`, or `python -m tests.benchmarks [--json] [--conversations N]`.

A whole installation as `earshot up` starts it, on loopback and free ports, in a folder that is removed; the
workspace is generated and answers without latency or call limit. It ends by itself after a few minutes.
Ratios say how many times the aim was reached: above 1 is better than aimed at.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.benchmarks import delay, throughput
from tests.e2e.chain.installation import Installation, installed
from tests.e2e.chain.product import Product
from tests.e2e.chain.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTS = 8
_DAYS = 80
"""Shorter than the lookback, so that every conversation is read."""

_UNLIMITED = 10_000_000
_INTERVAL_SECONDS = 10
_CHANGES_A_SECOND = 4

_CANCEL = "We have decided to cancel our subscription and will not renew when the contract ends next month."
_RENEWAL = "Our contract is up for renewal in March. Could you send us the renewal quote this week?"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `at_most` tells on which side of the aim it should be."""

    what: str
    value: float
    unit: str
    aim: float | None = None
    at_most: bool = True

    @property
    def ratio(self) -> float | None:
        if self.aim is None or self.value <= 0:
            return None
        return self.aim / self.value if self.at_most else self.value / self.aim


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    console = Console(stderr=True)
    load = os.getloadavg()[0]
    settings = {
        "EARSHOT_SIMULATOR_WORKSPACE": "generated",
        "EARSHOT_SIMULATOR_CONVERSATIONS": str(options.conversations),
        "EARSHOT_SIMULATOR_PARTS": str(_PARTS),
        "EARSHOT_SIMULATOR_CONTACTS": str(4 * options.changes),
        "EARSHOT_SIMULATOR_COMPANIES": str(options.changes),
        "EARSHOT_SIMULATOR_DAYS": str(_DAYS),
        "EARSHOT_SIMULATOR_SECOND_WORKSPACE": "false",
        "EARSHOT_SIMULATOR_PACE": "paused",
        "EARSHOT_SIMULATOR_SWITCHES__APP_LIMIT": str(_UNLIMITED),
        "EARSHOT_SIMULATOR_SWITCHES__WORKSPACE_LIMIT": str(_UNLIMITED),
    }
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as folder:
        console.print("Starting an installation.")
        with installed(Path(folder), settings) as installation:
            lines, details = _measured(installation, options, console)
    details |= {"cores": psutil.cpu_count(), "load_before": load, "load_after": os.getloadavg()[0]}
    if options.json:
        told = {"figures": [asdict(line) | {"ratio": line.ratio} for line in lines], **details}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _show(lines, details)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure the whole chain."
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--conversations", type=int, default=5_000)
    parser.add_argument("--changes", type=int, default=200, help="changes per way of hearing of them")
    return parser.parse_args(arguments)


def _measured(
    installation: Installation, options: argparse.Namespace, console: Console
) -> tuple[list[Line], dict[str, Any]]:
    product, workspace = Product(installation), Workspace(installation.demo_address)
    try:
        idle = _memory(installation)
        console.print(f"Reading {options.conversations} conversations.")
        read, connection = throughput.measure(installation, product, options.conversations)
        console.print(f"{read.per_second:.0f} a second. Making {options.changes} changes, told by webhook.")
        product.webhook_rule(workspace, "bench", kinds=["churn_risk", "renewal"])
        contacts = workspace.some_contacts(options.changes)
        spread = options.changes / _CHANGES_A_SECOND
        hinted = delay.measure(
            workspace, "bench", way="webhook", words=_CANCEL, contacts=contacts, spread_seconds=spread
        )
        console.print("The same by schedule.")
        answered = throughput.answered_within(installation, "0.1")
        workspace.switch(webhooks=False)
        product.save(connection["id"], sync_interval_seconds=_INTERVAL_SECONDS)
        scheduled = delay.measure(
            workspace, "bench", way="schedule", words=_RENEWAL, contacts=contacts, spread_seconds=spread
        )
        busy = _memory(installation)
    finally:
        product.close()
        workspace.close()
    mib = 1 / 2**20
    lines = [
        Line("conversations from workspace to signals", read.per_second, "/s", 166, at_most=False),
        Line("of which reading alone", read.conversations / read.read_seconds, "/s"),
        Line("change to alert by webhook, median", hinted.median, "s", 1),
        Line("change to alert by webhook, 99th percentile", hinted.p99, "s", 3),
        Line("notifications answered within 100 ms", 100 * answered, "%", 100, at_most=False),
        Line(f"change to alert every {_INTERVAL_SECONDS} s, median", scheduled.median, "s"),
        Line(
            f"change to alert every {_INTERVAL_SECONDS} s, 99th percentile",
            scheduled.p99,
            "s",
            _INTERVAL_SECONDS + 3,
        ),
        Line("resident memory in all, idle", sum(idle.values()) * mib, "MiB"),
        Line("resident memory in all, at the end", sum(busy.values()) * mib, "MiB", 1.2 * 1024),
    ]
    details = {
        "throughput": asdict(read),
        "delays": [
            {"way": each.way, "changes": len(each.seconds), "lost": each.lost, "repeated": each.repeated,
             "largest": each.largest}
            for each in (hinted, scheduled)
        ],
        "memory_idle": idle,
        "memory": busy,
    }  # fmt: skip
    return lines, details


def _memory(installation: Installation) -> dict[str, int]:
    """Return the resident bytes of each process, the runner's own included."""
    found = {part["name"]: part["memory_bytes"] for part in installation.status()["parts"]}
    found["runner"] = psutil.Process(installation.runner_pid).memory_info().rss
    return found


def _show(lines: Sequence[Line], details: dict[str, Any]) -> None:
    console = Console()
    table = Table("measured", "value", "aim", "ratio", box=None, pad_edge=False)
    for line in lines:
        aim = "" if line.aim is None else f"{'<' if line.at_most else '>'} {line.aim:,.0f} {line.unit}"
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        table.add_row(line.what, f"{line.value:,.2f} {line.unit}", aim, ratio)
    console.print(table)
    parts = Table(
        "process", "processor seconds while reading", "resident at the end", box=None, pad_edge=False
    )
    cpu = details["throughput"]["cpu_seconds"]
    for name, memory in details["memory"].items():
        parts.add_row(name, f"{cpu[name]:.1f}" if name in cpu else "", f"{memory / 2**20:.0f} MiB")
    console.print(parts)
    for way in details["delays"]:
        console.print(
            f"By {way['way']}: {way['changes']} alerts, {way['lost']} missing, {way['repeated']} repeated,"
            f" the latest after {way['largest']:.2f} s.",
            highlight=False,
        )
    console.print(
        f"{details['cores']} cores; load {details['load_before']:.1f} before,"
        f" {details['load_after']:.1f} after."
        f" {time.strftime('%Y-%m-%d %H:%M')}",
        highlight=False,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
