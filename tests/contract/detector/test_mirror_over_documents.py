"""The mirror over a document server: what wins where records meet, and what whole customers are read from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.detector.adapters import mongo_mirror_conversations
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.domain.mirror import Analysis, Mark
from services.detector.domain.mood import MoodPoint
from shared.contracts.resources import (
    Author,
    ConversationChanged,
    ConversationPartChanged,
    Rating,
    ResourceDeleted,
)
from tests.engines.expiry import let_nothing_expire
from tests.unit.services.detector.rig import CONNECTION, NOW, ORG, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.asynchronous.database import AsyncDatabase

LONG_AGO = NOW - timedelta(days=400)


@pytest.fixture
async def mirror(database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> MongoMirror:
    """An empty mirror with its indexes."""
    let_nothing_expire(monkeypatch)
    made = MongoMirror(database)
    await made.prepare()
    return made


def _seen(minutes: int, **fields: Any) -> dict[str, Any]:
    return {
        "organization_id": ORG,
        "connection_id": CONNECTION,
        "workspace_id": WORKSPACE,
        "version": "v",
        "observed_at": NOW + timedelta(minutes=minutes),
        **fields,
    }


def _part(id_: str, text: str, minutes: int, conversation: str = "c1") -> ConversationPartChanged:
    return ConversationPartChanged(
        **_seen(minutes, id=id_),
        conversation_id=conversation,
        part_type="comment",
        author=Author(type="user"),
        text=text,
        created_at=NOW,
    )


def _conversation(id_: str, minutes: int = 0, **fields: Any) -> ConversationChanged:
    told = {"created_at": NOW, "updated_at": NOW, "part_count": 1, **fields}
    return ConversationChanged(**_seen(minutes, id=id_), **told)


def _gone(id_: str, minutes: int) -> ResourceDeleted:
    return ResourceDeleted(
        organization_id=ORG,
        connection_id=CONNECTION,
        workspace_id=WORKSPACE,
        resource="conversation_part",
        id=id_,
        conversation_id="c1",
        reason="deleted",
        observed_at=NOW + timedelta(minutes=minutes),
    )


def _merged(id_: str, into: str) -> ResourceDeleted:
    return ResourceDeleted(
        organization_id=ORG,
        connection_id=CONNECTION,
        workspace_id=WORKSPACE,
        resource="contact",
        id=id_,
        reason="merged",
        successor_id=into,
        observed_at=NOW,
    )


def _analysis(number: int) -> Analysis:
    key, id_ = f"{WORKSPACE}:c{number}", f"c{number}"
    mood = MoodPoint(NOW, -0.5, 0.25, key, id_, "p", 1, 4, "bad", "dana", "Dana Ruiz", "dana@n.example")
    return Analysis(
        fingerprint="f",
        moods=(mood,),
        marks=(Mark("p", 1, 4, "churn_risk", 0.5, "churn"),),
        held_parts=number,
        last_customer_at=NOW,
        last_asked_at=NOW - timedelta(minutes=1),
    )


async def _read(mirror: MongoMirror, numbers: Sequence[int], subject: str) -> None:
    """Store conversations `c<number>`, each that many minutes old, and keep that they were read."""
    await mirror.store(
        ORG, [_conversation(f"c{one}", updated_at=NOW - timedelta(minutes=one)) for one in numbers]
    )
    await mirror.save_analyses(
        ORG, {f"{WORKSPACE}:c{one}": (_analysis(one), subject, ("co1",)) for one in numbers}
    )


async def _texts(mirror: MongoMirror) -> dict[str, str]:
    held = await mirror.parts(ORG, [f"{WORKSPACE}:c1"])
    return {part.id: part.text for parts in held.values() for part in parts}


async def test_whoever_was_merged_goes_along_however_many_they_are(mirror: MongoMirror) -> None:
    """A batch names heirs of thousands of leads: each is marked, also those that were merged before."""
    heirs = {f"u{one}": [f"l{one}-{number}" for number in range(500)] for one in range(5)}
    leads = [(lead, heir) for heir, mine in heirs.items() for lead in mine]
    leads += [(f"{lead}-before", lead) for lead, _ in leads[:20]]
    await mirror.bury(ORG, [_merged(lead, heir) for lead, heir in leads])
    keys = {f"{WORKSPACE}:{lead}" for lead, _ in leads}
    await mirror.unmark_contacts(ORG, (await mirror.marked_contacts(ORG, keys)).values())
    assert await mirror.mark_merged(ORG, {f"{WORKSPACE}:{heir}" for heir in heirs}) == keys
    assert (await mirror.marked_contacts(ORG, keys)).keys() == keys


async def test_new_and_held_in_one_batch(mirror: MongoMirror) -> None:
    """Of a batch, what is new is kept, what is newer replaces, and what is older is dropped."""
    await mirror.store(ORG, [_part("a", "first", 5), _part("b", "first", 5)])
    await mirror.store(ORG, [_part("a", "older", 4), _part("b", "newer", 6), _part("c", "new", 1)])
    assert await _texts(mirror) == {"a": "first", "b": "newer", "c": "new"}


async def test_openings_are_the_first_messages_that_still_have_words(mirror: MongoMirror) -> None:
    """Neither an answer, nor a redacted or deleted opening, nor another organization's."""
    kept, redacted, gone = (_part(f"source-{one}", f"hello {one}", 1, one) for one in ("c1", "c2", "c3"))
    redacted = redacted.model_copy(update={"redacted": True})
    await mirror.store(ORG, [kept, redacted, gone, _part("a", "an answer", 2, "c4")])
    await mirror.bury(ORG, [_gone("source-c3", 5).model_copy(update={"conversation_id": "c3"})])
    keys = [f"{WORKSPACE}:c{number}" for number in range(1, 6)]
    assert await mirror.openings(ORG, keys) == {f"{WORKSPACE}:c1": "hello c1"}
    assert await mirror.openings("other", keys) == {}
    assert await mirror.openings(ORG, []) == {}


async def test_a_repeat_of_the_same_moment_is_taken(mirror: MongoMirror) -> None:
    """Of two records of one moment the later told one stays, since a redelivery may bring either again."""
    await mirror.store(ORG, [_part("a", "first", 5)])
    await mirror.store(ORG, [_part("a", "again", 5)])
    assert await _texts(mirror) == {"a": "again"}


async def test_a_grave_holds_against_what_came_before(mirror: MongoMirror) -> None:
    """A record older than the deletion stays away; a newer one brings the thing back, without the grave."""
    await mirror.store(ORG, [_part("a", "first", 1)])
    await mirror.bury(ORG, [_gone("a", 5)])
    await mirror.store(ORG, [_part("a", "late", 4)])
    assert await _texts(mirror) == {}
    await mirror.store(ORG, [_part("a", "back", 6)])
    assert await _texts(mirror) == {"a": "back"}


async def test_a_newer_record_keeps_what_was_read(mirror: MongoMirror) -> None:
    """What the detectors made of a conversation stays until they look again."""
    await _read(mirror, [1], "customer:k1")
    await mirror.store(ORG, [_conversation("c1", 9, state="closed", rating=Rating(rating=2))])
    held = (await mirror.conversations(ORG, [f"{WORKSPACE}:c1"]))[f"{WORKSPACE}:c1"]
    assert (held.record.state, held.subject, held.analysis) == ("closed", "customer:k1", _analysis(1))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 6), st.booleans()), min_size=1, max_size=12
    ),
    cuts=st.sets(st.integers(1, 11)),
)
async def test_any_order_in_any_batches_ends_the_same(
    database: AsyncDatabase[dict[str, Any]], told: list[tuple[str, int, bool]], cuts: set[int]
) -> None:
    """However records and deletions are cut into batches, the newest word on each thing is what is held."""
    mirror = MongoMirror(database)
    await database.drop_collection("parts")
    newest: dict[str, tuple[int, int, bool]] = {}
    batch: dict[str, tuple[int, bool, int]] = {}

    async def flush() -> None:
        await mirror.store(
            ORG, [_part(id_, str(at), minutes) for id_, (minutes, gone, at) in batch.items() if not gone]
        )
        await mirror.bury(ORG, [_gone(id_, minutes) for id_, (minutes, gone, _) in batch.items() if gone])
        batch.clear()

    for at, (id_, minutes, gone) in enumerate(told):
        if at in cuts or id_ in batch:
            await flush()
        batch[id_] = (minutes, gone, at)
        if minutes >= newest.get(id_, (-1, 0, False))[0]:
            newest[id_] = (minutes, at, gone)
    await flush()
    assert await _texts(mirror) == {id_: str(at) for id_, (_, at, gone) in newest.items() if not gone}


async def test_a_digest_has_what_the_whole_has(mirror: MongoMirror) -> None:
    """The small form that reviews read tells the same as the conversation and its analysis."""
    await mirror.store(ORG, [_conversation("c1", state="snoozed", rating=Rating(rating=4, created_at=NOW))])
    await mirror.save_analyses(ORG, {f"{WORKSPACE}:c1": (_analysis(1), "customer:k1", ())})
    (digest,) = (await mirror.digests(ORG, ["customer:k1"], LONG_AGO))["customer:k1"]
    (whole,) = await mirror.newest(ORG, "customer:k1", LONG_AGO, 10)
    assert (digest.summary, digest.moods) == (whole.summary, _analysis(1).moods)
    assert whole.analysis == _analysis(1)


async def test_digests_begin_where_they_are_asked_to(mirror: MongoMirror) -> None:
    """Conversations that rested before the moment asked for are left out; the rest come oldest first."""
    await _read(mirror, [1, 2, 3, 4], "customer:k1")
    found = await mirror.digests(ORG, ["customer:k1"], NOW - timedelta(minutes=3))
    assert [one.summary.conversation_id for one in found["customer:k1"]] == ["c3", "c2", "c1"]


async def test_many_conversations_of_one_cut_nobody_else(
    mirror: MongoMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each subject gets its own newest conversations, however many another one in the question has."""
    monkeypatch.setattr(mongo_mirror_conversations, "MANY", 3)
    monkeypatch.setattr(mongo_mirror_conversations, "_TOGETHER", 5)
    await _read(mirror, [11, 12, 13, 14, 15], "customer:big")
    await _read(mirror, [91, 92], "customer:quiet")
    found = await mirror.digests(ORG, ["customer:big", "customer:quiet"], LONG_AGO)
    assert {subject: [one.summary.conversation_id for one in mine] for subject, mine in found.items()} == {
        "customer:big": ["c13", "c12", "c11"],
        "customer:quiet": ["c92", "c91"],
    }
    alone = await mirror.digests(ORG, ["customer:big"], LONG_AGO)
    assert alone["customer:big"] == found["customer:big"]


async def test_removed_conversations_leave_no_digest(mirror: MongoMirror) -> None:
    """A deleted conversation takes its quotes along."""
    await _read(mirror, [1, 2], "customer:k1")
    gone = _gone("c1", 5).model_copy(update={"resource": "conversation", "conversation_id": None})
    await mirror.bury(ORG, [gone])
    found = await mirror.digests(ORG, ["customer:k1"], LONG_AGO)
    assert [one.summary.conversation_id for one in found["customer:k1"]] == ["c2"]
