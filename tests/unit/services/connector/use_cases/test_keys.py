"""Bearer keys: made with a token shown once, revoked even while the bus is away."""

from __future__ import annotations

import pytest

from services.connector.use_cases.keys import LOOK_SECONDS
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


async def test_a_revocation_that_the_bus_lost_is_told_again(rig: Rig) -> None:
    """With Kafka lost or set back the key would be good again: its signature is. Expired ones stay silent."""
    record, _ = await rig.keys.create(ADMIN, name="export", role="member", days=30)
    kept, _ = await rig.keys.create(ADMIN, name="kept", role="member", days=30)
    await rig.keys.create(ADMIN, name="good", role="member", days=30)
    old, _ = await rig.keys.create(ADMIN, name="old", role="member", days=1)
    for each in (record, kept, old):
        await rig.keys.revoke(ADMIN, each.key_id)
    rig.told.add(kept.key_id)
    rig.publisher.published.clear()
    rig.clock.advance(2 * 86_400)
    assert await rig.keys.tell_again() == 1
    (fact,) = rig.published(ApiKeyRevoked)
    assert (fact.key_id, fact.organization_id) == (record.key_id, "acme")
    rig.told.add(record.key_id)
    assert await rig.keys.tell_again() == 0
    # What the bus said once counts only while it still says so.
    rig.told.clear()
    assert await rig.keys.tell_again() == 2


class Ended(Exception):
    """The loop's sleep was called often enough."""


async def test_it_looks_at_the_start_and_each_minute(rig: Rig) -> None:
    """A bus that cannot be asked yet is asked again soon."""
    record, _ = await rig.keys.create(ADMIN, name="export", role="member", days=30)
    await rig.keys.revoke(ADMIN, record.key_id)
    rig.publisher.published.clear()
    rig.told.away = True
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            rig.told.away = False
        if len(slept) == 3:
            raise Ended

    with pytest.raises(Ended):
        await rig.keys.run(sleep)
    assert slept == [slept[0], slept[0], LOOK_SECONDS]
    assert [fact.key_id for fact in rig.published(ApiKeyRevoked)] == [record.key_id]
