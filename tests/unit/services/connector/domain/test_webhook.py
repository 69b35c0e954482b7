"""What notifications hint at, by the shapes of FACTS §9, and whose they are."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.connector.domain.webhook import (
    body_signature_holds,
    hints_of,
    notification_identity,
    signature_holds,
)


def notification(topic: str, item: Any, **changes: Any) -> dict[str, Any]:
    return {
        "type": "notification_event",
        "app_id": "w-1",
        "id": "notif_1",
        "topic": topic,
        "created_at": 1_700_000_000,
        "data": {"type": "notification_event_data", "item": item},
        **changes,
    }


CONVERSATION = {"type": "conversation", "id": "42", "updated_at": "2023-08-15T20:29:47.988+00:00"}
CONTACT = {"type": "contact", "id": "6ab"}


@pytest.mark.parametrize(
    ("topic", "item", "expected"),
    [
        ("conversation.user.replied", CONVERSATION, [("conversation", "42", False)]),
        ("conversation.admin.noted", {**CONVERSATION, "id": 42}, [("conversation", "42", False)]),
        (
            "conversation.deleted",
            {"type": "conversation", "conversation_id": "456"},
            [("conversation", "456", True)],
        ),
        (
            "conversation.contact.attached",
            {"type": "conversation_contact", "conversation": {"model": {"id": "7"}}},
            [("conversation", "7", False)],
        ),
        (
            "conversation_part.redacted",
            {"type": "conversation_part", "id": "99", "conversation_id": "42"},
            [("conversation", "42", False)],
        ),
        (
            "conversation_part.tag.created",
            {"type": "conversation_part", "id": "99", "conversation": {"id": "42"}},
            [("conversation", "42", False)],
        ),
        ("conversation_part.redacted", {"type": "conversation_part", "id": "99"}, []),
        ("contact.user.created", CONTACT, [("contact", "6ab", False)]),
        ("contact.lead.added_email", {"type": "lead", "id": "6ab"}, [("contact", "6ab", False)]),
        (
            "contact.deleted",
            {"id": "6ab", "type": "contact", "deleted": True},
            [("contact", "6ab", True)],
        ),
        (
            "contact.archived",
            {"id": "6ab", "external_id": "x", "type": "contact"},
            [("contact", "6ab", True)],
        ),
        ("contact.unarchive", CONTACT, [("contact", "6ab", False)]),
        (
            "contact.merged",
            {**CONTACT, "merged_from": {"type": "contact", "id": "9cd"}},
            [("contact", "6ab", False), ("contact", "9cd", True)],
        ),
        ("contact.merged", {"merged_from": {"id": "9cd"}, "id": None}, [("contact", "9cd", True)]),
        (
            "contact.user.tag.created",
            {"type": "contact_tag", "id": "nothing of ours", "tag": {"id": "80"}, "contact": CONTACT},
            [("contact", "6ab", False)],
        ),
        (
            "contact.subscribed",
            {"type": "contact_subscribe", "contact": CONTACT},
            [("contact", "6ab", False)],
        ),
        ("company.updated", {"type": "company", "id": "c0"}, [("company", "c0", False)]),
        ("company.deleted", {"id": "c0"}, [("company", "c0", True)]),
        (
            "company.contact.attached",
            {"type": "company_contact", "company": {"id": "c0"}, "contact": CONTACT},
            [("company", "c0", False), ("contact", "6ab", False)],
        ),
        ("admin.away_mode_updated", {"type": "admin", "id": "11"}, [("admin", "11", False)]),
        ("ping", {"type": "ping", "id": "1"}, []),
        ("ticket.created", {"type": "ticket", "id": "1"}, []),
        ("contact.user.created", {"type": "contact", "id": None}, []),
        ("contact.user.created", {"type": "contact", "id": ""}, []),
        ("contact.user.created", {"type": "contact", "id": True}, []),
        ("contact.user.created", {"type": "contact", "id": "../admins"}, []),
        ("contact.user.created", {"type": "contact", "id": "6" * 200}, []),
        ("contact.user.created", "no object", []),
        (None, CONTACT, []),
    ],
)
def test_each_shape_hints_at_its_resource(topic: Any, item: Any, expected: list[Any]) -> None:
    """The id is found where the topic keeps it; what is not fit for an id is no hint."""
    found = [(hint.resource, hint.id, hint.deleted) for hint in hints_of(notification(topic, item))]
    assert found == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
KEYS = st.sampled_from(
    ["app_id", "id", "topic", "data", "item", "conversation", "contact", "model", "merged_from", "type"]
)
SHAPES = st.recursive(
    JSON | st.sampled_from(["contact.merged", "company.contact.x", "conversation.deleted", "contact"]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


def test_a_redaction_names_its_part() -> None:
    """The part may be out of reach of a reading; an id that is not a part's is not taken for one."""
    item = {"type": "conversation_part", "id": "99", "conversation_id": "42"}
    named = [("conversation_part.redacted", item), ("conversation_part.tag.created", item)]
    named.append(("conversation_part.redacted", {"type": "conversation", "id": "42"}))
    found = [hints_of({"topic": topic, "data": {"item": each}})[0] for topic, each in named]
    assert [(hint.id, hint.redacted_part_id) for hint in found] == [("42", "99"), ("42", None), ("42", None)]


def test_two_redactions_of_a_second_are_two() -> None:
    """Without an id a notification is known by what it is about, the part too."""
    bodies = [
        {
            "id": None,
            "topic": "conversation_part.redacted",
            "created_at": 5,
            "data": {"item": {"type": "conversation_part", "id": part, "conversation_id": "42"}},
        }
        for part in ("98", "99")
    ]
    assert notification_identity(bodies[0]) != notification_identity(bodies[1])


@given(st.dictionaries(KEYS, SHAPES, max_size=6))
@example(notification("contact.user.created", {"type": {}, "id": "6ab"}))
def test_no_body_breaks_the_reading(body: dict[str, Any]) -> None:
    """Whatever comes signed: hints that fit the contract, and an identity that fits a request's name."""
    for hint in hints_of(body):
        assert 0 < len(hint.id) <= 128
    assert 0 < len(f"hint-{notification_identity(body)}") <= 256


def test_the_same_notification_has_the_same_identity() -> None:
    """By its id where it has one; by what it says where the id is null or too long to be one."""
    first = notification("contact.user.created", CONTACT)
    assert notification_identity(first) == "notif_1"
    for given_id in (None, "x" * 300):
        plain = {**first, "id": given_id}
        assert notification_identity(plain) == notification_identity({**plain, "delivery_attempts": 2})
        assert notification_identity(plain) != notification_identity({**plain, "created_at": 1})
        other = notification("contact.user.created", {**CONTACT, "id": "other"}, id=given_id)
        assert notification_identity(plain) != notification_identity(other)


BODY, SECRET = b'{"a": 1}', "the app's secret"
SHA1 = "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()
SHA256 = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


def test_the_right_signature_holds() -> None:
    """Space around it is none of the sender's doing."""
    assert signature_holds(BODY, SHA1, SECRET)
    assert body_signature_holds(BODY, f" {SHA256} ", SECRET)


@pytest.mark.parametrize("header", [None, "", "sha1=", SHA1[5:], SHA1.upper(), SHA1 + "0", "sha1=ü", SHA256])
def test_any_other_hub_signature_does_not(header: str | None) -> None:
    """Absent, empty, bare, of another case or length, not even ASCII, or the other one."""
    assert not signature_holds(BODY, header, SECRET)


@pytest.mark.parametrize("header", [None, "", "ü", SHA1, SHA256[:-1]])
def test_any_other_body_signature_does_not(header: str | None) -> None:
    """As for the hub's."""
    assert not body_signature_holds(BODY, header, SECRET)


def test_a_signature_is_of_these_bytes_under_this_secret() -> None:
    """Another spelling of the same JSON is another body."""
    assert not signature_holds(b'{"a":1}', SHA1, SECRET)
    assert not signature_holds(BODY, SHA1, "another secret")
    assert not body_signature_holds(b'{"a":1}', SHA256, SECRET)
