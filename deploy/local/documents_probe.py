"""Whether a server of MongoDB's protocol answers a ping."""

from __future__ import annotations

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

_ANSWER_MILLISECONDS = 1_000


async def mongodb_answers(uri: str) -> bool:
    """Return True when the server at `uri` answers `ping` within a second."""
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        uri, serverSelectionTimeoutMS=_ANSWER_MILLISECONDS, connectTimeoutMS=_ANSWER_MILLISECONDS
    )
    try:
        await client.admin.command("ping")
    except PyMongoError:
        return False
    finally:
        await client.close()
    return True
