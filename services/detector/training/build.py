"""`python -m services.detector.training.build WORK`: train the encoder from the published weights.

Reads WORK/told.jsonl, which `told` writes, and leaves in WORK a folder `final`, ready to be read by the
runtime. Needs PyTorch (requirements/train.txt); `told` before and `calibrate` after do not.
What is in WORK already is not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from services.detector.training.encoder import Weights, starting_weights
from services.detector.training.examples import (
    UNSEEN,
    apart,
    read_authored,
    read_public,
    read_told,
    without,
)
from services.detector.training.export import export, measured
from services.detector.training.fit import fine_tune, padded, tokenizer_from
from services.detector.training.narrow import narrowed, taught
from services.detector.training.package import write_manifest
from services.detector.training.recipe import (
    AUTHORED_STAGE,
    HEAD_SEED,
    INNER_UNITS,
    NARROW_STAGE,
    PUBLIC_STAGE,
    second_stage,
)
from services.detector.training.weights import starting_file

if TYPE_CHECKING:
    from collections.abc import Callable

TOLD = "told.jsonl"
MEASURED = 300
"""Texts of each origin on which the scales of the rounded model are measured."""


def kept(path: Path, make: Callable[[], Weights]) -> Weights:
    """The weights in a file, made and stored when they are not there."""
    if not path.exists():
        save_file({name: tensor.contiguous() for name, tensor in make().items()}, str(path))
    weights: Weights = load_file(str(path))
    return weights


def export_to(folder: Path, weights: Weights, texts: list[tuple[Any, Any]]) -> None:
    """Write a model's folder with curves that change nothing yet; `texts` serve to measure scales."""
    folder.mkdir(exist_ok=True)
    export(weights, measured(weights, texts), folder / "model.onnx")
    tokenizer = json.loads(starting_file("tokenizer.json").read_text(encoding="utf-8"))
    # Cutting and filling up are the runtime's business; the published file pads every text to 128 tokens.
    plain = json.dumps({**tokenizer, "truncation": None, "padding": None}, ensure_ascii=False)
    (folder / "tokenizer.json").write_text(plain, encoding="utf-8")
    write_manifest(folder)


def build(work: Path) -> None:
    """All stages, and the model's folder."""
    tokenizer: Any = tokenizer_from(starting_file("tokenizer.json"))
    tested = [example.text for split in UNSEEN for example in read_authored(split=split)]
    public = apart(read_public(), tested)
    authored = without(read_authored(), tested)
    tested += [example.text for split in UNSEEN for example in read_told(work / TOLD, split=split)]
    told = without(read_told(work / TOLD), tested)
    _say(
        f"{len(public.train)} public rows to learn from ({public.dropped} too like a tested one), "
        f"{len(public.aside)} aside; {len(authored)} authored, {len(told)} from conversations"
    )
    first = kept(
        work / f"{PUBLIC_STAGE.name}.safetensors",
        lambda: fine_tune(
            starting_weights(starting_file("model.safetensors"), HEAD_SEED),
            tokenizer,
            public.train,
            PUBLIC_STAGE,
        ),
    )
    sample = [
        row for rows in (authored, told, public.train) for row in rows[:: max(1, len(rows) // MEASURED)]
    ]
    texts = [padded([one.ids]) for one in tokenizer.encode_batch([one.text for one in sample])]
    rows = second_stage(public.train, authored, told)

    whole = kept(
        work / f"{AUTHORED_STAGE.name}.safetensors",
        lambda: fine_tune(first, tokenizer, rows, AUTHORED_STAGE),
    )
    narrow = kept(
        work / f"{NARROW_STAGE.name}.safetensors",
        lambda: taught(narrowed(whole, texts, INNER_UNITS), whole, tokenizer, rows, NARROW_STAGE),
    )
    export_to(work / "final", narrow, texts)
    _say(f"final: learned from {len(rows)} rows")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.build")
    parser.add_argument("work", type=Path, help="folder for weights and models in the making")
    parser.add_argument("--threads", type=int, default=2, help="processor threads")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    began = time.monotonic()
    build(given.work)
    _say(f"done in {(time.monotonic() - began) / 60:.0f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
