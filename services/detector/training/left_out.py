"""`python -m services.detector.training.left_out FOLDER OUT [SOURCE...]`: how text of another origin is read.

For each public source a short fine-tune from the published weights (one epoch, a part of the rows and the
authored messages) in which no row of that source is seen; scored on its test split in FOLDER. A short
training knows less than the shipped model; what is measured is what an unseen origin costs. OUT is JSON,
written after each source; a run that was broken off goes on with the sources that OUT does not hold.
"""

from __future__ import annotations

import argparse
import csv
import json
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
from services.detector.training.recipe import HEAD_SEED, Stage
from services.detector.training.weights import starting_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROWS = 9_000
_STAGE = Stage("left out", epochs=1, rate=5e-5, seed=4, head_factor=25.0)


def predicted(task: str, scores: Any) -> frozenset[str]:
    """The labels that raw scores speak for: the strongest polarity, or all labels likelier than not."""
    if task == "sentiment":
        return frozenset({POLARITIES[int(scores[: len(POLARITIES)].argmax())]})
    said = frozenset(label for label, score in zip(TAUGHT, scores, strict=True) if score > 0)
    return said & frozenset(LIFECYCLE) or frozenset({"none"})


def report(path: Path, weights: Weights, tokenizer: Any) -> dict[str, Any]:
    """The figures of a model on the test split of a labelled set."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["split"] == "test"]
    task = task_of(path.stem)
    counts = LabelCounts()
    for row, scores in zip(rows, scores_of(weights, tokenizer, [row["text"] for row in rows]), strict=True):
        counts.add(frozenset(row["label"].split(";")), predicted(task, scores))
    return counts.report(sorted({label for row in rows for label in row["label"].split(";")}))


def left_out(folder: Path, sources: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each left-out source with its figures, as soon as its training has ended."""
    tokenizer: Any = tokenizer_from(starting_file("tokenizer.json"))
    tested = [example.text for split in UNSEEN for example in read_authored(split=split)]
    public = list(apart(read_public(), tested).train)
    random.Random(_STAGE.seed).shuffle(public)  # noqa: S311 - a sample, not a secret
    authored = without(read_authored(), tested)
    for source in sources:
        seen = [example for example in public if example.source != source][:_ROWS]
        start = starting_weights(starting_file("model.safetensors"), HEAD_SEED)
        tuned = fine_tune(start, tokenizer, [*seen, *authored], _STAGE)
        yield source, report(folder / f"{source}.csv", tuned, tokenizer)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.left_out")
    parser.add_argument("folder", type=Path, help="folder with the labelled sets")
    parser.add_argument("out", type=Path, help="JSON file for the figures")
    parser.add_argument("sources", nargs="*", help="names of sets; all public ones unless given")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    sources = given.sources or sorted({example.source for example in read_public()})
    figures: dict[str, Any] = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    for source, measured in left_out(given.folder, [source for source in sources if source not in figures]):
        figures[source] = measured
        given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
        sys.stdout.write(f"{source} left out: macro-F1 {measured['macro_f1']:.3f}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
