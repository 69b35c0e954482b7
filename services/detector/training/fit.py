"""Fine-tuning: batches of like length, one loss per head with the unknown labels masked, a falling rate.

Everything that is drawn by chance is drawn from one seed. Where the processor multiplies bfloat16 by
itself, training uses it and takes two thirds of the time.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer
from torch.nn import functional

from services.detector.domain.model_scores import POLARITIES, TAUGHT
from services.detector.training.encoder import WIDTH, Weights, embed, head_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from services.detector.training.examples import Example
    from services.detector.training.recipe import Stage

TOKEN_LIMIT = 192
"""Texts are learned from their beginning; hardly one is longer, within what was said around it either."""
_BATCH = 32
_POOL = 50
"""So many batches are sorted by length together: little padding, and still a mixed order."""
_WARM_UP = 0.06
_DECAY = 0.01
_CLIP = 1.0
_REPORT_EVERY = 100
_READ_AT_ONCE = 64

Loss = Callable[["Tensor", "Tensor", "list[int]"], "Tensor"]
"""What a batch costs, of its scores, its vectors and the places of its rows."""


def tokenizer_from(path: Path) -> Any:
    """The tokenizer without padding, cutting at TOKEN_LIMIT."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKEN_LIMIT)
    return tokenizer


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and mask as [rows, longest]."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    return ids, mask


def _targets(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Polarity (-100: unknown), targets of the other labels, and how much each of them counts."""
    polarity = torch.tensor(
        [-100 if example.sentiment is None else example.sentiment for example in examples]
    )
    others = TAUGHT[len(POLARITIES) :]
    targets = torch.tensor([[example.targets.get(name, 0.0) for name in others] for example in examples])
    counts = torch.tensor([[example.counts(name) for name in others] for example in examples])
    return polarity, targets, counts


def loss_of(scores: Tensor, examples: Sequence[Example]) -> Tensor:
    """The mean loss over what is known of a batch; what is not known adds nothing."""
    polarity, targets, counts = _targets(examples)
    width = len(POLARITIES)
    moods = functional.cross_entropy(
        scores[:, :width], polarity, ignore_index=-100, reduction="none", label_smoothing=0.05
    )
    binary = functional.binary_cross_entropy_with_logits(scores[:, width:], targets, reduction="none")
    total = moods.sum() + (binary * counts).sum()
    return total / len(examples)


def _batches(lengths: Sequence[int], chance: random.Random) -> Iterator[list[int]]:
    order = list(range(len(lengths)))
    chance.shuffle(order)
    for start in range(0, len(order), _BATCH * _POOL):
        pool = sorted(order[start : start + _BATCH * _POOL], key=lambda at: lengths[at])
        batches = [pool[at : at + _BATCH] for at in range(0, len(pool), _BATCH)]
        chance.shuffle(batches)
        yield from batches


def fine_tune(weights: Weights, tokenizer: Any, examples: Sequence[Example], stage: Stage) -> Weights:
    """New weights after one stage that learns the labels of examples; the given ones are not changed."""

    def loss(scores: Tensor, pooled: Tensor, batch: list[int]) -> Tensor:  # noqa: ARG001 - a Loss
        return loss_of(scores, [examples[at] for at in batch])

    return tune(weights, encoded(tokenizer, [example.text for example in examples]), stage, loss)


def encoded(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """The token ids of each text."""
    return [one.ids for one in tokenizer.encode_batch(list(texts))]


def tune(weights: Weights, rows: Sequence[Sequence[int]], stage: Stage, loss: Loss) -> Weights:
    """New weights after one stage over rows of token ids; the given ones are not changed."""
    torch.manual_seed(stage.seed)
    chance = random.Random(stage.seed)  # noqa: S311 - an order of rows, not a secret
    tuned = {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}
    optimizer = torch.optim.AdamW([
        {"params": [tensor], "factor": stage.head_factor if name.startswith("head.") else 1.0,
         "weight_decay": _DECAY if tensor.dim() > 1 else 0.0}
        for name, tensor in tuned.items()
    ], lr=stage.rate)  # fmt: skip
    steps = stage.epochs * -(-len(rows) // _BATCH)
    began, step, recent = time.monotonic(), 0, 0.0
    for _ in range(stage.epochs):
        for batch in _batches([len(ids) for ids in rows], chance):
            share = step / steps
            factor = min(share / _WARM_UP, (1 - share) / (1 - _WARM_UP), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = stage.rate * max(factor, 0.01) * group["factor"]
            ids, mask = padded([rows[at] for at in batch])
            with torch.autocast("cpu", torch.bfloat16, enabled=_has_bfloat16()):
                pooled = embed(tuned, ids, mask, training=True)
                scores = head_of(tuned, pooled, training=True)
            lost = loss(scores.float(), pooled.float(), batch)
            optimizer.zero_grad(set_to_none=True)
            lost.backward()  # type: ignore[no-untyped-call,unused-ignore]
            torch.nn.utils.clip_grad_norm_(tuned.values(), _CLIP)
            optimizer.step()
            step, recent = step + 1, recent + lost.item()
            if step % _REPORT_EVERY == 0:
                spent = time.monotonic() - began
                lately = recent / _REPORT_EVERY
                sys.stdout.write(f"{stage.name}: step {step} of {steps}, loss {lately:.4f}, {spent:.0f} s\n")
                sys.stdout.flush()
                recent = 0.0
    return {name: tensor.detach() for name, tensor in tuned.items()}


def _has_bfloat16() -> bool:
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False


def scores_of(weights: Weights, tokenizer: Any, texts: Sequence[str]) -> Tensor:
    """Logits of texts in their order, computed in full precision."""
    return head_of(weights, pooled_of(weights, encoded(tokenizer, texts)))


def pooled_of(weights: Weights, rows: Sequence[Sequence[int]]) -> Tensor:
    """The encoder's vector of each row of token ids, in their order, computed in full precision."""
    order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
    result = torch.zeros(len(rows), WIDTH)
    with torch.no_grad():
        for start in range(0, len(order), _READ_AT_ONCE):
            chosen = order[start : start + _READ_AT_ONCE]
            ids, mask = padded([rows[at] for at in chosen])
            result[chosen] = embed(weights, ids, mask)
    return result
