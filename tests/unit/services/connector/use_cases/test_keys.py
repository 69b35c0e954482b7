"""Bearer keys: made with a token shown once, revoked even while the bus is away."""

from __future__ import annotations

import pytest

from shared.auth.tokens import identity_of_api_key
from shared.contracts.connections import ApiKeyRevoked
from shared.errors import TransientError
from tests.unit.services.connector.fakes import ADMIN
from tests.unit.services.connector.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """A connector."""
    return Rig()


async def test_a_key_identifies_its_organization_and_role(rig: Rig) -> None:
    """The record names the key; the token is in none of its fields."""
    record, token = await rig.keys.create(ADMIN, name="export", role="member", days=30)
    key_id, identity = identity_of_api_key(token, rig.settings.signing_key, rig.clock)
    assert (key_id, identity.organization_id, identity.role) == (record.key_id, "acme", "member")
    assert token not in repr(record)
    assert list(await rig.keys.list_of("acme")) == [record]


async def test_revoking_is_told_to_every_service(rig: Rig) -> None:
    """Once; a stranger's key does not exist."""
    record, _ = await rig.keys.create(ADMIN, name="export", role="member", days=30)
    assert await rig.keys.revoke(ADMIN, "nothing") is None
    for _ in range(2):
        revoked = await rig.keys.revoke(ADMIN, record.key_id)
        assert revoked is not None
        assert revoked.revoked_at == rig.clock.now()
    assert [fact.key_id for fact in rig.published(ApiKeyRevoked)] == [record.key_id]


async def test_a_bus_that_is_away_does_not_keep_a_key_alive(rig: Rig) -> None:
    """It is revoked; the others hear of it when the bus answers."""
    record, _ = await rig.keys.create(ADMIN, name="export", role="member", days=30)
    rig.publisher.fail_next(TransientError("away"))
    revoked = await rig.keys.revoke(ADMIN, record.key_id)
    assert revoked is not None
    assert rig.published(ApiKeyRevoked) == []
    await rig.api_keys.publish_pending("acme", record.key_id)
    assert len(rig.published(ApiKeyRevoked)) == 1
