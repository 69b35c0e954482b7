"""`earshot status`: what runs here, how it is, and how the connections are."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import typer
from rich.table import Table

from deploy.cli.engine import PLAIN
from deploy.cli.invocation import AsJson, Invocation, people, print_json
from deploy.local.supervision.record import is_running, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.local.settings import LocalSettings
    from deploy.local.supervision.record import RunnerRecord

_ASK_SECONDS = 3.0
_NOT_RUNNING = 3
"""Exit code, as `systemctl status` has it: the question was answered, and the answer is no."""


@dataclass(frozen=True, slots=True)
class Line:
    """One process. Memory in bytes and uptime in seconds, or None where it does not run."""

    name: str
    title: str
    state: str
    why: str
    pid: int | None
    memory_bytes: int | None
    uptime_seconds: float | None
    restarts: int


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the processes of local mode and the connections. Exits with 3 when nothing runs here."""
    invocation: Invocation = context.obj
    settings = invocation.settings()
    record = read_record(settings.data_dir / "run")
    if record is None or not is_running(record.pid, record.started):
        if as_json:
            print_json({"running": False, "data": str(settings.data_dir)})
        else:
            people().print(
                f"Earshot does not run with the data folder {settings.data_dir}. Start it: earshot up"
            )
        raise typer.Exit(_NOT_RUNNING)
    lines = [_line(part) for part in record.parts]
    connections, why = _connections(record.address)
    if as_json:
        print_json(
            {
                "running": True,
                "pid": record.pid,
                "address": record.address,
                "engines": _engines(settings),
                "parts": [asdict(line) for line in lines],
                "connections": connections,
                "connections_why": why,
            }
        )
    else:
        _show(settings, record, lines, connections, why)


def _line(part: Mapping[str, Any]) -> Line:
    state, pid = part["state"], part.get("pid")
    memory, uptime = _measure(pid) if is_running(pid, part.get("started")) else (None, None)
    if pid is not None and memory is None:
        # It ended since the runner's last word; on a full disk that word can be an old one.
        state, pid = "not running", None
    return Line(
        name=part["name"],
        title=part["title"],
        state=state,
        why=part["why"],
        pid=pid,
        memory_bytes=memory,
        uptime_seconds=uptime,
        restarts=part["restarts"],
    )


def _measure(pid: int | None) -> tuple[int | None, float | None]:
    try:
        process = psutil.Process(pid)
        return process.memory_info().rss, time.time() - process.create_time()
    except psutil.Error:
        return None, None


def _connections(address: str) -> tuple[list[Any] | None, str]:
    """Return the connections as the API lists them, or None and why not."""
    try:
        response = httpx.get(f"{address}/api/v1/connections", timeout=_ASK_SECONDS, trust_env=False)
        response.raise_for_status()
        found = response.json()
    except (httpx.HTTPError, ValueError) as error:
        return None, f"the connector cannot be asked now ({error})"
    return (found if isinstance(found, list) else found.get("items", [])), ""


def _engines(settings: LocalSettings) -> dict[str, str]:
    """Say who runs each engine; an address is given only where it holds no password."""
    return {
        "kafka": _kafka(settings),
        "mongodb": "local" if settings.mongodb_uri is None else "external",
    }


def _kafka(settings: LocalSettings) -> str:
    if settings.kafka_bootstrap_servers is None:
        return "local"
    by = "" if settings.kafka_security_protocol == PLAIN else f", by {settings.kafka_security_protocol}"
    return f"{settings.kafka_bootstrap_servers}{by}"


def _show(
    settings: LocalSettings,
    record: RunnerRecord,
    lines: list[Line],
    connections: list[Any] | None,
    why: str,
) -> None:
    console = people()
    console.print(f"{record.address}  ·  pid {record.pid}  ·  data {settings.data_dir}", highlight=False)
    table = Table("part", "state", "pid", "memory", "up", "restarts", "", box=None, pad_edge=False)
    for line in lines:
        table.add_row(
            line.title,
            line.state,
            str(line.pid or ""),
            f"{line.memory_bytes / 1_000_000:.0f} MB" if line.memory_bytes else "",
            _duration(line.uptime_seconds),
            str(line.restarts or ""),
            line.why,
        )
    console.print(table)
    total = sum(line.memory_bytes or 0 for line in lines)
    console.print(f"Memory in all: {total / 1_000_000:.0f} MB", highlight=False)
    for engine, who in _engines(settings).items():
        if who != "local":
            console.print(f"{engine} is not run here: {who}", highlight=False)
    if connections is None:
        console.print(f"Connections: {why}", markup=False, highlight=False)
    elif not connections:
        console.print("No connection yet.")
    for connection in connections or []:
        words = [str(connection.get(field)) for field in ("workspace_name", "state") if connection.get(field)]
        console.print(
            f"Connection {connection.get('id', '')}: {', '.join(words)}", markup=False, highlight=False
        )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
