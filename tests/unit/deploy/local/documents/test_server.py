"""Connections without sockets: how bytes become commands, in which order and when they are answered."""

from __future__ import annotations

import asyncio
import struct
import threading
from typing import TYPE_CHECKING, Any

import bson
import pytest

from deploy.local.documents import wire
from deploy.local.documents.server import DocumentServer
from deploy.local.documents.settings import Settings
from deploy.local.documents.storage import logsync
from deploy.local.documents.storage.engine import Engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Client(asyncio.Transport):
    """One client of a server, which hands over bytes and keeps what is written to it."""

    def __init__(self, server: DocumentServer) -> None:
        super().__init__()
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.is_gone = False
        self._is_read = True
        self._room: int | None = None
        self._connection = server._connect()
        self._connection.connection_made(self)

    def send(self, data: bytes) -> None:
        self._connection.data_received(data)

    def reads_no_more_than(self, answers: int) -> None:
        """Leave answers unread from then on, as a transport tells of it whose buffer is full."""
        self._room = answers

    def reads_on(self) -> None:
        self._room = None
        self._connection.resume_writing()

    def is_read(self) -> bool:
        return self._is_read

    def is_closing(self) -> bool:
        return self.is_gone

    def pause_reading(self) -> None:
        assert self._is_read
        self._is_read = False

    def resume_reading(self) -> None:
        assert not self._is_read
        self._is_read = True

    def write(self, data: Any) -> None:
        _, _, answered, _ = wire.HEADER.unpack_from(data)
        self.answers.append((answered, bson.decode(bytes(data)[21:])))
        if len(self.answers) == self._room:
            self._connection.pause_writing()

    def abort(self) -> None:
        self.is_gone = True

    def answered(self) -> list[int]:
        return [number for number, _ in self.answers]

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.answers) < count:
                await asyncio.sleep(0)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DocumentServer]:
    settings = Settings(directory=tmp_path / "data")
    running = DocumentServer(settings)
    running._engine = Engine(settings, asyncio.get_running_loop())
    running._engine.start()
    yield running
    await asyncio.to_thread(running._engine.stop)


def upsert(number: int, value: int = 1, **options: Any) -> bytes:
    """A message as drivers send it: the statement beside the command."""
    body = bson.encode({"update": "things", "ordered": True, "$db": "shop", **options})
    statement = bson.encode({"q": {"_id": 1}, "u": {"$set": {"value": value}}, "upsert": True})
    inner = b"updates\0" + statement
    payload = struct.pack("<I", 0) + b"\0" + body + b"\1" + struct.pack("<i", len(inner) + 4) + inner
    return wire.HEADER.pack(16 + len(payload), number, 0, wire.OP_MSG) + payload


async def test_messages_are_put_together_and_answered_in_their_order(server: DocumentServer) -> None:
    """It makes no difference where the network cuts what a client sends."""
    sent = b"".join(upsert(number, number) for number in range(10))
    whole, cut = Client(server), Client(server)
    whole.send(sent)
    await whole.wait_for(10)
    for at in range(0, len(sent), 7):
        cut.send(sent[at : at + 7])
    await cut.wait_for(10)
    assert whole.answered() == cut.answered() == list(range(10))


def ping(number: int) -> bytes:
    payload = struct.pack("<I", 0) + b"\0" + bson.encode({"ping": 1, "$db": "admin"})
    return wire.HEADER.pack(16 + len(payload), number, 0, wire.OP_MSG) + payload


async def test_answers_do_not_pile_up_for_who_does_not_read(server: DocumentServer) -> None:
    """Its commands wait on its own side until it reads on; all are answered then, in their order."""
    client = Client(server)
    client.reads_no_more_than(3)
    client.send(b"".join(map(ping, range(10))))
    assert client.answered() == [0, 1, 2]
    assert not client.is_read()
    client.reads_on()
    assert client.answered() == list(range(10))
    assert client.is_read()
    client.send(ping(10))
    assert client.answered() == list(range(11))


async def test_who_floods_is_read_again_when_few_wait(server: DocumentServer) -> None:
    """Reading stops while very much waits for its turn, and no command is lost over it."""
    client = Client(server)
    client.send(b"".join(upsert(number, number) for number in range(200)))
    assert not client.is_read()
    await client.wait_for(200)
    assert client.answered() == list(range(200))
    assert client.is_read()


async def test_who_writes_alone_is_answered_at_once(server: DocumentServer) -> None:
    """The first write waits for the end of the round, in case others write too; the next need not."""
    client = Client(server)
    client.send(upsert(1))
    assert client.answered() == []
    await client.wait_for(1)
    client.send(upsert(2, 2))
    assert client.answers[-1] == (2, {"n": 1, "nModified": 1, "ok": 1.0})


async def test_who_asks_for_the_journal_waits_for_the_disk(
    server: DocumentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`j: true` is answered after a sync of the log; the same write without it is before."""
    going = threading.Event()
    monkeypatch.setattr(logsync, "_sync_data", lambda _: going.wait(10))
    patient, hasty = Client(server), Client(server)
    patient.send(upsert(1, writeConcern={"w": 1, "j": True}))
    hasty.send(upsert(1, 2, writeConcern={"w": 1, "j": False}))
    await hasty.wait_for(1)
    assert patient.answered() == []
    going.set()
    await patient.wait_for(1)
    assert patient.answers[-1][1]["ok"] == 1.0


async def test_many_who_write_share_a_commit(server: DocumentServer) -> None:
    """Writes of several clients wait for the end of the round and are one group."""
    assert server._engine is not None
    groups = []
    run_group = server._engine._run_group
    server._engine._run_group = lambda commands: groups.append(len(commands)) or run_group(commands)  # type: ignore[method-assign, func-returns-value]
    clients = [Client(server) for _ in range(3)]
    for turn in range(2):
        for client in clients:
            client.send(upsert(turn))
        for client in clients:
            await client.wait_for(turn + 1)
    assert groups == [3, 3]


async def test_a_command_that_is_sent_again_is_read_anew_for_what_is_beside_it(
    server: DocumentServer,
) -> None:
    """The same command document with other statements is another write."""
    client = Client(server)
    for number in range(3):
        client.send(upsert(number, number))
        await client.wait_for(number + 1)
    assert [answer["nModified"] for _, answer in client.answers] == [0, 1, 1]


async def test_broken_bytes_end_their_own_connection(server: DocumentServer) -> None:
    """The others are served on."""
    broken, whole = Client(server), Client(server)
    broken.send(b"\xff" * 20)
    whole.send(upsert(1))
    await whole.wait_for(1)
    assert (broken.is_gone, whole.is_gone) == (True, False)
