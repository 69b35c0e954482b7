"""Progress is told in few lines where nobody watches a bar."""

from __future__ import annotations

import io

from rich.console import Console

from deploy.local.progress import ConsoleReporter


def test_a_log_gets_a_line_per_quarter() -> None:
    """A hundred pieces make five lines, from nothing to all."""
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out, force_terminal=False))
    with reporter.bytes_bar("Fetching", 100_000_000) as advance:
        advance(0)
        for _ in range(100):
            advance(1_000_000)
    said = [line.split(":")[1].split("%")[0].strip() for line in out.getvalue().splitlines()]
    assert said == ["0", "25", "50", "75", "100"]


def test_a_terminal_gets_a_bar() -> None:
    """The bar shows what is being done and ends at its total."""
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out, force_terminal=True, width=100))
    with reporter.bytes_bar("Fetching Kafka", 1_000) as advance:
        advance(1_000)
    assert "Fetching Kafka" in out.getvalue()
    assert "1.0/1.0 kB" in out.getvalue()
