"""How a model's scores and the points of rules become a calibrated confidence.

The constants are fitted on messages that the model was not trained on, and ship with the model: a new model
brings its own. Confidence never reaches certainty, since no reading of a text does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from services.detector.domain.model_scores import MOOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.model_scores import MessageScores, ModelScores

HIGHEST_CONFIDENCE = 0.99
"""No page says that something is certain."""
POINTS_LIMIT = 5.0
"""Points from rules count up to this limit; more phrases of one kind do not make a message surer."""
_EXPONENT_LIMIT = 30.0
LIKELY_MOOT = 0.5
"""At even odds, 20 of 68 moot matters that no phrase recognises are found, and 8 of 338 valid ones are
taken for moot. At 0.6 these are 19 and 1, but in whole conversations each event that this saves costs a
false alarm."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability of a label: 1 / (1 + exp(-(logit * score + within * around + points * rules + offset))).

    `around` is the message's score in the context of the messages around it, where that was computed.
    """

    logit: float = 1.0
    points: float = 0.0
    offset: float = 0.0
    within: float = 0.0

    def confidence(self, logit: float, points: float = 0.0, around: float = 0.0) -> float:
        """Probability, at most HIGHEST_CONFIDENCE; never 0."""
        bounded = max(-POINTS_LIMIT, min(POINTS_LIMIT, points))
        exponent = self.logit * logit + self.within * around + self.points * bounded + self.offset
        exponent = max(-_EXPONENT_LIMIT, min(_EXPONENT_LIMIT, exponent))
        return min(HIGHEST_CONFIDENCE, 1.0 / (1.0 + math.exp(-exponent)))

    def flattened(self, share: float) -> Curve:
        """The curve with this share of its slope: nearer to even odds, and even where this one is even."""
        return Curve(self.logit * share, self.points * share, self.offset * share, self.within * share)


@dataclass(frozen=True, slots=True)
class MoodCurve:
    """Probabilities of the polarities: a softmax of `scale * logit + offset`."""

    scale: float = 1.0
    offsets: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def probabilities(self, scores: ModelScores) -> tuple[float, ...]:
        """Probabilities of negative, neutral and positive; they add up to one."""
        exponents = [
            self.scale * logit + offset for logit, offset in zip(scores.polarities, self.offsets, strict=True)
        ]
        highest = max(exponents)
        powers = [math.exp(exponent - highest) for exponent in exponents]
        total = sum(powers)
        return tuple(power / total for power in powers)


@dataclass(frozen=True)
class Learned:
    """What a model brings beside its weights: its digest, its curves, and thresholds set for precision.

    Curves are by label (`churn_risk`, ..., `notice`): those for messages that were scored alone, and in
    `around` those for messages that were scored in context as well. Thresholds are by detector.
    """

    digest: str
    curves: Mapping[str, Curve]
    around: Mapping[str, Curve] = field(default_factory=dict)
    moods: MoodCurve = field(default_factory=MoodCurve)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def confidence(self, label: str, scores: MessageScores, points: float) -> float:
        """How sure it is that a message has a label."""
        own = scores.by_itself(label)
        if scores.within is None or label not in self.around:
            return self.curves[label].confidence(own, points)
        return self.around[label].confidence(own, points, scores.within.of(label))

    def alone(self, label: str, scores: MessageScores, points: float, clause: int) -> float:
        """How sure it is that one clause of a message has a label, whatever was said around it."""
        return self.curves[label].confidence(scores.of_clause(clause, label), points)

    def makes_moot(self, scores: MessageScores) -> bool:
        """Whether a message, by itself, seems to retract what its author said before (see `domain/moot.py`).

        Of the messages that follow a matter, the curve expects one in ten to do so.
        """
        return self.curves[MOOT].confidence(scores.whole.of(MOOT)) >= LIKELY_MOOT


@runtime_checkable
class Learning(Protocol):
    """A detector that weighs a model's scores together with its rules."""

    def with_model(self, learned: Learned) -> Self:
        """The same detector with the model's curves, and the model's digest in its version."""
        ...
