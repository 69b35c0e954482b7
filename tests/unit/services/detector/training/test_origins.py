"""Figures of left-out sources are kept as long as what was learned from is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.training.examples import Example
from services.detector.training.origins import (
    Origins,
    fingerprint,
    origins_table,
    read_origins,
    write_origins,
)

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [Example("Thanks!", "tweets", {"positive": 1.0}), Example("\ud800?", "posts", {"neutral": 1.0})]


def test_a_broken_off_run_goes_on_with_what_it_has(tmp_path: Path) -> None:
    learned_from = fingerprint(ROWS)
    write_origins(tmp_path / "out.json", Origins(learned_from, unseen={"tweets": 0.7}))

    assert read_origins(tmp_path / "out.json", fingerprint(ROWS)).unseen == {"tweets": 0.7}


def test_figures_of_other_rows_are_not_taken_over(tmp_path: Path) -> None:
    write_origins(tmp_path / "out.json", Origins(fingerprint(ROWS), unseen={"tweets": 0.7}))
    other = fingerprint([*ROWS, Example("Thanks", "tweets", {"positive": 1.0})])

    assert read_origins(tmp_path / "out.json", other) == Origins(other)


def test_a_table_takes_whatever_was_measured(tmp_path: Path) -> None:
    assert read_origins(tmp_path / "none.json") == Origins("")
    measured = Origins("abc", unseen={"tweets": 0.7, "chats": 0.55}, seen={"chats": 0.8, "tweets": 0.75})
    write_origins(tmp_path / "out.json", measured)

    lines = list(origins_table(read_origins(tmp_path / "out.json"), {"tweets": 0.7112}))

    assert lines == [
        "| left out | macro-F1, never seen | the same training with it | VADER |",
        "| --- | --- | --- | --- |",
        "| chats | **0.550** | 0.800 |  |",
        "| tweets | **0.700** | 0.750 | 0.711 |",
    ]


def test_labels_and_order_count_as_much_as_words() -> None:
    relabelled = [Example("Thanks!", "tweets", {"positive": 0.0}), ROWS[1]]

    assert len({fingerprint(ROWS), fingerprint(relabelled), fingerprint(ROWS[::-1])}) == len(ROWS) + 1
