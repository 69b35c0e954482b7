"""What a webhook says, topic by topic."""

from __future__ import annotations

import hashlib
import hmac

import orjson

from deploy.simulator.model import Event, Workspace
from deploy.simulator.switches import Switches
from deploy.simulator.webhooks.notifications import envelope, item, sign

AT = 1_780_000_000
CONVERSATION = "215470000005"


def test_the_signature_is_hmac_sha1_of_the_raw_body() -> None:
    """As X-Hub-Signature wants it."""
    wanted = hmac.new(b"secret", b"{}", hashlib.sha1).hexdigest()
    assert sign(b"{}", "secret") == f"sha1={wanted}"


def test_the_envelope_has_whole_seconds_and_the_item_iso_times(workspace: Workspace) -> None:
    """Envelope times are integers, item times strings; bodies are plain text."""
    event = Event("conversation.user.replied", "conversation", CONVERSATION, AT)
    body = envelope(event, workspace, Switches(), "notif_1")
    found = body["data"]["item"]
    assert body["created_at"] == AT
    assert body["app_id"] == workspace.id_code
    assert found["updated_at"].endswith("+00:00")
    assert "<p>" not in found["source"]["body"]
    assert len(found["conversation_parts"]["conversation_parts"]) == 1
    plain = envelope(event, workspace, Switches().changed(webhook_iso_times=False), None)
    assert isinstance(plain["data"]["item"]["updated_at"], int)
    assert plain["id"] is None


def test_what_was_deleted_is_minimal(workspace: Workspace) -> None:
    """conversation.deleted has no `id` key."""
    assert item(Event("conversation.deleted", "conversation", "456", AT), workspace) == {
        "type": "conversation",
        "conversation_id": "456",
    }
    assert item(Event("contact.deleted", "contact", "c", AT), workspace)["deleted"] is True


def test_ties_are_nested(workspace: Workspace) -> None:
    """Tags, merges and attached contacts have shapes of their own."""
    contact_id = next(workspace.contacts.ids())
    tag = item(Event("contact.user.tag.created", "contact", contact_id, AT, {"tag_id": "9300001"}), workspace)
    assert (tag["type"], tag["tag"]["id"], tag["contact"]["id"]) == ("contact_tag", "9300001", contact_id)
    merged = item(Event("contact.merged", "contact", contact_id, AT, {"merged_from_id": "x"}), workspace)
    assert merged["merged_from"]["id"] == "x"
    details = {"contact_id": contact_id}
    attached = item(
        Event("conversation.contact.attached", "conversation", CONVERSATION, AT, details), workspace
    )
    assert attached["conversation"]["model"]["id"] == CONVERSATION
    company_id = next(workspace.companies.ids())
    member = item(Event("company.contact.attached", "company", company_id, AT, details), workspace)
    assert member["company"]["id"] == company_id


def test_a_thing_that_is_gone_by_then_still_has_a_notification(workspace: Workspace) -> None:
    """A later deletion does not break an earlier notification."""
    for kind, topic in (
        ("conversation", "conversation.user.replied"),
        ("contact", "contact.user.updated"),
        ("company", "company.updated"),
        ("admin", "admin.removed_from_workspace"),
    ):
        assert orjson.dumps(envelope(Event(topic, kind, "0", AT), workspace, Switches(), "n"))
