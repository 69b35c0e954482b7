"""A person's inbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.notifier.domain.preferences import Preferences
from services.notifier.errors import NotThere
from services.notifier.use_cases.read_inbox import MOST_COUNTED
from shared.contracts.connections import DataRemoved
from tests.unit.services.notifier.fakes import ADMIN, MEMBER, NOW, a_signal
from tests.unit.services.notifier.rig import Rig


@pytest.fixture
async def rig() -> Rig:
    """A rig whose inbox has an entry for everyone, one for Tom, and one for somebody else."""
    rig = Rig()
    await rig.inbox.put(a_signal(), "everyone", NOW)
    await rig.inbox.put(a_signal(signal_id="s-2", kind="renewal", confidence=0.6), "tom@example.com", NOW)
    await rig.inbox.put(a_signal(signal_id="s-3"), "else@example.com", NOW)
    return rig


async def test_people_see_what_is_theirs(rig: Rig) -> None:
    """An entry for everyone and one's own, and nothing of others; reading is one's own as well."""
    assert await rig.reading.unread(MEMBER) == 2
    assert await rig.reading.unread(ADMIN) == 1
    await rig.reading.open(MEMBER, "s-1")
    assert await rig.reading.unread(MEMBER) == 1
    assert await rig.reading.unread(ADMIN) == 1
    with pytest.raises(NotThere):
        await rig.reading.open(ADMIN, "s-2")


async def test_all_can_be_marked_as_read(rig: Rig) -> None:
    """The count goes to nothing, once."""
    assert await rig.reading.mark_all_read(MEMBER) == 2
    assert await rig.reading.mark_all_read(MEMBER) == 0
    assert await rig.reading.unread(MEMBER) == 0


async def test_what_came_after_the_page_stays_unread(rig: Rig) -> None:
    """All that a page could show is read by its button; an alert that came meanwhile is not."""
    await rig.inbox.put(a_signal(signal_id="s-late"), "everyone", NOW + timedelta(seconds=1))
    assert await rig.reading.mark_all_read(MEMBER, until=NOW) == 2
    found, _ = await rig.reading.page(MEMBER, unread_only=True, after=None, limit=10)
    assert [entry.id for entry in found] == ["s-late"]


async def test_entries_are_counted_up_to_a_limit(rig: Rig) -> None:
    """Beyond it the badge says so, and a list has no total, of the unread ones or of all."""
    for number in range(MOST_COUNTED - 2):
        await rig.inbox.put(a_signal(signal_id=f"n-{number}"), "everyone", NOW)
    assert await rig.reading.count(MEMBER, unread_only=True) == MOST_COUNTED
    assert await rig.reading.count(MEMBER, unread_only=False) == MOST_COUNTED
    await rig.inbox.put(a_signal(signal_id="one-more"), "everyone", NOW)
    await rig.inbox.put(a_signal(signal_id="another"), "everyone", NOW)
    assert await rig.reading.unread(MEMBER) == MOST_COUNTED + 1
    assert await rig.reading.count(MEMBER, unread_only=True) is None
    assert await rig.reading.count(MEMBER, unread_only=False) is None


async def test_wishes_narrow_the_inbox(rig: Rig) -> None:
    """Kinds and confidence leave entries out of list and count; without saved wishes all is shown."""
    await rig.reading.save_preferences(Preferences("acme", "u-2", "tom@example.com", kinds=("renewal",)))
    found, _ = await rig.reading.page(MEMBER, unread_only=False, after=None, limit=10)
    assert [entry.id for entry in found] == ["s-2"]


async def test_wishes_follow_a_changed_address(rig: Rig) -> None:
    """Mail is asked for by address: whose address changes keeps their quiet hours and kinds there."""
    saved = Preferences("acme", "u-2", "tom@example.com", kinds=("renewal",))
    await rig.reading.save_preferences(saved)
    married = replace(MEMBER, email="tom.moreau@example.com")
    assert (await rig.reading.preferences(married)).kinds == ("renewal",)
    assert await rig.people.of_email("acme", "tom@example.com") == []
    assert await rig.people.of_email("acme", married.email) == [replace(saved, email=married.email)]
    # Who signs in without an address takes none away.
    assert (await rig.reading.preferences(replace(MEMBER, email=""))).email == married.email


async def test_pages_go_on_from_their_place(rig: Rig) -> None:
    """The second page begins after the first and the last one has no next."""
    first, place = await rig.reading.page(MEMBER, unread_only=False, after=None, limit=1)
    second, end = await rig.reading.page(MEMBER, unread_only=False, after=place, limit=1)
    assert {entry.id for entry in (*first, *second)} == {"s-1", "s-2"}
    assert end is None


async def test_removed_data_leaves_nothing_and_is_answered(rig: Rig) -> None:
    """Entries, notifications and memory of the connection go, and one fact says how many; others stay."""
    await rig.take(a_signal(), a_signal(signal_id="s-9", connection_id="c-2"))
    word = DataRemoved(
        organization_id="acme",
        connection_id="c-1",
        removal_id="x",
        service="detector",
        documents=1,
        removed_at=NOW,
    )
    rig.publisher.published.clear()
    await rig.removal.remove(word)
    (fact,) = rig.publisher.published
    assert isinstance(fact, DataRemoved)
    assert (fact.service, fact.documents) == ("notifier", 5)
    assert [n.connection_id for n in await rig.log()] == ["c-2"]
    assert await rig.reading.unread(MEMBER) == 0
    await rig.removal.remove(word)
    assert rig.publisher.published[1].event_id() == fact.event_id()
