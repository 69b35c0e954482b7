"""Access tokens: which workspace they open, for which app, and what they may not read."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Literal

TokenState = Literal["active", "revoked", "suspended", "expired"]

PERMISSIONS: dict[str, str] = {
    "read_single_admin": "Read one admin",
    "read_admins": "Read admins",
    "read_tags": "Read tags",
    "read_users_and_companies": "Read and list users and companies",
    "read_one_user_and_company": "Read one user and one company",
    "read_conversations": "Read conversations",
}
"""Permission families by key, with their names in Intercom's settings (FACTS §2)."""

DEMO_TOKEN = base64.b64encode(b"tok:earshot_demo_workspace_access:1:0").decode()
SECOND_TOKEN = base64.b64encode(b"tok:earshot_second_workspace_access:2:0").decode()


@dataclass(frozen=True, slots=True)
class Token:
    """`app` is the OAuth client, or `private-<workspace>` for a token made by hand; calls count per app."""

    value: str
    workspace_id: str
    app: str
    state: TokenState = "active"
    missing: frozenset[str] = frozenset()
    made_by: str = "start"

    @property
    def short(self) -> str:
        """Enough to tell tokens apart on a page."""
        return f"{self.value[:12]}…{self.value[-6:]}"


class TokenBook:
    """All tokens ever issued."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def put(self, token: Token) -> Token:
        self._tokens[token.value] = token
        return token

    def get(self, value: str) -> Token | None:
        return self._tokens.get(value)

    def change(self, value: str, **changes: object) -> Token:
        """Set state or missing permissions. KeyError for an unknown token."""
        return self.put(replace(self._tokens[value], **changes))  # type: ignore[arg-type] # names are checked by replace

    def all(self) -> tuple[Token, ...]:
        return tuple(self._tokens.values())


def make_token(workspace_id: str, number: int, secret: str) -> str:
    """The text of a new token: base64 of something that starts with `tok:` (FACTS §2)."""
    return base64.b64encode(f"tok:{secret}_{workspace_id}:{number}:0".encode()).decode()
