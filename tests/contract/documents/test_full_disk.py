"""A disk that is full under the document server: what it says, what it keeps, and how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import OperationFailure

from shared.documents.collection import Collection
from shared.errors import TransientError
from tests.engines.small_disk import small_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.engines.small_disk import SmallDisk

_MEGABYTES = 12
_ROOM_MEGABYTES = 64


class Server(Protocol):
    @property
    def address(self) -> str: ...

    def kill(self) -> None: ...


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Put the servers of `start` on a small disk."""
    with small_disk(tmp_path / "data", _MEGABYTES) as disk:
        yield disk


def fill(client: MongoClient[dict[str, Any]], first: int = 0) -> tuple[int, OperationFailure]:
    """Insert until the server refuses; return the first number that it did not take, and what it said."""
    number = first
    while True:
        try:
            client["shop"]["things"].insert_one({"_id": number, "pad": f"{number:06d}" * 15_000})
        except OperationFailure as error:
            return number, error
        number += 1


def numbers(client: MongoClient[dict[str, Any]]) -> list[int]:
    return [row["_id"] for row in client["shop"]["things"].find().sort("_id", 1)]


def test_a_full_disk_is_named_and_room_is_used_at_once(start: Callable[..., Server], disk: SmallDisk) -> None:
    """Writes are refused in words, reads go on, and with room again nobody has to start anything."""
    with MongoClient[dict[str, Any]](start().address) as client:
        stored, refusal = fill(client)
        assert refusal.code == 14031
        assert "the disk is full: nothing of this command was stored; free space" in str(refusal)
        assert numbers(client) == list(range(stored))
        disk.resize(_ROOM_MEGABYTES)
        client["shop"]["things"].insert_one({"_id": stored, "pad": "x" * 90_000})
        assert numbers(client) == list(range(stored + 1))


def test_a_kill_on_a_full_disk_loses_nothing_acknowledged(
    start: Callable[..., Server], disk: SmallDisk
) -> None:
    """The server also comes back while there is no room: what was acknowledged can be read, and no more."""
    server = start()
    with MongoClient[dict[str, Any]](server.address) as client:
        stored, _ = fill(client)
    server.kill()
    server = start()
    with MongoClient[dict[str, Any]](server.address) as client:
        assert numbers(client) == list(range(stored))
    server.kill()
    disk.resize(_ROOM_MEGABYTES)
    with MongoClient[dict[str, Any]](start().address) as client:
        assert numbers(client) == list(range(stored))
        client["shop"]["things"].insert_one({"_id": stored})


async def test_services_wait_for_room(start: Callable[..., Server], disk: SmallDisk) -> None:
    """To a service a full disk is something that passes: it tries again, and its readiness says why."""
    address = start().address
    with MongoClient[dict[str, Any]](address) as filler:
        fill(filler)
    async with AsyncMongoClient[dict[str, Any]](address) as client:
        things = Collection(client["shop"], "things").of("acme")
        with pytest.raises(TransientError, match="no space left on its disk"):
            await things.insert_one({"_id": "later", "pad": "x" * 200_000})
        disk.resize(_ROOM_MEGABYTES)
        await things.insert_one({"_id": "later", "pad": "x" * 200_000})
