"""What makes moot what was said before: learned from the vectors of the finished encoder.

Hardly a message in a hundred does so. Trained into the encoder beside all else it made other labels worse and
was told apart no better; a line through the vectors of what people go on to say needs some hundred examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from services.detector.domain.learned import LIKELY_MOOT, Curve
from services.detector.domain.message_scoring import is_manners
from services.detector.domain.model_scores import MOOT
from services.detector.domain.pieces import windows
from services.detector.evaluation.conversations import read_conversations
from services.detector.training.curves import fit_curve
from services.detector.training.examples import UNSEEN
from services.detector.training.told import CONVERSATIONS, rules_of_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.detector.adapters.onnx_text_model import OnnxTextModel
    from services.detector.domain.lexical import LexicalDetector
    from services.detector.evaluation.conversations import LabelledConversation

LEARNED_FROM = frozenset({"train", "moot"})
_ASIDE = frozenset({*UNSEEN, "moot_aside"})
"""Splits on which the curve is fitted. The two that are named so hold nothing but such matters, half of them
moot: the encoder learns nothing from the one, and the other sets no threshold."""
_SHARE = 0.1
"""So many of the messages that follow a matter are taken to make it moot; of the labelled ones a third do."""
_SHRINK = 10.0
"""How strongly the line's weights are drawn to nothing (a Gaussian prior); 3 and 30 part no better."""
_STEPS = 60
_SMALLEST_STEP = 1e-8


@dataclass(frozen=True, slots=True)
class Later:
    """What an author says after a matter, and whether that makes the matter moot."""

    text: str
    moot: bool
    by_phrases: bool
    """Whether phrases say so already."""


def later_words(one: LabelledConversation, rules: Sequence[LexicalDetector]) -> Iterator[Later]:
    """The later messages of who told a matter: those that make it moot, or all that let it stand."""
    conversation = one.conversation
    position = {id(message): at for at, message in enumerate(conversation.messages)}
    said = {position[id(message)]: message for message in conversation.readable_messages}
    position = {at: number for number, at in enumerate(said)}
    matters = [(event.kind, max(event.messages), None) for event in one.expected if event.messages]
    for kind, last, by in [*matters, *((gone.kind, max(gone.messages), gone.by) for gone in one.moot)]:
        rule = next((rule for rule in rules if rule.kind == kind), None)
        if rule is None or last not in said:
            continue
        known = position[last] in rule.withdrawals.moot(conversation, rule.kind)
        for at, message in said.items():
            same = message.author_id == said[last].author_id
            if at > last and same and (by is None or at in by) and not is_manners(message):
                for text in windows(message)[:1]:
                    yield Later(text, by is not None, known)


def read_later(splits: frozenset[str]) -> list[Later]:
    """Of all labelled conversations of these splits."""
    rules = rules_of_words()
    return [
        later
        for labelled in read_conversations(CONVERSATIONS)
        if labelled.split in splits
        for later in later_words(labelled, rules)
    ]


def fit_line(vectors: Any, right: Any) -> tuple[tuple[float, ...], float]:
    """Weights and offset of the logistic regression, by Newton's method from nothing: the same everywhere."""
    columns = np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float64)
    shrink = np.append(np.full(vectors.shape[1], _SHRINK), 1e-3)
    found = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(columns @ found, -30, 30)))
        slope = columns.T @ (chance - right) + shrink * found
        bend = (columns * (chance * (1 - chance))[:, None]).T @ columns + np.diag(shrink)
        step = np.linalg.solve(bend, slope)
        found = found - step
        if float(np.abs(step).sum()) < _SMALLEST_STEP:
            break
    return tuple(float(one) for one in found[:-1]), float(found[-1])


def learned_line(model: OnnxTextModel) -> tuple[tuple[float, ...], float]:
    """The line through a model's vectors, from the conversations that may be learned from."""
    later = read_later(LEARNED_FROM)
    vectors = np.array(model.vectors([one.text for one in later]))
    return fit_line(vectors, np.array([float(one.moot) for one in later]))


def moot_curve(model: OnnxTextModel) -> tuple[Curve, str]:
    """The curve for what no phrase tells, on conversations that nothing was learned from, and what it finds.

    `model` has its line already.
    """
    later = [one for one in read_later(_ASIDE) if not one.by_phrases]
    logits = np.array([one.of(MOOT) for one in model.read([one.text for one in later])])
    right = np.array([float(one.moot) for one in later])
    share = right.mean()
    weights = np.where(right > 0, _SHARE / share, (1 - _SHARE) / (1 - share))
    curve = fit_curve(logits, np.zeros_like(logits), right, weights)
    curve = Curve(curve.logit, 0.0, curve.offset)
    told = np.array([curve.confidence(float(logit)) for logit in logits]) >= LIKELY_MOOT
    found, wrong = int((told & (right > 0)).sum()), int((told & (right == 0)).sum())
    return curve, f"{found} of {int(right.sum())} found, {wrong} of {int((right == 0).sum())} that stand"
