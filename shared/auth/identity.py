"""An identity: one person or machine of one organization, with a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["admin", "member"]

_MOST_NOTED = 254
"""Characters; no e-mail address has more, and a provider's names may have any number."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes a request.

    Attributes:
        user_id: stable id of the person, or `key:<key id>` for a machine.
        role: an admin connects, configures and disconnects; a member reads and works with signals.
        email: empty where there is none, and where the issuer says that it is not verified.
        ambient: True when it may come with whatever a browser sends (session, local mode), so that forms need
            protection against forgery; False for a bearer key, which no other site can make it send.
    """

    organization_id: str
    user_id: str
    name: str
    email: str
    role: Role
    ambient: bool = True

    @property
    def known_by(self) -> str:
        """How people's actions are attributed to them: the address, or the name without one; never empty.

        A name that looks like an address could pass for somebody else's, so the user id is used instead.
        """
        named = self.user_id if "@" in self.name else self.name
        return (self.email or named or self.user_id)[:_MOST_NOTED]


LOCAL_ORGANIZATION_ID = "local"
LOCAL_IDENTITY = Identity(LOCAL_ORGANIZATION_ID, "you@localhost", "You", "you@localhost", "admin")
"""Who everybody is in local mode, which answers loopback only."""
