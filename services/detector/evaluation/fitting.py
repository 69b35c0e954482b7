"""Finding the constants that turn a rule's score into a probability.

Plain Python on purpose: there are few numbers to find, they are found rarely, and the same seed gives
the same constants on every machine.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEWTON_STEPS = 50
_SMALLEST_STEP = 1e-9


def fit_platt(scores: Sequence[float], outcomes: Sequence[bool]) -> tuple[float, float]:
    """Slope and offset of the logistic curve that fits scores to outcomes best.

    Targets are drawn in from 0 and 1 by the count of each outcome, so that few examples give modest
    curves. Raises ValueError when there are not both outcomes.
    """
    positives = sum(outcomes)
    negatives = len(outcomes) - positives
    if not positives or not negatives:
        raise ValueError("fitting needs examples that are right and examples that are wrong")
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    targets = [high if outcome else low for outcome in outcomes]
    slope, offset = 0.0, math.log(positives / negatives)
    for _ in range(_NEWTON_STEPS):
        step_slope, step_offset = _newton_step(scores, targets, slope, offset)
        slope, offset = slope - step_slope, offset - step_offset
        if abs(step_slope) + abs(step_offset) < _SMALLEST_STEP:
            break
    return slope, offset


def _newton_step(
    scores: Sequence[float], targets: Sequence[float], slope: float, offset: float
) -> tuple[float, float]:
    first_slope = first_offset = 0.0
    second_slope = second_offset = 1e-6
    second_mixed = 0.0
    for score, target in zip(scores, targets, strict=True):
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, slope * score + offset))))
        gap, weight = chance - target, chance * (1 - chance)
        first_slope += gap * score
        first_offset += gap
        second_slope += weight * score * score
        second_offset += weight
        second_mixed += weight * score
    determinant = second_slope * second_offset - second_mixed * second_mixed
    if abs(determinant) < _SMALLEST_STEP:
        return 0.0, 0.0
    return (
        (second_offset * first_slope - second_mixed * first_offset) / determinant,
        (second_slope * first_offset - second_mixed * first_slope) / determinant,
    )


def fit_softmax(
    rows: Sequence[Sequence[float]],
    labels: Sequence[int],
    weights: Sequence[float],
    *,
    classes: int,
    epochs: int = 40,
    decay: float = 1e-4,
    seed: int = 7,
) -> list[list[float]]:
    """Weights of a softmax over features, one list per class, by averaged adaptive gradient steps.

    `weights` says how much each row counts. Rows are visited in a seeded order.
    """
    width = len(rows[0])
    current = [[0.0] * width for _ in range(classes)]
    seen = [[1e-8] * width for _ in range(classes)]
    average = [[0.0] * width for _ in range(classes)]
    order = list(range(len(rows)))
    generator = random.Random(seed)  # noqa: S311 - an order of visits, not a secret
    averaged = 0
    for epoch in range(epochs):
        generator.shuffle(order)
        for at in order:
            _softmax_step(current, seen, rows[at], labels[at], weights[at], decay)
        if epoch >= epochs // 2:
            averaged += 1
            for kept, now in zip(average, current, strict=True):
                for column, value in enumerate(now):
                    kept[column] += value
    return [[value / averaged for value in row] for row in average]


def _softmax_step(
    current: list[list[float]],
    seen: list[list[float]],
    row: Sequence[float],
    label: int,
    weight: float,
    decay: float,
) -> None:
    logits = [sum(a * b for a, b in zip(weights, row, strict=True)) for weights in current]
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = sum(powers)
    for index, power in enumerate(powers):
        gap = weight * (power / total - (index == label))
        weights, squares = current[index], seen[index]
        for column, value in enumerate(row):
            if value:
                gradient = gap * value + decay * weights[column]
                squares[column] += gradient * gradient
                weights[column] -= 0.1 * gradient / math.sqrt(squares[column])
