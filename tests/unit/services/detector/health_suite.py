"""How customers' health is measured and told; a fixture `rig` says over which stores."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.detector.domain.health import DEFAULT_WEIGHTS
from services.detector.domain.health_reading import SLOT
from services.detector.domain.identity import provisional_customer_id
from services.detector.errors import InvalidRequestError
from tests.unit.services.detector.rig import LEAVING, NORTHWIND, ORG, UNRELATED, Rig, kinds


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
