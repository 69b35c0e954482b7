"""Whole runs against a simulated workspace: the mirror equals it, or the ledger names what is missing."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.tokens import DEMO_TOKEN
from services.connector.domain.report import SyncReport
from services.syncer.domain.run import Hint
from shared.contracts.resources import ConversationChanged, ConversationPartChanged, ResourceDeleted
from shared.contracts.sync import Gap, ResourceHint
from tests.unit.services.syncer.rig import KEY, START, Rig

if TYPE_CHECKING:
    from shared.contracts.event import Event

SWITCHES: list[dict[str, Any]] = [
    {},
    {"contact_dates": "utc_day"},
    {"contact_dates": "exact"},
    {"conversation_dates": "utc_day"},
    {"conversation_dates": "utc_day", "conversation_bounds": "inclusive"},
    {"conversation_bounds": "inclusive"},
    {"conversation_sort": "ignored"},
    {"conversation_sort": "ignored", "conversation_dates": "utc_day"},
    {"contact_lag_seconds": 600, "conversation_lag_seconds": 600, "lag_varies": True},
    {"app_limit": 25},
    {"too_many_requests_every": 7},
    {"merged_contacts": "not_found"},
    {"scroll_page_size": 5},
    {"scroll_page_size": 5, "scroll_error_at_page": 2},
    {"rows_move": True},
    {"html_502_every": 7},
    {"empty_200_every": 6},
    {"html_404": True},
    {"deleted_companies_listed": False},
    {"slow_above_page_size": 20},
    {"slow_above_page_size": 20, "slow_answer": "502"},
]


def small() -> SimulatorSettings:
    return SimulatorSettings(
        workspace="generated",
        conversations=120,
        parts=4,
        contacts=60,
        companies=14,
        days=80,
        pace="paused",
        webhook_url=None,
        second_workspace=False,
    )


def churn(rig: Rig, *, rounds: int = 40, seed: int = 3, gone: bool = True) -> None:
    """Let a lot happen: every kind of change, many of them in the same second."""
    rng = random.Random(seed)
    workspace = rig.workspace
    conversations = [conversation.id for conversation in workspace.conversations]
    contacts = [contact.id for contact in workspace.contacts]
    companies = [company.id for company in workspace.companies]
    admin = next(iter(workspace.admins))
    for number in range(rounds):
        one = rng.choice(conversations)
        happening: list[tuple[str, dict[str, Any]]] = [
            ("reply", {"conversation_id": one, "body": f"<p>{number}</p>"}),
            ("note", {"conversation_id": one, "admin_id": admin, "body": "n"}),
            ("close", {"conversation_id": one, "admin_id": admin}),
            ("create_conversation", {"contact_id": rng.choice(contacts[5:]), "body": "new"}),
            ("update_contact", {"contact_id": rng.choice(contacts[5:]), "changes": {"name": f"N{number}"}}),
            ("create_contact", {"name": f"C{number}"}),
            ("update_company", {"company_id": rng.choice(companies), "changes": {"name": f"Co{number}"}}),
            ("create_tag", {"name": f"t{number}"}),
        ]
        if gone:
            happening += [
                ("delete_conversation", {"conversation_id": one}),
                ("delete_contact", {"contact_id": contacts[number % 3]}),
                ("merge_contacts", {"contact_id": contacts[3], "into_id": contacts[4]}),
                ("delete_company", {"company_id": companies[number % 2]}),
                ("delete_tag", {"tag_id": next(iter(workspace.tags))}),
            ]
        name, arguments = rng.choice(happening)
        try:
            rig.mutate(name, **arguments)
        except MutationRefusedError:
            continue  # It was deleted in an earlier round.
        rig.clock.advance(rng.choice([0, 0, 1, 50]))


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: ",".join(switches) or "healthy")
async def test_the_mirror_equals_the_workspace(switches: dict[str, Any]) -> None:
    """Under every switch: after the first sync, a run for changes, and a reconcile for what went silently."""
    rig = Rig(small())
    rig.simulation.set_switches(rig.simulation.switches.changed(**switches))
    await rig.first_sync()
    assert rig.missing() == []
    churn(rig, gone=False)
    rig.clock.advance(601)
    await rig.request("scheduled")
    await rig.settle()
    assert rig.missing() == []
    churn(rig, seed=4)
    rig.clock.advance(601)
    await rig.request("reconcile")
    await rig.settle()
    assert rig.missing() == []
    assert rig.completed[-1].gap_count == 0
    assert rig.interrupted == []
    assert rig.simulation.statistics.violation_count == 0


async def test_changes_behind_the_bookmark_are_read_again() -> None:
    """Conversations that change while the first sync runs are in the mirror when that sync ends."""
    rig = Rig(small(), slice_items=15)
    await rig.connect()
    await rig.request("initial")
    for number in range(4):
        assert await rig.slice("main") == "sliced"
        churn(rig, rounds=6, seed=number)
    await rig.settle()
    followed = [difference for difference in rig.missing() if difference.startswith(("conv", "part"))]
    assert followed == []


async def test_nothing_new_costs_a_call_per_resource() -> None:
    """A run in which nothing changed asks once for each type, and publishes nothing."""
    rig = Rig(small())
    await rig.first_sync()
    before, published = rig.calls(), len(rig.mirror())
    await rig.request("scheduled")
    await rig.settle()
    assert rig.calls() - before == 5  # admins, teams, tags, contacts, conversations
    assert rig.completed[-1].changed == 0
    assert len(rig.mirror()) == published


async def test_each_changed_conversation_costs_one_call() -> None:
    """Conversations that changed are read once; the others of the same window cost nothing."""
    rig = Rig(small())
    await rig.first_sync()
    ids = [conversation.id for conversation in rig.workspace.conversations][-10:]
    for id_ in ids:
        rig.mutate("reply", conversation_id=id_, body="<p>more</p>")
    rig.clock.advance(5)
    for expected in (5 + 10, 5):
        before = rig.calls()
        await rig.request("scheduled")
        await rig.settle()
        assert rig.calls() - before == expected
        rig.clock.advance(5)


async def test_a_change_in_the_second_of_the_reading_is_found() -> None:
    """Two changes in one second, with a reading between them: the second one is not lost."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    rig.mutate("reply", conversation_id=one, body="<p>first</p>")
    await rig.request("scheduled")
    await rig.settle()
    rig.mutate("reply", conversation_id=one, body="<p>second</p>")
    rig.clock.advance(30)
    await rig.request("scheduled")
    await rig.settle()
    assert rig.missing() == []


async def test_open_conversations_come_before_closed_ones() -> None:
    """The first conversations on the bus are open or snoozed ones, the newest of them first."""
    rig = Rig(small())
    await rig.first_sync()
    states = [event.state for event in rig.publisher.published if isinstance(event, ConversationChanged)]
    first_closed = states.index("closed")
    assert first_closed > 0
    assert set(states[:first_closed]) <= {"open", "snoozed"}


async def test_parts_go_out_before_their_conversation() -> None:
    """A reader that sees a conversation's record has seen as many parts as it names."""
    rig = Rig(small())
    await rig.first_sync()
    parts: dict[str, int] = {}
    for event in rig.publisher.published:
        if isinstance(event, ConversationPartChanged):
            parts[event.conversation_id] = parts.get(event.conversation_id, 0) + 1
        elif isinstance(event, ConversationChanged):
            assert parts[event.id] == event.part_count


async def test_a_cut_list_of_parts_is_a_named_gap() -> None:
    """Where the source keeps older parts to itself, the ledger says how many; held ones stay held."""
    rig = Rig(small())
    await rig.first_sync()
    one = max(rig.workspace.conversations, key=lambda found: len(rig.workspace.parts(found.id))).id
    held = len(rig.workspace.parts(one))
    rig.simulation.set_switches(rig.simulation.switches.changed(parts_limit=2))
    for number in range(5):
        rig.mutate("reply", conversation_id=one, body=f"<p>{number}</p>")
    rig.clock.advance(30)
    await rig.request("scheduled")
    await rig.settle()
    (gap,) = rig.completed[-1].gaps
    assert (gap.resource, gap.id, gap.reason, gap.missing) == ("conversation", one, "parts_cut_at_500", 3)
    record: Any = rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/conversation/{one}"]
    assert (record.part_count, record.source_part_count) == (held + 1 + 2, held + 1 + 5)
    rig.simulation.set_switches(rig.simulation.switches.changed(parts_limit=500))
    rig.mutate("reply", conversation_id=one, body="<p>again</p>")
    rig.clock.advance(30)
    await rig.request("scheduled")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0


async def test_a_conversation_deleted_before_it_was_read_is_a_named_gap() -> None:
    """Found by the search and gone at the reading: named, and the run goes on."""
    rig = Rig(small(), slice_items=5)
    rig.simulation.set_switches(rig.simulation.switches.changed(conversation_lag_seconds=500))
    await rig.connect()
    one = next(found.id for found in rig.workspace.conversations if found.state == "open")
    rig.mutate("delete_conversation", conversation_id=one)
    await rig.request("initial")
    await rig.settle()
    (gap,) = rig.completed[-1].gaps
    assert (gap.id, gap.reason) == (one, "deleted_before_read")
    assert rig.missing() == []
    # A full walk later nothing of it is at the source either.
    rig.clock.advance(3_600)
    await rig.request("reconcile")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0


async def test_a_deletion_of_what_was_never_held_is_no_gap() -> None:
    """A webhook names any conversation that is deleted, also ones older than the lookback."""
    rig = Rig(small())
    await rig.first_sync()
    await follow(rig, "conversation", "99999999")
    assert rig.completed[-1].gap_count == 0


async def test_a_gap_ends_with_what_it_names() -> None:
    """One that could not be read and is deleted since is tried no more."""
    rig = Rig(small())
    one = next(iter(rig.workspace.conversations)).id
    await rig.first_sync()
    rig.mutate("delete_conversation", conversation_id=one)
    await rig.request("manual")
    await rig.settle()
    for reason in ("still_lagging", "permission_missing"):
        await rig.gaps.open(
            KEY, Gap.model_validate({"resource": "conversation", "id": one, "reason": reason, "since": START})
        )
    await rig.request("manual")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0


async def test_a_redaction_arrives() -> None:
    """A part redacted in place is published again as redacted."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(found.id for found in rig.workspace.conversations if rig.workspace.parts(found.id))
    part = rig.workspace.parts(one)[0].id
    rig.mutate("redact", conversation_id=one, part_id=part)
    rig.clock.advance(30)
    await rig.request("scheduled")
    await rig.settle()
    event: Any = rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/conversation_part/{one}/{part}"]
    assert event.redacted
    assert rig.missing() == []


async def test_deletions_take_the_parts_along() -> None:
    """A deleted conversation ends as a fact and as tombstones under every key that was published."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    keys = {key for key in rig.mirror() if key.endswith(f"/{one}") or f"/{one}/" in key}
    rig.mutate("delete_conversation", conversation_id=one)
    rig.clock.advance(30)
    await rig.request("manual")
    await rig.settle()
    assert keys == set(rig.publisher.tombstones)
    assert rig.missing() == []


async def follow(rig: Rig, resource: Any, id_: str) -> list[Event]:
    before = len(rig.publisher.published)
    await rig.request("hint", [ResourceHint(resource=resource, id=id_)])
    await rig.settle()
    return rig.publisher.published[before:]


async def test_hints_read_what_they_name() -> None:
    """One hint reads one resource at once, whatever became of it."""
    rig = Rig(small())
    await rig.first_sync()
    workspace = rig.workspace
    conversation = next(iter(workspace.conversations)).id
    contacts = [contact.id for contact in workspace.contacts]
    company = next(iter(workspace.companies)).id
    admin, tag = next(iter(workspace.admins)), next(iter(workspace.tags))
    rig.mutate("reply", conversation_id=conversation, body="<p>now</p>")
    rig.mutate("update_contact", contact_id=contacts[0], changes={"name": "New"})
    rig.mutate("merge_contacts", contact_id=contacts[1], into_id=contacts[2])
    rig.mutate("delete_contact", contact_id=contacts[3])
    rig.mutate("delete_company", company_id=company)
    rig.mutate("set_away", admin_id=admin, away=True)
    rig.mutate("delete_tag", tag_id=tag)
    before = rig.calls()
    for resource, id_ in (
        ("conversation", conversation),
        ("contact", contacts[0]),
        ("contact", contacts[1]),
        ("contact", contacts[3]),
        ("company", company),
        ("admin", admin),
        ("tag", tag),
    ):
        told = [event.TYPE for event in await follow(rig, resource, id_)]
        assert any("changed" in name or "deleted" in name for name in told), (resource, told)
    assert rig.calls() - before == 8  # the merged contact's successor is read as well
    assert rig.missing() == []
    merged = next(
        event
        for event in rig.publisher.published
        if isinstance(event, ResourceDeleted) and event.reason == "merged"
    )
    assert merged.successor_id == contacts[2]
    # The list goes on showing the deleted company; it stays gone.
    rig.clock.advance(600)
    await rig.request("manual")
    await rig.settle()
    assert rig.missing() == []


async def test_hints_do_not_wait_for_a_first_sync() -> None:
    """Beside a long run, a hint is read by the next slice of its own lane."""
    rig = Rig(small(), slice_items=5)
    await rig.connect()
    await rig.request("initial")
    await rig.slice("main")
    one = next(iter(rig.workspace.conversations)).id
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    assert await rig.slice("hints") == "completed"
    assert f"{KEY.organization_id}/{rig.workspace.id_code}/conversation/{one}" in rig.mirror()
    assert rig.runs.documents[KEY.document_id("main")]["state"] == "active"
    await rig.settle()
    assert rig.missing() == []


@pytest.mark.parametrize("unread", ["contact", "conversation"])
async def test_nothing_is_complete_while_a_list_was_never_read(unread: Any) -> None:
    """A hint's run may end between a first sync's lists; it claims no time for what is not there yet."""
    rig = Rig(small())
    await rig.first_sync()
    del rig.cursors.kept[KEY][unread]
    one = next(iter(rig.workspace.conversations)).id
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    assert await rig.slice("hints") == "completed"
    assert rig.completed[-1].complete_up_to is None


async def test_a_message_does_not_wait_behind_a_change_of_many_contacts() -> None:
    """An import touches thousands of contacts in a minute; what somebody wrote meanwhile is read first."""
    rig = Rig(slice_items=1)
    await rig.first_sync()
    people = [ResourceHint(resource="contact", id=contact.id) for contact in rig.workspace.contacts]
    written = next(found for found in rig.workspace.conversations if found.state == "open")
    await rig.request("hint", people)
    await rig.request("hint", [ResourceHint(resource="conversation", id=written.id)])
    assert await rig.slice("hints") == "sliced"
    left = {hint["resource"] for hint in rig.runs.documents[KEY.document_id("hints")]["hints"]}
    assert left == {"contact"}


async def test_the_same_hint_many_times_costs_one_reading() -> None:
    """Hints that wait together for one resource are one reading."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    before = rig.calls()
    for _ in range(5):
        await rig.request("hint", [ResourceHint(resource="conversation", id=one)] * 3)
    await rig.settle()
    assert rig.calls() - before == 1


async def test_two_readers_that_cross_leave_the_newest_state() -> None:
    """When somebody else stored a resource while it was read, it is read once more and published whole."""
    rig = Rig(small())
    await rig.first_sync()
    one = next(iter(rig.workspace.conversations)).id
    rig.mutate("reply", conversation_id=one, body="<p>new</p>")
    fingerprints: Any = rig.fingerprints
    original = fingerprints.of

    async def held_before_another_writer(*arguments: Any) -> Any:
        fingerprints.of = original
        found = await original(*arguments)
        mine = rig.fingerprints.kept[KEY]["conversation", one]
        await rig.fingerprints.store(KEY, [mine], writer="another replica")
        return found

    fingerprints.of = held_before_another_writer
    await rig.request("hint", [ResourceHint(resource="conversation", id=one)])
    await rig.slice("hints")
    waiting = rig.runs.documents[KEY.document_id("hints")]["hints"]
    assert [(hint["id"], hint["force"]) for hint in waiting] == [(one, True)]
    before = len(rig.publisher.published)
    await rig.settle()
    again = [
        event for event in rig.publisher.published[before:] if isinstance(event, ConversationPartChanged)
    ]
    assert len(again) == len(rig.workspace.parts(one)) + 1
    assert rig.missing() == []


async def test_a_longer_lookback_reads_only_what_is_missing() -> None:
    """Older closed conversations are added; those that are held are not read again."""
    rig = Rig(small().model_copy(update={"days": 300}), lookback_days=30)
    await rig.first_sync()
    held = sum(1 for key in rig.mirror() if "/conversation/" in key)
    rig.lookback_days = 200
    await rig.connect()
    before = rig.simulation.statistics.calls["GET /conversations/{id}"]
    await rig.request("lookback_extended")
    await rig.settle()
    assert rig.missing() == []
    more = sum(1 for key in rig.mirror() if "/conversation/" in key)
    assert more > held
    assert rig.simulation.statistics.calls["GET /conversations/{id}"] - before == more - held


@pytest.mark.parametrize("dies", [False, True])
async def test_a_longer_lookback_is_read_though_its_request_came_first(dies: bool) -> None:
    """Requests and settings come by topics of their own. Told once more after a death, it is read too."""
    rig = Rig(small().model_copy(update={"days": 300}), lookback_days=30)
    await rig.first_sync()
    held = sum(1 for key in rig.mirror() if "/conversation/" in key)
    await rig.request("scheduled")
    await rig.settle()
    rig.lookback_days = 200
    if dies:
        await rig.connect()  # Kept, and then the process died.
        await rig.hear_of_connection(revision=rig.connections.kept[KEY].revision)
    else:
        await rig.hear_of_connection(revision=rig.connections.kept[KEY].revision + 1)
    await rig.settle()
    assert rig.missing() == []
    assert sum(1 for key in rig.mirror() if "/conversation/" in key) > held


async def test_a_lookback_that_grows_during_the_first_sync_reads_each_once() -> None:
    """The longer one is read when the run that is under way has ended, and nothing is read twice."""
    rig = Rig(small().model_copy(update={"days": 300}), lookback_days=30, slice_items=10)
    await rig.connect()
    await rig.request("initial")
    while not rig.simulation.statistics.calls["GET /conversations/{id}"]:
        await rig.slice("main")
    rig.lookback_days = 200
    await rig.connect()
    await rig.request("lookback_extended")
    await rig.settle()
    assert rig.missing() == []
    held = sum(1 for key in rig.mirror() if "/conversation/" in key)
    assert rig.simulation.statistics.calls["GET /conversations/{id}"] == held
    for _ in range(2):  # Shorter and longer again: everything is held already.
        for rig.lookback_days in (30, 200):
            await rig.connect()
            await rig.request("lookback_extended")
            await rig.settle()
    assert rig.simulation.statistics.calls["GET /conversations/{id}"] == held


async def test_an_empty_workspace_is_complete() -> None:
    """Nothing there is no fault: the run completes, with nothing held and nothing missing."""
    rig = Rig(small().model_copy(update={"conversations": 0, "companies": 0, "contacts": 1}))
    completed = await rig.first_sync()
    assert completed.gap_count == 0
    assert completed.complete_up_to is not None
    assert {count.resource: count.done for count in completed.held}["conversation"] == 0


async def test_a_foreign_scroll_is_waited_out_and_then_gone_around() -> None:
    """While another app holds the scroll all else is read; then the list stands in, as a named gap."""
    rig = Rig(small())
    rig.simulation.set_switches(rig.simulation.switches.changed(foreign_scroll=True))
    completed = await rig.first_sync()
    assert [(gap.resource, gap.reason) for gap in completed.gaps] == [("company", "still_lagging")]
    assert any(report.waiting_for for report in rig.progressed)
    assert rig.missing() == []
    rig.simulation.set_switches(rig.simulation.switches.changed(foreign_scroll=False))
    rig.clock.advance(3_600)
    await rig.request("manual")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0


async def test_conversations_that_cannot_be_read_become_gaps_and_are_tried_again() -> None:
    """One that fails again and again does not stop the run; the next runs try it until it is read."""
    rig = Rig(small())
    one = next(iter(rig.workspace.conversations)).id
    inner: Any = rig.intercom._transport
    broken = True

    async def answer(request: Any) -> Any:
        if broken and request.url.path == f"/conversations/{one}":
            return httpx.Response(500, headers={"Date": "Tue, 10 Mar 2026 09:30:07 GMT"})
        return await original(request)

    original, inner.handle_async_request = inner.handle_async_request, answer
    await rig.first_sync()
    assert [(gap.id, gap.reason) for gap in rig.completed[-1].gaps] == [(one, "still_lagging")]
    held = {count.resource: count for count in rig.completed[-1].held}["conversation"]
    assert (held.total or 0) - held.done == 1
    broken = False
    await rig.request("scheduled")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0
    assert rig.missing() == []


async def test_progress_is_honest() -> None:
    """Numbers only rise, the whole is known early, and each report is newer than the last."""
    rig = Rig(small(), slice_items=10)
    await rig.first_sync()
    sequences = [report.sequence for report in rig.progressed]
    assert sequences == sorted(set(sequences))
    done: dict[str, int] = {}
    for report in rig.progressed:
        for count in report.counts:
            assert count.done >= done.get(count.resource, 0)
            assert count.total is None or count.total >= count.done
            done[count.resource] = count.done
    last = {count.resource: count for count in rig.completed[-1].counts}
    assert last["conversation"].done == last["conversation"].total


def shares(rig: Rig) -> list[float | None]:
    """Return the share that a page would show at each report."""
    report, found = SyncReport(), list[float | None]()
    for event in rig.progressed:
        report = report.progressed(event)
        found.append(report.run.share if report.run is not None else None)
    return found


async def test_the_share_never_jumps_back() -> None:
    """It is told once everything is counted, rises, and ends with all: a page never says 100 % too early."""
    rig = Rig(small(), slice_items=10)
    await rig.first_sync()
    first = shares(rig)
    told = [share for share in first if share is not None]
    assert first[0] is None
    assert told == sorted(told)
    assert told[0] < 0.6 < told[-1] == 1.0
    rig.lookback_days = 200
    await rig.connect()
    await rig.request("lookback_extended")
    await rig.settle()
    rig.clock.advance(30_000)
    await rig.request("scheduled")  # A reconcile, with an audit at its end.
    await rig.settle()
    by_run: dict[str, list[float]] = {}
    for event, share in zip(rig.progressed, shares(rig), strict=True):
        by_run.setdefault(event.run_id, []).extend([] if share is None else [share])
    assert len(by_run) == 3
    assert all(known == sorted(known) for known in by_run.values())
    assert [known[-1] for known in by_run.values()] == [1.0, 1.0, 1.0]


async def test_the_share_is_told_although_one_resource_may_not_be_read() -> None:
    """What is not granted counts for nothing, instead of leaving the whole unknown."""
    rig = Rig(small(), slice_items=10)
    token = rig.simulation.tokens.get(DEMO_TOKEN)
    assert token is not None
    rig.simulation.put_token(dataclasses.replace(token, missing=frozenset({"read_tags"})))
    await rig.first_sync()
    assert shares(rig)[-1] == 1.0


async def test_an_unknown_resource_in_a_hint_harms_nobody() -> None:
    """A hint for something that never was ends as a fact that it is gone, and no gap for lists."""
    rig = Rig(small())
    await rig.first_sync()
    await follow(rig, "company", "ffffffffffffffffffffffff")
    await follow(rig, "conversation", "../../etc")
    assert rig.missing() == []
    assert await rig.runs.hint(KEY, [Hint("k", "tag", "1")], request_id="last", now=rig.clock.now())


async def test_lists_that_are_cut_in_a_row_are_read_whole() -> None:
    """More than ten tags and companies are all in the event; unchanged, they cost nothing."""
    rig = Rig(small().model_copy(update={"companies": 80}))
    one = next(iter(rig.workspace.contacts)).id
    companies = [company.id for company in rig.workspace.companies][:70]
    for id_ in companies:
        rig.mutate("attach_company", contact_id=one, company_id=id_)
    for number in range(12):
        rig.mutate("create_tag", name=f"tag {number}")
    tags = list(rig.workspace.tags)[-12:]
    for id_ in tags:
        rig.mutate("tag_contact", contact_id=one, tag_id=id_)
    rig.clock.advance(5)
    await rig.first_sync()
    event: Any = rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/contact/{one}"]
    assert set(companies) <= set(event.company_ids)
    assert set(tags) <= set(event.tag_ids)
    # Within the overlap a list may still show an older state of the same second, so they are asked again.
    rig.clock.advance(900)
    await rig.request("scheduled")
    await rig.settle()
    before = rig.calls()
    await rig.request("scheduled")
    await rig.settle()
    assert rig.calls() - before == 5


async def test_single_conversations_that_may_not_be_read_are_named() -> None:
    """A restricted one is a gap with its id; the others are read, and it is tried again when asked for."""
    rig = Rig(small())
    one = next(iter(rig.workspace.conversations)).id
    inner: Any = rig.intercom._transport
    original = inner.handle_async_request

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == f"/conversations/{one}":
            return httpx.Response(403, json={"errors": [{"code": "forbidden"}]})
        found: httpx.Response = await original(request)
        return found

    inner.handle_async_request = answer
    await rig.first_sync()
    assert [(gap.id, gap.reason) for gap in rig.completed[-1].gaps] == [(one, "permission_missing")]
    assert rig.missing() == [f"conversation {one} is missing"]
    inner.handle_async_request = original
    await rig.request("manual")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0
    assert rig.missing() == []


async def test_a_step_that_never_works_does_not_hold_up_the_rest() -> None:
    """Where one list fails for ever and others do not, the run completes and names what it could not read."""
    rig = Rig(small())
    inner: Any = rig.intercom._transport
    original = inner.handle_async_request

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/teams":
            return httpx.Response(502, text="<html>")
        found: httpx.Response = await original(request)
        return found

    inner.handle_async_request = answer
    completed = await rig.first_sync()
    assert [(gap.resource, gap.id, gap.reason) for gap in completed.gaps] == [("team", None, "still_lagging")]
    assert all(difference.startswith("team") for difference in rig.missing())
    inner.handle_async_request = original
    await rig.request("scheduled")
    await rig.settle()
    assert rig.completed[-1].gap_count == 0
    assert rig.missing() == []
