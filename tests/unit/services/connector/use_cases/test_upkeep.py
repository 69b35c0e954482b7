"""Credentials get under the newest key by themselves; connections are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.connector.domain.connection import Removal
from services.connector.use_cases.upkeep import CENSUS_SECONDS, RENEWALS_EVERY, Renewal
from shared.contracts.connections import DataRemovalRequested
from shared.contracts.topics import SERVICES
from shared.errors import TransientError
from tests.unit.services.connector.fakes import NOW, TOKEN
from tests.unit.services.connector.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """A connector whose key ring was rotated: v1 is old, v2 is new, v0 is lost."""
    made = Rig()
    for number, credential in enumerate((f"v1:{TOKEN[::-1]}", f"v2:{TOKEN[::-1]}", "v0:lost", None)):
        made.hold(id=f"c-{number}", organization_id=f"o-{number}", credential=credential)
    return made


async def test_old_encryption_is_renewed(rig: Rig) -> None:
    """The secret stays; what is current is left alone; what cannot be read is counted and kept."""
    current = rig.held("c-1").credential
    assert await rig.upkeep.renew() == Renewal(renewed=1, unreadable=1)
    assert rig.held("c-0").credential.startswith("v2:")
    assert rig.vault.decrypt(rig.held("c-0").credential) == TOKEN
    assert rig.held("c-1").credential is current
    assert rig.held("c-2").credential == "v0:lost"
    assert rig.held("c-0").revision == 1
    assert rig.counted("earshot_credentials_unreadable") == 1
    assert await rig.upkeep.renew() == Renewal(renewed=0, unreadable=1)
    assert rig.counted("earshot_credentials_reencrypted_total") == 1


async def test_a_reconnect_during_the_renewal_stands(rig: Rig) -> None:
    """The fresh credential is not overwritten by the old one."""
    rig.connections.meanwhile = lambda: rig.hold(id="c-0", organization_id="o-0", credential="v2:fresh")
    assert (await rig.upkeep.renew()).renewed == 0
    assert rig.held("c-0").credential == "v2:fresh"


async def test_a_removal_that_nobody_confirms_is_ordered_again(rig: Rig) -> None:
    """Kafka may have lost the order; one that is young, or confirmed by all, is left alone."""
    old = Removal(id="x-1", requested_by="Ines", requested_at=rig.clock.now())
    done = replace(old, id="x-2", confirmed=tuple((service, 1) for service in SERVICES))
    rig.hold(id="r-1", organization_id="r", state="removed", removal=old, credential=None)
    rig.hold(id="r-2", organization_id="s", state="removed", removal=done, credential=None)
    assert await rig.upkeep.order_again() == 0
    rig.clock.advance(3_601)
    young = replace(old, id="x-3", requested_at=rig.clock.now())
    rig.hold(id="r-3", organization_id="t", state="removed", removal=young, credential=None)
    assert await rig.upkeep.order_again() == 1
    (order,) = rig.published(DataRemovalRequested)
    assert (order.connection_id, order.removal_id, order.requested_by) == ("r-1", "x-1", "Ines")
    assert order.requested_at == old.requested_at


async def test_many_are_walked_in_pages(rig: Rig) -> None:
    """More than are taken at once."""
    for number in range(450):
        rig.hold(id=f"d-{number:03}", organization_id=f"p-{number}", credential="v1:x")
    assert (await rig.upkeep.renew()).renewed == 451


async def test_states_without_connections_are_zero(rig: Rig) -> None:
    """A gauge that was never set would look like one that broke."""
    rig.hold(id="c-0", organization_id="o-0", state="disconnected")
    await rig.upkeep.count()
    assert rig.counted("earshot_connections", state="connected") == 3
    assert rig.counted("earshot_connections", state="disconnected") == 1
    assert rig.registry.get_sample_value("earshot_connections", {"state": "removed"}) == 0


async def test_a_clock_that_was_ahead_keeps_nothing_from_being_read(rig: Rig) -> None:
    """Put back by a day, it left each next run a day away; what lies within its interval stays."""
    rig.clock.advance(86_400)
    assert await rig.scheduling.tick() == 4
    await rig.watching.tick()
    rig.clock.set_wall_time(NOW)
    far = rig.held("c-0")
    rig.hold(id="c-1", organization_id="o-1", next_sync_at=NOW + timedelta(seconds=419))
    assert await rig.upkeep.bring_forward() == 3
    assert (rig.held("c-0").next_sync_at, rig.held("c-0").next_look_at) == (NOW, NOW)
    assert far.next_sync_at == NOW + timedelta(days=1, seconds=300)
    assert rig.held("c-1").next_sync_at == NOW + timedelta(seconds=419)
    assert await rig.scheduling.tick() == 3
    assert await rig.upkeep.bring_forward() == 0


class Ended(Exception):
    """The loop's sleep was called often enough."""


async def test_the_loop_renews_at_its_start_and_each_hour(rig: Rig) -> None:
    """A database that is away at the start is asked again, for the renewal too."""
    turns: list[str] = []
    failures = [TransientError("away")]

    async def renew() -> Renewal:
        if failures:
            raise failures.pop()
        turns.append("renew")
        return Renewal(0, 0)

    async def sleep(seconds: float) -> None:
        assert seconds == CENSUS_SECONDS
        turns.append("sleep")
        if len(turns) > RENEWALS_EVERY + 2:
            raise Ended

    rig.upkeep.renew = renew  # type: ignore[method-assign] # counted, and failing once
    with pytest.raises(Ended):
        await rig.upkeep.run(sleep)
    assert turns[:3] == ["sleep", "renew", "sleep"]
    assert turns.count("renew") == 2
