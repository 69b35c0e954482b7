"""One measured run of one reader, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.completeness import Missing
    from tests.benchmarks.simulated import Calls


@dataclass(slots=True)
class Result:
    """What one run took. Processor seconds and peak memory are the reader's own process."""

    reader: str
    run: str
    conversations: int
    seconds: float
    calls: Calls
    cpu_seconds: float
    peak_mib: float
    missing: Missing | None = None
    gaps: int = 0

    @property
    def per_second(self) -> float:
        return self.conversations / self.seconds

    @property
    def cpu_ms_per_call(self) -> float:
        return 1_000 * self.cpu_seconds / max(self.calls.total, 1)

    def as_json(self) -> dict[str, Any]:
        return {
            "reader": self.reader,
            "run": self.run,
            "conversations": self.conversations,
            "seconds": round(self.seconds, 2),
            "per_second": round(self.per_second, 2),
            "calls": self.calls.total,
            "too_many_requests": self.calls.too_many,
            "most_at_once": self.calls.most_at_once,
            "calls_by_window": self.calls.windows.calls,
            "steady_share_of_limit": self.calls.windows.steady_share,
            "cpu_ms_per_call": round(self.cpu_ms_per_call, 3),
            "peak_mib": round(self.peak_mib, 1),
            "missing": str(self.missing),
            "gaps": self.gaps,
        }


def table(results: Sequence[Result]) -> Table:
    shown = Table(
        "reader",
        "run",
        "conversations",
        "seconds",
        "a second",
        "calls",
        "429",
        "of the limit",
        "CPU a call",
        "peak memory",
        "against the truth",
        box=None,
        pad_edge=False,
    )
    for each in results:
        share = each.calls.windows.steady_share
        shown.add_row(
            each.reader,
            each.run,
            f"{each.conversations:,}",
            f"{each.seconds:,.1f}",
            f"{each.per_second:,.1f}",
            f"{each.calls.total:,}",
            f"{each.calls.too_many}",
            "" if share is None else f"{share:.1%}",
            f"{each.cpu_ms_per_call:.2f} ms",
            f"{each.peak_mib:.0f} MiB",
            str(each.missing),
        )
    return shown
