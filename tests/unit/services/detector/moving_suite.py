"""What follows contacts that belong to others, and contacts and companies that went, where that is much.

A module with a fixture `rig` runs these over its stores.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.identity import provisional_customer_id
from services.detector.use_cases import follow_companies, follow_contacts, intake
from services.detector.use_cases.follow_on import Allowance
from shared.errors import TransientError
from tests.unit.services.detector.rig import LEAVING, UNRELATED, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.unit.services.detector.rig import Rig

DANA, LEE = f"{WORKSPACE}:dana", f"{WORKSPACE}:lee"
OF_DANA = [f"k{number}" for number in range(5)]
OF_LEE = [f"l{number}" for number in range(3)]
COMPANY = f"{WORKSPACE}:co1"


def _customer(rig: Rig, company: str) -> str:
    return provisional_customer_id(rig.organization_id, f"{WORKSPACE}:{company}")


async def _ground(rig: Rig) -> None:
    """Two people of one company with many conversations; another company."""
    await rig.connect()
    await rig.tell(rig.company(), rig.company("co2", "Contoso"), rig.contact(), rig.contact("lee"))
    for one in OF_DANA:
        await rig.tell(*rig.said(one, LEAVING if one == "k4" else UNRELATED))
    for one in OF_LEE:
        await rig.tell(*rig.said(one, UNRELATED, contact_ids=("lee",)))


async def _with(rig: Rig, subject: str) -> int:
    """Return how many of the conversations are whose."""
    keys = [f"{WORKSPACE}:{one}" for one in (*OF_DANA, *OF_LEE)]
    held = await rig.stores.mirror.conversations(rig.organization_id, keys)
    return sum(one.subject == subject for one in held.values())


async def _with_company(rig: Rig, company: str) -> int:
    return await _with(rig, f"customer/{_customer(rig, company)}")


async def _marked(rig: Rig) -> set[str]:
    """Return which contacts and companies are to be followed in an hour, whoever does it."""
    later = rig.clock.now() + timedelta(hours=1)
    owner, stores = rig.organization_id, rig.stores
    return {
        *await stores.followed.waiting(owner, later, 10),
        *await stores.followed_contacts.waiting(owner, later, 10),
    }


async def _follow_all(rig: Rig) -> None:
    await rig.follow_companies_all()
    await rig.follow_contacts_all()


def _dies_once(write: Callable[..., Awaitable[Any]], *, after: bool) -> Callable[..., Awaitable[Any]]:
    """Return a write before or after which the process dies, the first time."""
    lives = [True]

    async def written(*args: Any, **named: Any) -> Any:
        died = bool(lives) and lives.pop()
        if died and not after:
            raise TransientError("The process died.")
        result = await write(*args, **named)
        if died:
            raise TransientError("The process died.")
        return result

    return written


class TestMovingPeople:
    """Nothing waits for all conversations of a contact, and all of them follow."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make two conversations many."""
        monkeypatch.setattr(follow_companies, "SLICE", 2)
        monkeypatch.setattr(follow_contacts, "SLICE", 2)
        monkeypatch.setattr(intake, "_MOST_READ", 2)

    async def test_a_batch_moves_so_many_and_the_rest_follows(self, rig: Rig) -> None:
        """Whether one contact has them or several, and each slice goes on where the one before it ended."""
        await _ground(rig)
        await rig.tell(rig.contact(companies=("co2",)), rig.contact("lee", ("co2",)))
        seen = [await _with_company(rig, "co2")]
        while await rig.engine.follow_contacts.work():
            seen.append(await _with_company(rig, "co2"))
        assert seen == [2, 4, 6, 8]
        assert await _marked(rig) == set()
        assert {one.customer.id for one in await rig.signals() if one.customer} == {_customer(rig, "co2")}

    async def test_a_batch_reads_so_many_in_all(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many causes, customers and organizations it tells of: a batch has its time."""
        await _ground(rig)
        other = [
            one.model_copy(update={"organization_id": "beta"})
            for one in (rig.company("co2", "Contoso"), rig.contact(), *rig.said("b1", UNRELATED))
        ]
        await rig.connect(organization_id="beta")
        await rig.tell(*other)
        reads: list[str] = []
        keep = rig.stores.mirror.save_analyses

        async def counted(organization_id: str, analyses: Any) -> None:
            reads.extend(analyses)
            await keep(organization_id, analyses)

        monkeypatch.setattr(rig.stores.mirror, "save_analyses", counted)
        moved = rig.contact(companies=("co2",))
        await rig.tell(
            moved,
            rig.deleted("company", "co1"),
            moved.model_copy(update={"organization_id": "beta"}),
        )
        assert len(reads) == 2
        await _follow_all(rig)
        assert await _with_company(rig, "co2") == 5
        assert await _marked(rig) == set()

    async def test_what_is_left_is_counted(self, rig: Rig) -> None:
        """People are counted with those who are gone, and their conversations from where each was read to."""
        await _ground(rig)
        await rig.tell(rig.contact(companies=("co2",)))
        await rig.tell(rig.deleted("contact", "lee"))
        left = []
        for _ in range(3):
            followed, now = rig.stores.followed_contacts, rig.clock.now()
            people = await followed.count(rig.organization_id, now)
            keys = await followed.waiting(rig.organization_id, now, 10)
            marked = await rig.stores.mirror.marked_contacts(rig.organization_id, keys)
            read_to = {key: one.read_to for key, one in marked.items()}
            left.append((people, await rig.stores.mirror.count_by_contacts(rig.organization_id, read_to)))
            await rig.engine.follow_contacts.work()
        assert left == [(2, 4), (2, 2), (0, 0)]
        assert await rig.stores.mirror.count_by_contacts(rig.organization_id, {DANA: "", LEE: ""}) == 8
        assert await rig.stores.mirror.count_by_contacts("other", {DANA: "", LEE: ""}) == 0

    async def test_who_moves_on_is_followed_from_the_beginning(self, rig: Rig) -> None:
        """What was read for the former company is read once more, and no older slice keeps its place."""
        await _ground(rig)
        await rig.tell(rig.contact(companies=("co2",)))
        former = (await rig.stores.mirror.marked_contacts(rig.organization_id, [DANA]))[DANA]
        await rig.tell(rig.contact(companies=("co1",)))
        await rig.stores.followed_contacts.leave(rig.organization_id, former, "ws1:k4", rig.clock.now())
        await rig.stores.mirror.unmark_contacts(rig.organization_id, [former])
        await rig.follow_contacts_all()
        assert (await _with_company(rig, "co1"), await _with_company(rig, "co2")) == (8, 0)
        assert await _marked(rig) == set()

    async def test_who_comes_again_unchanged_goes_on(self, rig: Rig) -> None:
        """Another name moves nobody: the batch reads on where the last one ended."""
        await _ground(rig)
        for _ in range(3):
            await rig.tell(rig.contact(companies=("co2",)))
        assert (await _with_company(rig, "co2"), await _marked(rig)) == (5, set())

    async def test_a_contact_that_goes_is_followed_likewise(self, rig: Rig) -> None:
        """Its conversations are nobody's but its own then, also where it went while it was being followed."""
        await _ground(rig)
        await rig.tell(rig.contact(companies=("co2",)))
        await rig.tell(rig.deleted("contact", "dana"))
        assert (await _with(rig, f"person/{DANA}"), await _marked(rig)) == (2, {DANA})
        await rig.follow_contacts_all()
        assert (await _with(rig, f"person/{DANA}"), await _marked(rig)) == (5, set())

    async def test_a_contact_that_comes_back_is_followed_as_it_is(self, rig: Rig) -> None:
        """A grave's place is not that of who returns."""
        await _ground(rig)
        await rig.tell(rig.deleted("contact", "dana"))
        await rig.tell(rig.contact(companies=("co2",)))
        await rig.follow_contacts_all()
        assert (await _with_company(rig, "co2"), await _marked(rig)) == (5, set())

    async def test_a_company_that_goes_is_followed_likewise(self, rig: Rig) -> None:
        """Its stand-in goes with the last conversation that was with it, and not before."""
        await _ground(rig)
        await rig.tell(rig.deleted("company", "co1"))
        seen = [await _with_company(rig, "co1")]
        held = [len(await rig.stores.customers.by_ids(rig.organization_id, [_customer(rig, "co1")]))]
        while await rig.engine.follow_companies.work():
            seen.append(await _with_company(rig, "co1"))
            held.append(len(await rig.stores.customers.by_ids(rig.organization_id, [_customer(rig, "co1")])))
        assert (seen, held) == ([6, 4, 2, 0], [1, 1, 1, 0])
        assert await _marked(rig) == set()
        assert await rig.stores.mirror.owners(rig.organization_id, [COMPANY]) == {}
        assert {one.customer for one in await rig.signals(state="open")} == {None}

    async def test_a_company_that_comes_back_keeps_its_own(self, rig: Rig) -> None:
        """Whoever is in the middle of its going takes nothing from the one that is there again."""
        await _ground(rig)
        await rig.tell(rig.deleted("company", "co1"))
        lost = await rig.stores.mirror.lost_companies(rig.organization_id, [COMPANY])
        await rig.tell(rig.company())
        await rig.engine.follow_companies._companies.after_deletion(rig.organization_id, lost, Allowance(2))
        await _follow_all(rig)
        assert (await _with_company(rig, "co1"), await _marked(rig)) == (8, set())
        assert await rig.stores.customers.by_ids(rig.organization_id, [_customer(rig, "co1")])

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize(
        ("store", "write"),
        [
            ("mirror", "save_analyses"),
            ("followed_contacts", "leave"),
            ("mirror", "unmark_contacts"),
            ("followed", "leave"),
            ("customers", "delete"),
            ("mirror", "unmark_deletions"),
        ],
    )
    async def test_a_death_repeats_a_slice_and_loses_none(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch, store: str, write: str, *, after: bool
    ) -> None:
        """Wherever a slice is cut short, the next one comes to the same."""
        await _ground(rig)
        contact = "contact" in write or "contact" in store
        await rig.tell(rig.contact(companies=("co2",)) if contact else rig.deleted("company", "co1"))
        held: Any = getattr(rig.stores, store)
        monkeypatch.setattr(held, write, _dies_once(getattr(held, write), after=after))
        deaths = 0
        for _ in range(2):
            try:
                await _follow_all(rig)
            except TransientError:
                deaths += 1
        assert (deaths, await _marked(rig)) == (1, set())
        moved = (3, 5) if contact else (0, 0)
        assert (await _with_company(rig, "co1"), await _with_company(rig, "co2")) == moved
        there = await rig.stores.customers.by_ids(rig.organization_id, [_customer(rig, "co1")])
        assert bool(there) is contact

    async def test_a_culprit_waits_and_all_others_are_followed(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One contact, or one company that went, with a defect is tried again ten minutes later."""
        await _ground(rig)
        await rig.tell(rig.contact(companies=("co2",)), rig.contact("lee", ("co2",)))
        await rig.tell(rig.deleted("company", "co1"))
        assert await _marked(rig) == {DANA, LEE, COMPANY}
        mirror: Any = rig.stores.mirror
        marked, lost = mirror.marked_contacts, mirror.lost_companies

        async def failing_contacts(organization_id: str, keys: list[str]) -> Any:
            if DANA in keys:
                raise ArithmeticError("a defect")
            return await marked(organization_id, keys)

        async def failing_companies(organization_id: str, keys: list[str]) -> Any:
            if COMPANY in keys:
                raise ArithmeticError("a defect")
            return await lost(organization_id, keys)

        with monkeypatch.context() as patch:
            patch.setattr(mirror, "marked_contacts", failing_contacts)
            patch.setattr(mirror, "lost_companies", failing_companies)
            await _follow_all(rig)
        assert await _marked(rig) == {DANA, COMPANY}
        rig.clock.advance(600)
        await _follow_all(rig)
        assert (await _marked(rig), await _with_company(rig, "co2")) == (set(), 8)

    async def test_removed_data_is_not_brought_back_by_a_slice(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The order to remove comes while a slice reads; what the slice left goes too."""
        await _ground(rig)
        await rig.tell(rig.contact(companies=("co2",)))
        save: Any = rig.stores.mirror.save_analyses

        async def interrupted(*args: Any) -> None:
            monkeypatch.undo()
            await rig.remove()
            await save(*args)

        monkeypatch.setattr(rig.stores.mirror, "save_analyses", interrupted)
        await rig.engine.follow_contacts.work()
        assert (await rig.signals(), await _marked(rig)) == ([], set())
