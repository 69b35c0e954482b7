"""A model's folder: the ONNX file, the tokenizer, and the manifest that names both by SHA-256.

The manifest also holds the labels in order, the curves and the thresholds, so that a model and what was
fitted on it cannot be mixed up with another's.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from services.detector.domain.learned import Curve, MoodCurve
from services.detector.domain.model_scores import LABELS, POLARITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FILES = ("model.onnx", "tokenizer.json")
_PLACES = 4
_VECTOR_WIDTH = 384
_NOTHING_IS_MOOT = ((0.0,) * _VECTOR_WIDTH, -30.0)


def write_manifest(
    folder: Path,
    curves: Mapping[str, Curve] | None = None,
    moods: MoodCurve | None = None,
    thresholds: Mapping[str, float] | None = None,
    around: Mapping[str, Curve] | None = None,
    moot: tuple[Sequence[float], float] = _NOTHING_IS_MOOT,
) -> None:
    """Describe the files of a folder; what is not fitted yet is left as the model says it.

    `moot` is the line through the vectors that tells what makes moot what was said before; without it
    nothing does.
    """
    given = dict.fromkeys(LABELS[len(POLARITIES) :], Curve()) | dict(curves or {})
    mood = moods or MoodCurve()
    manifest = {
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _FILES},
        "labels": LABELS,
        "curves": {
            name: [round(value, _PLACES) for value in (curve.logit, curve.points, curve.offset)]
            for name, curve in sorted(given.items())
        },
        "around": {
            name: [round(value, _PLACES) for value in (curve.logit, curve.points, curve.offset, curve.within)]
            for name, curve in sorted((around or {}).items())
        },
        "mood_scale": round(mood.scale, _PLACES),
        "mood_offsets": [round(value, _PLACES) for value in mood.offsets],
        "thresholds": dict(sorted((thresholds or {}).items())),
        "moot": {
            "weights": [round(weight, _PLACES) for weight in moot[0]],
            "offset": round(moot[1], _PLACES),
        },
    }
    text = json.dumps(manifest, indent=2)
    (folder / "manifest.json").write_text(f"{text}\n", encoding="utf-8")
