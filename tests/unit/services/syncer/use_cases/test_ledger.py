"""What the ledger says is held, of how many: by the source's own count, and nothing counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from shared.contracts.sync import Gap
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small
from tests.unit.services.syncer.use_cases.test_refusals import refuse

if TYPE_CHECKING:
    from shared.contracts.sync import ResourceType


def held(rig: Rig, resource: ResourceType) -> tuple[int, int | None]:
    found = next(each for each in rig.completed[-1].held if each.resource == resource)
    return found.done, found.total


def listed(rig: Rig) -> int:
    """Return how many companies the list shows: those without users are in the scroll alone."""
    return sum(1 for company in rig.workspace.companies if company.user_count)


def break_lists_of(rig: Rig, contact_id: str) -> None:
    """Give a contact more tags than a row shows, and let the list of them never answer."""
    for number in range(11):
        rig.mutate("create_tag", name=f"tag {number}")
        rig.mutate("tag_contact", contact_id=contact_id, tag_id=list(rig.workspace.tags)[-1])
    lost = f"/contacts/{contact_id}/tags"
    refuse(rig, lambda asked: httpx.Response(502) if asked.url.path == lost else None)


async def test_a_person_who_could_not_be_read_is_missing_once() -> None:
    """By the source's count and by the gap's name it is the same one, also once it was read."""
    rig = Rig(small())
    everybody = len(rig.truth("contacts"))
    break_lists_of(rig, next(iter(rig.workspace.contacts)).id)
    completed = await rig.first_sync()
    assert [(gap.resource, gap.reason) for gap in completed.gaps] == [("contact", "still_lagging")]
    assert held(rig, "contact") == (everybody - 1, everybody)
    refuse(rig, lambda _: None)
    await rig.request("scheduled")
    await rig.settle()
    assert held(rig, "contact") == (everybody, everybody)


async def test_what_is_held_in_an_older_state_is_held() -> None:
    """A gap names it since its newest state could not be read; there is no further one beside it."""
    rig = Rig(small())
    await rig.first_sync()
    before = held(rig, "conversation")
    one = next(found.id for found in rig.workspace.conversations if found.state == "open")
    rig.mutate("reply", conversation_id=one, body="<p>New</p>")
    refuse(rig, lambda asked: httpx.Response(502) if asked.url.path == f"/conversations/{one}" else None)
    await rig.request("scheduled")
    await rig.settle()
    assert [(gap.id, gap.reason) for gap in rig.completed[-1].gaps] == [(one, "still_lagging")]
    assert held(rig, "conversation") == before


async def test_every_conversation_that_is_kept_from_us_is_counted() -> None:
    """However many there are: the total does not stop at a thousand."""
    rig = Rig(small())
    await rig.first_sync()
    done, _ = held(rig, "conversation")
    for number in range(1_201):
        made = {"resource": "conversation", "id": f"9{number:07}", "reason": "permission_missing"}
        await rig.gaps.open(KEY, Gap.model_validate({**made, "since": rig.clock.now()}))
    await rig.request("scheduled")
    await rig.settle()
    assert held(rig, "conversation") == (done, done + 1_201)


async def test_companies_that_a_list_shows_twice_are_one_each() -> None:
    """A page that breaks makes the pages smaller for a while, and the next large one begins further up."""
    rig = Rig(small().model_copy(update={"companies": 200, "contacts": 400}))
    rig.simulation.set_switches(rig.simulation.switches.changed(foreign_scroll=True))
    broken = 0

    def break_the_second(asked: httpx.Request) -> httpx.Response | None:
        nonlocal broken
        query = dict(asked.url.params)
        if asked.url.path != "/companies/list" or broken or query != {"page": "2", "per_page": "60"}:
            return None
        broken += 1
        return httpx.Response(502)

    refuse(rig, break_the_second)
    await rig.first_sync()
    assert broken == 1
    shown = listed(rig)
    assert shown > 180  # Fewer pages would never grow again.
    assert held(rig, "company") == (shown, shown)
    assert {each.resource: each.done for each in rig.completed[-1].counts}["company"] == shown


async def test_companies_beyond_the_end_of_the_list_are_missing() -> None:
    """The list ends at ten thousand with a refusal, and has said how many there are."""
    rig = Rig(small().model_copy(update={"companies": 80, "contacts": 160}))
    rig.simulation.set_switches(rig.simulation.switches.changed(foreign_scroll=True, companies_list_cap=60))
    completed = await rig.first_sync()
    assert [(gap.resource, gap.id, gap.reason) for gap in completed.gaps] == [
        ("company", None, "still_lagging")
    ]
    assert listed(rig) > 60
    assert held(rig, "company") == (60, listed(rig))


@pytest.mark.parametrize("failures", [1, 1_000])
async def test_how_many_there_are_is_asked_again(failures: int) -> None:
    """One failure of the question does not leave progress without a share; nor do many hold up the walk."""
    rig = Rig(small(), slice_items=10)
    left = failures

    def uncounted(asked: httpx.Request) -> httpx.Response | None:
        nonlocal left
        if left and asked.url.path == "/conversations/search" and b'"per_page":1}' in asked.content:
            left -= 1
            return httpx.Response(502)
        return None

    refuse(rig, uncounted)
    completed = await rig.first_sync()
    assert (completed.gaps, rig.missing()) == ((), [])
    counts = [each for told in rig.progressed for each in told.counts if each.resource == "conversation"]
    known = [each.total is not None for each in counts if each.done]
    assert all(known) is (failures == 1)
    assert left == max(failures - 3, 0)
