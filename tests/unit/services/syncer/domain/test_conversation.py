"""Conversations as Intercom gives them, in all their live shapes, to the events that readers get."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.syncer.domain.conversation import fresh_conversation, source_part_count
from services.syncer.domain.fingerprint import Fingerprint
from services.syncer.domain.fresh import Fresh, Scope
from shared.contracts.resources import ConversationChanged
from tests.unit.services.syncer.domain.test_fields import JSON

SCOPE = Scope("org", "con", "ws", "https://app.intercom.test/")
AT = 1_700_000_500


def body(**changes: Any) -> dict[str, Any]:
    """Return a conversation as FACTS §7 describes a live one."""
    return {
        "type": "conversation",
        "id": "42",
        "title": None,
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_400,
        "waiting_since": 1_700_000_300,
        "snoozed_until": None,
        "open": True,
        "state": "open",
        "priority": "none",
        "admin_assignee_id": 0,
        "team_assignee_id": 7,
        "company": {"id": "c1"},
        "tags": {"type": "tag.list", "tags": [{"id": "80", "name": "vip"}]},
        "conversation_rating": {"rating": 5, "remark": "great", "created_at": 1_700_000_200},
        "source": {
            "type": "email",
            "id": "9",
            "delivered_as": "customer_initiated",
            "subject": "<p>Help</p>",
            "body": "<p>It broke</p>",
            "author": {"type": "user", "id": "u1", "name": "Ann", "email": "ann@x.test"},
            "attachments": [
                {"name": "log.txt", "content_type": "text/plain", "url": "https://f.test/1?sig=a"}
            ],
            "redacted": False,
        },
        "contacts": {"contacts": [{"type": "contact", "id": "u1"}, {"type": "contact", "id": "u2"}]},
        "teammates": {"type": "admin.list", "admins": [{"type": "admin", "id": "11"}]},
        "statistics": {"count_conversation_parts": 2},
        "conversation_parts": {
            "conversation_parts": [
                part(1, "comment", "<p>Looking</p>", "admin"),
                part(2, "note", "<p>Known bug</p>", "admin"),
            ],
            "total_count": 2,
        },
        **changes,
    }


def part(id_: Any, part_type: str, text: str | None, author: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "id": id_,
        "part_type": part_type,
        "body": text,
        "created_at": 1_700_000_100,
        "updated_at": 1_700_000_100,
        "author": {"type": author, "id": 11, "name": "Bob", "email": "bob@x.test"},
        "assigned_to": {"type": "nobody_admin", "id": None},
        "attachments": [],
        "redacted": False,
        **changes,
    }


def read(before: Fingerprint | None = None, **changes: Any) -> Fresh:
    found = fresh_conversation(body(**changes), SCOPE, AT, before)
    assert found is not None
    return found


def record(fresh: Fresh) -> ConversationChanged:
    assert isinstance(fresh.event, ConversationChanged)
    return fresh.event


def test_reads_everything() -> None:
    """Every field is filled, ids are text, nobody is none, and the subject stands in for a title."""
    fresh = read()
    event = record(fresh)
    assert event.title == "Help"
    assert (event.state, event.open, event.priority, event.channel) == ("open", True, "none", "email")
    assert event.contact_ids == ("u1", "u2")
    assert (event.admin_assignee_id, event.team_assignee_id) == (None, "7")
    assert event.teammate_ids == ("11",)
    assert (event.company_id, event.tag_ids) == ("c1", ("80",))
    assert event.rating is not None
    assert (event.rating.rating, event.rating.remark) == (5, "great")
    assert event.url == "https://app.intercom.test/a/inbox/ws/inbox/conversation/42"
    assert event.updated_at == datetime.fromtimestamp(1_700_000_400, UTC)
    assert (event.part_count, event.source_part_count) == (3, 3)
    opening, reply, note = fresh.parts
    assert (opening.id, opening.part_type, opening.text) == ("source-42", "source", "It broke")
    assert opening.attachments[0].url == "https://f.test/1?sig=a"
    assert (reply.id, reply.text, reply.internal, reply.author.type) == ("1", "Looking", False, "admin")
    assert note.internal


def test_teammates_have_two_names() -> None:
    """Live answers say `admins`, the description says `teammates`."""
    assert record(read(teammates={"teammates": [{"id": "12"}]})).teammate_ids == ("12",)


@pytest.mark.parametrize(
    "rating", [None, {}, {"rating": None, "remark": None}, {"rating": 9}, {"rating": "good"}]
)
def test_empty_ratings_are_none(rating: Any) -> None:
    """Old answers show an object full of nulls where nothing was rated."""
    assert record(read(conversation_rating=rating)).rating is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"created_at": None, "updated_at": None},
        {"conversation_parts": None},
        {"conversation_parts": []},
    ],
)
def test_what_is_no_conversation_is_refused(wrong: dict[str, Any]) -> None:
    """Without id, time or parts it is not one: it must not be counted as one without messages."""
    assert fresh_conversation(body(**wrong), SCOPE, AT, None) is None


def test_unchanged_content_has_the_same_version() -> None:
    """Reading again, even with new signatures on attachments, is no change."""
    first = read()
    source = {**body()["source"]}
    source["attachments"] = [{**source["attachments"][0], "url": "https://f.test/1?sig=b"}]
    again = read(source=source)
    assert again.event.version == first.event.version
    assert [part.version for part in again.parts] == [part.version for part in first.parts]


def test_a_redaction_is_a_change_of_part_and_whole() -> None:
    """A part redacted in place has another version, and so has its conversation."""
    first = read()
    before = held(first)
    again = read(
        before=before,
        conversation_parts={
            "conversation_parts": [
                part(1, "comment", None, "admin", redacted=True),
                part(2, "note", "<p>Known bug</p>", "admin"),
            ],
            "total_count": 2,
        },
    )
    assert again.changed
    assert [part.id for part in again.changed_parts()] == ["1"]
    assert again.changed_parts()[0].redacted


def held(fresh: Fresh) -> Fingerprint:
    return Fingerprint(
        "conversation",
        fresh.event.id,
        fresh.event.version,
        fresh.updated_at,
        parts=fresh.all_parts(),
        source_parts=fresh.source_parts,
        revision=1,
    )


def test_parts_that_were_cut_off_still_count() -> None:
    """The newest 500 come; older ones that are held stay held, and the record counts them."""
    first = read()
    later = read(
        before=held(first),
        conversation_parts={"conversation_parts": [part(3, "comment", "x", "user")], "total_count": 3},
    )
    event = record(later)
    assert set(later.all_parts()) == {"source-42", "1", "2", "3"}
    assert (event.part_count, event.source_part_count) == (4, 4)
    assert [part.id for part in later.changed_parts()] == ["3"]


@pytest.mark.parametrize(
    ("total", "counted", "came", "expected"),
    [
        (2, 2, 2, 3),
        (2, 9, 3, 3),
        (500, 812, 501, 813),
        (700, None, 501, 701),
        (None, None, 3, None),
    ],
)
def test_the_source_counts_its_parts(
    total: int | None, counted: int | None, came: int, expected: int | None
) -> None:
    """Statistics are asked only where the list was cut; the opening message counts as one."""
    answer = {
        "source": {"id": "1"},
        "statistics": {"count_conversation_parts": counted},
        "conversation_parts": {"total_count": total},
    }
    assert source_part_count(answer, came) == expected


def test_forced_reading_publishes_everything() -> None:
    """After two readers crossed nothing that is remembered can be trusted."""
    first = read()
    again = fresh_conversation(body(), SCOPE, AT, held(first), force=True)
    assert again is not None
    assert again.changed
    assert len(again.changed_parts()) == 3
    assert not read(before=held(first)).changed


@settings(max_examples=60)
@given(st.sampled_from(sorted(body())), JSON)
def test_any_field_may_be_anything(field: str, value: Any) -> None:
    """Whatever stands in a field, the answer becomes valid events or is refused; it never fails."""
    found = fresh_conversation(body(**{field: value}), SCOPE, AT, None)
    if found is not None:
        found.event.model_dump_json()
        for one in found.parts:
            one.model_dump_json()
