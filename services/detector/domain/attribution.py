"""Which customer or person a conversation counts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.detector.domain.identity import Subject
    from shared.contracts.signals import CustomerRef


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whom a conversation counts for, and the tags that it and its company carry."""

    subject: Subject
    customer: CustomerRef | None
    tags: tuple[str, ...] = ()
