"""What is cut short after any of its writes is made good when it comes again.

A module with a fixture `rig` runs these over its stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.identity import known_customer_id, provisional_customer_id
from services.detector.domain.matching import Match
from services.detector.domain.mirror import Analysis
from services.detector.domain.occasion import Slot
from shared.contracts.resources import TagChanged
from shared.errors import TransientError
from tests.unit.services.detector.rig import LEAVING, NOW, WISH, WORKSPACE, Rig

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Act = Callable[[Rig], Awaitable[object]]

_WRITES = {
    "mirror": (
        "store",
        "bury",
        "save_match",
        "save_suggestions",
        "save_analyses",
        "unmark_contacts",
        "unmark_companies",
        "unmark_deletions",
        "unmark_lost",
    ),
    "signals": ("save", "counted", "refresh_customer", "rename_tag"),
    "customers": ("save", "save_moods", "save_attention", "decide", "delete"),
    "unmatched": ("done",),
    "followed": ("mark", "leave"),
    "followed_contacts": ("mark", "leave"),
    "requests": ("add", "add_wording", "save_demand"),
    "due": ("mark", "done"),
}
"""The writes between which a batch, or a person's click, may be cut short."""

_MOST_WRITES = 200


class _Death:
    """Lets so many writes stand, and none after them."""

    def __init__(self, rig: Rig, patch: pytest.MonkeyPatch, writes: int) -> None:
        self._left = writes
        for store, names in _WRITES.items():
            for name in names:
                adapter = getattr(rig.stores, store)
                patch.setattr(adapter, name, self._mortal(getattr(adapter, name)))

    def _mortal(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def written(*args: Any, **named: Any) -> Any:
            if self._left <= 0:
                raise TransientError("The process is dead.")
            self._left -= 1
            result = await write(*args, **named)
            if self._left == 0:
                raise TransientError("The process died.")
            return result

        return written


@dataclass(frozen=True)
class _Case:
    """Something that moves signals, on ground where it has not happened yet."""

    before: Act
    change: Act


async def _northwind(rig: Rig) -> None:
    soon = (NOW + timedelta(days=20)).date().isoformat()
    await rig.tell(
        TagChanged(**rig.fields(id="t1", name="VIP")),
        rig.company(external_id="acc-1", custom_attributes={"renewal_date": soon}),
        rig.company("co2", "Contoso"),
        rig.contact(),
        *rig.said("k1", LEAVING, WISH),
    )


async def _angry(rig: Rig) -> None:
    """Northwind, in a worse mood than before."""
    await _northwind(rig)
    for number in range(4):
        at = NOW - timedelta(days=60 - number)
        await rig.tell(*rig.said(f"g{number}", "Thank you, this is wonderful, I love it.", at=at))
    angry = "This is terrible, the worst support I ever had, completely unacceptable and awful."
    await rig.tell(*rig.said("bad", angry, angry))
    assert await rig.signals(slot=Slot("sentiment_shift", "down"))


async def _glad(rig: Rig) -> None:
    """Northwind, with one conversation that nothing but its mood rests on."""
    await _northwind(rig)
    await rig.tell(*rig.said("glad", "Thank you, this is wonderful, I love it."))


async def _unknown(rig: Rig) -> None:
    await rig.tell(*rig.said("k1", LEAVING))


async def _listed(rig: Rig) -> None:
    await rig.engine.customers.keep(rig.organization_id, [CustomerRow("acc-9", "Umbrella")])
    await _northwind(rig)


async def _decide(rig: Rig, *, confirmed: bool) -> None:
    await rig.engine.matches.decide(
        rig.organization_id,
        f"{WORKSPACE}:co1",
        known_customer_id(rig.organization_id, "acc-9"),
        confirmed=confirmed,
        by="ann@acme.example",
    )
    await rig.review_due()


async def _confirmed(rig: Rig) -> None:
    await _listed(rig)
    await _decide(rig, confirmed=True)


def _told(*events: Callable[[Rig], Any]) -> Act:
    """Return what tells the very same records each time that it is called with a rig."""
    made: dict[str, list[Any]] = {}

    async def tell(rig: Rig) -> None:
        if rig.organization_id not in made:
            made[rig.organization_id] = [event(rig) for event in events]
        await rig.tell(*made[rig.organization_id])

    return tell


async def _upload(rig: Rig) -> None:
    rows = [CustomerRow("acc-1", "Northwind Ltd", owner="ann@acme.example")]
    await rig.engine.customers.keep(rig.organization_id, rows)
    await rig.review_due()


def _cases() -> dict[str, _Case]:
    return {
        "a contact comes late": _Case(_unknown, _told(lambda rig: rig.company(), lambda rig: rig.contact())),
        "a contact changes companies": _Case(_northwind, _told(lambda rig: rig.contact(companies=("co2",)))),
        "an angry contact changes companies": _Case(
            _angry, _told(lambda rig: rig.contact(companies=("co2",)))
        ),
        "a contact is tagged": _Case(_northwind, _told(lambda rig: rig.contact(tag_ids=("t1",)))),
        "a contact is deleted": _Case(_northwind, _told(lambda rig: rig.deleted("contact", "dana"))),
        "a glad conversation is deleted": _Case(
            _glad, _told(lambda rig: rig.deleted("conversation", "glad"))
        ),
        "a company is tagged": _Case(
            _northwind, _told(lambda rig: rig.company(external_id="acc-1", tag_ids=("t1",)))
        ),
        "a company turns out to be listed": _Case(
            _listed, _told(lambda rig: rig.company(external_id="acc-9"))
        ),
        "a company is deleted": _Case(_northwind, _told(lambda rig: rig.deleted("company", "co1"))),
        "a listed company is deleted": _Case(_confirmed, _told(lambda rig: rig.deleted("company", "co1"))),
        "a match is confirmed": _Case(_listed, lambda rig: _decide(rig, confirmed=True)),
        "a match is taken back": _Case(_confirmed, lambda rig: _decide(rig, confirmed=False)),
        "a list is uploaded": _Case(_northwind, _upload),
    }


def _names(rig: Rig) -> dict[str | None, str]:
    """Return by id what the customers of these cases are called in any organization."""
    stand_ins = ((one, provisional_customer_id(rig.organization_id, f"{WORKSPACE}:{one}")) for one in _OURS)
    known = ((one, known_customer_id(rig.organization_id, one)) for one in _OURS)
    return {id_: one for one, id_ in (*stand_ins, *known)}


_OURS = ("co1", "co2", "acc-1", "acc-9")


async def _state(rig: Rig) -> dict[str, Sequence[object]]:
    """Return whose signals there are and which customers, without what is the organization's own."""
    names = _names(rig)
    customers = await rig.stores.customers.by_ids(rig.organization_id, [one for one in names if one])
    return {
        "signals": sorted(
            (
                one.slot.key.partition("/")[0],
                one.is_open,
                names.get(one.subject.customer_id, one.subject.key),
                names.get(one.customer.id if one.customer else None, ""),
                one.tags,
            )
            for one in await rig.signals()
        ),
        "customers": sorted(
            (names[key], one.name, names.get(one.merged_into, ""), one.mood_messages)
            for key, one in customers.items()
        ),
    }


class TestMarks:
    """What says that something is still to follow."""

    async def test_who_came_anew_stays_marked(self, rig: Rig) -> None:
        """Whoever read an older state takes no mark of a newer one away, and no late record sets one."""
        mirror, owner = rig.stores.mirror, rig.organization_id
        first, second, same = rig.contact(), rig.contact(companies=("co2",)), rig.contact(companies=("co2",))
        key = f"{WORKSPACE}:dana"
        await mirror.store(owner, [first], regrouped=True)
        seen = await mirror.marked_contacts(owner, [key])
        await mirror.store(owner, [second], regrouped=True)
        await mirror.unmark_contacts(owner, seen.values())
        assert list(await mirror.marked_contacts(owner, [key])) == [key]
        await mirror.store(owner, [same])
        await mirror.unmark_contacts(owner, (await mirror.marked_contacts(owner, [key])).values())
        await mirror.store(owner, [first], regrouped=True)
        assert await mirror.marked_contacts(owner, [key]) == {}

    async def test_a_company_remembers_whom_it_is_to_leave(self, rig: Rig) -> None:
        """Every customer it had since, whatever comes between, until who moved it last has done it all."""
        mirror, owner, key = rig.stores.mirror, rig.organization_id, f"{WORKSPACE}:co1"
        await mirror.store(owner, [rig.company()])
        states = []
        for customer_id, left in (("c1", []), ("c2", ["c1"]), ("c3", ["c2"])):
            await mirror.save_match(owner, key, Match(customer_id, "name"), left=left)
            states.append((await mirror.companies(owner, [key]))[key])
        await mirror.unmark_companies(owner, states[:2])
        held = (await mirror.companies(owner, [key]))[key]
        assert (held.customer_id, held.regrouped, set(held.left)) == ("c3", True, {"c1", "c2"})
        assert await mirror.owners(owner, [key, "ws1:none"]) == {key: {"c1", "c2", "c3"}}
        await mirror.unmark_companies(owner, [held])
        held = (await mirror.companies(owner, [key]))[key]
        assert (held.customer_id, held.regrouped, held.left) == ("c3", False, ())

    async def test_a_grave_remembers_who_is_to_lose_the_company(self, rig: Rig) -> None:
        """Until that is done; a decision that comes late gives a deleted company to nobody."""
        mirror, owner, key = rig.stores.mirror, rig.organization_id, f"{WORKSPACE}:co1"
        await mirror.store(owner, [rig.company()])
        gone = rig.deleted("company", "co1")
        await mirror.bury(owner, [gone], left={key: ["c1"]})
        await mirror.save_match(owner, key, Match("c2", "name"), left=["c1"])
        assert await mirror.companies_of(owner, ["c2"]) == {}
        assert await mirror.owners(owner, [key]) == {key: {"c1"}}
        lost = await mirror.lost_companies(owner, [key, "ws1:none"])
        assert {one: mark.owners for one, mark in lost.items()} == {key: {"c1"}}
        await mirror.bury(owner, [rig.deleted("company", "co1")], left={key: ["c1"]})
        await mirror.unmark_deletions(owner, lost.values())
        assert await mirror.owners(owner, [key]) == {key: {"c1"}}
        await mirror.unmark_deletions(owner, (await mirror.lost_companies(owner, [key])).values())
        assert await mirror.owners(owner, [key]) == {}
        assert await mirror.lost_companies(owner, [key]) == {}

    async def test_a_grave_remembers_who_is_to_lose_the_conversation(self, rig: Rig) -> None:
        """Until that is done, also where a late deletion comes once more, or the conversation comes anew."""
        mirror, owner, key = rig.stores.mirror, rig.organization_id, f"{WORKSPACE}:k1"
        record = rig.conversation("k1")
        await mirror.store(owner, [record])
        assert await mirror.subjects(owner, [key, "ws1:none"]) == {}
        await mirror.save_analyses(owner, {key: (Analysis("f"), "customer/c1", ())})
        assert await mirror.subjects(owner, [key, "ws1:none"]) == {key: {"customer/c1"}}
        gone = rig.deleted("conversation", "k1")
        await mirror.bury(owner, [gone], left={key: ["customer/c1"]})
        await mirror.store(owner, [rig.conversation("k1")])
        await mirror.bury(owner, [gone])
        assert await mirror.subjects(owner, [key]) == {key: {"customer/c1"}}
        await mirror.unmark_lost(owner, [key])
        assert await mirror.subjects(owner, [key]) == {}


class TestCutShort:
    """A batch that dies after any of its writes comes again, a person clicks again: it is as if never cut."""

    @pytest.mark.parametrize("name", _cases())
    async def test_the_second_time_makes_good(
        self, rig: Rig, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many writes stood, signals and customers end where an undisturbed run leaves them."""
        case = _cases()[name]
        rig.organization_id = "undisturbed"
        await rig.connect()
        await case.before(rig)
        before = await _state(rig)
        await case.change(rig)
        wanted = await _state(rig)
        assert wanted != before
        for writes in range(1, _MOST_WRITES):
            rig.organization_id = f"cut-after-{writes}"
            await rig.connect()
            await case.before(rig)
            with monkeypatch.context() as patch:
                _Death(rig, patch, writes)
                try:
                    await case.change(rig)
                except TransientError:
                    pass
                else:
                    assert writes > 1
                    return
            await case.change(rig)
            assert await _state(rig) == wanted, f"after {writes} writes"
        pytest.fail("the change never came to its end")
