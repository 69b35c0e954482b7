"""The encoder in PyTorch: MiniLM-L6 (a BERT of six layers), mean pooling, one linear head for all labels.

Written as functions over named tensors, with the names that the published weights use; the exporter
writes the same arithmetic as an ONNX graph. How many inner units a layer has, its tensors say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch.nn import functional

from services.detector.domain.model_scores import TAUGHT

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

LAYERS = 6
HEADS = 12
WIDTH = 384
NORM_EPSILON = 1e-12
_DROPOUT = 0.1
_HEAD_DEVIATION = 0.02

Weights = dict[str, "Tensor"]
Watch = Callable[[str, "Tensor"], None]


def starting_weights(path: Path, seed: int) -> Weights:
    """The published weights with a fresh head; the parts that mean pooling does not use are left out."""
    generator = torch.Generator().manual_seed(seed)
    published = load_file(str(path))
    weights = {
        name: tensor.float()
        for name, tensor in published.items()
        if not name.startswith("pooler.") and tensor.is_floating_point()
    }
    weights["head.weight"] = torch.randn(len(TAUGHT), WIDTH, generator=generator) * _HEAD_DEVIATION
    weights["head.bias"] = torch.zeros(len(TAUGHT))
    return weights


def _linear(weights: Weights, name: str, values: Tensor, watch: Watch | None = None) -> Tensor:
    if watch is not None:
        watch(name, values)
    return functional.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(weights: Weights, name: str, values: Tensor) -> Tensor:
    return functional.layer_norm(
        values.float(), (WIDTH,), weights[f"{name}.weight"], weights[f"{name}.bias"], NORM_EPSILON
    )


def _attention(
    weights: Weights, name: str, states: Tensor, mask: Tensor, dropout: float, watch: Watch | None
) -> Tensor:
    batch, length, _ = states.shape

    def split(part: str) -> Tensor:
        projected = _linear(weights, f"{name}.self.{part}", states, watch)
        return projected.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)

    mixed = functional.scaled_dot_product_attention(
        split("query"), split("key"), split("value"), attn_mask=mask, dropout_p=dropout
    )
    return mixed.transpose(1, 2).reshape(batch, length, WIDTH)


def embed(
    weights: Weights, ids: Tensor, mask: Tensor, *, training: bool = False, watch: Watch | None = None
) -> Tensor:
    """One vector per text: the mean of its tokens. `ids` and `mask` are [texts, tokens].

    `watch` is shown what goes into each linear map, by the map's name.
    """
    dropout = _DROPOUT if training else 0.0
    length = ids.shape[1]
    states = (
        functional.embedding(ids, weights["embeddings.word_embeddings.weight"])
        + weights["embeddings.position_embeddings.weight"][:length]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    states = functional.dropout(_norm(weights, "embeddings.LayerNorm", states), dropout, training)
    seen = mask.bool()[:, None, None, :]
    for at in range(LAYERS):
        layer = f"encoder.layer.{at}"
        mixed = _attention(weights, f"{layer}.attention", states, seen, dropout, watch)
        mixed = _linear(weights, f"{layer}.attention.output.dense", mixed, watch)
        mixed = functional.dropout(mixed, dropout, training)
        states = _norm(weights, f"{layer}.attention.output.LayerNorm", states + mixed)
        inner = functional.gelu(_linear(weights, f"{layer}.intermediate.dense", states, watch))
        inner = functional.dropout(_linear(weights, f"{layer}.output.dense", inner, watch), dropout, training)
        states = _norm(weights, f"{layer}.output.LayerNorm", states + inner)
    counted = mask.float()[:, :, None]
    return (states.float() * counted).sum(1) / counted.sum(1)


def head_of(weights: Weights, pooled: Tensor, *, training: bool = False) -> Tensor:
    """Raw scores per label, in the order of TAUGHT, of the vectors that `embed` gives."""
    pooled = functional.dropout(pooled, _DROPOUT, training)
    return functional.linear(pooled, weights["head.weight"], weights["head.bias"])
