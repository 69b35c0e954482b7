"""What the encoder learns from: labelled rows, the heads each of them speaks to, and the part kept aside.

A row has labels for some heads only; the others' loss is masked, so that a review of a restaurant is no
example of "not a feature request". Rows of the `test` and `held_out` splits are never learned from.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from services.detector.domain.model_scores import LABELS, LIFECYCLE, NOTICE, POLARITIES, WISH
from services.detector.training.duplicates import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PUBLIC = Path(__file__).parent / "public"
AUTHORED = Path(__file__).parent.parent / "evaluation" / "seed"
UNSEEN = ("held_out", "calibrate")
"""Splits that no model and no rule learns from: to score on, and to fit curves on."""
_NOTHING = frozenset({"none", "other"})
_AMBIGUOUS = "ambiguous"
_ASIDE_EVERY = 12
"""One public row of so many, chosen by a hash of its text, is kept aside to calibrate on."""
_PROBABLY = 0.3
"""Weight of what a file says about the labels of another task: a wish is seldom a renewal as well."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text, where it is from, and what is known of it: label to 0 or 1; absent labels are not learned.

    `weights` are for labels that are only probably so; what is not named counts fully.
    """

    text: str
    source: str
    targets: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=dict)

    def counts(self, label: str) -> float:
        """How much the loss of a label counts; 0 where nothing is known."""
        return self.weights.get(label, 1.0) if label in self.targets else 0.0

    @property
    def sentiment(self) -> int | None:
        """The polarity's position, when it is known."""
        known = [at for at, name in enumerate(POLARITIES) if self.targets.get(name)]
        return known[0] if known else None


def bucket(text: str, parts: int) -> int:
    """A stable share for a text: the same on every machine and for every spelling of its spaces."""
    digest = hashlib.sha256(" ".join(text.split()).lower().encode()).digest()
    return int.from_bytes(digest[:4], "big") % parts


def targets_of(labels: frozenset[str], task: str, explicit: str = "") -> dict[str, float]:
    """What a row's labels say about the encoder's outputs. Raises ValueError on a label of no task."""
    unknown = labels - _NOTHING - set(LABELS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is no label of {task}")
    if task == "sentiment":
        return {name: float(name in labels) for name in POLARITIES}
    if task == WISH:
        return {WISH: float(WISH in labels)}
    targets = {name: float(name in labels) for name in LIFECYCLE}
    if "churn_risk" in labels and explicit in {"yes", "no"}:
        targets[NOTICE] = float(explicit == "yes")
    return targets


def task_of(stem: str) -> str:
    """The task that a file's rows are labelled for, by its name."""
    return next((task for task in ("sentiment", WISH) if stem.startswith(task)), "lifecycle")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            yield {name: value or "" for name, value in row.items() if isinstance(name, str)}


def read_public(folder: Path = PUBLIC) -> Iterator[Example]:
    """The public rows; notice of leaving is given outright in all of their churn rows."""
    for path in sorted(folder.glob("*.csv")):
        task = task_of(path.stem)
        for row in _rows(path):
            yield Example(row["text"], path.stem, targets_of(frozenset(row["label"].split(";")), task, "yes"))


def read_authored(folder: Path = AUTHORED, *, split: str = "train") -> Iterator[Example]:
    """The authored rows of one split; what two careful readers could not decide is left out."""
    for path in sorted(folder.glob("*.csv")):
        for row in _rows(path):
            labels = frozenset(one.strip().lower() for one in row["label"].split(";")) - {""}
            if row.get("split") == split and labels and _AMBIGUOUS not in labels:
                yield _authored(row["text"], path.stem, labels, row.get("explicit", ""))


def _authored(text: str, stem: str, labels: frozenset[str], explicit: str) -> Example:
    """A message of ours. Its file's task is certain; what it says about the other task is probable."""
    task = task_of(stem)
    targets = targets_of(labels, task, explicit)
    probable: dict[str, float] = {}
    if task == "lifecycle":
        certain = WISH in labels or stem == "none"
        targets[WISH] = float(WISH in labels)
        probable = {} if certain else {WISH: _PROBABLY}
    elif task == WISH:
        certain = bool(labels & set(LIFECYCLE))
        targets |= targets_of(labels, "lifecycle", explicit)
        probable = {} if certain else dict.fromkeys(LIFECYCLE, _PROBABLY)
    return Example(text, f"authored_{stem}", targets, probable)


def read_told(path: Path, *, split: str = "train") -> Iterator[Example]:
    """The texts of one split of the conversations, as `told` wrote them."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.pop("split") == split:
            yield Example(**row)


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to learn from, rows to calibrate on, and how many were dropped because a tested one is alike."""

    train: tuple[Example, ...]
    aside: tuple[Example, ...]
    dropped: int


def apart(examples: Iterable[Example], tested: Iterable[str]) -> Split:
    """Keep a part of public rows aside; drop what nearly duplicates a tested text or one kept aside."""
    train: list[Example] = []
    aside: list[Example] = []
    for example in examples:
        (aside if bucket(example.text, _ASIDE_EVERY) == 0 else train).append(example)
    known = Known([*tested, *(one.text for one in aside)])
    kept = tuple(one for one in train if not known.resembles(one.text))
    return Split(kept, tuple(aside), len(train) - len(kept))


def without(examples: Iterable[Example], tested: Iterable[str]) -> list[Example]:
    """The examples of which no near duplicate is tested."""
    known = Known(tested)
    return [example for example in examples if not known.resembles(example.text)]
