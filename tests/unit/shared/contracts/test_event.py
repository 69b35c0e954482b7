"""Deterministic ids, keys and partitions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.registry import ALL_EVENTS, EVENT_BY_TYPE
from shared.contracts.resources import (
    Author,
    ConversationChanged,
    ConversationPartChanged,
    ResourceDeleted,
    TagChanged,
    topic_of,
)
from shared.contracts.signals import SignalUpdated
from shared.contracts.sync import SyncRequested
from shared.contracts.topics import ALL_TOPICS, RESOURCES_CONTACTS, RESOURCES_CONVERSATIONS
from shared.messaging.partitioning import partition_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request(request_id: str = "r1", organization_id: str = "acme") -> SyncRequested:
    return SyncRequested(
        organization_id=organization_id,
        connection_id="c1",
        request_id=request_id,
        reason="manual",
        requested_at=NOW,
    )


def test_same_fact_has_the_same_id() -> None:
    """An event told twice is recognisable, whenever and wherever it is told."""
    assert request().event_id() == request().model_copy(update={"requested_at": NOW}).event_id()


def test_other_facts_and_other_organizations_have_other_ids() -> None:
    """Ids never collide between facts, nor between tenants whose facts look alike."""
    ids = {
        request().event_id(),
        request("r2").event_id(),
        request(organization_id="globex").event_id(),
    }
    assert len(ids) == 3


def test_parts_share_the_partition_of_their_conversation() -> None:
    """A conversation's record cannot overtake its parts, since they share a partition."""
    shared = {
        "organization_id": "acme",
        "connection_id": "c1",
        "workspace_id": "w1",
        "version": "v",
        "observed_at": NOW,
        "created_at": NOW,
    }
    part = ConversationPartChanged.model_validate(
        {**shared, "id": "9", "conversation_id": "42", "part_type": "comment", "author": Author(type="user")}
    )
    whole = ConversationChanged.model_validate({**shared, "id": "42", "updated_at": NOW, "part_count": 1})
    assert part.partition_key() == whole.partition_key()
    assert part.key() != whole.key()


@pytest.mark.parametrize(
    ("resource", "topic"), [("contact", RESOURCES_CONTACTS), ("conversation_part", RESOURCES_CONVERSATIONS)]
)
def test_deletion_is_published_where_its_resource_lives(resource: str, topic: object) -> None:
    """A deletion follows the resource's own records, in the same topic."""
    gone = ResourceDeleted.model_validate(
        {
            "organization_id": "acme",
            "connection_id": "c1",
            "workspace_id": "w1",
            "resource": resource,
            "id": "7",
            "conversation_id": "42",
            "reason": "deleted",
            "observed_at": NOW,
        }
    )
    assert topic_of(gone) is topic


def test_deletion_has_the_key_of_what_is_deleted() -> None:
    """The tombstone that follows a deletion reaches the very record that compaction keeps."""
    part = ConversationPartChanged(
        organization_id="acme",
        connection_id="c1",
        workspace_id="w1",
        version="v",
        observed_at=NOW,
        created_at=NOW,
        id="9",
        conversation_id="42",
        part_type="comment",
        author=Author(type="user"),
    )
    gone = ResourceDeleted(
        organization_id="acme",
        connection_id="c1",
        workspace_id="w1",
        resource="conversation_part",
        id="9",
        conversation_id="42",
        reason="deleted",
        observed_at=NOW,
    )
    assert (gone.key(), gone.partition_key()) == (part.key(), part.partition_key())


def tag(**changes: str) -> TagChanged:
    fields = {"organization_id": "acme", "connection_id": "c1", "workspace_id": "w1", "id": "7"}
    return TagChanged.model_validate({**fields, "version": "v", "observed_at": NOW, "name": "vip", **changes})


def test_two_organizations_on_one_workspace_share_no_key() -> None:
    """Neither overwrites or buries what the other holds; they may share a partition, where order holds."""
    ours, theirs = tag(), tag(organization_id="other")
    assert ours.key() == "acme/w1/tag/7"
    assert ours.key() != theirs.key()
    assert ours.partition_key() == theirs.partition_key()


@given(st.lists(st.text("a/%2F", min_size=1, max_size=4), min_size=6, max_size=6))
def test_no_name_makes_two_keys_one(names: list[str]) -> None:
    """Slashes within an organization's or workspace's name cannot imitate another one's keys."""
    one = tag(organization_id=names[0], workspace_id=names[1], id=names[2])
    other = tag(organization_id=names[3], workspace_id=names[4], id=names[5])
    assert (one.key() == other.key()) == (names[:3] == names[3:])


def test_what_comes_back_under_another_connection_is_told_anew() -> None:
    """After a removal the same version of the same thing has another id, and the same key."""
    before, after = tag(), tag(connection_id="c2")
    assert before.key() == after.key()
    assert before.event_id() == tag().event_id() != after.event_id()


def test_every_event_has_a_versioned_type_and_a_known_topic() -> None:
    """The registry, the topics and the types agree."""
    assert len(EVENT_BY_TYPE) == len(ALL_EVENTS)
    for event in ALL_EVENTS:
        assert event.TYPE.startswith("earshot.")
        assert event.TYPE.endswith(".v1")
        assert event.TOPIC in ALL_TOPICS


def test_events_are_frozen_and_bounded() -> None:
    """Nobody changes an event on its way, and an absurd value is refused."""
    event = request()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(event, "request_id", "r2")  # noqa: B010 - a plain assignment is refused by the type checker
    with pytest.raises(ValidationError, match="at most 256"):
        request("x" * 257)


def test_partitions_are_those_of_kafkas_default_partitioner() -> None:
    """Known values of Kafka's own murmur2, so that clients of other languages find the same partition."""
    # The hashes of "21" and "foobar" are in Kafka's own UtilsTest.
    assert partition_for("21", 1_000) == (-973932308 & 0x7FFFFFFF) % 1_000
    assert partition_for("foobar", 1_000) == (-790332482 & 0x7FFFFFFF) % 1_000


def test_what_may_be_none_may_be_absent() -> None:
    """Values that are None are left out of records, so a reader must not ask for them."""
    for event in ALL_EVENTS:
        for name, field in event.model_fields.items():
            nullable = type(None) in get_args(field.annotation)
            assert not (nullable and field.is_required()), f"{event.TYPE}: {name} needs a default"


def test_a_signal_of_before_there_were_facts_is_read() -> None:
    """Compacted topics keep records that lack the field for ever; the facts are no part of what it is."""
    old = {
        "organization_id": "acme",
        "connection_id": "c1",
        "workspace_id": "w1",
        "signal_id": "s1",
        "revision": 3,
        "kind": "churn_risk",
        "title": "Signs of leaving",
        "confidence": 0.7,
        "detector": {"name": "shrinking", "version": "1"},
        "occurred_at": NOW,
        "opened_at": NOW,
        "changed_at": NOW,
        "url_path": "/insights/s1",
    }
    fact = {"name": "seats", "value": "25", "reason": "fell from 50 within 90 days", "since": NOW}
    before, after = SignalUpdated.model_validate(old), SignalUpdated.model_validate({**old, "facts": [fact]})
    assert (before.facts, after.facts[0].value) == ((), "25")
    assert before.event_id() == after.event_id()


def test_what_cannot_be_read_is_not_quoted() -> None:
    """Such errors are logged where a stored record cannot be read back, and customers' words are no log's."""
    record = {"text": "We are leaving you.", "author": {"name": "Dana Ruiz"}}
    with pytest.raises(ValidationError) as refused:
        ConversationPartChanged.model_validate(record)
    assert "conversation_id" in str(refused.value)
    assert not any(words in str(refused.value) for words in ("leaving", "Dana"))
