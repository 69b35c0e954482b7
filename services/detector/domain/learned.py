"""How a model's scores and the points of rules become a calibrated confidence.

The constants are fitted on messages that the model was not trained on, and travel with the model: a new
model brings its own. Confidence never reaches certainty, since no reading of a text does.
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
"""Rules count up to so many points; more phrases of one kind do not make a message surer."""
_EXPONENT_LIMIT = 30.0
LIKELY_MOOT = 0.5
"""At even odds 20 of 68 matters that are moot in words that no phrase knows are found, and 8 of 338 that
stand are taken for moot; at 0.6 it is 19 and 1, and in whole conversations a false alarm more for each event
more."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability of a label: 1 / (1 + exp(-(logit * score + within * around + points * rules + offset))).

    `around` is the score of a message within what was said around it, where that was read.
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
    """What a model brings beside its weights: its digest, its curves, and the thresholds set for precision.

    Curves are by label (`churn_risk`, ..., `notice`): those for messages that were read by themselves, and
    `around` those for messages that were read within what was said around them too. Thresholds are by the
    name of the detector.
    """

    digest: str
    curves: Mapping[str, Curve]
    around: Mapping[str, Curve] = field(default_factory=dict)
    moods: MoodCurve = field(default_factory=MoodCurve)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def confidence(self, label: str, scores: MessageScores, points: float) -> float:
        """How sure it is that a message is of a label."""
        own = scores.by_itself(label)
        if scores.within is None or label not in self.around:
            return self.curves[label].confidence(own, points)
        return self.around[label].confidence(own, points, scores.within.of(label))

    def alone(self, label: str, scores: MessageScores, points: float, clause: int) -> float:
        """How sure it is that one clause of a message says so, whatever was said around it."""
        return self.curves[label].confidence(scores.of_clause(clause, label), points)

    def makes_moot(self, scores: MessageScores) -> bool:
        """Whether a message makes moot what its author said before, as it sounds by itself.

        Of what people go on to say after a matter, the curve takes one message in ten to do so.
        """
        return self.curves[MOOT].confidence(scores.whole.of(MOOT)) >= LIKELY_MOOT


@runtime_checkable
class Learning(Protocol):
    """A detector that weighs a model's scores beside its rules."""

    def with_model(self, learned: Learned) -> Self:
        """The same detector with the model's curves, and its digest in the version."""
        ...
