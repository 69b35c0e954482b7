"""The text model's files are checked, its batches are right, and the real one hears what it should."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.adapters.onnx_text_model import (
    PACKAGED,
    TOKENS_PER_BATCH,
    OnnxTextModel,
    batches,
)
from services.detector.errors import ModelUnusableError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def model() -> OnnxTextModel:
    return OnnxTextModel()


@given(lengths=st.lists(st.integers(1, 128), max_size=80))
def test_each_text_is_in_one_batch_that_it_fits(lengths: list[int]) -> None:
    """Nothing is cut or read twice, and no batch is larger than allowed."""
    seen: list[int] = []
    for width, places in batches(lengths):
        assert all(lengths[at] <= width for at in places)
        assert len(places) == 1 or width * len(places) <= TOKENS_PER_BATCH
        seen += places
    assert sorted(seen) == list(range(len(lengths)))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Please cancel our subscription at the end of the month.", "churn_risk"),
        ("We want to move up to the Enterprise plan, what does it cost?", "upsell"),
        ("Our contract is up for renewal in May, please send the quote.", "renewal"),
        ("It would be great if I could export my tags to a spreadsheet.", "feature_request"),
        ("This is the third time it breaks and nobody cares. I am furious.", "negative"),
        ("Brilliant, that worked perfectly, I love it!", "positive"),
    ],
)
def test_the_packaged_model_hears_plain_words(model: OnnxTextModel, text: str, label: str) -> None:
    """One plain message of each sort scores above a remark about nothing."""
    said, nothing = model.read([text, "The parcel is on the second shelf."])
    assert said.of(label) > nothing.of(label) + 2


def test_a_text_scores_the_same_alone_and_among_others(model: OnnxTextModel) -> None:
    """What a reading says is a function of the text, so that readings can be repeated."""
    texts = [
        f"We may leave you in {word}, {'really ' * at}" for at, word in enumerate(["May", "June", "fall"])
    ]
    fresh = OnnxTextModel()
    alone = [fresh.read([text])[0].logits for text in texts]
    among = [one.logits for one in model.read([*texts, "Short.", "Another " * 60])]
    for one, other in zip(alone, among, strict=False):
        assert one == pytest.approx(other, abs=1e-3)


def test_several_batches_at_a_time_score_as_one_after_the_other(model: OnnxTextModel) -> None:
    """Each text gets its own scores, whichever thread read it."""
    texts = [f"Could you {'really ' * (at % 40)}add field number {at}?" for at in range(120)]
    at_once = OnnxTextModel(threads=3).read(texts)
    assert [one.logits for one in at_once] == [one.logits for one in model.read(texts)]


@pytest.mark.parametrize("text", ["", "\ud800", "\x00", "a" * 100_000, "🙂" * 5_000, "\u202e \n"])
def test_any_text_is_read(model: OnnxTextModel, text: str) -> None:
    """Half characters, nothing, and far too much."""
    assert len(model.read([text])) == 1


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """The error says which file is not the one that the manifest names, and what to do."""
    shutil.copytree(PACKAGED, tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelUnusableError, match=r"tokenizer.json has SHA-256 .* EARSHOT_TEXT_MODEL=false"):
        OnnxTextModel(tmp_path / "model")


def test_a_missing_folder_and_foreign_labels_are_refused(tmp_path: Path) -> None:
    """Neither is guessed at."""
    with pytest.raises(ModelUnusableError, match=r"manifest.json cannot be read"):
        OnnxTextModel(tmp_path)
    manifest = json.loads((PACKAGED / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(
        json.dumps({**manifest, "labels": ["good", "bad"]}), encoding="utf-8"
    )
    with pytest.raises(ModelUnusableError, match="good, bad"):
        OnnxTextModel(tmp_path)


def test_a_broken_model_is_refused_with_its_digest_in_order(tmp_path: Path) -> None:
    """Bytes that match the manifest and are no model: the runtime's word is passed on."""
    manifest = json.loads((PACKAGED / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "model.onnx").write_bytes(b"no model")
    shutil.copy(PACKAGED / "tokenizer.json", tmp_path)
    manifest["files"]["model.onnx"] = hashlib.sha256(b"no model").hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelUnusableError, match="the runtime refuses it"):
        OnnxTextModel(tmp_path)
