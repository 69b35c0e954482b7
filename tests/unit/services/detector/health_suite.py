"""How customers' health is measured and told; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.health import DEFAULT_WEIGHTS
from services.detector.domain.health_assessment import SLOT
from services.detector.domain.identity import provisional_customer_id
from services.detector.errors import InvalidRequestError
from services.detector.use_cases import decide_matches
from shared.contracts.resources import Author
from tests.unit.services.detector.rig import ACC1, LEAVING, NORTHWIND, ORG, UNRELATED, WORKSPACE, Rig, kinds


class TestHealth:
    """Measured in the background, remembered, and told of when it falls."""

    async def _measured(self, rig: Rig, days: float = 1.0) -> int | None:
        """Return Northwind's score some days later."""
        rig.clock.advance(days * 86_400)
        while await rig.engine.health.round(0, timedelta(hours=6)):
            pass
        (history,) = (await rig.stores.health.histories(ORG, [NORTHWIND])).values()
        return history.latest.score if history.latest else None

    async def test_too_little_known_is_no_number(self, rig: Rig) -> None:
        """A company of which nothing is known but its name has no health."""
        await rig.connect(lifecycle=False)
        await rig.tell(rig.company())
        assert await self._measured(rig) is None

    async def test_notice_is_a_fall_that_is_told_once(self, rig: Rig) -> None:
        """A well customer who gives notice falls; measuring again says nothing new; dismissed stays so."""
        await rig.connect()
        seen = rig.clock.now() + timedelta(days=30)
        await rig.tell(
            rig.contact(), rig.company(last_request_at=seen), *rig.said("k1", UNRELATED, state="closed")
        )
        well = await self._measured(rig)
        assert well is not None
        assert await self._measured(rig) == well
        start = len(rig.publisher.published)
        await rig.tell(*rig.said("k2", LEAVING, state="closed"))
        ill = await self._measured(rig, days=0.1)
        assert ill is not None
        assert ill <= well - 20
        told = [one for one in rig.published(start) if one.kind == "health_change"]
        assert kinds(told) == [("detected", "health_change")]
        assert await self._measured(rig, days=0.3) == ill
        assert [one for one in rig.published(start) if one.kind == "health_change"] == told
        await rig.engine.review.dismiss(ORG, told[0].signal_id, "we know", by="ann@acme.example")
        await self._measured(rig)
        (signal,) = await rig.signals(slot=SLOT)
        assert signal.cleared_because == "dismissed"

    async def test_each_customer_has_its_own_connection_s_switch(self, rig: Rig) -> None:
        """Where lifecycle events are off nothing is known of leaving; where on, silence is good news."""
        await rig.connect(connection_id="con0", workspace_id="ws0", lifecycle=False)
        await rig.connect()
        here = [rig.company(), rig.contact(), *rig.said("k1", UNRELATED, state="closed")]
        await rig.tell(*here)
        await rig.tell(
            *(one.model_copy(update={"connection_id": "con0", "workspace_id": "ws0"}) for one in here)
        )
        await self._measured(rig)
        there = provisional_customer_id(ORG, "ws0:co1")
        histories = await rig.stores.health.histories(ORG, [NORTHWIND, there])
        shares = {
            key: {part.name: part.share for part in one.latest.parts}["churn_risk"]
            for key, one in histories.items()
            if one.latest
        }
        assert shares == {NORTHWIND: 1.0, there: None}

    async def test_a_fall_that_is_over_settles_itself(self, rig: Rig) -> None:
        """When the notice is gone the health is back, and its signal closes."""
        await rig.connect()
        seen = rig.clock.now() + timedelta(days=30)
        await rig.tell(
            rig.contact(), rig.company(last_request_at=seen), *rig.said("k1", UNRELATED, state="closed")
        )
        await self._measured(rig)
        await self._measured(rig)
        await rig.tell(*rig.said("k2", LEAVING, state="closed"))
        await self._measured(rig, days=0.1)
        await rig.tell(rig.deleted("conversation", "k2"))
        await self._measured(rig, days=0.1)
        (signal,) = await rig.signals(slot=SLOT)
        assert signal.cleared_because == "resolved"

    async def test_other_weights_measure_everybody_anew(self, rig: Rig) -> None:
        """Weights that a person sets count from the next round on; nonsense is refused in words."""
        await rig.connect()
        await rig.tell(rig.contact(), rig.company(), *rig.said("k1", LEAVING))
        before = await self._measured(rig)
        only_answers = dict.fromkeys(DEFAULT_WEIGHTS, 0) | {"answers": 10}
        await rig.engine.health.weigh(ORG, only_answers, by="ann@acme.example")
        assert (await rig.engine.health.weights(ORG)).by_name == only_answers
        after = await self._measured(rig, days=0.01)
        assert before is not None
        assert after == 100
        with pytest.raises(InvalidRequestError, match="At least one ingredient"):
            await rig.engine.health.weigh(ORG, dict.fromkeys(DEFAULT_WEIGHTS, 0), by="ann@acme.example")

    async def _answers(self, rig: Rig, customer_id: str) -> str:
        """Return what the customer's page says of answers, after all who are due were measured."""
        while await rig.engine.health.round(0, timedelta(hours=6)):
            pass
        latest = (await rig.stores.health.histories(ORG, [customer_id]))[customer_id].latest
        assert latest is not None
        return {part.name: part.reason for part in latest.parts}["answers"]

    async def test_a_reply_without_a_mood_is_measured_too(self, rig: Rig) -> None:
        """What an agent answers counts though nothing else of the customer changes."""
        await rig.connect(lifecycle=False)
        asked = rig.clock.now() - timedelta(days=3)
        await rig.tell(rig.company(), rig.contact(), *rig.said("k1", "Where is it?", at=asked))
        assert await self._answers(rig, NORTHWIND) == "1 of 1 conversations wait"
        rig.clock.advance(60)
        ann = Author(type="admin", id="a1", name="Ann")
        answer = rig.part("k1", 1, "Below your name.", author=ann)
        await rig.tell(answer, rig.conversation("k1", part_count=2))
        assert await self._answers(rig, NORTHWIND) == "0 of 1 conversations wait"

    async def test_whom_nothing_happened_to_is_not_measured_after_a_review(self, rig: Rig) -> None:
        """A round of reviews over everybody holds up nobody who changed."""
        await rig.connect()
        await rig.tell(rig.company(), rig.contact(), *rig.said("k1", UNRELATED))
        await self._answers(rig, NORTHWIND)
        rig.clock.advance(60)
        await rig.engine.rounds.review_accounts(3600)
        rig.clock.advance(60)
        assert await rig.engine.health.round(0, timedelta(hours=6)) == 0

    async def test_conversations_on_their_way_to_their_customer_count(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A company's conversations are its customer's before each was read again, and once after."""
        monkeypatch.setattr(decide_matches, "SLICE", 1)
        await rig.connect()
        await rig.engine.customers.keep(ORG, [CustomerRow("acc-1", "Umbrella")])
        await rig.tell(rig.company(), rig.contact())
        long_ago = rig.clock.now() - timedelta(days=170)
        await rig.tell(*rig.said("k1", UNRELATED, at=long_ago), *rig.said("k2", UNRELATED))
        assert await self._answers(rig, NORTHWIND) == "0 of 1 conversations wait"
        rig.clock.advance(60)
        await rig.engine.matches.decide(ORG, f"{WORKSPACE}:co1", ACC1, confirmed=True, by="ann@acme.example")
        assert await self._answers(rig, ACC1) == "0 of 1 conversations wait"
        rig.clock.advance(60)
        await rig.follow_companies_all()
        rig.clock.advance(60)
        assert await rig.engine.health.round(0, timedelta(hours=6)) == 1
        assert await self._answers(rig, ACC1) == "0 of 1 conversations wait"
