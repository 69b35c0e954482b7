"""The image is pinned, unprivileged, and checks itself with what is in it."""

from __future__ import annotations

import http.server
import re
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
    base = re.search(r"^ARG PYTHON_IMAGE=python:(\S+)$", text, re.MULTILINE)
    assert base is not None
    assert re.fullmatch(r"3\.11\.\d+-slim-\w+", base[1])
    assert "--require-hashes" in text
    assert "--only-binary :all:" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "10001:10001"
    assert not re.search(r"apt-get|gcc|build-essential", text)


def test_secrets_and_data_stay_out_of_the_image(root: Path) -> None:
    """The builder is sent a closed list of folders, without filled-in settings."""
    lines = (root / "deploy/docker/Dockerfile.dockerignore").read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "*"
    assert "**/*.env" in lines
