"""`python -m services.detector.training.left_out FOLDER OUT`: how text of another origin is read.

For each public source a short fine-tune from the published weights (one epoch, a part of the rows and the
authored messages) in which no row of that source is seen; scored on its test split in FOLDER. A short
training knows less than the shipped model, so one more sees all sources: the difference is what an unseen
origin costs. About 70 minutes on two cores that do nothing else. OUT is written after each training
(`origins`); a run that was broken off, or is repeated, goes on with what OUT does not hold.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from services.detector.domain.model_scores import LIFECYCLE, POLARITIES, TAUGHT
from services.detector.evaluation.scoring import LabelCounts
from services.detector.training.encoder import Weights, starting_weights
from services.detector.training.examples import UNSEEN, apart, read_authored, read_public, task_of, without
from services.detector.training.fit import fine_tune, scores_of, tokenizer_from
from services.detector.training.origins import fingerprint, read_origins, write_origins
from services.detector.training.recipe import HEAD_SEED, Stage
from services.detector.training.weights import starting_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.training.examples import Example

_ROWS = 9_000
_STAGE = Stage("left out", epochs=1, rate=5e-5, seed=4, head_factor=25.0)


def predicted(task: str, scores: Any) -> frozenset[str]:
    """The labels that raw scores speak for: the strongest polarity, or all labels likelier than not."""
    if task == "sentiment":
        return frozenset({POLARITIES[int(scores[: len(POLARITIES)].argmax())]})
    said = frozenset(label for label, score in zip(TAUGHT, scores, strict=True) if score > 0)
    return said & frozenset(LIFECYCLE) or frozenset({"none"})


def macro_f1(path: Path, weights: Weights, tokenizer: Any) -> float:
    """What a model reaches by itself, without rules or curves, on the test split of a labelled set."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["split"] == "test"]
    task = task_of(path.stem)
    counts = LabelCounts()
    for row, scores in zip(rows, scores_of(weights, tokenizer, [row["text"] for row in rows]), strict=True):
        counts.add(frozenset(row["label"].split(";")), predicted(task, scores))
    labels = sorted({label for row in rows for label in row["label"].split(";")})
    return float(counts.report(labels)["macro_f1"])


def learned() -> tuple[list[Example], list[Example]]:
    """The public rows in a mixed order, and the authored ones; none is too like a tested one."""
    tested = [example.text for split in UNSEEN for example in read_authored(split=split)]
    public = list(apart(read_public(), tested).train)
    random.Random(_STAGE.seed).shuffle(public)  # noqa: S311 - a sample, not a secret
    return public, without(read_authored(), tested)


def measure(folder: Path, out: Path) -> None:
    """Train and score what OUT does not hold yet. Raises OSError where a set or OUT is out of reach."""
    public, authored = learned()
    tokenizer: Any = tokenizer_from(starting_file("tokenizer.json"))
    origins = read_origins(out, fingerprint([_STAGE, _ROWS, *public, *authored]))
    sources = sorted({example.source for example in public})

    def tuned(rows: Sequence[Example]) -> Weights:
        start = starting_weights(starting_file("model.safetensors"), HEAD_SEED)
        return fine_tune(start, tokenizer, [*rows[:_ROWS], *authored], _STAGE)

    for at, source in enumerate(sources, start=1):
        if source not in origins.unseen:
            _say(f"training {at} of {len(sources) + 1}: without {source}")
            weights = tuned([example for example in public if example.source != source])
            origins.unseen[source] = macro_f1(folder / f"{source}.csv", weights, tokenizer)
            write_origins(out, origins)
    if not origins.seen:
        _say(f"training {len(sources) + 1} of {len(sources) + 1}: with all sources")
        weights = tuned(public)
        origins.seen = {one: macro_f1(folder / f"{one}.csv", weights, tokenizer) for one in sources}
        write_origins(out, origins)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.left_out")
    parser.add_argument("folder", type=Path, help="folder with the labelled sets")
    parser.add_argument("out", type=Path, help="JSON file for the figures")
    parser.add_argument("--threads", type=int, default=2, help="processor threads")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    measure(given.folder, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
