"""The screen tells plain lines where nobody looks at a terminal, and ends with what a person needs."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from deploy.local.screen import Screen
from deploy.local.supervision.supervisor import PartStatus, State


def make(*, terminal: bool = False) -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    return Screen(Console(file=out, force_terminal=terminal, width=120), Path("/data/logs")), out


def test_a_log_gets_one_line_per_change() -> None:
    """Ready is told once, with how long it took; nothing is repeated while it stays so."""
    screen, out = make()
    ready = PartStatus("kafka", "Kafka", State.READY, ready_seconds=1.25)
    screen.changed(PartStatus("kafka", "Kafka", State.STARTING))
    screen.changed(ready)
    screen.changed(ready)
    assert out.getvalue() == "Kafka: ready after 1.2 s\n"


def test_a_restart_names_why_and_the_log() -> None:
    """An operator knows where to look."""
    screen, out = make()
    screen.changed(PartStatus("detector", "Detector", State.RESTARTING, why="it ended with exit code 1"))
    assert "it ended with exit code 1" in out.getvalue()
    assert "/data/logs/detector.log" in out.getvalue()


def test_the_last_screen_says_where_what_and_how_to_stop() -> None:
    """Address, parts, data, logs and the way out are all there."""
    screen, out = make()
    screen.ready(
        address="http://127.0.0.1:8700",
        demo_address="http://127.0.0.1:8710",
        statuses=[PartStatus("kafka", "Kafka", State.READY)],
        data=Path("/data"),
        seconds=4.5,
    )
    for words in ("http://127.0.0.1:8700", "http://127.0.0.1:8710", "Kafka", "/data/logs", "Ctrl-C", "4.5 s"):
        assert words in out.getvalue()


def test_a_terminal_shows_every_part_while_it_starts() -> None:
    """State and reason of each part are drawn; lines are not told beside the drawing."""
    screen, out = make(terminal=True)
    statuses = [PartStatus("syncer", "Syncer", State.STARTING, why="bus: away")]
    with screen.watching(lambda: statuses):
        screen.changed(PartStatus("syncer", "Syncer", State.READY))
    assert "Syncer" in out.getvalue()
    assert "bus: away" in out.getvalue()
    assert "ready after" not in out.getvalue()
