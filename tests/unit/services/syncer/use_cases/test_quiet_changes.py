"""Changes that move no time: rows are compared, hints followed whole, and the audit goes round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from deploy.simulator.settings import SimulatorSettings
from services.connector.domain.webhook import hints_of
from services.syncer.adapters.http_intercom import ReadOnlyTransport
from services.syncer.domain.cursor import audit_amount
from tests.unit.services.syncer.rig import KEY, Rig

if TYPE_CHECKING:
    from shared.contracts.sync import ResourceHint

RECONCILE_SECONDS = 21_600
READ = "GET /conversations/{id}"


def small() -> SimulatorSettings:
    return SimulatorSettings(
        workspace="generated",
        conversations=60,
        parts=3,
        contacts=20,
        companies=4,
        days=60,
        pace="paused",
        webhook_url=None,
        second_workspace=False,
    )


def one_of(rig: Rig) -> str:
    """Return a conversation with parts whose last change is long ago."""
    return next(
        found.id
        for found in rig.workspace.conversations
        if rig.workspace.parts(found.id) and found.updated_at < rig.simulation.now() - 86_400
    )


def held(rig: Rig, id_: str) -> Any:
    return rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/conversation/{id_}"]


def part_of(rig: Rig, id_: str, part: str) -> Any:
    return rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/conversation_part/{id_}/{part}"]


def reads(rig: Rig) -> int:
    return rig.simulation.statistics.calls[READ]


async def reconcile(rig: Rig) -> None:
    """Let the time of a reconcile come, and read by schedule."""
    rig.clock.advance(RECONCILE_SECONDS + 1)
    await rig.request("scheduled")
    await rig.settle()


def quietly(rig: Rig, kind: str, id_: str) -> None:
    """Make a change that leaves `updated_at` where it was."""
    admin, tag = next(iter(rig.workspace.admins)), next(iter(rig.workspace.tags))
    before = rig.workspace.conversations[id_].updated_at
    arguments: dict[str, dict[str, Any]] = {
        "tag_conversation": {"tag_id": tag, "admin_id": admin},
        "untag_conversation": {"tag_id": tag},
        "set_title": {"title": "Renamed"},
        "set_conversation_attribute": {"name": "Area", "value": "Billing"},
        "redact": {},
    }
    rig.mutate(kind, conversation_id=id_, quiet=True, **arguments[kind])
    assert rig.workspace.conversations[id_].updated_at == before


@pytest.mark.parametrize("kind", ["tag_conversation", "set_title", "redact"])
async def test_what_a_row_shows_is_found_by_the_walk_over_all(kind: str) -> None:
    """A tag, a title and a redacted opening message arrive although no time moved, by one reading."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = one_of(rig)
    quietly(rig, kind, one)
    before = reads(rig)
    await reconcile(rig)
    assert reads(rig) - before == 1
    wanted = rig.workspace.conversations[one]
    assert held(rig, one).title == (wanted.title or wanted.source.subject or None)
    assert set(held(rig, one).tag_ids) == {tag.tag_id for tag in wanted.tags}
    assert part_of(rig, one, f"source-{one}").redacted == wanted.source.redacted
    await reconcile(rig)
    assert reads(rig) - before == 1


async def test_a_tag_taken_off_is_found() -> None:
    """No webhook tells of it and no time moves; the next walk over all sees it."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = one_of(rig)
    quietly(rig, "tag_conversation", one)
    await reconcile(rig)
    assert held(rig, one).tag_ids
    quietly(rig, "untag_conversation", one)
    await reconcile(rig)
    assert not held(rig, one).tag_ids


async def test_an_attribute_costs_one_reading() -> None:
    """What is shown but not passed on is read once, and then known."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    quietly(rig, "set_conversation_attribute", one_of(rig))
    before = reads(rig)
    await reconcile(rig)
    await reconcile(rig)
    assert reads(rig) - before == 1
    assert rig.completed[-1].changed == 0


async def test_a_walk_without_changes_reads_no_conversation() -> None:
    """What rows show is equal to what readings by id showed, so nothing is read twice."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    before = reads(rig)
    await reconcile(rig)
    assert reads(rig) == before


def show_less(rig: Rig) -> None:
    """Let rows of searches leave something out that the conversations themselves have."""
    inner: Any = rig.intercom._transport
    original = inner.handle_async_request

    async def answer(request: Any) -> Any:
        given = await original(request)
        if request.url.path != "/conversations/search":
            return given
        body = orjson.loads(await given.aread())
        for row in body["conversations"]:
            row["custom_attributes"] = {"left": "out"}
        headers = {name: value for name, value in given.headers.items() if name != "content-length"}
        return httpx.Response(given.status_code, headers=headers, json=body)

    inner.handle_async_request = answer


async def test_rows_that_always_show_less_cost_nothing() -> None:
    """What a row showed when the conversation was read is what it is compared with."""
    rig = Rig(small(), audit_calls_per_minute=0)
    show_less(rig)
    await rig.first_sync()
    rig.mutate("reply", conversation_id=one_of(rig), body="<p>More</p>")
    rig.clock.advance(30)
    await rig.request("scheduled")
    await rig.settle()
    before = reads(rig)
    await reconcile(rig)
    assert reads(rig) == before
    assert rig.missing() == []


async def test_rows_that_begin_to_show_less_are_read_once() -> None:
    """They cost one reading each, not one at every walk."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    show_less(rig)
    before, conversations = reads(rig), len(rig.workspace.conversations)
    await reconcile(rig)
    assert reads(rig) - before == conversations
    await reconcile(rig)
    assert reads(rig) - before == conversations


@pytest.mark.parametrize("kind", ["redact", "tag_conversation"])
async def test_a_hint_is_followed_whatever_the_time_says(kind: str) -> None:
    """Topics about a part name its conversation; it is read again and compared by what it says."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = one_of(rig)
    part = rig.workspace.parts(one)[0].id
    topic = "conversation_part.redacted" if kind == "redact" else "conversation_part.tag.created"
    if kind == "redact":
        rig.mutate(kind, conversation_id=one, part_id=part, quiet=True)
    else:
        quietly(rig, kind, one)
    hints: tuple[ResourceHint, ...] = hints_of(
        {
            "topic": topic,
            "data": {"item": {"type": "conversation_part", "id": part, "conversation": {"id": one}}},
        }
    )
    await rig.request("hint", hints)
    await rig.settle()
    assert part_of(rig, one, part).redacted == (kind == "redact")
    assert bool(held(rig, one).tag_ids) == (kind == "tag_conversation")
    assert kind != "redact" or "redacted" in part_of(rig, one, part).text.lower()


async def test_a_redacted_part_that_no_answer_reaches_is_taken_back() -> None:
    """Intercom gives the newest parts only; the webhook names the one whose words went, and it goes whole."""
    rig = Rig(small(), audit_calls_per_minute=0)
    await rig.first_sync()
    one = one_of(rig)
    first, *others = [part.id for part in rig.workspace.parts(one)]
    rig.simulation.set_switches(rig.simulation.switches.changed(parts_limit=1))
    rig.mutate("redact", conversation_id=one, part_id=first, quiet=True)
    named = {"type": "conversation_part", "id": first, "conversation": {"id": one}}
    for _ in range(2):  # The second time there is nothing left to take back.
        await rig.request("hint", hints_of({"topic": "conversation_part.redacted", "data": {"item": named}}))
        await rig.settle()
    prefix = f"{KEY.organization_id}/{rig.workspace.id_code}/conversation_part/{one}/"
    left = {key.removeprefix(prefix) for key in rig.mirror() if key.startswith(prefix)}
    assert left == {*others, f"source-{one}"}
    assert held(rig, one).part_count == len(left)
    assert f"{prefix}{first}" in rig.publisher.tombstones
    (gap,) = rig.completed[-1].gaps
    assert (gap.id, gap.reason, gap.missing) == (one, "parts_cut_at_500", 1)


async def test_the_audit_finds_what_nothing_shows() -> None:
    """A redaction of a part, without webhook, time or row, is found when its turn comes."""
    rig = Rig(small(), audit_calls_per_minute=10)
    await rig.first_sync()
    one = one_of(rig)
    part = rig.workspace.parts(one)[0]
    rig.mutate("redact", conversation_id=one, part_id=part.id, quiet=True)
    await reconcile(rig)
    assert part_of(rig, one, part.id).redacted
    assert rig.missing() == []


async def test_an_audit_costs_what_was_said_and_goes_round() -> None:
    """Each takes up where the last one ended, so that after enough of them everything was read again."""
    rig = Rig(small(), slice_items=7)
    rig.slices = rig.another_replica()
    await rig.first_sync()
    asked: list[str] = []
    inner: Any = rig.intercom._transport
    original = inner.handle_async_request

    async def noting(request: Any) -> Any:
        if request.url.path.startswith("/conversations/") and request.method == "GET":
            asked.append(request.url.path.rpartition("/")[2])
        return await original(request)

    inner.handle_async_request = noting
    cursor = rig.cursors.kept[KEY]["conversation"]
    assert cursor.audited_at is None
    await reconcile(rig)  # 3,600 would be allowed: all are read, once.
    everything = {found.id for found in rig.workspace.conversations}
    assert sorted(each for each in asked if each != "deleted") == sorted(everything)
    asked.clear()
    for _ in range(6):
        rig.clock.advance(61)
        await rig.request("reconcile")
        await rig.settle()
    once = [each for each in asked if each != "deleted"]
    assert sorted(once) == sorted(everything)


async def test_an_ordinary_run_audits_nothing() -> None:
    """The audit belongs to the reconcile: a run between two of them costs a call per resource."""
    rig = Rig(small(), audit_calls_per_minute=1_000)
    await rig.first_sync()
    before = rig.calls()
    await rig.request("scheduled")
    await rig.settle()
    assert rig.calls() - before == 5


@pytest.mark.parametrize(
    ("audited_at", "amount"),
    [(None, 3_600), (100_000 - 600, 100), (100_000, 0), (100_500, 0), (0, 14_400)],
    ids=["never", "ten minutes", "now", "a clock that went back", "long ago"],
)
def test_the_amount_follows_the_time(audited_at: int | None, amount: int) -> None:
    """So many for each minute, at most a day's, whatever the clock did."""
    assert audit_amount(audited_at, 100_000, a_minute=10, pause_seconds=21_600) == amount


class StillTimes(httpx.ASGITransport):
    """A workspace in which one contact shows the same time whatever becomes of it."""

    def __init__(self, rig: Rig, contact_id: str) -> None:
        super().__init__(rig.simulator.app)
        self._id = contact_id
        self._time = rig.truth("contacts")[contact_id]["updated_at"]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if not request.url.path.startswith("/contacts"):
            return answer
        body = orjson.loads(await answer.aread())
        for row in body.get("data", [body]):
            if row.get("id") == self._id:
                row["updated_at"] = self._time
        headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return httpx.Response(answer.status_code, json=body, headers=headers)


@pytest.mark.parametrize("amount", [5, 12])
async def test_a_contacts_tags_are_followed_though_no_time_moves(amount: int) -> None:
    """Also where a row shows ten of them; and while they stay as they are, the long list is not asked for."""
    rig = Rig(small())
    one = next(iter(rig.workspace.contacts)).id
    for number in range(13):
        rig.mutate("create_tag", name=f"many {number}")
    tags = list(rig.workspace.tags)[-13:]
    for tag in tags[:amount]:
        rig.mutate("tag_contact", contact_id=one, tag_id=tag)
    rig.intercom._transport = ReadOnlyTransport(StillTimes(rig, one))
    rig.clock.advance(3_600)
    await rig.first_sync()
    listed = "GET /contacts/{id}/tags"
    for _ in range(2):
        before = rig.simulation.statistics.calls[listed]
        rig.clock.advance(86_400)
        await rig.request("reconcile")
        await rig.settle()
    assert rig.simulation.statistics.calls[listed] == before
    rig.mutate("untag_contact", contact_id=one, tag_id=tags[0])
    rig.mutate("tag_contact", contact_id=one, tag_id=tags[12])
    rig.clock.advance(86_400)
    await rig.request("reconcile")
    await rig.settle()
    event: Any = rig.mirror()[f"{KEY.organization_id}/{rig.workspace.id_code}/contact/{one}"]
    assert {*tags[1:amount], tags[12]} <= set(event.tag_ids)
    assert tags[0] not in event.tag_ids
