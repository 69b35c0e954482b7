"""The benchmark's command says by its exit code whether its aim was reached."""

from __future__ import annotations

from tests.benchmarks.pipeline import Spent, below_aim, ratio_of


def spent(microseconds: float) -> Spent:
    return Spent(microseconds, microseconds)


def test_what_is_below_the_aim_is_named() -> None:
    """At the aim it is reached; each way is judged by itself."""
    ratios = {
        "batches": ratio_of({"ours": spent(100), "bare": spent(59)}),
        "one by one": ratio_of({"ours": spent(100), "bare": spent(60)}),
    }
    assert below_aim(ratios) == ["batches at 59%"]
    assert below_aim({"batches": 0.6, "one by one": 1.2}) == []
