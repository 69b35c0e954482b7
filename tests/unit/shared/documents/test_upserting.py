"""Upserts that meet each other: what MongoDB refuses of two that insert one document at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from pymongo.errors import DuplicateKeyError

from shared.documents.collection import Collection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.collection import ScopedCollection


class Racing:
    """A driver's collection in which others insert the document `ahead` times before a write gets to it."""

    name = "things"

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self.asked: list[dict[str, Any]] = []

    async def update_one(self, query: dict[str, Any], *_: Any, **__: Any) -> str:
        self.asked.append(query)
        if self.ahead:
            self.ahead -= 1
            raise DuplicateKeyError("E11000 duplicate key error collection: things index: _id_", 11_000)
        return "written"

    replace_one = find_one_and_update = update_one


def things(racing: Racing) -> ScopedCollection:
    return Collection(cast("AsyncDatabase[dict[str, Any]]", {"things": racing}), "things").of("acme")


WRITES: list[Callable[..., Awaitable[object]]] = [
    lambda found, query, **options: found.update_one(query, {"$set": {"a": 1}}, **options),
    lambda found, query, **options: found.replace_one(query, {"a": 1}, **options),
    lambda found, query, **options: found.find_one_and_update(query, {"$set": {"a": 1}}, **options),
]


@pytest.mark.parametrize("write", WRITES)
async def test_who_comes_second_updates_what_the_first_has_inserted(
    write: Callable[..., Awaitable[object]],
) -> None:
    """As with the order to remove a connection's data and the word that it is removed: they come together."""
    racing = Racing(1)
    assert await write(things(racing), {"_id": "x"}, upsert=True) == "written"
    assert racing.asked == [{"organization_id": "acme", "_id": "x"}] * 2


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("query", "options"), [({"_id": "x", "revision": 3}, {"upsert": True}), ({"_id": "x"}, {})]
)
async def test_a_guard_that_refuses_and_another_index_are_told(
    write: Callable[..., Awaitable[object]], query: dict[str, Any], options: dict[str, bool]
) -> None:
    """There the document exists in another state than asked for, which is for the caller to decide on."""
    racing = Racing(1)
    with pytest.raises(DuplicateKeyError):
        await write(things(racing), query, **options)
    assert len(racing.asked) == 1


async def test_what_is_refused_again_is_told() -> None:
    """The same id belongs to another organization, or another unique index says no."""
    racing = Racing(2)
    with pytest.raises(DuplicateKeyError):
        await things(racing).update_one({"_id": "x"}, {"$set": {"a": 1}}, upsert=True)
