"""Single resources that are gaps are tried again in turn: none keeps the others waiting for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from services.syncer.domain.cursor import DAY_SECONDS
from tests.unit.services.syncer.rig import Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import small
from tests.unit.services.syncer.use_cases.test_refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.contracts.sync import ResourceType

CALL_TIMEOUT_SECONDS = 30
ADDRESS = {"company": "/companies/", "contact": "/contacts/"}
UNSEEN = {"/contacts", "/contacts/search"}


def time_out(rig: Rig, resource: ResourceType, ids: Collection[str], *, unseen: bool) -> None:
    """Let each call for one of these take all of its time, and fail; `unseen` empties lists of people."""
    paths = {ADDRESS[resource] + id_ for id_ in ids}

    def silent(asked: httpx.Request) -> httpx.Response | None:
        if asked.url.path in paths:
            rig.clock.advance(CALL_TIMEOUT_SECONDS)
            return httpx.Response(504)
        if unseen and asked.url.path in UNSEEN:
            return httpx.Response(200, json={"data": [], "pages": {}, "total_count": 0})
        return None

    refuse(rig, silent)


@pytest.mark.parametrize("resource", ["company", "contact"])
async def test_one_that_takes_all_the_time_to_fail_keeps_no_others_waiting(resource: ResourceType) -> None:
    """The next round goes on behind it, though the gaps are fewer than a round may try."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    things = rig.workspace.companies if resource == "company" else rig.workspace.contacts
    lost = sorted(found.id for found in things)[:3]
    time_out(rig, resource, lost, unseen=resource == "contact")
    await rig.request("reconcile")
    await rig.settle()
    assert {gap.id for gap in rig.completed[-1].gaps if gap.resource == resource} >= set(lost)
    time_out(rig, resource, lost[:1], unseen=False)
    for _ in range(4):
        rig.clock.advance(DAY_SECONDS)
        await rig.request("scheduled")
        await rig.settle()
    assert [gap.id for gap in rig.completed[-1].gaps if gap.resource == resource] == lost[:1]
