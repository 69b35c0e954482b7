"""The runner with real processes: stand-ins for services, a real Kafka, and kills."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from rich.console import Console

from deploy.local.errors import AlreadyRunning, PortTaken
from deploy.local.guard import guarded
from deploy.local.ports import PortNeed, free_ports
from deploy.local.probes import http_probe
from deploy.local.runner import up
from deploy.local.settings import LocalSettings
from deploy.local.supervision.part import Part, Stage
from deploy.local.supervision.record import read_record
from shared.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.local.keys import LocalKeys

STANDIN = Path(__file__).with_name("standin.py")


def standin_parts(
    settings: LocalSettings, keys: LocalKeys, client: httpx.AsyncClient, *, demo: bool
) -> list[Part]:
    def part(name: str, stage: Stage, port: int) -> Part:
        return Part(
            name=name,
            title=name.capitalize(),
            stage=stage,
            command=lambda: (sys.executable, str(STANDIN), str(port)),
            probe=http_probe(client, f"http://127.0.0.1:{port}/"),
            log_file=settings.data_dir / "logs" / f"{name}.log",
            ports=(PortNeed(port, name, f"EARSHOT_{name.upper()}_PORT"),),
        )

    return [
        part("detector", Stage.SERVICES, settings.detector_port),
        part("gateway", Stage.EDGE, settings.port),
    ]


class Run:
    """A runner under way in this process."""

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self.output = io.StringIO()
        self.task = asyncio.create_task(
            up(
                settings,
                demo=False,
                environment=dict(os.environ),  # noqa: TID251 - handed to the parts, as the command line does
                console=Console(file=self.output, width=120),
                clock=SystemClock(),
                make_parts=standin_parts,
            )
        )

    def pid(self, name: str) -> int | None:
        record = read_record(self.settings.data_dir / "run")
        parts = record.parts if record else ()
        return next(
            (part["pid"] for part in parts if part["name"] == name and part["state"] == "ready"), None
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self.task.done():
                self.task.result()
                raise AssertionError(f"the runner ended: {self.output.getvalue()}")
            await asyncio.sleep(0.05)

    async def until_ready(self) -> None:
        await self.until(lambda: "Earshot is ready" in self.output.getvalue())

    async def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await self.task


@pytest.fixture
def settings(kafka: str, tmp_path: Path) -> LocalSettings:
    """Return settings with ports and a folder of this test's own, and the shared Kafka."""
    port, detector_port = free_ports(2)
    return LocalSettings(
        data_dir=tmp_path,
        port=port,
        detector_port=detector_port,
        kafka_bootstrap_servers=kafka,
        mongodb_uri="mongodb://127.0.0.1:1",
    )


async def test_everything_starts_and_stops_in_order(settings: LocalSettings) -> None:
    """The last screen comes once the first page answers; on SIGTERM no process is left."""
    run = Run(settings)
    await run.until_ready()
    pids = [run.pid("detector"), run.pid("gateway")]
    assert settings.address in run.output.getvalue()
    await run.stop()
    assert "Stopped." in run.output.getvalue()
    assert not [pid for pid in pids if pid is None or psutil.pid_exists(pid)]


async def test_a_killed_part_comes_back_by_itself(settings: LocalSettings) -> None:
    """After kill -9 a new process answers on the same port, and what happened was told."""
    run = Run(settings)
    await run.until_ready()
    first = run.pid("detector")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await run.until(lambda: run.pid("detector") not in (None, first))
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://127.0.0.1:{settings.detector_port}/")).status_code == 200
    await run.stop()
    assert "Detector: it was ended by SIGKILL" in run.output.getvalue()


async def test_a_second_runner_on_the_same_folder_is_refused(settings: LocalSettings) -> None:
    """It says who runs, and disturbs nothing."""
    run = Run(settings)
    await run.until_ready()
    with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        await Run(settings).task
    assert run.pid("detector") is not None
    await run.stop()


async def test_a_port_in_use_stops_the_start_before_anything_runs(settings: LocalSettings) -> None:
    """The message names the port and the setting; no process was started."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", settings.detector_port)
    with pytest.raises(PortTaken, match=f"{settings.detector_port}.*EARSHOT_DETECTOR_PORT"):
        await Run(settings).task
    server.close()
    await server.wait_closed()
    assert not (settings.data_dir / "logs").exists()


async def test_what_a_killed_runner_left_behind_is_ended(settings: LocalSettings) -> None:
    """A process of a runner that was cut off does not hold its port against the next one."""
    run = Run(settings)
    await run.until_ready()
    await run.stop()
    orphan = subprocess.Popen([sys.executable, str(STANDIN), str(settings.detector_port)])  # noqa: S603, ASYNC220
    record = settings.data_dir / "run" / "record.json"
    started = psutil.Process(orphan.pid).create_time()
    record.write_text(
        '{"pid": 1, "started": 1, "address": "x", "parts": '
        f'[{{"name": "detector", "pid": {orphan.pid}, "started": {started}}}]}}'
    )
    again = Run(settings)
    await again.until_ready()
    assert orphan.wait() == 0
    assert "detector was left behind" in again.output.getvalue()
    await again.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_guarded_process_dies_with_its_parent(tmp_path: Path) -> None:
    """Kill -9 of the runner leaves no process that holds a port."""
    (port,) = free_ports(1)
    pid_file = tmp_path / "pid"
    parent_code = (
        "import subprocess, sys, time, pathlib\n"
        "from deploy.local.guard import guarded\n"
        f"child = subprocess.Popen(guarded(({sys.executable!r}, {str(STANDIN)!r}, '{port}', 'ignore-term'),"
        " signal_number=9))\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_code])  # noqa: S603 - the test's own code
    while not pid_file.exists() or not pid_file.read_text():
        assert parent.poll() is None
    child = psutil.Process(int(pid_file.read_text()))
    while "standin.py" not in " ".join(child.cmdline()[:2]):
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    psutil.wait_procs([child], timeout=30)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_guarded_process_does_not_outlive_a_parent_that_is_gone() -> None:
    """Where the parent died first, the command is not run at all."""
    command = list(guarded(("echo", "ran"), signal_number=9))
    command[4] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - built above
    assert done.returncode != 0
    assert "ran" not in done.stdout
