"""What a person sees of the runner: each part while it starts, then where to go and how to stop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.local.supervision.supervisor import PartStatus, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

_MARKS: dict[State, tuple[str, str]] = {
    State.NOT_STARTED: ("·", "dim"),
    State.STARTING: ("○", "yellow"),
    State.READY: ("●", "green"),
    State.WAITING: ("○", "yellow"),
    State.RESTARTING: ("↻", "red"),
    State.STOPPING: ("○", "yellow"),
    State.STOPPED: ("·", "dim"),
}

_REFRESHES_PER_SECOND = 4
"""Enough to look alive; drawing takes time that starting parts need."""


class Screen:
    """Shows the parts on `console`: drawn over and over on a terminal, a line per change elsewhere."""

    def __init__(self, console: Console, log_folder: Path) -> None:
        self._console = console
        self._log_folder = log_folder
        self._live: Live | None = None
        self._told: dict[str, State] = {}

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def watching(self, statuses: Callable[[], Sequence[PartStatus]]) -> Iterator[None]:
        """Show the parts inside the block. On a terminal the table is gone afterwards."""
        if not self._console.is_terminal:
            yield
            return
        live = Live(
            get_renderable=lambda: self._table(statuses()),
            console=self._console,
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
        )
        with live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def changed(self, status: PartStatus) -> None:
        """Tell of a part's change where no table is being drawn."""
        if self._live is not None or self._told.get(status.name) is status.state:
            return
        self._told[status.name] = status.state
        if status.state in (State.READY, State.RESTARTING, State.WAITING):
            self.say(self._line(status))

    def ready(
        self,
        *,
        address: str,
        demo_address: str | None,
        statuses: Sequence[PartStatus],
        data: Path,
        seconds: float,
    ) -> None:
        """Show the last screen of a start: where to go, what runs, where the data is, how to stop."""
        rows = Table.grid(padding=(0, 2))
        rows.add_row("Open", Text(address, style="bold green"))
        if demo_address:
            rows.add_row("Demo workspace", demo_address)
        rows.add_row("Runs", ", ".join(status.title for status in statuses))
        rows.add_row("Data", str(data))
        rows.add_row("Logs", str(self._log_folder))
        rows.add_row("Watch", "earshot status · earshot tail signals")
        rows.add_row("Stop", "Ctrl-C")
        title = f"Earshot is ready (after {seconds:.1f} s)"
        self._console.print(Panel(rows, title=title, title_align="left", expand=False))

    def _table(self, statuses: Sequence[PartStatus]) -> Group:
        table = Table.grid(padding=(0, 2))
        for status in statuses:
            mark, style = _MARKS[status.state]
            took = f"{status.ready_seconds:.1f} s" if status.ready_seconds is not None else ""
            why = status.why if status.state is not State.READY else ""
            table.add_row(
                Text(mark, style=style), status.title, status.state.value, took, Text(why, style="dim")
            )
        return Group(Text("Starting Earshot", style="bold"), table)

    def _line(self, status: PartStatus) -> str:
        if status.state is State.READY:
            return f"{status.title}: ready after {status.ready_seconds or 0:.1f} s"
        if status.state is State.RESTARTING:
            log = self._log_folder / f"{status.name}.log"
            return f"{status.title}: {status.why}; starting it again. Its log: {log}"
        return f"{status.title}: {status.why}"
