"""Addresses and secrets of rules get under the newest key by themselves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from services.notifier.use_cases.upkeep import AGAIN_SECONDS, EVERY_SECONDS, Renewal
from shared.errors import TransientError
from tests.unit.services.notifier.fakes import a_rule
from tests.unit.services.notifier.rig import Rig

if TYPE_CHECKING:
    from services.notifier.domain.rule import Rule
    from services.notifier.ports import SealedSecrets


async def _rig() -> Rig:
    """A notifier whose key ring was rotated: two rules are under the old key, one under a lost one."""
    rig = Rig()
    for number, (url, secret) in enumerate(
        [("older:lru", "older:terces"), ("older:kcals", None), ("sealed:wen", "sealed:wen"), ("lost:x", None)]
    ):
        rule = a_rule(id=f"r-{number}", organization_id=f"o-{number}", sealed_url=url, sealed_secret=secret)
        await rig.rules.insert(rule)
    await rig.rules.insert(a_rule(id="r-9", organization_id="o-9"))
    return rig


async def _rule(rig: Rig, number: int) -> Rule:
    found = await rig.rules.get(f"o-{number}", f"r-{number}")
    assert found is not None
    return found


async def test_what_is_under_an_old_key_gets_under_the_newest() -> None:
    """The secrets stay the same, and so does the rule to whoever edits it; what cannot be read is counted."""
    rig = await _rig()
    assert await rig.upkeep.renew() == Renewal(renewed=2, unreadable=1)
    first, second, lost = await _rule(rig, 0), await _rule(rig, 1), await _rule(rig, 3)
    assert (first.sealed_url, first.sealed_secret, first.revision) == ("sealed:lru", "sealed:terces", 1)
    assert (second.sealed_url, second.sealed_secret) == ("sealed:kcals", None)
    assert lost.sealed_url == "lost:x"
    assert rig.registry.get_sample_value("earshot_rule_secrets_unreadable") == 1
    assert await rig.upkeep.renew() == Renewal(renewed=0, unreadable=1)
    assert rig.registry.get_sample_value("earshot_rule_secrets_resealed_total") == 2


async def test_an_address_that_is_given_meanwhile_stands() -> None:
    """It is not overwritten by the old one."""
    rig = await _rig()
    resealed = rig.rules.resealed

    async def slow(before: SealedSecrets, after: SealedSecrets) -> bool:
        if before.rule_id == "r-0":
            fresh = a_rule(id="r-0", organization_id="o-0", sealed_url="sealed:hserf")
            await rig.rules.replace(fresh, expected_revision=1)
        return await resealed(before, after)

    rig.rules.resealed = slow  # type: ignore[method-assign] # somebody saves the rule just then
    assert (await rig.upkeep.renew()).renewed == 1
    assert (await _rule(rig, 0)).sealed_url == "sealed:hserf"


async def test_many_are_walked_in_portions() -> None:
    """More than are taken at once."""
    rig = await _rig()
    for number in range(450):
        await rig.rules.insert(a_rule(id=f"x-{number:03}", organization_id="many", sealed_url="older:x"))
    assert (await rig.upkeep.renew()).renewed == 452


async def test_it_is_done_at_the_start_and_each_hour_and_bears_a_database_that_is_away() -> None:
    """A turn that could not be done is done soon."""
    rig = await _rig()
    slept: list[float] = []
    known = rig.rules.sealed

    async def away(after: SealedSecrets | None, limit: int) -> list[SealedSecrets]:
        rig.rules.sealed = known  # type: ignore[method-assign] # and is back
        raise TransientError("away")

    rig.rules.sealed = away  # type: ignore[method-assign] # an engine that is away once

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > 1:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await rig.upkeep.run(sleep)
    assert slept == [AGAIN_SECONDS, EVERY_SECONDS]
    assert (await _rule(rig, 0)).sealed_url == "sealed:lru"
