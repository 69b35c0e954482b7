"""How fast a workspace is read, beside another reader: `make bench-sync`.

Earshot's syncer and tap-intercom (from its package, pinned, in an environment of its own under build/) read
the same kind of simulated workspace: the documented limit of 1,667 calls in ten seconds, 100 ms a call.
Everything runs on this machine and shares its cores: Kafka, the document server, the simulator, the reader.
What each delivered is held against the simulator's own records. The tap makes one call at a time, so it is
given a smaller workspace and compared by conversations a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tests.benchmarks import completeness
from tests.benchmarks.earshot_side import Earshot, engines
from tests.benchmarks.machine import load_now, machine
from tests.benchmarks.result import Result, table
from tests.benchmarks.simulated import simulated
from tests.benchmarks.tap.run import Tap, environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.watched import Watch

_SETTLE_SECONDS = 3
"""A version read in the second of its change is read once more; see the syncer's README, rule 3."""

_AIM_TIMES_FASTER = 15
_AIM_SHARE = 0.95
_AIM_CPU_MS = 3.0


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    console = Console(stderr=True)
    load = load_now()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as name:
        folder = Path(name)
        results += asyncio.run(_earshot(folder, options, console))
        if options.tap_conversations:
            results += _tap(folder, options, console)
    details = {"parts": options.parts, "latency_ms": options.latency, **machine(load)}
    if options.json:
        sys.stdout.write(json.dumps({"results": [each.as_json() for each in results], **details}) + "\n")
    else:
        _show(results, details)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-sync", description=__doc__)
    parser.add_argument("--conversations", type=int, default=20_000, help="that Earshot reads")
    parser.add_argument("--tap-conversations", type=int, default=2_000, help="that the tap reads; 0 for none")
    parser.add_argument("--parts", type=int, default=8, help="of a conversation, on average")
    parser.add_argument("--latency", type=float, default=100, help="of a call, in milliseconds")
    parser.add_argument("--replicas", type=int, default=1, help="of Earshot's syncer")
    parser.add_argument("--changes", type=int, default=200, help="before the incremental run")
    parser.add_argument(
        "--short", action="store_true", help="two minutes: 6,000 conversations, 150 by the tap"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    options = parser.parse_args(arguments)
    if options.short:
        options.conversations, options.tap_conversations = 6_000, min(options.tap_conversations, 150)
    return options


async def _earshot(folder: Path, options: argparse.Namespace, console: Console) -> list[Result]:
    with (
        engines(folder) as (kafka, mongodb_uri),
        simulated(
            folder / "earshot-reads",
            conversations=options.conversations,
            parts=options.parts,
            latency_ms=options.latency,
        ) as workspace,
    ):
        earshot = Earshot(folder, workspace, kafka=kafka, mongodb_uri=mongodb_uri, replicas=options.replicas)
        try:
            await earshot.start()
            console.print(f"Earshot reads {options.conversations:,} conversations.")
            initial, watch = await earshot.run("initial", "initial")
            _tell_processes(watch, initial, console)
            initial.missing = completeness.missing(await earshot.mirror(), completeness.truth(workspace.url))
            workspace.reply_to(options.changes, options.conversations)
            await asyncio.sleep(_SETTLE_SECONDS)
            changed, _ = await earshot.run(f"{options.changes} changes", "manual")
            changed.missing = completeness.missing(await earshot.mirror(), completeness.truth(workspace.url))
            idle, _ = await earshot.run("nothing new", "scheduled")
            idle.missing = changed.missing
            return [initial, changed, idle]
        finally:
            earshot.close()


def _tap(folder: Path, options: argparse.Namespace, console: Console) -> list[Result]:
    python = environment()
    place = folder / "tap-reads"
    with simulated(
        place, conversations=options.tap_conversations, parts=options.parts, latency_ms=options.latency
    ) as workspace:
        console.print(f"The tap reads {options.tap_conversations:,} conversations, about nine a second.")
        tap = Tap(python, place, workspace)
        initial = tap.run("initial")
        initial.missing = completeness.missing(tap.mirror, completeness.truth(workspace.url))
        workspace.reply_to(min(options.changes, options.tap_conversations), options.tap_conversations)
        time.sleep(_SETTLE_SECONDS)
        changed = tap.run(f"{min(options.changes, options.tap_conversations)} changes")
        changed.missing = completeness.missing(tap.mirror, completeness.truth(workspace.url))
        return [initial, changed]


def _tell_processes(watch: Watch, result: Result, console: Console) -> None:
    """Say who used the processor: they share its cores, so the sum bounds what one machine can do."""
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in sorted(watch.spent.items()))
    peaks = ", ".join(f"{name} {mib:.0f} MiB" for name, mib in sorted(watch.peak_mib.items()))
    console.print(f"Processor in {result.seconds:.0f} s: {spent}. Peak memory: {peaks}.", highlight=False)
    console.print(f"Calls by window of ten seconds: {result.calls.windows.calls}.", highlight=False)


def _show(results: Sequence[Result], details: dict[str, object]) -> None:
    console = Console(width=180)
    console.print(table(results))
    earshot = results[0]
    share = earshot.calls.windows.steady_share
    console.print(
        f"Of the limit in steady windows: {'-' if share is None else format(share, '.1%')}"
        f" (aim {_AIM_SHARE:.0%}). Processor a call: {earshot.cpu_ms_per_call:.2f} ms (aim {_AIM_CPU_MS:g})."
        f" Most calls at once: {earshot.calls.most_at_once}.",
        highlight=False,
    )
    tap = next((each for each in results if each.reader != earshot.reader), None)
    if tap is not None:
        console.print(
            f"{tap.reader} read {tap.conversations:,} conversations only, at {tap.per_second:.1f} a second;"
            f" Earshot {earshot.per_second / tap.per_second:.1f} times as fast (aim {_AIM_TIMES_FASTER}).",
            highlight=False,
        )
    console.print(
        f"{details['cores']} cores; load {details['load_before']} before, {details['load_after']} after;"
        f" {details['latency_ms']:g} ms a call, {details['parts']} parts. {details['at']}",
        highlight=False,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
