"""Whether the syncer's memory grows with the workspace: `make bench-memory`.

The simulator lists a million conversations without holding them; the syncer reads them, each with one part,
for as long as is allowed, or until it has read all. What is measured is the resident memory of its process
all the while; it must end where it was soon after the beginning. The curve is written as SVG.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tests.benchmarks.earshot_side import Earshot, engines
from tests.benchmarks.machine import load_now, machine, tell
from tests.benchmarks.simulated import simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.watched import Watch

_UNLIMITED = 10_000_000
_BOUND_MIB = 300
_WARM_SHARE = 0.2
"""The beginning, in which caches and pools fill; growth is counted from its end."""

_WIDTH, _HEIGHT, _MARGIN = 640, 240, 40
_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    console = Console(stderr=True)
    load = load_now()
    told, watch = asyncio.run(_measured(options, console))
    options.svg.parent.mkdir(parents=True, exist_ok=True)
    options.svg.write_text(curve(watch.samples["syncer"], options.conversations), encoding="utf-8")
    told |= {"curve": str(options.svg), **machine(load)}
    tell(told, as_json=options.json)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-memory", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1_200, help="to read for at most")
    parser.add_argument("--svg", type=Path, default=_ROOT / "build" / "syncer-memory.svg")
    parser.add_argument("--short", action="store_true", help="90 seconds")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    options = parser.parse_args(arguments)
    if options.short:
        options.seconds = 90.0
    return options


async def _measured(options: argparse.Namespace, console: Console) -> tuple[dict[str, Any], Watch]:
    with (
        tempfile.TemporaryDirectory(prefix="earshot-memory-") as name,
        engines(Path(name)) as (kafka, uri),
        simulated(
            Path(name) / "workspace",
            conversations=options.conversations,
            parts=1,
            latency_ms=0,
            app_limit=_UNLIMITED,
            workspace_limit=_UNLIMITED,
        ) as workspace,
    ):
        earshot = Earshot(Path(name), workspace, kafka=kafka, mongodb_uri=uri)
        try:
            await earshot.start()
            console.print(
                f"Reading {options.conversations:,} conversations for {options.seconds:g} s at most."
            )
            watch = earshot.watch()
            with watch, suppress(TimeoutError):
                async with asyncio.timeout(options.seconds):
                    await earshot.run("initial", "initial")
            calls = workspace.calls().total
        finally:
            earshot.close()
    samples = [mib for _, mib in watch.samples["syncer"]]
    warm = samples[int(len(samples) * _WARM_SHARE)]
    return {
        "conversations_in_the_workspace": options.conversations,
        "calls_made": calls,
        "seconds": round(watch.samples["syncer"][-1][0], 1),
        "syncer_mib_after_a_fifth_of_the_time": round(warm, 1),
        "syncer_mib_at_the_end": round(samples[-1], 1),
        "syncer_mib_at_most": round(max(samples), 1),
        "syncer_mib_allowed": _BOUND_MIB,
        "simulator_mib_at_most": round(watch.peak_mib["simulator"], 1),
    }, watch


def curve(samples: Sequence[tuple[float, float]], conversations: int) -> str:
    """Return the resident memory (MiB) over time (seconds) as an SVG picture."""
    end, top = max(samples[-1][0], 1.0), float(_BOUND_MIB)
    points = " ".join(
        f"{_MARGIN + at / end * (_WIDTH - 2 * _MARGIN):.1f},"
        f"{_HEIGHT - _MARGIN - mib / top * (_HEIGHT - 2 * _MARGIN):.1f}"
        for at, mib in samples
    )
    bottom, right = _HEIGHT - _MARGIN, _WIDTH - _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        ' font-size="11">'
        f'<text x="{_MARGIN}" y="20">Resident memory of the syncer while it reads a workspace of'
        f" {conversations:,} conversations</text>"
        f'<path d="M{_MARGIN},{_MARGIN} V{bottom} H{right}" fill="none" stroke="#888"/>'
        f'<path d="M{_MARGIN},{_MARGIN} H{right}" stroke="#c33" stroke-dasharray="4"/>'
        f'<text x="{right}" y="{_MARGIN - 4}" text-anchor="end" fill="#c33">{_BOUND_MIB} MiB allowed</text>'
        f'<text x="{_MARGIN - 4}" y="{bottom}" text-anchor="end">0</text>'
        f'<text x="{right}" y="{bottom + 16}" text-anchor="end">{end:,.0f} s</text>'
        f'<polyline points="{points}" fill="none" stroke="#246" stroke-width="1.5"/></svg>\n'
    )


if __name__ == "__main__":
    main(sys.argv[1:])
