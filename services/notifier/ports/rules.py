"""Rules, and what they keep encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from services.notifier.domain.rule import Rule


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """What a rule keeps encrypted: its address, and its signing secret where it has one."""

    organization_id: str
    rule_id: str
    url: str | None
    secret: str | None


class Rules(Protocol):
    """The rules of all organizations."""

    async def list_of(self, organization_id: str) -> list[Rule]:
        """Return an organization's rules, oldest first."""
        ...

    async def get(self, organization_id: str, rule_id: str) -> Rule | None: ...

    async def insert(self, rule: Rule) -> None: ...

    async def replace(self, rule: Rule, *, expected_revision: int) -> bool:
        """Store what a person changed; False when somebody was faster. Health is left alone."""
        ...

    async def delete(self, organization_id: str, rule_id: str) -> bool: ...

    async def seed(self, rule: Rule) -> None:
        """Insert the organization's first rule, once ever: a deleted one does not come back."""
        ...

    async def record(self, organization_id: str, rule_id: str, at: datetime, failure: str | None) -> None:
        """Note how a delivery went: a failure in words, or None for success."""
        ...

    async def sealed(self, after: SealedSecrets | None, limit: int) -> list[SealedSecrets]:
        """Return what all organizations' rules store encrypted, in a fixed order, from after `after`."""
        ...

    async def resealed(self, before: SealedSecrets, after: SealedSecrets) -> bool:
        """Re-encrypt it; False if it was changed meanwhile. To people the rule is unchanged."""
        ...
