"""One installation for all tests of the chain, with three simulated workspaces and a host that is none.

The runner's own demo workspace is not used: a test here wants an empty workspace, a small one and the demo's
stories, all of which one organization connects in turn. Each test starts with nothing connected.
"""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from tests.e2e.chain.installation import Installation, eventually
from tests.e2e.chain.product import Product
from tests.e2e.chain.workspace import Workspace
from tests.integration.syncer.stage import simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALL = {"CONVERSATIONS": 150, "PARTS": 6, "CONTACTS": 60, "COMPANIES": 30, "DAYS": 80}
_EMPTY = {"CONVERSATIONS": 0, "PARTS": 0, "CONTACTS": 1, "COMPANIES": 0, "DAYS": 3}


class NotIntercom:
    """A web server that answers every call with a page, and counts them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.calls.append(self.path)
                page = b"<!doctype html><title>Welcome</title><h1>It works</h1>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            do_POST = do_GET  # noqa: N815 - the name is the standard library's

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Stage:
    """Everything a test of the chain needs. Workspaces are connected by naming them as the region."""

    installation: Installation
    product: Product
    stories: Workspace
    small: Workspace
    empty: Workspace
    not_intercom: NotIntercom
    forbidden: NotIntercom
    mongo: MongoClient[dict[str, Any]]

    def clear(self) -> None:
        """Disconnect and remove everything that is connected, and put the workspaces back."""
        eventually("all parts are ready", self.installation.all_ready, seconds=60)
        for workspace in (self.stories, self.small, self.empty):
            workspace.start_over()
        self.product.drop_rules()
        for connection in self.product.connections():
            if connection["state"] in {"connected", "needs_attention"}:
                self.product.disconnect(connection["id"])
            if connection["state"] != "removed":
                self.product.remove(connection)


@pytest.fixture(scope="session")
def running_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Yield the installation with its workspaces; started once for all tests that ask."""
    folder = tmp_path_factory.mktemp("installation")
    with ExitStack() as stack:
        addresses = {}
        sizes: dict[str, dict[str, Any]] = {
            "stories": {"WORKSPACE": "demo"},
            "small": _SMALL,
            "empty": _EMPTY,
        }
        for name, size in sizes.items():
            own = folder / name
            own.mkdir()
            addresses[name] = stack.enter_context(simulator(own, **size))
        not_intercom, forbidden = NotIntercom(), NotIntercom()
        stack.callback(not_intercom.close)
        stack.callback(forbidden.close)
        hosts = json.dumps({**addresses, "page": not_intercom.address})
        installation = Installation(
            folder,
            {
                "EARSHOT_INTERCOM_HOSTS": hosts,
                "EARSHOT_INTERCOM_APP_HOSTS": hosts,
                "EARSHOT_INTERCOM_CLIENT_ID": "demo-client",
                "EARSHOT_INTERCOM_CLIENT_SECRET": "demo-secret",
                "EARSHOT_INTERCOM_UNINSTALL_URL": f"{addresses['small']}/auth/uninstall",
                "EARSHOT_ALLOW_PRIVATE_WEBHOOKS": "true",
                "EARSHOT_TEAMS_HOSTS": json.dumps(["127.0.0.1"]),
                "EARSHOT_NEW_CONNECTION_LIFECYCLE_EVENTS": "true",
                # So that a killed process's work is taken up while the test waits.
                "EARSHOT_LEASE_SECONDS": "4",
                "EARSHOT_SLICE_SECONDS": "2",
                "EARSHOT_FETCH_CONCURRENCY_MAX": "4",
            },
            demo=False,
        )
        stack.callback(lambda: installation.runner_ended() or installation.stop())
        installation.start()
        product = Product(installation)
        stack.callback(product.close)
        mongo = stack.enter_context(MongoClient[dict[str, Any]](installation.mongodb_uri, tz_aware=True))
        workspaces = {name: Workspace(address) for name, address in addresses.items()}
        for workspace in workspaces.values():
            stack.callback(workspace.close)
            workspace.notify(f"{installation.address}/webhooks/intercom")
        yield Stage(
            installation=installation,
            product=product,
            not_intercom=not_intercom,
            forbidden=forbidden,
            mongo=mongo,
            **workspaces,
        )


@pytest.fixture
def stage(running_stage: Stage) -> Stage:
    """Return the stage with nothing connected and all workspaces as at the start."""
    running_stage.clear()
    return running_stage
