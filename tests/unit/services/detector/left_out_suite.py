"""One with whom background work fails holds nobody up; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta

from services.detector.domain.identity import provisional_customer_id
from tests.unit.services.detector.failing import failing
from tests.unit.services.detector.redetection_suite import NEW, filled, the_redetection
from tests.unit.services.detector.rig import CONNECTION, LEAVING, LOOKING, ORG, WISH, WORKSPACE, Rig

AGAIN = timedelta(hours=6)
COMPANIES = ("co0", "co1", "co2", "co3", "co4")
CUSTOMERS = {one: provisional_customer_id(ORG, f"{WORKSPACE}:{one}") for one in COMPANIES}
CULPRIT = CUSTOMERS["co2"]
MINUTES = 60


class TestLeftOut:
    """All others have their turn, at once; the culprit is logged, counted, and tried again later."""

    async def _companies(self, rig: Rig, text: str) -> None:
        """Let five companies say something, each in a conversation of its own."""
        await rig.connect()
        for number, company in enumerate(COMPANIES):
            await rig.tell(
                rig.contact(f"p{number}", (company,)),
                rig.company(company, f"Firm {number}"),
                *rig.said(f"k{number}", text, contact_ids=(f"p{number}",)),
            )
        rig.clock.advance(1)

    async def _measured(self, rig: Rig) -> set[str]:
        histories = await rig.stores.health.histories(ORG, CUSTOMERS.values())
        return {key for key, one in histories.items() if one.latest is not None}

    async def test_who_cannot_be_measured(self, rig: Rig) -> None:
        """Every other customer has its health, and the culprit is not tried at once again."""
        await self._companies(rig, LEAVING)
        broken = failing(rig, "mirror", "digests", CULPRIT)
        assert await broken.engine.health.round(0, AGAIN) == 5
        assert await self._measured(rig) == set(CUSTOMERS.values()) - {CULPRIT}
        assert broken.left_out == ["health"]
        assert await broken.engine.health.round(0, AGAIN) == 0
        rig.clock.advance(9 * MINUTES)
        assert await broken.engine.health.round(0, AGAIN) == 0
        rig.clock.advance(2 * MINUTES)
        assert await rig.engine.health.round(0, AGAIN) == 1
        assert CULPRIT in await self._measured(rig)

    async def test_who_cannot_be_measured_is_tried_when_it_changes(self, rig: Rig) -> None:
        """A change may be what mends it."""
        await self._companies(rig, LEAVING)
        await failing(rig, "mirror", "digests", CULPRIT).engine.health.round(0, AGAIN)
        await rig.tell(rig.company("co2", "Firm 2", monthly_spend=10.0))
        rig.clock.advance(1)
        assert await rig.engine.health.round(0, AGAIN) == 1
        assert CULPRIT in await self._measured(rig)

    async def test_who_cannot_be_measured_is_in_nobody_else_s_way(self, rig: Rig) -> None:
        """Customers of another organization are measured in the same round."""
        await self._companies(rig, LEAVING)
        other = await self._in_another_organization(rig)
        await failing(rig, "mirror", "digests", CULPRIT).engine.health.round(0, AGAIN)
        (history,) = (await rig.stores.health.histories("other", [other])).values()
        assert history.latest is not None

    async def _in_another_organization(self, rig: Rig) -> str:
        await rig.connect(organization_id="other")
        told = [rig.contact(), rig.company(), *rig.said("k1", LEAVING)]
        await rig.tell(*(one.model_copy(update={"organization_id": "other"}) for one in told))
        rig.clock.advance(1)
        return provisional_customer_id("other", f"{WORKSPACE}:co1")

    async def test_what_cannot_expire(self, rig: Rig) -> None:
        """Every other signal is closed, of every organization, and the culprit later."""
        await self._companies(rig, LOOKING)
        await self._in_another_organization(rig)
        rig.clock.advance(130 * 24 * 60 * MINUTES)
        (culprit,) = await rig.signals(subject=(await rig.signals())[2].subject)
        broken = failing(rig, "signals", "by_ids", culprit.signal_id)
        assert await broken.engine.rounds.expire(0) == 5
        assert [one.signal_id for one in await rig.signals(state="open")] == [culprit.signal_id]
        assert broken.left_out == ["expiry"]
        rig.clock.advance(1)
        assert await rig.engine.rounds.expire(0) == 0
        rig.clock.advance(10 * MINUTES)
        assert await rig.engine.rounds.expire(0) == 1

    async def test_what_follows_from_a_signal_cannot_be_counted(self, rig: Rig) -> None:
        """Every other number is made good, and the culprit's later."""
        await rig.connect()
        died = failing(rig, "signals", "counted", ORG)
        for number, company in enumerate(COMPANIES):
            told = rig.said(f"k{number}", LEAVING, contact_ids=(f"p{number}",))
            await rig.tell(rig.contact(f"p{number}", (company,)), rig.company(company, f"Firm {number}"))
            try:
                await died.tell(*told)
            except ArithmeticError:
                continue
        rig.clock.advance(MINUTES)
        assert len(await rig.stores.signals.uncounted(rig.clock.now(), 100)) == 5
        broken = failing(rig, "signals", "attention", CULPRIT)
        assert await broken.engine.rounds.recount() == 5
        assert broken.left_out == ["recount"]
        assert await broken.engine.rounds.recount() == 0
        (left,) = await rig.stores.signals.uncounted(rig.clock.now() + timedelta(hours=1), 100)
        assert left.customer_ids == (CULPRIT,)
        rig.clock.advance(11 * MINUTES)
        assert await rig.engine.rounds.recount() == 1
        assert await rig.stores.signals.uncounted(rig.clock.now() + timedelta(hours=1), 100) == []

    async def test_whose_conversations_cannot_be_counted(self, rig: Rig) -> None:
        """Everybody else's are counted, and the culprit's later."""
        await self._companies(rig, LEAVING)
        rig.clock.advance(MINUTES)
        broken = failing(rig, "people_counts", "count", "p2")
        assert await broken.engine.count_people.work()
        assert broken.left_out == ["people"]
        assert not await broken.engine.count_people.work()
        rig.clock.advance(10 * MINUTES)
        (culprit,) = await rig.stores.people_counts.due(rig.clock.now(), 10)
        assert culprit.key == f"{WORKSPACE}:p2"
        assert await rig.engine.count_people.work()
        assert await rig.stores.people_counts.due(rig.clock.now(), 10) == []

    async def test_a_conversation_cannot_be_read_again(self, rig: Rig) -> None:
        """A switch that is turned on counts in all others, and the re-reading comes to its end."""
        await rig.connect(lifecycle=False)
        for number in range(5):
            await rig.tell(*rig.said(f"k{number}", LEAVING, contact_ids=(f"p{number}",)))
        await rig.connect(2)
        broken = failing(rig, "mirror", "save_analyses", f"{WORKSPACE}:k2")
        while await broken.engine.reread.work():
            pass
        assert broken.left_out == ["rereading"]
        (progress,) = await rig.stores.rereads.latest(ORG)
        assert progress.finished_at is not None
        told = {key for one in await rig.signals(state="open") for key in one.conversation_ids}
        assert told >= {"k0", "k1", "k3", "k4"}

    async def test_no_conversation_at_all_can_be_read_again(self, rig: Rig) -> None:
        """The fault is not theirs: nothing is passed over, and the slice comes again."""
        await rig.connect(lifecycle=False)
        await rig.tell(*rig.said("k0", LEAVING), *rig.said("k1", LEAVING))
        await rig.connect(2)
        broken = failing(rig, "mirror", "save_analyses", ORG)
        assert not await broken.engine.reread.work()
        rig.clock.advance(MINUTES + 1)
        await rig.reread_all()
        assert await rig.signals(state="open") != []

    async def test_a_conversation_cannot_be_compared(self, rig: Rig) -> None:
        """What newer detectors would change is shown of all others."""
        new = await (await filled(rig)).upgraded(NEW)
        broken = failing(new, "mirror", "conversations", f"{WORKSPACE}:k1")
        while await broken.engine.redetect.work():
            pass
        assert broken.left_out == ["redetection"]
        found = await the_redetection(rig)
        assert (found.state, found.done) == ("ready", 4)

    async def test_a_company_cannot_be_matched(self, rig: Rig) -> None:
        """All others are matched anew, and the work comes to its end."""
        await self._companies(rig, LEAVING)
        view = await rig.stores.connections.get(ORG, CONNECTION)
        assert view is not None
        await rig.engine.rematch.ask(view, again=True)
        broken = failing(rig, "mirror", "companies", f"{WORKSPACE}:co2")
        while await broken.engine.rematch.work():
            pass
        assert broken.left_out == ["matching"]
        (progress,) = await rig.stores.rematches.latest(ORG)
        assert progress.finished_at is not None

    async def test_what_a_removal_left_cannot_be_looked_for(self, rig: Rig) -> None:
        """The round over all customers goes on to the next organization."""
        await self._companies(rig, WISH)
        await self._in_another_organization(rig)
        broken = failing(rig, "connections", "barrier", ORG)
        await broken.engine.rounds.review_accounts(3600)
        assert broken.left_out == ["removal"]
        assert await rig.stores.leases.place("accounts") == ""
