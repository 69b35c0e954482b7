"""The trained encoder as one ONNX file with eight-bit weights and eight-bit multiplication.

What goes into each linear map is rounded on a fixed scale, measured once on training texts. A scale taken
anew from each batch is the usual way, but then a text's score depends on the texts beside it; the same
message must always get the same score, on whatever processor. Weights have a scale per output, word vectors
one per word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from onnx import TensorProto, checker, helper, numpy_helper, save_model

from services.detector.domain.model_scores import TAUGHT
from services.detector.training.encoder import HEADS, LAYERS, NORM_EPSILON, WIDTH, embed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

    from services.detector.training.encoder import Weights

_HIGHEST = 127
"""The largest signed byte."""
_HIGHEST_FACTOR = 63
"""The largest weight of a linear map, one bit less. Processors without instructions for eight-bit products
add two neighbours in sixteen bits, where 2 * 255 * 63 fits and 2 * 255 * 127 is cut off: with whole bytes a
text had logits 0.3 apart from one processor to the other, and was no nearer to the unrounded encoder."""
_STEPS = 255
_SMALLEST = 1e-8
_OPSET = 18
_CONTRIB = "com.microsoft"


Ranges = dict[str, tuple[float, float]]
"""Lowest and highest value by linear map; query, key and value of a layer are one."""


@dataclass(frozen=True, slots=True)
class _Product:
    """The names of what an eight-bit product takes: rounded values, rounded weights, and their scales."""

    values: str
    scale: str
    zero: str
    weight: str
    scales: str
    middle: str
    bias: str


class _Graph:
    """Collects nodes and constants; every method returns the name of what its node gives."""

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, values: Any) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def node(self, kind: str, inputs: list[str], name: str, *, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(
            helper.make_node(kind, inputs, [name], name=f"{kind}_{name}", domain=domain, **attributes)
        )
        return name

    def linear(self, name: str, values: str, weight: Any, bias: Any) -> str:
        """`weight` is [out, in]; the values are rounded on their measured scale, the bias is added inside."""
        one = self._product(name, values, weight, bias)
        return self.node(
            "MatMulIntegerToFloat",
            [one.values, one.weight, one.scale, one.scales, one.zero, one.middle, one.bias],
            f"{name}.out",
            domain=_CONTRIB,
        )

    def attention(self, name: str, values: str, weight: Any, bias: Any) -> str:
        """What the heads make of `values` and the mask "seen"; `weight` is [query, key and value, in]."""
        one = self._product(name, values, weight, bias)
        return self.node(
            "QAttention",
            [one.values, one.weight, one.bias, one.scale, one.scales, "seen", one.zero, one.middle],
            f"{name}.mixed",
            domain=_CONTRIB,
            num_heads=HEADS,
        )

    def _product(self, name: str, values: str, weight: Any, bias: Any) -> _Product:
        low, high = self.ranges[name]
        step = np.float32(max(high - low, _SMALLEST) / _STEPS)
        scale = self.constant(f"{name}.scale", step)
        zero = np.uint8(np.clip(round(-low / float(step)), 0, _STEPS))
        zero_name = self.constant(f"{name}.zero", zero)
        rounded, scales = _rounded(weight, _HIGHEST_FACTOR)
        return _Product(
            values=self.node("QuantizeLinear", [values, scale, zero_name], f"{name}.values"),
            scale=scale,
            zero=zero_name,
            weight=self.constant(f"{name}.rounded", rounded.T),
            scales=self.constant(f"{name}.scales", scales[:, 0]),
            middle=self.constant(f"{name}.middle", np.zeros(len(weight), np.int8)),
            bias=self.constant(f"{name}.bias", bias),
        )

    def norm(self, name: str, values: str, gamma: Any, beta: Any) -> str:
        return self.node(
            "LayerNormalization",
            [values, self.constant(f"{name}.gamma", gamma), self.constant(f"{name}.beta", beta)],
            f"{name}.out",
            axis=-1,
            epsilon=NORM_EPSILON,
        )


def _rounded(rows: Any, highest: int) -> tuple[Any, Any]:
    """Signed bytes of a matrix, none beyond `highest`, and the scale of each of its rows as a column."""
    scales = np.maximum(np.abs(rows).max(axis=1, keepdims=True), _SMALLEST) / highest
    return np.rint(rows / scales).astype(np.int8), scales.astype(np.float32)


def _embedding(graph: _Graph, weights: dict[str, Any]) -> str:
    table = weights["embeddings.word_embeddings.weight"]
    rounded, scales = _rounded(table, _HIGHEST)
    words = graph.node("Gather", [graph.constant("words", rounded), "ids"], "words.rounded")
    words = graph.node("Cast", [words], "words.float", to=TensorProto.FLOAT)
    sizes = graph.node("Gather", [graph.constant("words.scales", scales), "ids"], "sizes")
    words = graph.node("Mul", [words, sizes], "words.real")
    places = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    shape = graph.node("Shape", ["ids"], "shape", start=1, end=2)
    zero = graph.constant("zero", np.array([0], np.int64))
    places = graph.node("Slice", [graph.constant("places", places), zero, shape, zero], "places.used")
    batched = graph.node("Add", [words, places], "embedded")
    name = "embeddings.LayerNorm"
    return graph.norm(name, batched, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _layer(graph: _Graph, weights: dict[str, Any], at: int, states: str) -> str:
    layer = f"encoder.layer.{at}"
    own = {part: f"{layer}.attention.self.{part}" for part in ("query", "key", "value")}
    together = np.concatenate([weights[f"{name}.weight"] for name in own.values()])
    bias = np.concatenate([weights[f"{name}.bias"] for name in own.values()])
    mixed = graph.attention(f"{layer}.attention.self", states, together, bias)

    def dense(part: str, values: str) -> str:
        return graph.linear(
            f"{layer}.{part}", values, weights[f"{layer}.{part}.weight"], weights[f"{layer}.{part}.bias"]
        )

    def norm(part: str, one: str, other: str) -> str:
        name = f"{layer}.{part}.LayerNorm"
        added = graph.node("Add", [one, other], f"{name}.sum")
        return graph.norm(name, added, weights[f"{name}.weight"], weights[f"{name}.bias"])

    states = norm("attention.output", states, dense("attention.output.dense", mixed))
    inner = graph.node("Gelu", [dense("intermediate.dense", states)], f"{layer}.gelu", domain=_CONTRIB)
    return norm("output", states, dense("output.dense", inner))


def _pooled(graph: _Graph, states: str) -> str:
    last = graph.constant("last", np.array([-1], np.int64))
    counted = graph.node("Cast", ["mask"], "counted", to=TensorProto.FLOAT)
    counted = graph.node("Unsqueeze", [counted, last], "counted.wide")
    middle = graph.constant("middle", np.array([1], np.int64))
    masked = graph.node("Mul", [states, counted], "masked")
    total = graph.node("ReduceSum", [masked, middle], "total", keepdims=0)
    count = graph.node("ReduceSum", [counted, middle], "count", keepdims=0)
    return graph.node("Div", [total, count], "vectors")


def measured(weights: Weights, texts: Sequence[tuple[Tensor, Tensor]]) -> Ranges:
    """The lowest and highest value that goes into each linear map, over (ids, mask) of some texts."""
    ranges: Ranges = {}

    def watch(name: str, values: Tensor) -> None:
        place = name.rsplit(".", 1)[0] if ".attention.self." in name else name
        low, high = ranges.get(place, (0.0, 0.0))
        ranges[place] = (min(low, values.min().item()), max(high, values.max().item()))

    with torch.no_grad():
        for ids, mask in texts:
            embed(weights, ids, mask, watch=watch)
    return ranges


def export(weights: Weights, ranges: Ranges, path: Path) -> None:
    """Write the model: inputs `ids` and `mask` [texts, tokens] (int64), outputs `logits` and `vectors`.

    Logits are [texts, labels], the vectors that they are made of [texts, width]. `ranges` is what `measured`
    gives.
    """
    arrays = {name: tensor.float().numpy() for name, tensor in weights.items()}
    graph = _Graph(ranges)
    graph.node("Cast", ["mask"], "seen", to=TensorProto.INT32)
    states = _embedding(graph, arrays)
    for at in range(LAYERS):
        states = _layer(graph, arrays, at, states)
    graph.node(
        "Gemm",
        [
            _pooled(graph, states),
            graph.constant("head.weight", arrays["head.weight"]),
            graph.constant("head.bias", arrays["head.bias"]),
        ],
        "logits",
        transB=1,
    )
    size = ["texts", "tokens"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "earshot",
            [helper.make_tensor_value_info(name, TensorProto.INT64, size) for name in ("ids", "mask")],
            [
                helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", len(TAUGHT)]),
                helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH]),
            ],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)],
        producer_name="earshot",
        ir_version=10,
    )
    checker.check_model(model)
    save_model(model, str(path))
