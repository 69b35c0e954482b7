"""hello, ping, buildInfo and the other small questions that drivers and shells ask."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.codec import MAX_DOCUMENT_BYTES
from deploy.local.documents.commands.call import reply
from deploy.local.documents.commands.writing import MAX_BATCH, now
from deploy.local.documents.errors import CommandError
from deploy.local.documents.wire import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document
    from deploy.local.documents.commands.call import Call

VERSION: Final = "7.0.0"
"""The MongoDB version whose protocol is spoken: it takes no opcode but OP_MSG and the greeting's OP_QUERY."""
WIRE_VERSION: Final = 21
"""MongoDB 7.0's number for that."""
SESSION_MINUTES: Final = 30

_PARAMETERS: Final[dict[str, Any]] = {"featureCompatibilityVersion": {"version": "7.0"}}


def hello(call: Call) -> bytes:
    """The greeting of a standalone server: sessions are taken, retryable writes and transactions are not."""
    legacy = call.name.lower() == "ismaster"
    return reply(
        {
            ("ismaster" if legacy else "isWritablePrimary"): True,
            "helloOk": True,
            "maxBsonObjectSize": MAX_DOCUMENT_BYTES,
            "maxMessageSizeBytes": MAX_MESSAGE_BYTES,
            "maxWriteBatchSize": MAX_BATCH,
            "localTime": now(),
            "logicalSessionTimeoutMinutes": SESSION_MINUTES,
            "connectionId": call.connection_id,
            "minWireVersion": 0,
            "maxWireVersion": WIRE_VERSION,
            "readOnly": False,
        }
    )


def ping(_: Call) -> bytes:
    return reply()


def build_info(_: Call) -> bytes:
    numbers = [int(part) for part in VERSION.split(".")]
    return reply(
        {
            "version": VERSION,
            "gitVersion": "earshot-documents",
            "versionArray": [*numbers, 0],
            "modules": [],
            "storageEngines": ["sqlite"],
            "sysInfo": platform.platform(),
            "bits": 64,
            "debug": False,
            "maxBsonObjectSize": MAX_DOCUMENT_BYTES,
        }
    )


def connection_status(_: Call) -> bytes:
    return reply({"authInfo": {"authenticatedUsers": [], "authenticatedUserRoles": []}})


def whats_my_uri(call: Call) -> bytes:
    return reply({"you": f"{call.settings.host}:{call.connection_id}"})


def get_parameter(call: Call) -> bytes:
    found: Document = {name: value for name, value in _PARAMETERS.items() if name in call.body}
    if call.body.get("getParameter") == "*":
        found = dict(_PARAMETERS)
    if not found:
        raise CommandError("no option found to get", 72)
    return reply(found)


def host_info(_: Call) -> bytes:
    return reply({"system": {"hostname": platform.node()}, "os": {"type": platform.system()}, "extra": {}})
