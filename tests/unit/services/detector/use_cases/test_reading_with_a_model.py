"""A text model's word reaches the detectors, and with another model the mirror is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.detectors import discover
from services.detector.domain.learned import Curve, Learned
from services.detector.domain.model_scores import LABELS, ModelScores
from services.detector.engine import Engine
from tests.unit.services.detector.rig import kinds, memory_rig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.services.detector.rig import Rig

SUBTLE = "Could you tell me who else in this trade your people would recommend?"
"""Nothing that a rule hears."""


class Listener:
    """A model that hears implied churn risk in one sentence and a neutral nothing elsewhere."""

    def __init__(self, digest: str) -> None:
        self.learned = Learned(digest, {label: Curve(points=0.5) for label in LABELS})

    def read(self, texts: Sequence[str]) -> list[ModelScores]:
        return [
            ModelScores(tuple(
                4.0 if label == "neutral" or (label == "churn_risk" and text == SUBTLE) else -4.0
                for label in LABELS
            ))
            for text in texts
        ]  # fmt: skip


def engine_with(rig: Rig, digest: str) -> Engine:
    model = Listener(digest)
    return Engine(rig.stores, discover(learned=model.learned), clock=rig.clock, owner="test", model=model)


async def test_what_only_the_model_hears_becomes_a_signal() -> None:
    """The rules are silent on the sentence; with the model it opens an implied churn risk that quotes it."""
    deaf, rig = memory_rig(), memory_rig()
    rig.engine = engine_with(rig, "m1")
    for one in (deaf, rig):
        await one.connect()
        await one.tell(one.contact(), one.company())
    assert kinds(await deaf.tell(*deaf.said("k1", SUBTLE))) == []
    told = await rig.tell(*rig.said("k1", SUBTLE))
    assert kinds(told) == [("detected", "churn_risk")]
    found = (await rig.signals())[0]
    assert [proof.quote for proof in found.proofs] == [SUBTLE]
    assert found.slot.variant == "implied"


async def test_another_model_is_another_version() -> None:
    """The digest is part of the fingerprint, so that a re-reading is due; account detectors keep theirs."""
    rig = memory_rig()
    one, other = (engine_with(rig, digest).reader.fingerprint(lifecycle=True) for digest in ("m1", "m2"))
    assert one != other
    assert one.count("+m1") == 7
    assert other.replace("+m2", "+m1") == one


async def test_a_workspace_named_after_a_known_product_is_no_rival_of_itself() -> None:
    """Whoever is welcomed by name raises no alarm, in words that arrive and in a second reading."""
    for name, expected in (("Acme", [("detected", "churn_risk")]), ("HubSpot EU", [])):
        rig = memory_rig()
        await rig.connect(workspace_name=name)
        await rig.tell(rig.contact(), rig.company())
        told = await rig.tell(*rig.said("k1", "We are moving to HubSpot next month."))
        assert [one for one in kinds(told) if one[1] == "churn_risk"] == expected
