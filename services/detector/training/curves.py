"""Fitting the curves that make confidences of logits: weighted logistic and softmax regressions.

Small convex problems with few unknowns, solved by Newton's method from a fixed start, so that the same
numbers come out everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from services.detector.domain.learned import POINTS_LIMIT, Curve, MoodCurve

_STEPS = 60
_SMALLEST_STEP = 1e-9
_SHRINK_LOGIT = 10.0
_SHRINK_POINTS = 30.0
"""How strongly the slopes are drawn to what is expected before anything is counted (a Gaussian prior)."""
_EXPECTED_POINTS = 0.9
"""Weight of one point of the rules beside a logit: on messages that neither model nor rules knew, 0.9 to 1.2
put the most messages of a kind before those that are not."""
_SOFTMAX_RATE = 0.5


def fit_curve(logits: Any, points: Any, right: Any, weights: Any, around: Any = None) -> Curve:
    """The curve under which what was seen is likeliest; more points never make a message less sure.

    `around` are the scores within what was said around each message, where the curve is for such.
    """
    bounded = np.clip(points, -POINTS_LIMIT, POINTS_LIMIT)
    # Both readings begin alike; where there is only one, nothing moves the other's slope from nothing.
    own = 1.0 if around is None else 0.5
    heard = np.zeros_like(logits) if around is None else around
    columns = np.stack([logits, bounded, np.ones_like(logits), heard], axis=1)
    expected = np.array([own, _EXPECTED_POINTS, 0.0, 1.0 - own])
    shrink = np.array([_SHRINK_LOGIT, _SHRINK_POINTS, 1e-3, _SHRINK_LOGIT])

    def cost(these: Any) -> float:
        exponents = columns @ these
        losses = np.logaddexp(0.0, exponents) - right * exponents
        return float((weights * losses).sum() + (shrink * (these - expected) ** 2).sum() / 2)

    found = expected.copy()
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(columns @ found, -30, 30)))
        slope = columns.T @ (weights * (chance - right)) + shrink * (found - expected)
        bend = (columns * (weights * chance * (1 - chance))[:, None]).T @ columns + np.diag(shrink)
        step = np.linalg.solve(bend, slope)
        # Far from the answer a whole step can overshoot and never come back.
        while cost(found - step) > cost(found) and float(np.abs(step).sum()) >= _SMALLEST_STEP:
            step = step / 2
        found = found - step
        if float(np.abs(step).sum()) < _SMALLEST_STEP:
            break
    own, rules, offset, within = (float(one) for one in found)
    return Curve(own, max(0.0, rules), offset, within)


def fit_moods(logits: Any, labels: Any, weights: Any) -> MoodCurve:
    """Scale and offsets of the polarities under which the labels are likeliest; offsets add up to zero."""
    scale, offsets = 1.0, np.zeros(3)
    wanted = np.eye(3)[labels]
    total = float(weights.sum())
    for _ in range(2_000):
        exponents = scale * logits + offsets
        powers = np.exp(exponents - exponents.max(axis=1, keepdims=True))
        gap = (powers / powers.sum(axis=1, keepdims=True) - wanted) * weights[:, None] / total
        scale -= _SOFTMAX_RATE * float((gap * logits).sum())
        offsets = offsets - _SOFTMAX_RATE * gap.sum(axis=0)
        offsets = offsets - offsets.mean()
    return MoodCurve(float(scale), (float(offsets[0]), float(offsets[1]), float(offsets[2])))


_HIGHEST = 0.95
"""Thresholds above would silence a detector."""


_BACKING = 30.0
"""What the curve expects of the answers counts like so many that were seen: of few answers, one more or less
that is wrong moved a threshold by a tenth."""


def threshold_for(confidences: Any, right: Any, weights: Any, *, precision: float, lowest: float) -> float:
    """The lowest threshold from which on answers are right often enough; `lowest` at least, 0.95 at most."""
    for candidate in np.arange(lowest, _HIGHEST + 0.001, 0.01):
        spoken = confidences >= candidate
        said = float(weights[spoken].sum())
        if not said:
            continue
        expected = float((weights * confidences)[spoken].sum()) / said
        seen = float((weights * right)[spoken].sum())
        if (seen + _BACKING * expected) / (said + _BACKING) >= precision:
            return round(float(candidate), 2)
    return _HIGHEST
