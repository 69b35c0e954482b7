"""The narrow encoder: half of the inner units of each layer are left out, and the rest learn to do without.

Two thirds of what a layer multiplies is in its inner units. Those that do least go; then the narrow encoder
learns to say what the whole one says, from its vectors as well as its scores: they tell more of a text than
the labels that somebody gave it, and of all tasks for each text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from services.detector.domain.model_scores import POLARITIES
from services.detector.training.encoder import LAYERS, embed, head_of
from services.detector.training.fit import encoded, loss_of, pooled_of, tune

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from services.detector.training.encoder import Weights
    from services.detector.training.examples import Example
    from services.detector.training.recipe import Stage

_LABELS = 0.5
"""How much the given labels count, beside the scores of the whole encoder."""
_VECTORS = 2.0
"""How much the distance between the two encoders' vectors counts, as a share of how far texts lie apart."""


def narrowed(weights: Weights, texts: Sequence[tuple[Tensor, Tensor]], units: int) -> Weights:
    """The weights with so many inner units a layer: those that add most to what leaves the layer.

    `texts` are the ids and masks on which that is measured.
    """
    activity: dict[str, Tensor] = {}

    def watch(name: str, values: Tensor) -> None:
        if name.endswith(".output.dense") and ".attention." not in name:
            activity[name] = activity.get(name, torch.zeros(values.shape[-1])) + values.abs().sum((0, 1))

    with torch.no_grad():
        for ids, mask in texts:
            embed(weights, ids, mask, watch=watch)
    kept = dict(weights)
    for at in range(LAYERS):
        into, out = f"encoder.layer.{at}.intermediate.dense", f"encoder.layer.{at}.output.dense"
        added = activity[out] * weights[f"{out}.weight"].norm(dim=0)
        chosen = added.topk(units).indices.sort().values
        kept[f"{into}.weight"] = weights[f"{into}.weight"][chosen]
        kept[f"{into}.bias"] = weights[f"{into}.bias"][chosen]
        kept[f"{out}.weight"] = weights[f"{out}.weight"][:, chosen]
    return kept


def taught(
    narrow: Weights, whole: Weights, tokenizer: Any, examples: Sequence[Example], stage: Stage
) -> Weights:
    """The narrow encoder after a stage in which the whole one is its teacher."""
    rows = encoded(tokenizer, [example.text for example in examples])
    vectors = pooled_of(whole, rows)
    said = head_of(whole, vectors)
    apart = vectors.var(dim=0).mean()
    width = len(POLARITIES)

    def loss(scores: Tensor, pooled: Tensor, batch: list[int]) -> Tensor:
        moods = functional.cross_entropy(scores[:, :width], said[batch, :width].softmax(-1))
        others = functional.binary_cross_entropy_with_logits(
            scores[:, width:], said[batch, width:].sigmoid(), reduction="none"
        )
        distance = functional.mse_loss(pooled, vectors[batch]) / apart
        labels = loss_of(scores, [examples[at] for at in batch])
        return moods + others.sum(1).mean() + _VECTORS * distance + _LABELS * labels

    return tune(narrow, rows, stage, loss)
