"""Torture from the command line: `python -m tests.e2e.torture --seconds 600`, `--seed N` to replay.

It goes over every document engine that can be met here, one after the other, or over the one that is named.
Exit code 0 when nothing was lost and nothing doubled on any of them, 1 otherwise.
"""

from __future__ import annotations

import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from tests.e2e.torture.run import Outcome, tortured
from tests.engines.choice import ENGINES, TITLES, EngineName, missing

_LARGEST_SEED = 1_000_000
_FALLS: dict[EngineName, str] = {
    "earshot": "ended and held up, as all other parts are",
    "java": "held up in place of being ended, since it keeps nothing; all other parts are ended",
    "mongodb": "neither held up nor ended, its container being another's; all other parts are ended",
}
"""What falls on an engine, and why not more."""


def _report(outcome: Outcome) -> str:
    counts = outcome.verdict.counts
    lines = [
        "",
        f"{TITLES[outcome.documents]}, seed {outcome.seed}:",
        f"  {len(outcome.blows)} blows, {sum(outcome.starts.values())} processes started",
        *(f"  {name:<48} {count}" for name, count in counts.items()),
        f"  {'settled after the last blow, seconds':<48} {outcome.settled_seconds:.1f}",
        "  starts: " + ", ".join(f"{name} {count}" for name, count in outcome.starts.items()),
        "  peak MB: " + ", ".join(f"{name} {size}" for name, size in outcome.peak_megabytes.items()),
    ]
    if outcome.recoveries:
        lines.append("  slowest to be ready again:")
        lines += [f"    {seconds:5.1f} s after {what}" for seconds, what in outcome.recoveries[:3]]
    if outcome.verdict.faults:
        lines.append(f"NOT as promised ({len(outcome.verdict.faults)}):")
        lines += [f"  - {fault}" for fault in outcome.verdict.faults]
        lines.append(f"Replay the blows with --seed {outcome.seed} --documents {outcome.documents}.")
    else:
        lines.append("Each fact is in the mirror once, detected once, told once to each recipient.")
    return "\n".join(lines)


def main(
    seconds: Annotated[float, typer.Option(help="How long blows fall.")] = 600,
    seed: Annotated[int | None, typer.Option(help="Replay the blows of that run.")] = None,
    each_second: Annotated[float, typer.Option(help="Facts written each second.")] = 1.0,
    mutant: Annotated[str | None, typer.Option(help="Take out a safeguard (see mutants).")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep data and logs here.")] = None,
    documents: Annotated[
        Literal["all", "earshot", "java", "mongodb"],
        typer.Option(
            help="The document engine; all: every one that can be met here, each for those seconds."
        ),
    ] = "all",
) -> None:
    """Bounce everything while facts arrive, then look whether each came through exactly once."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    chosen = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    began = time.monotonic()

    def say(words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} {words}\n")
        sys.stdout.flush()

    say(f"seed {chosen}; replay with --seed {chosen} --seconds {seconds:g}")
    met = []
    for name in ENGINES if documents == "all" else (documents,):
        reason = missing(name)
        say(f"{TITLES[name]}: {_FALLS[name] if reason is None else f'not met, {reason}'}")
        if reason is None:
            met.append(name)
    outcomes = []
    for name in met:
        with tempfile.TemporaryDirectory(prefix="torture-") as temporary:
            place = (folder or Path(temporary)) / name
            place.mkdir(parents=True, exist_ok=True)
            outcome = tortured(
                place,
                seed=chosen,
                seconds=seconds,
                each_second=each_second,
                say=say,
                mutant=mutant,
                documents=name,
            )
        sys.stdout.write(_report(outcome) + "\n")
        outcomes.append(outcome)
    if not outcomes or any(outcome.verdict.faults for outcome in outcomes):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
