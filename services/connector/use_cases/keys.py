"""Bearer keys for machines: made, listed, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.connector.ports import ApiKeyRecord
from shared.auth.tokens import issue_api_key
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from services.connector.ports import ApiKeys
    from shared.auth.identity import Identity, Role
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)


class Keys:
    def __init__(self, *, keys: ApiKeys, signing_key: SecretStr, clock: Clock) -> None:
        self._keys = keys
        self._signing_key = signing_key
        self._clock = clock

    async def list_of(self, organization_id: str) -> Sequence[ApiKeyRecord]:
        return await self._keys.list_of(organization_id)

    async def create(
        self, identity: Identity, *, name: str, role: Role, days: int
    ) -> tuple[ApiKeyRecord, str]:
        """Return the key's record and its token, which is shown once and stored nowhere."""
        issued = issue_api_key(
            self._signing_key,
            self._clock,
            organization_id=identity.organization_id,
            name=name,
            role=role,
            days=days,
        )
        record = ApiKeyRecord(
            key_id=issued.key_id,
            organization_id=identity.organization_id,
            name=name,
            role=role,
            created_by=identity.name,
            created_at=self._clock.now(),
            expires_at=issued.expires_at,
        )
        await self._keys.add(record)
        return record, issued.token

    async def revoke(self, identity: Identity, key_id: str) -> ApiKeyRecord | None:
        """Revoke a key at every service; None if the organization has no such key."""
        organization_id = identity.organization_id
        record = await self._keys.revoke(organization_id, key_id, by=identity.name, now=self._clock.now())
        if record is not None:
            try:
                await self._keys.publish_pending(organization_id, key_id)
            except TransientError as error:
                # It is revoked; the sweeper tells the services as soon as the bus answers.
                _LOG.warning("revocation will be published later", key_id=key_id, reason=str(error))
        return record
