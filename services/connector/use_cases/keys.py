"""Bearer keys for machines: made, listed, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from services.connector.ports import ApiKeyRecord
from shared.auth.tokens import issue_api_key
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Sequence

    from pydantic import SecretStr

    from services.connector.ports import ApiKeys
    from shared.auth.identity import Identity, Role
    from shared.clock import Clock
    from shared.messaging.publisher import EventPublisher

_LOG = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0
"""How often to check that the bus still knows the revocations. It forgets them only if it is lost; a
revoked key then opens any service that starts before the next check."""

_AGAIN_SECONDS = 5.0
"""How soon to check again while the bus or the database is unavailable."""


class Keys:
    def __init__(
        self,
        *,
        keys: ApiKeys,
        signing_key: SecretStr,
        clock: Clock,
        publisher: EventPublisher,
        told: Callable[[], Awaitable[Container[str]]],
    ) -> None:
        """`told` reads which keys the bus calls revoked now; it raises TransientError if it cannot."""
        self._keys = keys
        self._publisher = publisher
        self._told = told
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
                # The key is revoked; the sweeper publishes that as soon as the bus is available.
                _LOG.warning("revocation will be published later", key_id=key_id, reason=str(error))
        return record

    async def tell_again(self) -> int:
        """Publish the revocations that the bus does not hold; return how many there were.

        Kafka may be lost, or restored to a backup from before one; the key would be valid again, since its
        signature is. Raises TransientError if the bus or the database is unavailable.
        """
        revoked = await self._keys.revocations(self._clock.now())
        if not revoked:
            return 0
        on_the_bus = await self._told()
        missing = [fact for fact in revoked if fact.key_id not in on_the_bus]
        if missing:
            await self._publisher.publish(*missing)
            _LOG.warning("the bus had lost revocations of keys; they are told again", keys=len(missing))
        return len(missing)

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Check at the start and every minute, until cancelled."""
        pause = _AGAIN_SECONDS
        while True:
            await sleep(pause)
            try:
                await self.tell_again()
                pause = LOOK_SECONDS
            except TransientError as error:
                _LOG.info("revocations wait", reason=str(error))
                pause = _AGAIN_SECONDS
