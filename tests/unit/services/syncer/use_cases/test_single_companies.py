"""One company whose own address gives no usable answer is a gap of one; all others count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from services.syncer.domain.cursor import DAY_SECONDS
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_quiet_changes import small
from tests.unit.services.syncer.use_cases.test_refusals import INVALID, refuse

if TYPE_CHECKING:
    from collections.abc import Collection

ANSWERS = [
    httpx.Response(500, json={"errors": [{"code": "server_error"}]}),
    httpx.Response(502, text="<html>"),
    httpx.Response(400, json=INVALID),
    httpx.Response(200, text=""),
    httpx.Response(200, json={"id": "another", "name": "Another"}),
    httpx.Response(200, json={"id": {}, "name": "Nobody's"}),
]
MAIN = KEY.document_id("main")
WHOLE = ("company", None, "still_lagging")


def fail(rig: Rig, ids: Collection[str], answer: httpx.Response) -> None:
    """Answer so for each of these companies by its id, though lists show it."""
    paths = {f"/companies/{id_}" for id_ in ids}

    def failing(asked: httpx.Request) -> httpx.Response | None:
        if asked.url.path not in paths:
            return None
        return httpx.Response(answer.status_code, content=answer.content)

    refuse(rig, failing)


def gaps(rig: Rig) -> list[tuple[str, str | None, str]]:
    return [(gap.resource, gap.id, gap.reason) for gap in rig.completed[-1].gaps]


async def reconcile(rig: Rig) -> None:
    await rig.request("reconcile")
    await rig.settle()


@pytest.mark.parametrize("answer", ANSWERS)
async def test_one_that_cannot_be_asked_for_is_a_gap_of_its_own(answer: httpx.Response) -> None:
    """What a deletion did to the others is found, and the next walk asks for the one again."""
    rig = Rig(small())
    await rig.first_sync()
    one, deleted, *_ = [company.id for company in rig.workspace.companies]
    rig.mutate("delete_company", company_id=deleted)
    rig.clock.advance(60)
    fail(rig, [one], answer)
    await reconcile(rig)
    assert gaps(rig) == [("company", one, "still_lagging")]
    assert rig.missing() == []
    refuse(rig, lambda _: None)
    rig.clock.advance(DAY_SECONDS)
    await rig.request("scheduled")
    await rig.settle()
    assert gaps(rig) == []


async def test_many_that_do_not_answer_are_a_trouble_of_all() -> None:
    """Then it is the source that is away, and not these."""
    rig = Rig(small().model_copy(update={"companies": 14}))
    await rig.first_sync()
    fail(rig, [company.id for company in rig.workspace.companies], ANSWERS[1])
    await reconcile(rig)
    assert gaps(rig) == [WHOLE]


async def test_so_is_one_that_was_gone_and_is_shown_again() -> None:
    """Whether it came back cannot be asked; that holds up no other."""
    rig = Rig(small())
    await rig.first_sync()
    one, deleted, *_ = [company.id for company in rig.workspace.companies]
    fail(rig, [one], httpx.Response(404))
    await reconcile(rig)
    assert f"company {one} is missing" in rig.missing()
    rig.mutate("delete_company", company_id=deleted)
    fail(rig, [one], ANSWERS[1])
    rig.clock.advance(DAY_SECONDS)
    await reconcile(rig)
    assert gaps(rig) == [("company", one, "still_lagging")]
    assert rig.missing() == [f"company {one} is missing"]
    refuse(rig, lambda _: None)
    rig.clock.advance(DAY_SECONDS)
    await reconcile(rig)
    assert (rig.missing(), gaps(rig)) == ([], [])


async def test_a_walk_that_starts_over_doubts_each_once() -> None:
    """Those that are shown although they are gone are noted anew, instead of once for each start."""
    rig = Rig(small().model_copy(update={"companies": 14}), slice_items=3)
    await rig.first_sync()
    deleted = [company.id for company in rig.workspace.companies][:2]
    for id_ in deleted:
        rig.mutate("delete_company", company_id=id_)
    await reconcile(rig)
    rig.clock.advance(2 * DAY_SECONDS)
    rig.simulation.set_switches(rig.simulation.switches.changed(scroll_page_size=3, scroll_error_at_page=4))
    await rig.request("reconcile")
    noted: list[int] = []
    starts = 0
    while (outcome := await rig.slice("main")) != "completed":
        assert outcome is not None
        steps = {step["name"]: step["position"] for step in rig.runs.documents[MAIN]["steps"]}
        starts = max(starts, steps["companies"].get("starts", 0))
        noted.append(len(steps["companies"].get("doubted", ())))
        rig.clock.advance(1)
    assert starts == 1
    assert max(noted) == len(deleted)
