"""``python -m deploy.local.documents``: run a document server until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from deploy.local.documents.server import DocumentServer
from deploy.local.documents.settings import Settings
from deploy.local.documents.storage.directory import DirectoryInUseError


def main(arguments: list[str] | None = None) -> int:
    """Run the server; the exit code is 0 after SIGTERM or SIGINT, 1 if it could not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = _settings(arguments)
    try:
        import uvloop  # noqa: PLC0415 - not there on Windows
    except ImportError:
        return asyncio.run(_serve(settings))
    return uvloop.run(_serve(settings))


def _settings(arguments: list[str] | None) -> Settings:
    defaults = Settings(directory=Path())
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.documents", description="MongoDB's protocol over SQLite files."
    )
    parser.add_argument("--directory", type=Path, required=True, help="where the files live; made if absent")
    parser.add_argument("--host", default=defaults.host, help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=int, default=defaults.port, help="TCP port, 0 for any (default %(default)s)"
    )
    parser.add_argument(
        "--socket", type=Path, help="a Unix socket to listen on in place of TCP; its name ends in .sock"
    )
    parser.add_argument(
        "--synchronous",
        choices=("FULL", "NORMAL"),
        default=defaults.synchronous,
        help="NORMAL survives a killed process, FULL each power cut too (default %(default)s)",
    )
    parser.add_argument(
        "--ttl-interval-seconds",
        type=float,
        default=defaults.ttl_interval_seconds,
        help="how often expired documents are removed (default %(default)s)",
    )
    return Settings(**vars(parser.parse_args(arguments)))


async def _serve(settings: Settings) -> int:
    server = DocumentServer(settings)
    try:
        await server.start()
    except (DirectoryInUseError, OSError) as error:
        sys.stderr.write(f"the document server could not start: {error}\n")
        return 1
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    sys.stdout.write(f"ready {settings.address(server.port)} directory={settings.directory}\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
