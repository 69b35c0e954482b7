"""Refusals that a program must not confuse with others of the same status."""

from __future__ import annotations

from fastapi import HTTPException

NO_CREDENTIAL = "urn:earshot:problem:no-credential"
"""The connector has no credential for a connection: it does not know it, or it is not connected.

A 404 or 409 without this type came from some other address, and says nothing about the connection.
"""


class Problem(HTTPException):
    """An HTTP error whose problem document has a type of its own (RFC 9457), not `about:blank`."""

    def __init__(self, status: int, detail: str, *, kind: str) -> None:
        super().__init__(status, detail)
        self.kind = kind
