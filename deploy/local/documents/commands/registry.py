"""Which commands there are, and which thread each runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.local.documents.commands import (
    administration,
    aggregating,
    explaining,
    greeting,
    indexing,
    modifying,
    reading,
    writing,
)
from deploy.local.documents.commands.call import reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.local.documents.commands.call import Call
    from deploy.local.documents.storage.sessions import ReadSession, WriteSession


def end_sessions(_: Call) -> bytes:
    """Sessions hold nothing here, so there is nothing to end."""
    return reply()


INSTANT: Final[Mapping[str, Callable[[Call], bytes]]] = {
    "hello": greeting.hello,
    "isMaster": greeting.hello,
    "ismaster": greeting.hello,
    "ping": greeting.ping,
    "buildInfo": greeting.build_info,
    "buildinfo": greeting.build_info,
    "connectionStatus": greeting.connection_status,
    "whatsmyuri": greeting.whats_my_uri,
    "getParameter": greeting.get_parameter,
    "hostInfo": greeting.host_info,
    "endSessions": end_sessions,
    "refreshSessions": end_sessions,
    "killSessions": end_sessions,
    "killCursors": reading.kill_cursors,
}
"""Answered on the event loop: they touch no file."""

READING: Final[Mapping[str, Callable[[Call, ReadSession], bytes]]] = {
    "find": reading.find,
    "getMore": reading.get_more,
    "count": reading.count_command,
    "distinct": reading.distinct,
    "aggregate": aggregating.aggregate,
    "explain": explaining.explain,
    "listCollections": administration.list_collections,
    "listDatabases": administration.list_databases,
    "listIndexes": indexing.list_indexes,
}

WRITING: Final[Mapping[str, Callable[[Call, WriteSession], bytes]]] = {
    "insert": writing.insert,
    "update": writing.update,
    "delete": writing.delete,
    "findAndModify": modifying.find_and_modify,
    "findandmodify": modifying.find_and_modify,
    "create": administration.create,
    "drop": administration.drop,
    "dropDatabase": administration.drop_database,
    "createIndexes": indexing.create_indexes,
    "dropIndexes": indexing.drop_indexes,
}
