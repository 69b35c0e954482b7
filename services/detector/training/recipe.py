"""The recipe: which rows are seen in which stage.

1. `public`: all public rows, so that the encoder learns moods and the language of service.
2. `authored`: our messages and conversations, with a part of the public rows again so that nothing is
   forgotten.
3. `narrow`: the same rows, with what the second stage made as the teacher of an encoder that has half its
   inner units.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.domain.model_scores import LIFECYCLE, WISH
from services.detector.training.examples import Example, task_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass of training: how often the rows are seen, and the highest learning rate.

    The head's rate is `head_factor` times that of the encoder.
    """

    name: str
    epochs: int
    rate: float
    seed: int
    head_factor: float = 1.0


PUBLIC_STAGE = Stage("public", epochs=2, rate=5e-5, seed=1)
AUTHORED_STAGE = Stage("authored", epochs=2, rate=4e-5, seed=2, head_factor=25.0)
"""The encoder only adapts, but the head must learn labels that no public set has, from few messages."""
NARROW_STAGE = Stage("narrow", epochs=2, rate=1e-4, seed=7)
INNER_UNITS = 768
"""Of 1,536 in each layer."""
HEAD_SEED = 1
_AGAIN = 12_000
"""Public rows in the second stage."""
_TIMES = 2
"""How often an authored message comes in an epoch of the second stage, and what proves an event in a
conversation; all else that is said in conversations comes once."""
_WEAK_WISHES = 0.2
"""Weight of "not a wish" on rows of service chats: true of nearly all of them, but of one kind of text only.
Reviews and posts get no such label: some do wish, and taught as "other" they cost the recall of reviews."""
_WEAK_LIFECYCLE = 0.1
"""Weight of "nothing of the lifecycle" on neutral and positive rows of the sentiment sets, so that "none" is
not learned as the manner of banks' customers."""
_SEED = 3


def again(public: Sequence[Example]) -> Iterator[Example]:
    """The public rows of the second stage, with what they weakly say about other tasks."""
    order = list(public)
    random.Random(_SEED).shuffle(order)  # noqa: S311 - a sample, not a secret
    for example in order[:_AGAIN]:
        yield _weakened(example)


def _weakened(one: Example) -> Example:
    if task_of(one.source) == "lifecycle":
        return Example(one.text, one.source, {**one.targets, WISH: 0.0}, {WISH: _WEAK_WISHES})
    if one.targets.get("negative"):
        return one
    nothing = dict.fromkeys(LIFECYCLE, 0.0)
    return Example(
        one.text, one.source, {**one.targets, **nothing}, dict.fromkeys(LIFECYCLE, _WEAK_LIFECYCLE)
    )


def second_stage(
    public: Sequence[Example], authored: Sequence[Example], told: Sequence[Example]
) -> list[Example]:
    """The rows of the second stage: `authored` messages, and those `told` in conversations."""
    proofs = [example for example in told if any(example.targets.values())]
    return [*again(public), *(list(authored) * _TIMES), *told, *(proofs * (_TIMES - 1))]
