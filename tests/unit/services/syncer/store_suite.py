"""What every implementation of the syncer's stores must do; fakes and adapters run the same tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from services.syncer.domain.connection import Barrier, Connection, ConnectionKey
from services.syncer.domain.cursor import Cursor
from services.syncer.domain.fingerprint import GONE, Fingerprint
from services.syncer.domain.pace import Pace
from services.syncer.domain.run import Hint, Intent, StepState
from shared.contracts.sync import Gap

if TYPE_CHECKING:
    from services.syncer.domain.run import Lane, Run
    from services.syncer.ports import Connections, Cursors, Fingerprints, Gaps, Runs

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
KEY = ConnectionKey("org-1", "con-1")
OTHER = ConnectionKey("org-2", "con-1")


@dataclass(frozen=True)
class Stores:
    connections: Connections
    runs: Runs
    fingerprints: Fingerprints
    cursors: Cursors
    gaps: Gaps


async def claimed(stores: Stores, lane: Lane = "main", now: datetime = NOW) -> Run:
    run = await stores.runs.claim(lane, now=now, until=now + timedelta(seconds=30))
    assert run is not None
    return run


class ConnectionSuite:
    async def test_keeps_the_highest_revision(self, stores: Stores) -> None:
        """A record that comes late or twice changes nothing."""
        assert await stores.connections.keep(Connection(KEY, 2, "connected", workspace_id="w"))
        assert not await stores.connections.keep(Connection(KEY, 1, "disconnected"))
        assert not await stores.connections.keep(Connection(KEY, 2, "disconnected"))
        found = await stores.connections.get(KEY)
        assert found == Connection(KEY, 2, "connected", workspace_id="w")

    async def test_verification_belongs_to_a_revision(self, stores: Stores) -> None:
        """A new revision is to be verified anew; a late word about an old one is ignored."""
        await stores.connections.keep(Connection(KEY, 1, "connected"))
        await stores.connections.verified(KEY, 1)
        await stores.connections.keep(Connection(KEY, 2, "connected"))
        await stores.connections.verified(KEY, 1)
        found = await stores.connections.get(KEY)
        assert found is not None
        assert found.verified_revision == 1

    async def test_organizations_do_not_see_each_other(self, stores: Stores) -> None:
        """The same connection id in another organization is another connection."""
        await stores.connections.keep(Connection(KEY, 1, "connected"))
        assert await stores.connections.get(OTHER) is None
        assert await stores.connections.forget(OTHER) == 0
        assert await stores.connections.forget(KEY) == 1
        assert await stores.connections.get(KEY) is None

    async def test_a_barred_one_is_kept_out(self, stores: Stores) -> None:
        """Whatever is told of it later; and the order's workspace is remembered for what ends late."""
        await stores.connections.keep(Connection(KEY, 1, "connected"))
        assert await stores.connections.barred(KEY) is None
        await stores.connections.bar(KEY, "w")
        await stores.connections.bar(KEY)
        assert await stores.connections.barred(KEY) == Barrier(KEY, "w")
        assert await stores.connections.barred(OTHER) is None
        assert not await stores.connections.keep(Connection(KEY, 2, "connected"))


class CursorSuite:
    async def test_saves_and_replaces(self, stores: Stores) -> None:
        """The last cursor of a resource is the one that counts, each field of it."""
        await stores.cursors.save(KEY, Cursor("contact", 5))
        kept = Cursor(
            "contact",
            9,
            1,
            2,
            3,
            4,
            asked_at=5,
            exact=True,
            sorted=False,
            deleted_from=7,
            retried_to={"still_lagging": "9"},
        )
        await stores.cursors.save(KEY, kept)
        await stores.cursors.save(OTHER, Cursor("contact", 1))
        assert await stores.cursors.all(KEY) == {"contact": kept}
        assert await stores.cursors.forget(KEY) == 1
        assert await stores.cursors.all(KEY) == {}
        assert len(await stores.cursors.all(OTHER)) == 1


class GapSuite:
    async def test_a_gap_keeps_its_time(self, stores: Stores) -> None:
        """Naming a known gap again updates its number and not the time since when it is known."""
        first = Gap(resource="conversation", id="1", reason="parts_cut_at_500", missing=3, since=NOW)
        await stores.gaps.open(KEY, first)
        await stores.gaps.open(KEY, first.model_copy(update={"missing": 4, "since": LATER}))
        assert await stores.gaps.listed(KEY, limit=10) == [first.model_copy(update={"missing": 4})]
        assert await stores.gaps.count(KEY) == 1
        assert await stores.gaps.count(OTHER) == 0

    async def test_filters_and_closes(self, stores: Stores) -> None:
        """Gaps are listed by resource and reason, and closed by resource, id and reasons."""
        for id_, reason in (("1", "still_lagging"), ("1", "parts_cut_at_500"), (None, "permission_missing")):
            await stores.gaps.open(
                KEY, Gap.model_validate({"resource": "contact", "id": id_, "reason": reason, "since": NOW})
            )
        lagging = await stores.gaps.listed(KEY, limit=10, resource="contact", reason="still_lagging")
        assert [gap.id for gap in lagging] == ["1"]
        assert await stores.gaps.listed(KEY, limit=10, resource="company") == []
        await stores.gaps.close(KEY, "contact", None, ["permission_missing"])
        await stores.gaps.close(KEY, "contact", "1", ["still_lagging"])
        assert [gap.reason for gap in await stores.gaps.listed(KEY, limit=10)] == ["parts_cut_at_500"]
        assert await stores.gaps.forget(KEY) == 1

    async def test_tells_aspects_apart(self, stores: Stores) -> None:
        """What is missing of a thing and the thing itself are two gaps, each opened and closed alone."""
        whole = Gap(resource="conversation", reason="permission_missing", since=NOW)
        deletions = whole.model_copy(update={"aspect": "deletions"})
        for gap in (whole, deletions):
            await stores.gaps.open(KEY, gap)
        assert await stores.gaps.whole(KEY) == [whole, deletions]
        await stores.gaps.close(KEY, "conversation", None, ["permission_missing"])
        assert await stores.gaps.whole(KEY) == [deletions]
        await stores.gaps.close(KEY, "conversation", None, ["permission_missing"], aspect="deletions")
        assert await stores.gaps.count(KEY) == 0

    async def test_goes_on_by_id(self, stores: Stores) -> None:
        """From after the one named, in pieces; one of the whole resource comes before all others."""
        for id_ in ("3", "1", None, "2"):
            await stores.gaps.open(
                KEY,
                Gap.model_validate(
                    {"resource": "contact", "id": id_, "reason": "still_lagging", "since": NOW}
                ),
            )
        pieces = [
            await stores.gaps.listed(KEY, limit=2, resource="contact", reason="still_lagging", after=after)
            for after in ("", "1", "3")
        ]
        assert [[gap.id for gap in piece] for piece in pieces] == [[None, "1"], ["2", "3"], []]

    async def test_closes_all_that_were_known_before(self, stores: Stores) -> None:
        """By resource and reason, up to a time; what was named since stays, and so does all else."""
        for resource, id_, reason, since in (
            ("conversation", "1", "deleted_before_read", NOW),
            ("conversation", "2", "deleted_before_read", LATER),
            ("conversation", "3", "still_lagging", NOW),
            ("contact", "4", "deleted_before_read", NOW),
        ):
            made = {"resource": resource, "id": id_, "reason": reason, "since": since}
            await stores.gaps.open(KEY, Gap.model_validate(made))
            await stores.gaps.open(OTHER, Gap.model_validate(made))
        await stores.gaps.close_all(KEY, "conversation", "deleted_before_read", known_before=LATER)
        assert sorted(gap.id or "" for gap in await stores.gaps.listed(KEY, limit=9)) == ["2", "3", "4"]
        assert await stores.gaps.count(OTHER) == 4

    async def test_finds_those_of_whole_resources(self, stores: Stores) -> None:
        """Of all resources and reasons, and none that has an id."""
        for resource, id_ in (("tag", None), ("conversation", "1"), ("contact", None)):
            await stores.gaps.open(
                KEY,
                Gap.model_validate(
                    {"resource": resource, "id": id_, "reason": "still_lagging", "since": NOW}
                ),
            )
        assert [gap.resource for gap in await stores.gaps.whole(KEY)] == ["contact", "tag"]
        assert await stores.gaps.whole(OTHER) == []


class FingerprintSuite:
    async def test_remembers_everything(self, stores: Stores) -> None:
        """What was stored comes back, one revision higher; part ids may hold any character."""
        parts = {"1": "aa", "a.b": "bb", "$x y": "cc"}
        record = Fingerprint(
            "conversation",
            "7",
            "v",
            5,
            settled=False,
            open=True,
            parts=parts,
            source_parts=9,
            row="r",
            read_at=6,
        )
        assert await stores.fingerprints.store(KEY, [record], writer="w1") == []
        found = await stores.fingerprints.of(KEY, "conversation", ["7", "8"])
        assert found == {
            "7": Fingerprint(
                "conversation",
                "7",
                "v",
                5,
                settled=False,
                open=True,
                parts=parts,
                source_parts=9,
                row="r",
                read_at=6,
                revision=1,
            )
        }
        assert await stores.fingerprints.of(OTHER, "conversation", ["7"]) == {}

    async def test_two_writers_cannot_cross(self, stores: Stores) -> None:
        """Of two that started from the same revision the second one is told that it lost; others win."""
        fresh = [Fingerprint("tag", "1", "a", None), Fingerprint("tag", "2", "a", None)]
        assert await stores.fingerprints.store(KEY, fresh, writer="w1") == []
        assert await stores.fingerprints.store(KEY, fresh[:1], writer="w2") == fresh[:1]
        update = Fingerprint("tag", "1", "b", None, revision=1)
        unrelated = Fingerprint("tag", "3", "a", None)
        assert await stores.fingerprints.store(KEY, [update, unrelated], writer="w3") == []
        assert await stores.fingerprints.store(KEY, [update, unrelated], writer="w4") == [update, unrelated]
        held = await stores.fingerprints.of(KEY, "tag", ["1"])
        assert held["1"].version == "b"

    async def test_a_walk_finds_what_it_did_not_meet(self, stores: Stores) -> None:
        """Unseen ones come by id, from after the one named, in pieces."""
        records = [Fingerprint("contact", str(number), "v", None) for number in range(5)]
        await stores.fingerprints.store(KEY, [*records, Fingerprint("tag", "0", "v", None)], writer="w")
        await stores.fingerprints.mark(KEY, "contact", ["1", "3"], walk="walk-1")
        await stores.fingerprints.mark(KEY, "contact", [], walk="walk-1")
        unseen = await stores.fingerprints.unseen(KEY, "contact", walk="walk-1", after="", limit=2)
        assert [held.id for held in unseen] == ["0", "2"]
        unseen = await stores.fingerprints.unseen(KEY, "contact", walk="walk-1", after="2", limit=2)
        assert [held.id for held in unseen] == ["4"]
        everything = await stores.fingerprints.unseen(KEY, "contact", walk="", after="", limit=10)
        assert len(everything) == 5

    async def test_everything_comes_in_portions(self, stores: Stores) -> None:
        """By type and id, what went too, and nothing of another connection."""
        records = [
            Fingerprint("tag", "1", "v", None),
            Fingerprint("contact", "2", GONE, None),
            Fingerprint("contact", "1", "v", None),
        ]
        await stores.fingerprints.store(KEY, records, writer="w")
        await stores.fingerprints.store(OTHER, [Fingerprint("tag", "7", "v", None)], writer="w")
        first = await stores.fingerprints.everything(KEY, after=None, limit=2)
        assert [(held.resource, held.id) for held in first] == [("contact", "1"), ("contact", "2")]
        rest = await stores.fingerprints.everything(KEY, after=first[-1], limit=2)
        assert [(held.resource, held.id, held.revision) for held in rest] == [("tag", "1", 1)]
        assert await stores.fingerprints.everything(KEY, after=rest[-1], limit=2) == []

    async def test_unseen_ones_may_be_asked_for_by_time(self, stores: Stores) -> None:
        """Open ones of any age and closed ones changed since, as for what is lively."""
        records = [
            Fingerprint("conversation", "1", "v", 5, open=True),
            Fingerprint("conversation", "2", "v", 99),
            Fingerprint("conversation", "3", "v", 100),
            Fingerprint("conversation", "4", GONE, 200, open=True),
            Fingerprint("conversation", "5", "v", None),
            Fingerprint("conversation", "6", "v", 300),
        ]
        await stores.fingerprints.store(KEY, records, writer="w")
        await stores.fingerprints.mark(KEY, "conversation", ["6"], walk="walk-1")
        unseen = await stores.fingerprints.unseen(
            KEY, "conversation", walk="walk-1", after="", limit=9, changed_since=100
        )
        assert [held.id for held in unseen] == ["1", "3"]

    async def test_lively_ones_come_by_id(self, stores: Stores) -> None:
        """Open ones of any age and closed ones changed since; what went, and other resources, do not."""
        records = [
            Fingerprint("conversation", "1", "v", 5, open=True),
            Fingerprint("conversation", "2", "v", 99),
            Fingerprint("conversation", "3", "v", 100),
            Fingerprint("conversation", "4", GONE, 200, open=True),
            Fingerprint("conversation", "5", "v", None),
            Fingerprint("conversation", "6", "v", 300, open=True),
            Fingerprint("contact", "7", "v", 300),
        ]
        await stores.fingerprints.store(KEY, records, writer="w")
        found = await stores.fingerprints.lively(KEY, after="", changed_since=100, limit=2)
        assert [held.id for held in found] == ["1", "3"]
        found = await stores.fingerprints.lively(KEY, after="3", changed_since=100, limit=9)
        assert [held.id for held in found] == ["6"]
        assert await stores.fingerprints.lively(OTHER, after="", changed_since=0, limit=9) == []

    async def test_forgets(self, stores: Stores) -> None:
        """Counting and forgetting go by resource; the rest stays."""
        records = [
            Fingerprint("contact", "1", "v", None),
            Fingerprint("contact", "2", "v", None),
            Fingerprint("tag", "1", "v", None),
        ]
        await stores.fingerprints.store(KEY, records, writer="w")
        await stores.fingerprints.store(KEY, [Fingerprint("contact", "3", GONE, None)], writer="w")
        assert await stores.fingerprints.count(KEY, "contact") == 2
        unseen = await stores.fingerprints.unseen(KEY, "contact", walk="", after="", limit=9)
        assert [held.id for held in unseen] == ["1", "2"]
        assert await stores.fingerprints.forget(KEY, "contact", ["1", "9"]) == 1
        assert {held.id for held in await stores.fingerprints.some(KEY, limit=10)} == {"1", "2", "3"}
        assert await stores.fingerprints.some(OTHER, limit=10) == []


class RunSuite:
    async def test_one_run_per_connection(self, stores: Stores) -> None:
        """A request starts a run; while it is claimed nobody else gets it."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW, traceparent="t")
        run = await claimed(stores)
        assert (run.run_id, run.reason, run.key, run.traceparent) == ("r1", "initial", KEY, "t")
        assert await stores.runs.claim("main", now=NOW, until=LATER) is None
        assert await stores.runs.claim("hints", now=NOW, until=LATER) is None
        assert await stores.runs.leased(KEY, now=NOW)
        assert not await stores.runs.leased(OTHER, now=NOW)

    async def test_an_expired_lease_is_taken_over(self, stores: Stores) -> None:
        """After the lease the run is due again, and its former owner can write nothing any more."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        lost = await claimed(stores)
        taken = await claimed(stores, now=LATER)
        assert taken.fence > lost.fence
        assert not await stores.runs.renew(lost, until=LATER)
        assert not await stores.runs.checkpoint(lost, wake_at=NOW)
        assert not await stores.runs.finish(lost, interrupted=False, now=NOW)
        assert await stores.runs.renew(taken, until=LATER + timedelta(seconds=60))
        assert await stores.runs.claim("main", now=LATER + timedelta(seconds=59), until=LATER) is None

    async def test_a_checkpoint_keeps_the_place(self, stores: Stores) -> None:
        """Position, counts and numbers come back with the next claim, which is not before the wake-up."""
        await stores.runs.request(KEY, request_id="r1", reason="manual", now=NOW)
        run = await claimed(stores)
        run.planned, run.calls, run.changed, run.attempts = True, 3, 4, 5
        run.paces = {"tag": Pace(6.5, 5.0, NOW)}
        position = {"after": "c", "wanted": {"1": 0}, "from": 7}
        run.steps = [
            StepState("tags", position, wake_at=NOW, waiting_for="a thing", failures=2, slices=3),
            StepState("teams", done=True),
        ]
        run.count_of("tag").expect(9)
        run.tried = {"conversation/12/a.b": 2}
        assert await stores.runs.checkpoint(run, wake_at=LATER)
        assert not await stores.runs.leased(KEY, now=NOW)
        assert await stores.runs.claim("main", now=NOW, until=LATER) is None
        again = await claimed(stores, now=LATER)
        assert (run.due_at, again.due_at) == (NOW, LATER)
        run.fence, run.due_at = again.fence, again.due_at
        assert again == run

    async def test_what_may_be_on_the_bus_outlasts_a_checkpoint(self, stores: Stores) -> None:
        """A slice to which the bus acknowledged nothing saves its place, and leaves its note as well."""
        await stores.runs.request(KEY, request_id="r1", reason="manual", now=NOW)
        run = await claimed(stores)
        noted = [Intent("conversation", "12", ("7", "8"))]
        assert await stores.runs.intend(run, noted, slot=0)
        run.unsure = list(noted)
        assert await stores.runs.checkpoint(run, wake_at=NOW)
        again = await claimed(stores)
        assert again.unsure == noted
        again.unsure.clear()
        assert await stores.runs.checkpoint(again, wake_at=NOW)
        assert (await claimed(stores)).unsure == []

    async def test_what_a_clock_that_was_ahead_put_off_is_due(self, stores: Stores) -> None:
        """Nobody would read for as long as it was ahead, and requests and hints join what waits."""
        tomorrow = NOW + timedelta(days=1)
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=tomorrow)
        run = await claimed(stores, now=tomorrow)
        run.steps = [StepState("contacts:all", wake_at=tomorrow), StepState("tags", wake_at=LATER)]
        assert await stores.runs.checkpoint(run, wake_at=tomorrow)
        assert await stores.runs.claim("hints", now=NOW, until=LATER) is None
        again = await claimed(stores)
        assert [step.wake_at for step in again.steps] == [None, LATER]
        assert await stores.runs.claim("main", now=NOW, until=LATER) is None
        assert not await stores.runs.checkpoint(run, wake_at=NOW)
        assert await stores.runs.checkpoint(again, wake_at=NOW + timedelta(minutes=2))
        assert await stores.runs.claim("main", now=NOW, until=LATER) is None

    async def test_who_took_a_run_with_a_clock_that_was_ahead_does_not_keep_it(self, stores: Stores) -> None:
        """The process may have ended with that clock; a removal waits for nobody either."""
        tomorrow = NOW + timedelta(days=1)
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        lost = await stores.runs.claim("main", now=tomorrow, until=tomorrow + timedelta(seconds=30))
        assert lost is not None
        assert not await stores.runs.leased(KEY, now=NOW)
        again = await stores.runs.claim("main", now=NOW, until=NOW + timedelta(minutes=10))
        assert again is not None
        assert not await stores.runs.renew(lost, until=tomorrow)
        assert await stores.runs.leased(KEY, now=NOW)
        behind = NOW - timedelta(minutes=9)
        assert await stores.runs.leased(KEY, now=behind)
        assert await stores.runs.claim("main", now=behind, until=NOW) is None

    async def test_a_run_that_waits_for_its_connection_is_no_work_of_another_clock(
        self, stores: Stores
    ) -> None:
        """Ten minutes are the longest that any is put off, and clocks of replicas differ."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        run = await claimed(stores)
        assert await stores.runs.checkpoint(run, wake_at=NOW + timedelta(minutes=10))
        assert await stores.runs.claim("main", now=NOW - timedelta(seconds=5), until=LATER) is None

    async def test_the_one_due_longest_comes_first(self, stores: Stores) -> None:
        """Connections take turns by the time they became due, whatever their organization."""
        await stores.runs.request(OTHER, request_id="r1", reason="scheduled", now=NOW + timedelta(seconds=1))
        await stores.runs.request(KEY, request_id="r2", reason="scheduled", now=NOW)
        order = [(await claimed(stores, now=LATER)).key for _ in range(2)]
        assert order == [KEY, OTHER]

    async def test_the_same_request_twice_is_one(self, stores: Stores) -> None:
        """The bus may deliver a request again, during the run or after it."""
        await stores.runs.request(KEY, request_id="r1", reason="scheduled", now=NOW)
        run = await claimed(stores)
        await stores.runs.request(KEY, request_id="r1", reason="scheduled", now=NOW)
        assert await stores.runs.finish(run, interrupted=False, now=NOW)
        await stores.runs.request(KEY, request_id="r1", reason="scheduled", now=NOW)
        assert await stores.runs.claim("main", now=LATER, until=LATER) is None

    async def test_a_request_during_a_run_runs_again(self, stores: Stores) -> None:
        """What was asked meanwhile starts at once, for the strongest of the reasons, from the top."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        run = await claimed(stores)
        run.planned, run.steps = True, [StepState("tags")]
        await stores.runs.request(KEY, request_id="r2", reason="reconcile", now=NOW)
        await stores.runs.request(KEY, request_id="r3", reason="scheduled", now=NOW)
        assert await stores.runs.finish(run, interrupted=False, now=LATER)
        again = await claimed(stores, now=LATER)
        assert (again.reason, again.planned, again.steps) == ("reconcile", False, [])
        assert again.run_id != run.run_id
        assert await stores.runs.finish(again, interrupted=False, now=LATER)
        assert await stores.runs.claim("main", now=LATER, until=LATER) is None

    async def test_an_interrupted_run_keeps_its_place(self, stores: Stores) -> None:
        """The next request goes on where it stopped, under a new name; what was asked before comes after."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        run = await claimed(stores)
        await stores.runs.request(KEY, request_id="r2", reason="reconcile", now=NOW)
        assert await stores.runs.checkpoint(run, wake_at=NOW)
        run = await claimed(stores)
        run.planned, run.steps = True, [StepState("tags", {"after": "x"})]
        assert await stores.runs.finish(run, interrupted=True, now=NOW)
        assert await stores.runs.claim("main", now=LATER, until=LATER) is None
        await stores.runs.request(KEY, request_id="r3", reason="manual", now=LATER)
        again = await claimed(stores, now=LATER)
        assert (again.run_id, again.planned, again.steps) == ("r3", True, run.steps)
        assert await stores.runs.finish(again, interrupted=False, now=LATER)
        last = await claimed(stores, now=LATER)
        assert (last.reason, last.planned) == ("reconcile", False)

    async def test_an_interrupted_run_is_begun_anew_to_reconcile(self, stores: Stores) -> None:
        """Its place proves nothing of what is to be read again, until that reconcile is over."""
        await stores.runs.request(KEY, request_id="r1", reason="scheduled", now=NOW)
        run = await claimed(stores)
        run.planned, run.steps = True, [StepState("tags", done=True)]
        assert await stores.runs.finish(run, interrupted=True, now=NOW)
        await stores.runs.request(KEY, request_id="r2", reason="reconcile", now=NOW)
        anew = await claimed(stores)
        assert (anew.run_id, anew.reason, anew.planned, anew.steps) == ("r2", "reconcile", False, [])
        assert await stores.runs.finish(anew, interrupted=True, now=NOW)
        await stores.runs.request(KEY, request_id="r3", reason="scheduled", now=NOW)
        again = await claimed(stores)
        assert (again.run_id, again.reason) == ("r3", "reconcile")
        assert await stores.runs.finish(again, interrupted=False, now=NOW)
        await stores.runs.request(KEY, request_id="r4", reason="scheduled", now=NOW)
        assert (await claimed(stores)).reason == "scheduled"

    async def test_a_request_during_an_interruption_is_heard(self, stores: Stores) -> None:
        """Who asks while the slice fails may have mended the cause: it goes on at once, from its place."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        run = await claimed(stores)
        run.planned, run.steps = True, [StepState("tags", {"after": "x"})]
        await stores.runs.request(KEY, request_id="r2", reason="scheduled", now=NOW)
        assert await stores.runs.finish(run, interrupted=True, now=NOW)
        again = await claimed(stores)
        assert (again.run_id, again.planned, again.steps) == ("r2", True, run.steps)
        assert await stores.runs.finish(again, interrupted=True, now=NOW)
        assert await stores.runs.claim("main", now=LATER, until=LATER) is None

    async def test_hints_outlast_an_interruption(self, stores: Stores) -> None:
        """They wait until the connection is well again; one that just came is tried at once."""
        first = [Hint("h1:0", "contact", "1")]
        assert await stores.runs.hint(KEY, first, request_id="h1", now=NOW)
        run = await claimed(stores, "hints")
        assert await stores.runs.hint(KEY, [Hint("h2:0", "tag", "1")], request_id="h2", now=NOW)
        assert await stores.runs.finish(run, interrupted=True, now=NOW)
        run = await claimed(stores, "hints")
        assert await stores.runs.finish(run, interrupted=True, now=NOW)
        assert await stores.runs.claim("hints", now=LATER, until=LATER) is None
        await stores.runs.resume_hints(OTHER, now=LATER)
        assert await stores.runs.claim("hints", now=LATER, until=LATER) is None
        await stores.runs.resume_hints(KEY, now=LATER)
        run = await claimed(stores, "hints", now=LATER)
        assert [hint.key for hint in run.hints] == ["h1:0", "h2:0"]
        assert await stores.runs.finish(run, interrupted=True, now=LATER, done_hints=["h1:0", "h2:0"])
        await stores.runs.resume_hints(KEY, now=LATER)
        assert await stores.runs.claim("hints", now=LATER, until=LATER) is None

    async def test_a_stopped_run_can_be_asked_for_again(self, stores: Stores) -> None:
        """Stopping takes it from its owner, who says so; a later request starts from the top."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        run = await claimed(stores)
        await stores.runs.stop(KEY)
        assert not await stores.runs.renew(run, until=LATER)
        assert await stores.runs.leased(KEY, now=NOW)
        await stores.runs.released(run)
        assert not await stores.runs.leased(KEY, now=NOW)
        assert await stores.runs.claim("main", now=LATER, until=LATER) is None
        await stores.runs.request(KEY, request_id="r2", reason="initial", now=LATER)
        assert (await claimed(stores, now=LATER)).run_id == "r2"

    async def test_who_read_before_a_stop_has_no_say_in_what_is_asked_afterwards(
        self, stores: Stores
    ) -> None:
        """A slice under way when somebody disconnects and connects again ends nothing of the new run."""
        await stores.runs.request(KEY, request_id="r1", reason="scheduled", now=NOW)
        hints = [Hint("h1:0", "contact", "1")]
        await stores.runs.hint(KEY, hints, request_id="h1", now=NOW)
        runs = [await claimed(stores), await claimed(stores, "hints")]
        await stores.runs.stop(KEY)
        await stores.runs.request(KEY, request_id="r2", reason="initial", now=NOW)
        await stores.runs.hint(KEY, [Hint("h2:0", "contact", "2")], request_id="h2", now=NOW)
        for run in runs:
            run.planned = True
            assert not await stores.runs.renew(run, until=LATER)
            assert not await stores.runs.checkpoint(run, wake_at=LATER)
            assert not await stores.runs.finish(run, interrupted=False, now=NOW, done_hints=["h2:0"])
            assert not await stores.runs.finish(run, interrupted=True, now=NOW)
        main, hinted = await claimed(stores), await claimed(stores, "hints")
        assert (main.run_id, main.reason, main.planned) == ("r2", "initial", False)
        assert [hint.id for hint in hinted.hints] == ["2"]

    async def test_hints_gather_in_their_own_run(self, stores: Stores) -> None:
        """Hints that arrive during a slice stay when those that were followed go."""
        first = [Hint("h1:0", "contact", "1"), Hint("h1:1", "contact", "2", force=True)]
        assert await stores.runs.hint(KEY, first, request_id="h1", now=NOW)
        run = await claimed(stores, "hints")
        assert run.hints == first
        assert await stores.runs.hint(KEY, [Hint("h2:0", "contact", "1")], request_id="h2", now=NOW)
        assert await stores.runs.hint(KEY, [Hint("h2:0", "contact", "1")], request_id="h2", now=NOW)
        assert await stores.runs.checkpoint(run, wake_at=NOW, done_hints=["h1:0"])
        run = await claimed(stores, "hints")
        assert [hint.key for hint in run.hints] == ["h1:1", "h2:0"]
        assert await stores.runs.hint(KEY, [Hint("h3:0", "tag", "1")], request_id="h3", now=NOW)
        assert await stores.runs.finish(run, interrupted=False, now=NOW, done_hints=["h1:1", "h2:0"])
        again = await claimed(stores, "hints")
        assert [hint.key for hint in again.hints] == ["h3:0"]
        assert again.run_id != run.run_id
        assert await stores.runs.finish(again, interrupted=False, now=NOW, done_hints=["h3:0"])
        assert await stores.runs.claim("hints", now=LATER, until=LATER) is None

    @pytest.mark.parametrize("amount", [5_000, 5_001])
    async def test_too_many_hints_are_refused(self, stores: Stores, amount: int) -> None:
        """Beyond five thousand waiting ones a searching run is the cheaper reader."""
        many = [Hint(f"h1:{number}", "contact", str(number)) for number in range(amount)]
        assert await stores.runs.hint(KEY, many, request_id="h1", now=NOW)
        assert not await stores.runs.hint(KEY, [Hint("h2:0", "contact", "x")], request_id="h2", now=NOW)

    async def test_forgets_both_lanes(self, stores: Stores) -> None:
        """Nothing of a connection is left, and nothing of another one is touched."""
        await stores.runs.request(KEY, request_id="r1", reason="initial", now=NOW)
        await stores.runs.hint(KEY, [Hint("h:0", "tag", "1")], request_id="h", now=NOW)
        await stores.runs.request(OTHER, request_id="r1", reason="initial", now=NOW)
        assert await stores.runs.forget(KEY) == 2
        assert (await claimed(stores)).key == OTHER
