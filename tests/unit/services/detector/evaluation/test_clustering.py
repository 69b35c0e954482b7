"""How clustering is scored, and that it holds on the authored wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.detector.evaluation.calibrate import authored_folder
from services.detector.evaluation.clustering import (
    evaluate_clustering,
    heard_wishes,
    main,
    pairwise_figures,
    read_themes,
)
from services.detector.evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from pathlib import Path

THEMES = authored_folder() / "wishes" / "themes.csv"


def test_pairs_are_counted() -> None:
    """One right pair, one wrong, one missed."""
    figures = pairwise_figures(["a", "a", "a", "b"], ["1", "1", "2", "2"])
    assert figures == {"precision": 0.5, "recall": pytest.approx(1 / 3, abs=1e-3), "wrong": 1, "missed": 2}


def test_wishes_of_one_theme_meet_in_any_order() -> None:
    """A wrong merge hides a wish: hardly any may happen, and nine in ten pairs meet."""
    report = evaluate_clustering(read_themes(THEMES))
    assert report["wishes"] >= 60
    assert report["heard"] >= 0.85 * report["wishes"]
    assert report["worst_order"]["precision"] >= 0.97
    assert report["worst_order"]["recall"] >= 0.9


def test_what_is_no_wish_is_not_clustered() -> None:
    """Only what the detector hears can be assigned."""
    assert heard_wishes([("Thanks a lot.", "none")]) == ()


def test_the_command_prints_or_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without the columns ends with 2 and a sentence."""
    good = tmp_path / "good.csv"
    good.write_text("text,theme\nPlease add dark mode.,dark\nPlease add a night theme.,dark\n")
    assert main([str(good)]) == 0
    assert '"recall": 1.0' in capsys.readouterr().out
    bad = tmp_path / "bad.csv"
    bad.write_text("text\nPlease add dark mode.\n")
    assert main([str(bad)]) == 2
    assert "no column theme" in capsys.readouterr().err
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_themes(tmp_path / "missing.csv")
