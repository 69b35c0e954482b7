"""`python -m services.detector.training.calibrate WORK MODEL`: fit curves and thresholds.

Runs with what the service runs with, so the curves are fitted on the very logits and points that the
service sees. They are fitted on messages that neither the model nor the rules knew: the authored split
`calibrate` and the public rows kept aside. Curves for messages within what was said around them and the
thresholds come from the conversations that nothing was learned from.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.detectors import discover
from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.learned import Learned
from services.detector.domain.lexical import LexicalDetector
from services.detector.domain.message_scoring import score_messages
from services.detector.domain.model_scores import LIFECYCLE, MOOT, NOTICE, POLARITIES, WISH
from services.detector.training.curves import fit_curve, fit_moods, threshold_for
from services.detector.training.examples import UNSEEN, apart, read_authored, read_public, task_of
from services.detector.training.inbox import heard_in_conversations
from services.detector.training.moot import learned_line, moot_curve
from services.detector.training.package import write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.detector.domain.learned import Curve
    from services.detector.domain.model_scores import MessageScores
    from services.detector.training.examples import Example
    from services.detector.training.inbox import Heard

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_READ_TOGETHER = 256
_PUBLIC_SHARE = 0.25
"""Public rows count a quarter of ours together: the model knows their manner, and not that of others."""
_OWN_WEIGHT = 3.0
"""Rows of a label's own file count more: its traps are what is hard, other files' rows are easy to refuse."""
_SENTIMENT_SHARE = 2.0
"""For moods the public rows are the broader ones."""
_MOOD_PRECISION = 0.8
"""So many of the moods that are told must be right; of those between 0.5 and 0.6 about half are."""
_COMMON = {WISH: 0.12}
"""How common a kind is taken to be where people write of products; of the messages that are labelled for
wishes a third are wishes, which neither an inbox nor a list of reviews holds."""
_FLATTER = {WISH: 0.85}
"""What is left of a curve's slope, by kind: a model is surer of text by other authors than it should be.
Without it the calibration errors of the two public sets' training splits were 0.012 (app reviews) and 0.055
(GitHub), with it 0.028 and 0.031; what is likelier than not stays so."""
_PRECISION = 0.97
"""Of what is heard in conversations so much must be right, by kind: a false alarm costs more than silence."""
_PRECISION_BY_KIND = {"upsell": 0.9, "churn_risk": 0.96, WISH: 0.95}
"""Who asks what the bigger plan does may only be curious, and the surest of these are as sure as who buys:
held to the share of all, a quarter of those heard would go unheard for the sake of three. A leaving that
nobody heard of costs most of all: of 402, 313 are heard and 13 falsely; with a share of 0.95 eleven more
would be, and three more falsely. Of 202 wishes 154 are heard and 8 falsely."""
_LOWEST = 0.7
"""Below it nothing is said, however right it is in the few conversations at hand."""
_LOWEST_MOOD = 0.5


@dataclass(frozen=True, slots=True)
class _Read:
    """An example, what the model says of it, and what the rules of each kind give it."""

    example: Example
    scores: MessageScores
    points: dict[str, tuple[float, float]]


def _as_conversation(text: str) -> Conversation:
    return Conversation(
        "training", "training", "training", (Message("text", AuthorType.CUSTOMER, _NOON, text),)
    )


def read_all(model: OnnxTextModel, examples: Sequence[Example]) -> list[_Read]:
    """The examples as the model and the rules read them; those that no detector would read are left out."""
    rules = [detector for detector in discover().conversation if isinstance(detector, LexicalDetector)]
    found: list[_Read] = []
    for start in range(0, len(examples), _READ_TOGETHER):
        batch = examples[start : start + _READ_TOGETHER]
        conversations = [_as_conversation(one.text) for one in batch]
        for example, conversation, scores in zip(
            batch, conversations, score_messages(model, conversations), strict=True
        ):
            for message in conversation.readable_messages:
                if message.part_id in scores:
                    points = {str(rule.kind): rule.points(conversation, message) for rule in rules}
                    found.append(_Read(example, scores[message.part_id], points))
    return found


def weights_of(reads: Sequence[_Read], share: float) -> Any:
    """One per authored row; the public rows share `share` times the authored ones' sum."""
    authored = sum(read.example.source.startswith("authored") for read in reads)
    public = len(reads) - authored
    each = share * authored / public if public else 0.0
    return np.array([1.0 if read.example.source.startswith("authored") else each for read in reads])


def curve_of(label: str, reads: Sequence[_Read]) -> tuple[Curve, int, int]:
    """The curve of a yes-or-no label, on how many messages it was fitted, and how many are of the label."""
    whole = label == NOTICE
    # Public churn rows are all notice given outright, so they cannot tell it from risk between the lines.
    known = [
        read
        for read in reads
        if read.example.counts(label) == 1.0 and (not whole or read.example.source.startswith("authored"))
    ]
    logits = np.array([
        one.scores.whole.of(label) if whole else one.scores.decisive(label) for one in known
    ])  # fmt: skip
    place = ("churn_risk", 1) if label == NOTICE else (label, 0)
    points = np.array([
        one.points[place[0]][1] if whole else one.scores.granted(label, one.points[label][0]) for one in known
    ])  # fmt: skip
    right = np.array([one.example.targets[label] for one in known])
    weights = weights_of(known, _PUBLIC_SHARE)
    own = np.array([one.example.source == f"authored_{place[0]}" for one in known])
    weights = np.where(own, weights * _OWN_WEIGHT, weights)
    if label in _COMMON:
        share = float((weights * right).sum() / weights.sum())
        odds = _COMMON[label] / (1 - _COMMON[label]) * (1 - share) / share
        weights = np.where(right > 0, weights * odds, weights)
    fitted = fit_curve(logits, points, right, weights).flattened(_FLATTER.get(label, 1.0))
    return fitted, len(known), int(right.sum())


def around_of(label: str, inbox: Sequence[Heard]) -> Curve:
    """The curve for messages that were read within what was said around them, as conversations hold them."""
    these = [(heard, heard.scores.within) for heard in inbox if heard.scores.within is not None]
    return fit_curve(
        np.array([heard.scores.by_itself(label) for heard, _ in these]),
        np.array([heard.points for heard, _ in these]),
        np.array([float(heard.right) for heard, _ in these]),
        np.ones(len(these)),
        np.array([within.of(label) for _, within in these]),
    )


def threshold_of(learned: Learned, label: str, inbox: Sequence[Heard]) -> tuple[float, str]:
    """From where on a kind is said, and what is then heard."""
    sure = np.array([learned.confidence(label, one.scores, one.points) for one in inbox])
    right = np.array([one.right for one in inbox])
    precision = _PRECISION_BY_KIND.get(label, _PRECISION)
    threshold = threshold_for(sure, right, np.ones(len(inbox)), precision=precision, lowest=_LOWEST)
    said = sure >= threshold
    heard = f"{int((said & right).sum())} of {int(right.sum())} events, {int((said & ~right).sum())} false"
    return threshold, heard


def calibrate(work: Path, target: Path) -> Iterable[str]:
    """Fit, write the model's folder, and say what was found, line by line."""
    moot = learned_line(OnnxTextModel(work / "final"))
    write_manifest(work / "final", moot=moot)
    model = OnnxTextModel(work / "final")
    tested = [example.text for split in UNSEEN for example in read_authored(split=split)]
    reads = read_all(model, list(read_authored(split="calibrate")))
    reads += read_all(model, apart(read_public(), tested).aside)
    curves: dict[str, Curve] = {}
    around: dict[str, Curve] = {}
    curves[MOOT], found = moot_curve(model)
    yield f"moot: {curves[MOOT]}; {found}"
    inbox = heard_in_conversations(model, Learned("", curves))
    thresholds: dict[str, float] = {}
    for label in (*LIFECYCLE, WISH, NOTICE):
        curves[label], known, right = curve_of(label, reads)
        line = f"{label}: {known} messages, {right} of them, {curves[label]}"
        if label != NOTICE:
            around[label] = around_of(label, inbox[label])
            learned = Learned("", curves, around)
            thresholds[label], heard = threshold_of(learned, label, inbox[label])
            line += f", {around[label]}, threshold {thresholds[label]}; {heard}"
        yield line
    moody = [read for read in reads if task_of(read.example.source.removeprefix("authored_")) == "sentiment"]
    logits = np.array([one.scores.whole.polarities for one in moody])
    labels = np.array([one.example.sentiment for one in moody])
    weights = weights_of(moody, _SENTIMENT_SHARE)
    moods = fit_moods(logits, labels, weights)
    likely = np.array([moods.probabilities(one.scores.whole) for one in moody])
    thresholds["sentiment"] = threshold_for(
        likely.max(axis=1), likely.argmax(axis=1) == labels, weights,
        precision=_MOOD_PRECISION, lowest=_LOWEST_MOOD,
    )  # fmt: skip
    yield f"{', '.join(POLARITIES)}: {len(moody)} messages, {moods}, threshold {thresholds['sentiment']}"
    target.mkdir(exist_ok=True)
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(work / "final" / name, target / name)
    write_manifest(target, curves, moods, thresholds, around, moot)
    size = (target / "model.onnx").stat().st_size / 1e6
    yield f"{target}: {size:.1f} MB, digest {OnnxTextModel(target).learned.digest}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.calibrate")
    parser.add_argument("work", type=Path, help="folder that build filled")
    parser.add_argument("target", type=Path, help="the model's folder")
    given = parser.parse_args()
    for line in calibrate(given.work, given.target):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
