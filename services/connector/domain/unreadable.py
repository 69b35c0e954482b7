"""A connection whose stored document cannot be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is known of it all the same.

    Attributes:
        why: what could not be read, by the names of fields; quotes nothing of it, since it is logged.
    """

    organization_id: str
    id: str
    why: str
