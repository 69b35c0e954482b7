"""What becomes of a request's name when its wish is taken back; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.detector.domain.wish_words import WISH_WITHDRAWN
from tests.unit.services.detector.rig import NOW, ORG
from tests.unit.services.detector.wish_suite import (
    PLAIN,
    ZEBRA,
    dismissed_often,
    requests_like,
    title_of,
    wish_of,
)

if TYPE_CHECKING:
    from tests.unit.services.detector.rig import Rig


TAKEN_BACK = "Never mind, please ignore my request."


class TestWithdrawnWishes:
    """What its author took back names nothing that others ask for, as what a person dismissed."""

    async def _taken_back(self, rig: Rig) -> Any:
        """Let the one who named the request take the wish back; return the signal."""
        ago = NOW - timedelta(hours=3)
        await rig.tell(*rig.said("k1", ZEBRA, TAKEN_BACK, at=ago))
        mine = await wish_of(rig, "k1")
        assert mine.cleared_because == "withdrawn"
        return mine

    async def test_the_title_is_of_those_who_still_ask(self, rig: Rig) -> None:
        """Their signals show it; the one that was taken back goes on showing what was said."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA, at=NOW - timedelta(hours=3)))
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        mine = await self._taken_back(rig)
        other = await wish_of(rig, "k2")
        assert await title_of(rig, mine.slot.request_id) == "Dark mode to dashboards"
        assert "Zebra" in mine.title
        assert (other.is_open, other.title) == (True, "Dark mode to dashboards")

    async def test_who_asks_next_names_it(self, rig: Rig) -> None:
        """Where everybody took the wish back, the first who asks for it names it."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA, at=NOW - timedelta(hours=3)))
        mine = await self._taken_back(rig)
        assert await title_of(rig, mine.slot.request_id) == WISH_WITHDRAWN
        (told,) = await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        assert told.title == "Dark mode to dashboards"
        assert await title_of(rig, mine.slot.request_id) == told.title

    async def test_a_wish_that_is_meant_again_names_it_again(self, rig: Rig) -> None:
        """The words that took it back were edited away: the signal is open again, under its own words."""
        await rig.connect()
        ago = NOW - timedelta(hours=3)
        await rig.tell(*rig.said("k1", ZEBRA, at=ago))
        title = (await wish_of(rig, "k1")).title
        await self._taken_back(rig)
        await rig.tell(*rig.said("k1", ZEBRA, "Thank you!", at=ago))
        mine = await wish_of(rig, "k1")
        assert (mine.is_open, mine.title) == (True, title)
        assert await title_of(rig, mine.slot.request_id) == title

    async def test_a_wish_that_is_meant_again_leaves_the_name_that_others_gave(self, rig: Rig) -> None:
        """It goes by what those call it who asked meanwhile."""
        await rig.connect()
        ago = NOW - timedelta(hours=3)
        await rig.tell(*rig.said("k1", ZEBRA, at=ago))
        await self._taken_back(rig)
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        await rig.tell(*rig.said("k1", ZEBRA, "Thank you!", at=ago))
        mine, other = await wish_of(rig, "k1"), await wish_of(rig, "k2")
        assert (mine.is_open, mine.title, other.title) == (True, other.title, "Dark mode to dashboards")

    async def test_a_faint_wish_that_is_meant_again_names_it_too(self, rig: Rig) -> None:
        """It would open nothing by now; it opens again what it opened, and is called by its words."""
        await rig.connect()
        ago = NOW - timedelta(hours=3)
        faint = "It would be nice to have a zebra dark mode."
        await rig.tell(*rig.said("k1", faint, at=ago))
        title = (await wish_of(rig, "k1")).title
        await rig.tell(*rig.said("k1", faint, TAKEN_BACK, at=ago))
        await dismissed_often(rig)
        await rig.tell(*rig.said("k1", faint, "Thank you!", at=ago))
        mine = await wish_of(rig, "k1")
        assert (mine.is_open, mine.title) == (True, title)
        assert await title_of(rig, mine.slot.request_id) == title

    async def test_redacted_words_of_a_withdrawn_wish_go(self, rig: Rig) -> None:
        """What was taken back and then removed is told nowhere, and recognises nothing."""
        await rig.connect()
        await rig.tell(*rig.said("k1", ZEBRA, at=NOW - timedelta(hours=3)))
        await rig.tell(*rig.said("k2", PLAIN, contact_ids=("lee",)))
        mine = await self._taken_back(rig)
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        left = await rig.stores.signals.by_request(ORG, mine.slot.request_id)
        assert "zebra" not in repr(left).casefold()
        assert await requests_like(rig, "zebra") == []
