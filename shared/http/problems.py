"""Refusals that a program must not take for any other of the same status."""

from __future__ import annotations

from fastapi import HTTPException

NO_CREDENTIAL = "urn:earshot:problem:no-credential"
"""The connector lends no credential for a connection: it knows none such, or none that is connected.

A 404 or 409 without it is some other address's, and says nothing about the connection."""


class Problem(HTTPException):
    """An HTTP error whose problem document has a type of its own (RFC 9457), not `about:blank`."""

    def __init__(self, status: int, detail: str, *, kind: str) -> None:
        super().__init__(status, detail)
        self.kind = kind
