"""aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.local.documents.errors import UnsupportedError

if TYPE_CHECKING:
    from deploy.local.documents.commands.call import Call
    from deploy.local.documents.storage.engine import ReadSession


def aggregate(call: Call, session: ReadSession) -> bytes:
    raise UnsupportedError("aggregate")
