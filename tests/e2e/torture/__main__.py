"""Torture from the command line: `python -m tests.e2e.torture --seconds 600`, `--seed N` to replay.

Exit code 0 when nothing was lost and nothing doubled, 1 otherwise.
"""

from __future__ import annotations

import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.e2e.torture.run import Outcome, tortured

_LARGEST_SEED = 1_000_000


def _report(outcome: Outcome) -> str:
    counts = outcome.verdict.counts
    lines = [
        "",
        f"seed {outcome.seed}: {len(outcome.blows)} blows, {sum(outcome.starts.values())} processes started",
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
        lines.append(f"Replay the blows with --seed {outcome.seed}.")
    else:
        lines.append("Each fact is in the mirror once, detected once, told once to each recipient.")
    return "\n".join(lines)


def main(
    seconds: Annotated[float, typer.Option(help="How long blows fall.")] = 600,
    seed: Annotated[int | None, typer.Option(help="Replay the blows of that run.")] = None,
    each_second: Annotated[float, typer.Option(help="Facts written each second.")] = 1.0,
    mutant: Annotated[str | None, typer.Option(help="Take out a safeguard (see mutants).")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep data and logs here.")] = None,
) -> None:
    """Bounce everything while facts arrive, then look whether each came through exactly once."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    chosen = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    began = time.monotonic()

    def say(words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f} {words}\n")
        sys.stdout.flush()

    say(f"seed {chosen}; replay with --seed {chosen} --seconds {seconds:g}")
    with tempfile.TemporaryDirectory(prefix="torture-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        outcome = tortured(
            place, seed=chosen, seconds=seconds, each_second=each_second, say=say, mutant=mutant
        )
    sys.stdout.write(_report(outcome) + "\n")
    if outcome.verdict.faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
