"""Group commit: what one failing command or a full disk does to the commands beside it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from deploy.local.documents.codec import decode, encode
from deploy.local.documents.errors import CommandError
from deploy.local.documents.settings import Settings
from deploy.local.documents.storage import logsync, records
from deploy.local.documents.storage.directory import DirectoryInUseError
from deploy.local.documents.storage.engine import Engine
from deploy.local.documents.storage.scan import scan_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from deploy.local.documents.storage.sessions import ReadSession, WriteSession


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    running = Engine(Settings(directory=tmp_path / "data"), asyncio.get_running_loop())
    running.start()
    yield running
    await asyncio.to_thread(running.stop)


def inserting(number: int, size: int = 0) -> Callable[[WriteSession], bytes]:
    """A write command that stores one document."""

    def command(session: WriteSession) -> bytes:
        database = session.database("shop", create=True)
        assert database is not None
        collection = database.catalog.get("things") or database.create_collection("things")
        document = {"_id": number, "pad": "x" * size}
        records.insert(database, collection, document, encode(document))
        return b"done"

    return command


def failing(session: WriteSession) -> bytes:
    """A command with a fault of ours in the middle of its writes."""
    inserting(666)(session)
    raise ValueError("a fault")


def stored(session: ReadSession) -> bytes:
    source = session.source("shop")
    collection = session.catalog("shop").get("things")
    if source is None or collection is None:
        return encode({"ids": []})
    return encode({"ids": [decode(body)["_id"] for _, body in scan_rows(source, collection)]})


async def ids(engine: Engine) -> list[int]:
    return list(decode(await engine.read(stored))["ids"])


async def test_an_acknowledged_write_is_read_by_others(engine: Engine) -> None:
    """A reader started after the acknowledgement sees the write."""
    for number in range(5):
        await engine.write(inserting(number))
        assert await ids(engine) == list(range(number + 1))


async def test_one_fault_does_not_touch_its_neighbours(engine: Engine) -> None:
    """Commands of the same group are stored though one of them breaks; nothing of the broken one is."""
    results = await asyncio.gather(
        *[engine.write(inserting(number)) for number in range(10)],
        engine.write(failing),
        *[engine.write(inserting(number)) for number in range(10, 20)],
        engine.write(inserting(3)),
        return_exceptions=True,
    )
    assert sum(result == b"done" for result in results) == 20
    assert [error.code for error in results if isinstance(error, CommandError)] == [1, 11000]
    assert sorted(await ids(engine)) == list(range(20))


async def test_a_full_disk_names_itself_and_passes(engine: Engine) -> None:
    """A write that does not fit is refused as a full disk; smaller ones beside it and after it are stored."""
    await engine.write(inserting(0))
    database = engine.directory.get("shop")
    assert database is not None
    connection = database.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    results = await asyncio.gather(
        engine.write(inserting(1)),
        engine.write(inserting(2, size=1_000_000)),
        engine.write(inserting(3)),
        return_exceptions=True,
    )
    refused = [error for error in results if isinstance(error, CommandError)]
    assert [(error.code, error.code_name) for error in refused] == [(14031, "OutOfDiskSpace")]
    assert await ids(engine) == [0, 1, 3]
    connection.execute("PRAGMA max_page_count = 1000000")
    await engine.write(inserting(2, size=1_000_000))
    assert sorted(await ids(engine)) == [0, 1, 2, 3]


async def test_a_directory_has_one_server(engine: Engine) -> None:
    """A second engine on the same directory is refused."""
    second = Engine(engine.settings, asyncio.get_running_loop())
    with pytest.raises(DirectoryInUseError, match="in use"):
        second.start()


async def test_any_fault_of_a_read_is_answered(engine: Engine) -> None:
    """Even an exception that futures refuse to carry becomes an answer, and the next read is served."""

    def broken(_: ReadSession) -> bytes:
        raise StopIteration

    with pytest.raises(CommandError, match="StopIteration"):
        await engine.read(broken)
    assert await ids(engine) == []


async def test_what_is_brief_is_done_by_the_loop_itself(engine: Engine) -> None:
    """Nothing waits: no other thread is asked, and what came together is one group."""
    doers = []

    def told(session: WriteSession) -> bytes:
        doers.append((threading.current_thread(), id(session)))
        return inserting(len(doers))(session)

    await asyncio.gather(*[engine.write(told, brief=True) for _ in range(3)])
    assert set(doers) == {(threading.current_thread(), doers[0][1])}
    assert await ids(engine) == [1, 2, 3]


async def test_what_is_done_now_is_committed_before_it_returns(engine: Engine) -> None:
    """The answer of a client that writes alone needs no other round of the loop; a refusal is raised."""
    assert engine.write_now(inserting(1)) == b"done"
    assert decode(engine.read_now(stored) or b"") == {"ids": [1]}
    with pytest.raises(CommandError) as refused:
        engine.write_now(inserting(1))
    assert refused.value.code == 11000


async def test_what_is_asked_now_waits_for_what_came_before(engine: Engine) -> None:
    """Nothing overtakes the round's own group, or the writer at work: the caller is told to wait."""
    first = engine.write(inserting(1), brief=True)
    assert engine.write_now(inserting(2)) is None
    await first
    with engine._writer:
        assert engine.write_now(inserting(2)) is None
    assert await ids(engine) == [1]


async def test_with_full_nothing_is_written_by_the_loop(tmp_path: Path) -> None:
    """Each commit waits for the disk, which the loop never does."""
    settings = Settings(directory=tmp_path / "data", synchronous="FULL")
    engine = Engine(settings, asyncio.get_running_loop())
    engine.start()
    assert engine.write_now(inserting(1)) is None
    assert await engine.write(inserting(1), brief=True) == b"done"
    await asyncio.to_thread(engine.stop)


async def test_what_is_brief_waits_behind_what_is_not(engine: Engine) -> None:
    """While the writer is at work the loop stays free, and whatever comes is done after that work."""
    entered, go_on = threading.Event(), threading.Event()

    def long(session: WriteSession) -> bytes:
        entered.set()
        go_on.wait(10)
        return inserting(1)(session)

    first = engine.write(long)
    await asyncio.to_thread(entered.wait, 10)
    second = engine.write(inserting(2), brief=True)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.done()
    go_on.set()
    await asyncio.gather(first, second)
    assert await ids(engine) == [1, 2]


async def test_a_brief_fault_does_not_touch_its_neighbours(engine: Engine) -> None:
    """A group that the loop runs keeps the same promise: each command whole or not at all."""
    results = await asyncio.gather(
        engine.write(inserting(1), brief=True),
        engine.write(failing, brief=True),
        engine.write(inserting(2), brief=True),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [bytes, CommandError, bytes]
    assert await ids(engine) == [1, 2]


async def test_a_brief_read_sees_what_was_acknowledged_and_ends_with_the_engine(tmp_path: Path) -> None:
    """The loop reads the newest commit; once the files are closed nothing is opened again."""
    engine = Engine(Settings(directory=tmp_path / "data"), asyncio.get_running_loop())
    engine.start()
    for number in range(3):
        await engine.write(inserting(number))
        assert decode(engine.read_now(stored) or b"") == {"ids": list(range(number + 1))}
    await asyncio.to_thread(engine.stop)
    assert engine.read_now(stored) is None


class Disk:
    """Stands where logs are synced: holds each sync up until it is let go, or refuses it."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.going = threading.Event()
        self.refuses = False
        self.syncs = 0

    def sync(self, _: int) -> None:
        self.began.set()
        assert self.going.wait(10)
        self.syncs += 1
        if self.refuses:
            raise OSError(5, "Input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(logsync, "_sync_data", made.sync)
    return made


async def test_who_asks_for_the_disk_alone_waits_for_it(disk: Disk, engine: Engine) -> None:
    """A durable write is not acknowledged before its log is synced; one beside it is after the commit."""
    durable = engine.write_durably(inserting(1))
    assert await engine.write(inserting(2)) == b"done"
    assert decode(await engine.read(stored)) == {"ids": [1, 2]}
    await asyncio.sleep(0)
    assert not durable.done()
    disk.going.set()
    assert await durable == b"done"
    assert disk.syncs >= 1


async def test_a_sync_under_way_is_not_the_one_that_is_waited_for(disk: Disk, engine: Engine) -> None:
    """What was written after a sync began is in the next, and that one is waited for."""
    assert await engine.write(inserting(1)) == b"done"
    assert await asyncio.to_thread(disk.began.wait, 10)
    durable = engine.write_durably(inserting(2))
    assert await engine.write(inserting(3)) == b"done"
    disk.going.set()
    assert await durable == b"done"
    assert disk.syncs >= 2


async def test_a_disk_that_refused_a_sync_is_not_trusted_again(disk: Disk, engine: Engine) -> None:
    """A durable write is answered with an error then, and so is the next one; others go on."""
    disk.going.set()
    disk.refuses = True
    with pytest.raises(CommandError, match="refused to sync"):
        await engine.write_durably(inserting(1))
    disk.refuses = False
    with pytest.raises(CommandError, match="refused to sync"):
        await engine.write_durably(inserting(2))
    assert await engine.write(inserting(3)) == b"done"
    assert decode(await engine.read(stored)) == {"ids": [1, 2, 3]}


async def test_a_refused_durable_write_waits_for_no_disk(disk: Disk, engine: Engine) -> None:
    """Nothing was written, so nothing has to be synced."""
    with pytest.raises(CommandError):
        await engine.write_durably(failing)
    assert disk.syncs == 0
    disk.going.set()


async def test_durable_writes_hurry_the_sync(tmp_path: Path) -> None:
    """With an hour between syncs, who asks for the disk is still answered at once, again and again."""
    settings = Settings(directory=tmp_path / "data", log_sync_interval_seconds=3_600)
    running = Engine(settings, asyncio.get_running_loop())
    running.start()
    try:
        async with asyncio.timeout(60):
            for number in range(3):
                assert await running.write_durably(inserting(number)) == b"done"
    finally:
        await asyncio.to_thread(running.stop)
