"""How long work is shown: a moving bar on a terminal, plain lines everywhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from rich.console import Console

_PERCENT_PER_LINE = 25
"""A log that nobody watches wants to know that it moves, not how smoothly."""


class Reporter(Protocol):
    """Tells a person what is being done."""

    def say(self, text: str) -> None:
        """Show one line."""
        ...

    def bytes_bar(self, text: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Show the progress of `total` bytes; the function given back takes how many more are there."""
        ...


class ConsoleReporter:
    """Shows progress on a rich console: a bar where it is a terminal, a line per quarter elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def bytes_bar(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=self._console) as bar:
                task = bar.add_task(text, total=total)
                yield lambda count: bar.advance(task, count)
        else:
            yield _line_per_quarter(self.say, text, total)


class SilentReporter:
    """Shows nothing; for tests and for calls whose caller prints its own words."""

    def say(self, text: str) -> None:
        pass

    @contextmanager
    def bytes_bar(self, text: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002 - silent
        yield lambda _count: None


def _line_per_quarter(say: Callable[[str], None], text: str, total: int) -> Callable[[int], None]:
    done = 0
    told = -1

    def advance(count: int) -> None:
        nonlocal done, told
        done += count
        quarter = (100 * done // total if total else 100) // _PERCENT_PER_LINE
        if quarter > told:
            told = quarter
            say(f"{text}: {min(quarter * _PERCENT_PER_LINE, 100)} % of {total / 1_000_000:.0f} MB")

    return advance
