"""A token counts as refused when /me refuses it twice, whatever led to the question."""

from __future__ import annotations

import httpx
import pytest

from services.syncer.errors import PermissionMissingError
from shared.contracts.sync import ResourceHint
from tests.unit.services.syncer.rig import Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import small
from tests.unit.services.syncer.use_cases.test_refusals import FORBIDDEN, refuse

REFUSED = {"errors": [{"code": "unauthorized"}]}


@pytest.mark.parametrize("hinted", [False, True])
async def test_a_permission_that_is_missing_and_one_hiccup_are_no_refused_token(*, hinted: bool) -> None:
    """Who may not read the tags is asked about at /me each time; a single 401 there stops nothing."""
    rig = Rig(small())
    await rig.first_sync()
    hiccups = [httpx.Response(401, json=REFUSED)]

    def refusal(asked: httpx.Request) -> httpx.Response | None:
        if asked.url.path == "/tags":
            return httpx.Response(403, json=FORBIDDEN)
        return hiccups.pop() if hiccups and asked.url.path == "/me" else None

    refuse(rig, refusal)
    rig.clock.advance(60)
    if hinted:
        await rig.request("hint", [ResourceHint(resource="tag", id="1")])
    else:
        await rig.request("manual")
    await rig.settle()
    assert (hiccups, rig.interrupted) == ([], [])
    named = [(gap.resource, gap.reason) for gap in rig.completed[-1].gaps]
    assert named == ([] if hinted else [("tag", PermissionMissingError.REASON)])
