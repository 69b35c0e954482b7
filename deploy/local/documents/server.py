"""The TCP side: connections, framing, and which thread answers what.

One connection's commands are answered in the order they came. A client that breaks the protocol, or
floods without reading, loses its connection; the others notice nothing.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from deploy.local.documents import wire
from deploy.local.documents.codec import encode
from deploy.local.documents.commands import registry
from deploy.local.documents.commands.brevity import is_brief
from deploy.local.documents.commands.call import Call, read_command
from deploy.local.documents.commands.cursors import CursorStore
from deploy.local.documents.commands.direct import update_alone
from deploy.local.documents.errors import CommandError
from deploy.local.documents.expiry import remove_expired
from deploy.local.documents.storage.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deploy.local.documents.settings import Settings
    from deploy.local.documents.storage.engine import ReadCommand
    from deploy.local.documents.storage.sessions import WriteSession
    from deploy.local.documents.wire import Request

_LOG: Final = logging.getLogger(__name__)

_MAX_QUEUED: Final = 64
"""Commands of one connection that wait for their turn before its reading is paused."""
_OWNER_ONLY: Final = 0o600
_ANSWER_SECONDS: Final = 1.0
"""In which whoever listens on a socket takes a connection; longer, and it is busy rather than dead."""
_MAX_LEGACY_COMMANDS: Final = frozenset({"isMaster", "ismaster", "hello"})


class DocumentServer:
    """A running document server.

    Args:
        settings: The server's settings.

    After `start`, ``port`` is the port it listens on, unless that is a Unix socket.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cursors = CursorStore(time.monotonic, settings.cursor_timeout_seconds, settings.max_cursors)
        self._connections: set[_Connection] = set()
        self._connection_count = 0
        self._last_writer = 0
        self._engine: Engine | None = None
        self._server: asyncio.Server | None = None
        self._timer: asyncio.Task[None] | None = None
        self.port = settings.port

    async def start(self) -> None:
        """Open the files and listen; raises `DirectoryInUseError` or `OSError` if either is taken."""
        loop = asyncio.get_running_loop()
        self._engine = Engine(self._settings, loop)
        self._engine.start()
        try:
            self._server = await self._listen(loop)
        except OSError:
            self._engine.stop()
            raise
        if self._settings.socket is None:
            self.port = self._server.sockets[0].getsockname()[1]
        self._timer = asyncio.create_task(self._tick())

    async def _listen(self, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
        if self._settings.socket is not None:
            return await loop.create_unix_server(self._connect, sock=_bound(self._settings.socket))
        return await loop.create_server(self._connect, self._settings.host, self._settings.port)

    async def stop(self) -> None:
        """Answer what is queued, then close connections and files."""
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
            if self._settings.socket is not None:
                # Before the directory is free: from then on the file may be another server's.
                self._settings.socket.unlink(missing_ok=True)
        # What is brief is done at the end of this round of the loop.
        await asyncio.sleep(0)
        if self._engine is not None:
            await asyncio.to_thread(self._engine.stop)
        await asyncio.sleep(0)
        for connection in list(self._connections):
            connection.close()
        if self._server is not None:
            await self._server.wait_closed()

    def _connect(self) -> _Connection:
        self._connection_count += 1
        return _Connection(self, self._connection_count)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._settings.ttl_interval_seconds)
            self._cursors.expire()
            if self._engine is not None:
                try:
                    await self._engine.write(remove_expired)
                except CommandError as error:
                    _LOG.warning("expired documents could not be removed: %s", error)

    def join(self, connection: _Connection) -> bool:
        if len(self._connections) >= self._settings.max_connections:
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: _Connection) -> None:
        self._connections.discard(connection)

    def begin(self, request: Request, connection_id: int, *, is_last: bool) -> bytes | asyncio.Future[bytes]:
        """Start a command; gives its reply, or the future of it. ``is_last``: none waits behind it."""
        name, body, checked = read_command(request)
        if request.legacy_database is not None and name not in _MAX_LEGACY_COMMANDS:
            raise CommandError(f"OP_QUERY is only spoken for the greeting, not for {name}", 352)
        database = request.legacy_database or body.get("$db")
        if not isinstance(database, str):
            raise CommandError("OP_MSG requests require a $db argument", 40571)
        call = Call(name, database, body, request, self._cursors, self._settings, connection_id, checked)
        instant = registry.INSTANT.get(name)
        if instant is not None:
            return instant(call)
        if self._engine is None:
            raise CommandError("the server is not running", 91)
        reading = registry.READING.get(name)
        if reading is not None:
            return self._read(self._engine, partial(reading, call), now=is_last and is_brief(call))
        writing = registry.WRITING.get(name)
        if writing is not None:
            return self._write(self._engine, call, writing, is_last=is_last)
        raise CommandError(f"no such command: '{name}'", 59)

    def _read(self, engine: Engine, command: ReadCommand, *, now: bool) -> bytes | asyncio.Future[bytes]:
        return (engine.read_now(command) if now else None) or engine.read(command)

    def _write(
        self, engine: Engine, call: Call, writing: Callable[[Call, WriteSession], bytes], *, is_last: bool
    ) -> bytes | asyncio.Future[bytes]:
        if call.waits_for_disk():
            return engine.write_durably(partial(writing, call))
        command = update_alone(call, writing)
        if command is None:
            command = partial(writing, call)
            if not is_brief(call):
                return engine.write(command)
        # Who wrote last, too, writes alone as a rule. Others' writes share a commit at the end of the round.
        is_alone, self._last_writer = self._last_writer == call.connection_id, call.connection_id
        done = engine.write_now(command) if is_alone and is_last else None
        return engine.write(command, brief=True) if done is None else done


class _Connection(asyncio.Protocol):
    def __init__(self, server: DocumentServer, number: int) -> None:
        self._server = server
        self._number = number
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[Request] = []
        self._current: asyncio.Future[bytes] | None = None
        self._is_paused = False
        self._is_clogged = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the interface without the ancestry.
        self._transport = cast("asyncio.Transport", transport)
        if not self._server.join(self):
            _LOG.warning("a client was turned away: too many connections")
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.leave(self)
        self._transport = None
        self._waiting.clear()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def pause_writing(self) -> None:
        """Begin no command while the client leaves its answers unread: they would pile up here."""
        self._is_clogged = True
        self._steer_reading()

    def resume_writing(self) -> None:
        self._is_clogged = False
        self._proceed()

    def data_received(self, data: bytes) -> None:
        try:
            if not self._buffer and wire.announced_size(data) == len(data):
                # One whole message, as of any client that waits for its answer: nothing is cut or kept.
                self._waiting.append(wire.parse(data))
            else:
                self._cut_messages(data)
        except wire.ProtocolError as error:
            self._disconnect(error)
            return
        self._proceed()

    def _disconnect(self, error: Exception) -> None:
        _LOG.warning("a client broke the protocol and is disconnected: %s", error)
        self._waiting.clear()
        if self._transport is not None:
            self._transport.abort()

    def _cut_messages(self, data: bytes) -> None:
        self._buffer += data
        at, buffer = 0, self._buffer
        while (size := wire.announced_size(buffer, at)) and len(buffer) - at >= size:
            self._waiting.append(wire.parse(bytes(memoryview(buffer)[at : at + size])))
            at += size
        if at:
            del buffer[:at]

    def _proceed(self) -> None:
        """Answer waiting commands until one has to wait for a thread, or the client does not read."""
        while self._waiting and self._current is None and not self._is_clogged:
            request = self._waiting.pop(0)
            try:
                result = self._server.begin(request, self._number, is_last=not self._waiting)
            except CommandError as error:
                self._answer(request, encode(error.reply()))
                continue
            except (wire.ProtocolError, UnicodeDecodeError) as error:
                self._disconnect(error)
                return
            except Exception as error:  # noqa: BLE001 - the boundary of a command: a fault is answered, not fatal
                self._answer(request, _fault(error))
                continue
            if isinstance(result, bytes):
                self._answer(request, result)
            else:
                self._current = result
                result.add_done_callback(partial(self._finished, request))
        self._steer_reading()

    def _steer_reading(self) -> None:
        """Take no more from the client than can be kept: what is not read waits on its side."""
        if self._transport is None or self._transport.is_closing():
            return
        if not self._is_paused and (self._is_clogged or len(self._waiting) > _MAX_QUEUED):
            self._is_paused = True
            self._transport.pause_reading()
        elif self._is_paused and not self._is_clogged and len(self._waiting) <= _MAX_QUEUED // 2:
            self._is_paused = False
            self._transport.resume_reading()

    def _finished(self, request: Request, future: asyncio.Future[bytes]) -> None:
        self._current = None
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._answer(request, future.result())
        elif isinstance(error, CommandError):
            self._answer(request, encode(error.reply()))
        else:
            self._answer(request, _fault(error))
        self._proceed()

    def _answer(self, request: Request, document: bytes) -> None:
        if request.wants_reply and self._transport is not None:
            self._transport.write(wire.reply_to(request, document))


def _bound(path: Path) -> socket.socket:
    """A socket file that its owner alone can open; one that a killed server left is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():
        if _answers(path):
            raise OSError(f"{path} cannot be listened on: another server listens there")
        path.unlink()
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        # Nobody can connect yet: that takes `listen`, which comes after this.
        path.chmod(_OWNER_ONLY)
    except OSError as error:
        bound.close()
        raise OSError(f"{path} cannot be listened on: {error}") from error
    return bound


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_ANSWER_SECONDS)
        try:
            asked.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            # Too busy to answer, or somebody else's.
            return True
        return True


def _fault(error: Any) -> bytes:
    _LOG.error("a command failed unexpectedly", exc_info=error)
    return encode(CommandError(f"the server failed: {type(error).__name__}: {error}", 1).reply())
