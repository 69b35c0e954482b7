"""Somebody between Intercom and us whose clock is far ahead: what happens later is not missed for it."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from shared.contracts.resources import ResourceDeleted
from tests.unit.services.syncer.rig import Rig

if TYPE_CHECKING:
    from shared.clock import Clock

A_YEAR = timedelta(days=365)


class Between(httpx.AsyncBaseTransport):
    """Passes calls on, and says when they were answered, by a clock that is ahead of the source's."""

    def __init__(self) -> None:
        self.behind: httpx.AsyncBaseTransport | None = None
        self.clock: Clock | None = None
        self.ahead = timedelta()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.behind is not None
        assert self.clock is not None
        answer = await self.behind.handle_async_request(request)
        answer.headers["date"] = format_datetime(self.clock.now() + self.ahead, usegmt=True)
        return answer


@pytest.fixture
def between() -> Between:
    """What every call goes through."""
    return Between()


@pytest.fixture
def rig(between: Between) -> Rig:
    """A workspace behind it."""
    made = Rig(transport=between)
    between.behind, between.clock = httpx.ASGITransport(made.simulator.app), made.clock
    return made


async def test_what_changes_after_a_wrong_date_is_read(rig: Rig, between: Between) -> None:
    """A cursor is never put into the future: changes and deletions of the next hours are found."""
    await rig.first_sync()
    between.ahead = A_YEAR
    await rig.request("manual")
    await rig.settle()
    between.ahead = timedelta()
    rig.clock.advance(3_600)
    one, other = [id_ for id_, row in rig.truth("conversations").items() if row["state"] == "open"][:2]
    rig.mutate("reply", conversation_id=one, body="<p>Are you there?</p>")
    rig.mutate("delete_conversation", conversation_id=other)
    rig.clock.advance(60)
    await rig.request("manual")
    await rig.settle()
    assert rig.missing() == []
    told = [event for event in rig.publisher.published if isinstance(event, ResourceDeleted)]
    assert [event.id for event in told] == [other]


async def test_a_first_sync_with_a_wrong_date_is_walked_again_in_its_time(rig: Rig, between: Between) -> None:
    """Or nobody would ever look for what searches do not show."""
    between.ahead = A_YEAR
    await rig.first_sync()
    between.ahead = timedelta()
    one = min(rig.truth("contacts"))
    rig.mutate("delete_contact", contact_id=one)
    rig.clock.advance(7 * 3_600)
    await rig.request("scheduled")
    await rig.settle()
    assert rig.missing() == []
