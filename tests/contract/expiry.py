"""Documents that stay, whatever the server's clock says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase


async def let_nothing_expire(database: AsyncDatabase[Any]) -> None:
    """Drop the indexes by which documents expire.

    The tests' clock stands months before the server's, which looks once a minute: what is to be kept for a
    while by the former would now and then go in the middle of a test.
    """
    for collection in await database.list_collection_names():
        for name, index in (await database[collection].index_information()).items():
            if "expireAfterSeconds" in index:
                await database[collection].drop_index(name)
