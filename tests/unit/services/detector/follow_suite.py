"""What follows a company that changed hands, where that is much, or was cut off.

A module with a fixture `rig` runs these over its stores.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import known_customer_id
from services.detector.domain.occasion import Slot
from services.detector.pages import under_way
from services.detector.use_cases import decide_matches, follow_companies, intake
from shared.errors import TransientError
from tests.unit.services.detector.rig import UNRELATED, WORKSPACE, kinds

if TYPE_CHECKING:
    from tests.unit.services.detector.rig import Rig

COMPANY = f"{WORKSPACE}:co1"
MANY = [f"k{number}" for number in range(5)]
GLAD = "Thank you, this is wonderful, I love it."
ANGRY = "This is terrible, the worst support I ever had, completely unacceptable and awful."
SHIFT = Slot("sentiment_shift", "down")


async def _away(*_: object, **__: object) -> None:
    raise TransientError("The database is away.")


async def _ground(rig: Rig) -> None:
    """Two customers on the list, and a company of many conversations that is neither."""
    await rig.connect()
    rows = [CustomerRow("acc-1", "Umbrella"), CustomerRow("acc-2", "Contoso")]
    await rig.engine.customers.keep(rig.organization_id, rows)
    await rig.tell(rig.company(), rig.contact())
    for one in MANY:
        await rig.tell(*rig.said(one, UNRELATED))


async def _decide(rig: Rig, external_id: str, *, confirmed: bool = True) -> None:
    customer_id = known_customer_id(rig.organization_id, external_id)
    await rig.engine.matches.decide(
        rig.organization_id, COMPANY, customer_id, confirmed=confirmed, by="ann@acme.example"
    )


async def _with(rig: Rig, external_id: str) -> int:
    """Return how many of the conversations are with this customer."""
    held = await rig.stores.mirror.conversations(rig.organization_id, [f"{WORKSPACE}:{one}" for one in MANY])
    wanted = f"customer/{known_customer_id(rig.organization_id, external_id)}"
    return sum(one.subject == wanted for one in held.values())


async def _waiting(rig: Rig) -> int:
    return await rig.stores.followed.count(rig.organization_id, rig.clock.now() + timedelta(hours=1))


class TestFollowing:
    """Nothing waits for all conversations of a company, and all of them follow."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make two conversations many."""
        monkeypatch.setattr(decide_matches, "SLICE", 2)
        monkeypatch.setattr(follow_companies, "SLICE", 2)
        monkeypatch.setattr(intake, "_MOST_READ", 2)

    async def test_a_click_moves_a_slice_and_the_rest_follows(self, rig: Rig) -> None:
        """Each slice goes on where the one before it ended."""
        await _ground(rig)
        await _decide(rig, "acc-1")
        seen = [(await _with(rig, "acc-1"), await _waiting(rig))]
        while await rig.engine.follow_companies.work():
            seen.append((await _with(rig, "acc-1"), await _waiting(rig)))
        assert seen == [(2, 1), (4, 1), (5, 0)]

    async def test_companies_that_went_are_counted_too(self, rig: Rig) -> None:
        """What their people said is still to be read again: the sign tells of it as of any other."""
        await _ground(rig)
        await rig.tell(rig.company("co2", "Initech"), rig.contact("lee", ("co2",)))
        for one in ("l1", "l2", "l3"):
            await rig.tell(*rig.said(one, UNRELATED, contact_ids=("lee",)))
        await rig.tell(rig.deleted("company", "co2"))
        rig.clock.advance(1)
        await _decide(rig, "acc-1")
        stores = rig.stores
        sign = under_way.UnderWay(
            stores.rereads,
            stores.rematches,
            stores.unmatched,
            stores.followed,
            stores.followed_contacts,
            stores.mirror,
            rig.clock,
        )
        assert (await sign.of(rig.organization_id)).companies == under_way.Left(2, 4)

    async def test_a_batch_of_records_moves_so_many_and_the_rest_follows(self, rig: Rig) -> None:
        """The batch is done, and comes never again; the mark does the rest."""
        await _ground(rig)
        await rig.tell(rig.company(external_id="acc-1"))
        assert (await _with(rig, "acc-1"), await _waiting(rig)) == (2, 1)
        await rig.follow_companies_all()
        assert (await _with(rig, "acc-1"), await _waiting(rig)) == (5, 0)

    async def test_who_changes_hands_again_is_followed_from_the_beginning(self, rig: Rig) -> None:
        """What was read for the former customer is read once more."""
        await _ground(rig)
        await _decide(rig, "acc-1")
        await _decide(rig, "acc-2")
        await rig.follow_companies_all()
        assert (await _with(rig, "acc-1"), await _with(rig, "acc-2"), await _waiting(rig)) == (0, 5, 0)

    @pytest.mark.parametrize("bad", ["a-bad", "z-bad"])
    async def test_a_mood_that_turned_stands_while_its_conversations_follow(self, rig: Rig, bad: str) -> None:
        """Whoever is reviewed between two slices has turned once: it is neither cleared nor told again."""
        await rig.connect()
        await rig.engine.customers.keep(rig.organization_id, [CustomerRow("acc-1", "Umbrella")])
        await rig.tell(rig.company(), rig.contact())
        for number in range(4):
            at = rig.clock.now() - timedelta(days=60 - number)
            await rig.tell(*rig.said(f"g{number}", GLAD, at=at))
        await rig.tell(*rig.said(bad, ANGRY, ANGRY))
        (turned,) = await rig.signals(slot=SHIFT)
        start = len(rig.publisher.published)
        await _decide(rig, "acc-1")
        await rig.review_due()
        await rig.follow_companies_all()
        (kept,) = await rig.signals(slot=SHIFT)
        assert (kept.signal_id, kept.is_open, kept.proofs[0].quote) == (
            turned.signal_id,
            True,
            turned.proofs[0].quote,
        )
        assert kept.subject.customer_id == known_customer_id(rig.organization_id, "acc-1")
        told = [one for one in rig.published(start) if one.kind == "sentiment_shift"]
        assert {name for name, _ in kinds(told)} <= {"updated"}

    async def test_an_answer_that_was_cut_off_is_carried_through(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A minute later by anybody, though nobody clicks again, wherever it was cut off."""
        await _ground(rig)
        with monkeypatch.context() as patch:
            patch.setattr(rig.stores.connections, "all_of", _away)
            with pytest.raises(TransientError):
                await _decide(rig, "acc-1")
        assert not await rig.engine.follow_companies.work()
        rig.clock.advance(60)
        await rig.follow_companies_all()
        assert (await _with(rig, "acc-1"), await _waiting(rig)) == (5, 0)
        with monkeypatch.context() as patch:
            patch.setattr(rig.stores.customers, "save", _away)
            with pytest.raises(TransientError):
                await _decide(rig, "acc-1", confirmed=False)
        rig.clock.advance(60)
        await rig.follow_companies_all()
        assert (await _with(rig, "acc-1"), await _waiting(rig)) == (0, 0)

    async def test_who_was_marked_again_meanwhile_stays_marked(self, rig: Rig) -> None:
        """Whoever matched before takes no later mark away, and leaves no place in an older state."""
        await _ground(rig)
        owner, mirror, followed, now = (
            rig.organization_id,
            rig.stores.mirror,
            rig.stores.followed,
            rig.clock.now(),
        )
        await followed.mark(owner, [COMPANY, "ws1:none"], now)
        first = (await mirror.companies(owner, [COMPANY]))[COMPANY]
        await followed.mark(owner, [COMPANY], now + timedelta(seconds=1))
        await mirror.unmark_companies(owner, [first])
        assert await followed.waiting(owner, now, 10) == []
        assert await followed.waiting(owner, now + timedelta(seconds=1), 10) == [COMPANY]
        await rig.tell(rig.company())
        await followed.leave(owner, first.to_follow, "ws1:k1", now)
        assert (await mirror.companies(owner, [COMPANY]))[COMPANY].read_to == ""
        assert await followed.organizations(now) == []

    async def test_a_culprit_waits_and_all_others_are_followed(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One company with a defect is tried again ten minutes later."""
        await _ground(rig)
        await rig.tell(*(rig.company(f"co{number}", f"Firm {number}") for number in range(2, 6)))
        keys = [f"{WORKSPACE}:co{number}" for number in range(1, 6)]
        await rig.stores.followed.mark(rig.organization_id, keys, rig.clock.now())
        companies: Any = rig.engine.follow_companies._companies
        match = companies.match

        async def failing(organization_id: str, some: list[str], *more: Any) -> None:
            if COMPANY in some:
                raise ArithmeticError("a defect")
            await match(organization_id, some, *more)

        with monkeypatch.context() as patch:
            patch.setattr(companies, "match", failing)
            await rig.follow_companies_all()
        assert await _waiting(rig) == 1
        rig.clock.advance(600)
        await rig.follow_companies_all()
        assert await _waiting(rig) == 0
