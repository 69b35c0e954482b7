"""The text model on ONNX Runtime: verified when it is loaded, and given small batches of similar length.

The folder holds `manifest.json`, which names the files with their SHA-256, the labels in order, and the
curves that turn scores into confidences. Nothing is loaded that does not match it.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from tokenizers import Tokenizer

from services.detector.adapters.silent_onnxruntime import onnxruntime
from services.detector.domain.learned import Curve, Learned, MoodCurve
from services.detector.domain.model_scores import LABELS, ModelScores
from services.detector.errors import ModelUnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGED = Path(__file__).parent.parent / "model"
TOKENS_PER_BATCH = 384
"""Texts times tokens in one batch: larger batches gain nothing on a core and hold memory."""
_BUCKETS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192)
"""Texts are padded to the next of these lengths; beyond the last they are cut."""
_CHARACTERS = 2_000
"""More cannot fit into the last bucket; this bounds the tokenizer's work."""
_SLOWER = ["SkipLayerNormFusion"]
"""Graph optimizations that the runtime must not apply: its fused addition and normalisation works value by
value, and takes seven times as long as the two steps apart, a fifth of all time."""
_REMEMBERED = 2_048
"""Short texts ("Thanks a lot!") recur; this many are not scored twice."""
_REMEMBERED_CHARACTERS = 80


class _Line(BaseModel):
    """A linear output of the encoder's vector of a text: the weights and the offset."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    weights: tuple[float, ...]
    offset: float


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    files: dict[str, str]
    labels: tuple[str, ...]
    curves: dict[str, tuple[float, float, float]]
    around: dict[str, tuple[float, float, float, float]]
    mood_scale: float
    mood_offsets: tuple[float, float, float]
    thresholds: dict[str, float]
    moot: _Line


class OnnxTextModel:
    """A TextModel; see `services.detector.domain.model_scores.TextModel`. Safe to call from any thread."""

    def __init__(self, folder: Path = PACKAGED, *, threads: int = 1) -> None:
        """Load the model. Raises ModelUnusableError, which says what is wrong with which file.

        `threads` batches of one reading are computed at the same time.
        """
        manifest, digest = _checked(folder)
        self.learned = Learned(
            digest=digest,
            curves={name: Curve(*values) for name, values in manifest.curves.items()},
            around={name: Curve(*values) for name, values in manifest.around.items()},
            moods=MoodCurve(manifest.mood_scale, manifest.mood_offsets),
            thresholds=manifest.thresholds,
        )
        self._moot = (np.array(manifest.moot.weights, np.float32), np.float32(manifest.moot.offset))
        options = onnxruntime.SessionOptions()
        # Whole batches side by side keep cores busier than one batch cut in pieces.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Many lengths come by: remembered memory plans and a growing arena would hold the largest for ever.
        options.enable_mem_pattern = False
        options.enable_cpu_mem_arena = False
        try:
            self._session = onnxruntime.InferenceSession(
                (folder / "model.onnx").read_bytes(),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=_SLOWER,
            )
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the runtimes raise errors of their own, which share no type
            raise ModelUnusableError(folder, f"the runtime refuses it: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_BUCKETS[-1])
        self._remembered: OrderedDict[str, ModelScores] = OrderedDict()
        self._threads = ThreadPoolExecutor(threads, "text-model") if threads > 1 else None

    def read(self, texts: Sequence[str]) -> list[ModelScores]:
        """Scores in the order of the texts; see the port."""
        cut = [text[:_CHARACTERS] for text in texts]
        scores_by_text: dict[str, ModelScores] = {}
        for text in dict.fromkeys(cut):
            known = self._remembered.get(text)
            if known is not None:
                scores_by_text[text] = known
        fresh = [text for text in dict.fromkeys(cut) if text not in scores_by_text]
        for text, scores in zip(fresh, self._scores(fresh), strict=True):
            scores_by_text[text] = scores
            if len(text) <= _REMEMBERED_CHARACTERS:
                self._remember(text, scores)
        return [scores_by_text[text] for text in cut]

    def _remember(self, text: str, scores: ModelScores) -> None:
        self._remembered[text] = scores
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    def vectors(self, texts: Sequence[str]) -> Any:
        """The encoder's vectors of the texts, [texts, width], for those who train outputs on them."""
        return self._encoded(texts)[1]

    def _scores(self, texts: Sequence[str]) -> list[ModelScores]:
        if not texts:
            return []
        logits, vectors = self._encoded(texts)
        weights, offset = self._moot
        together = np.hstack([logits, (vectors @ weights + offset)[:, None]])
        return [ModelScores(tuple(values)) for values in together.tolist()]

    def _encoded(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Logits and vectors in the order of the texts."""
        # Half of a surrogate pair is no character that a tokenizer can take.
        plain = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        rows = [encoded.ids for encoded in self._tokenizer.encode_batch(plain)]
        cut = list(batches([len(row) for row in rows]))
        at_once = map if self._threads is None else self._threads.map
        answers = list(at_once(lambda one: self._run(one[0], [rows[position] for position in one[1]]), cut))
        order = np.argsort(np.array([position for _, positions in cut for position in positions]))
        logits, vectors = (np.concatenate(parts)[order] for parts in zip(*answers, strict=True))
        return logits, vectors

    def _run(self, width: int, rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Logits and vectors of texts of at most `width` tokens."""
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        logits, vectors = self._session.run(["logits", "vectors"], {"ids": ids, "mask": mask})
        return logits, vectors


def batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Positions of texts of similar length, with the length they are padded to; each position once."""
    by_width: dict[int, list[int]] = {}
    for at, length in enumerate(lengths):
        width = next(bucket for bucket in _BUCKETS if length <= bucket)
        by_width.setdefault(width, []).append(at)
    for width, positions in sorted(by_width.items()):
        size = max(1, TOKENS_PER_BATCH // width)
        for start in range(0, len(positions), size):
            yield width, positions[start : start + size]


def _checked(folder: Path) -> tuple[_Manifest, str]:
    """The manifest and the model's digest, once every file is verified to be what the manifest says."""
    path = folder / "manifest.json"
    try:
        raw = path.read_bytes()
        manifest = _Manifest.model_validate(json.loads(raw))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelUnusableError(folder, f"manifest.json cannot be read: {error}") from error
    if manifest.labels != LABELS:
        raise ModelUnusableError(folder, f"it was made for the labels {', '.join(manifest.labels)}")
    for name in ("model.onnx", "tokenizer.json"):
        try:
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise ModelUnusableError(folder, f"{name} cannot be read: {error.strerror or error}") from error
        if digest != manifest.files.get(name):
            raise ModelUnusableError(folder, f"{name} has SHA-256 {digest}, not {manifest.files.get(name)}")
    return manifest, hashlib.sha256(raw).hexdigest()[:8]
