"""What happens in a workspace changes what Intercom would change, and tells what Intercom would tell."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.simulator import mutations
from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.model import Mutation, Workspace

NOW = 1_780_000_100
ADMIN = "814001"


def make(workspace: Workspace, name: str, at: int = NOW, /, **arguments: Any) -> list[str]:
    return [event.topic for event in mutations.apply(workspace, Mutation(name, arguments), at)]


def new_conversation(workspace: Workspace) -> str:
    contact_id = next(workspace.contacts.ids())
    events = mutations.apply(
        workspace, Mutation("create_conversation", {"contact_id": contact_id, "body": "<p>Hello</p>"}), NOW
    )
    assert [event.topic for event in events] == ["conversation.user.created"]
    return events[0].id


def test_the_opening_message_is_no_part(workspace: Workspace) -> None:
    """It lives in the source alone, and the customer waits from then on."""
    conversation = workspace.conversations[new_conversation(workspace)]
    assert conversation.source.body == "<p>Hello</p>"
    assert workspace.parts(conversation.id) == ()
    assert conversation.waiting_since == NOW


def test_a_customers_reply_opens_a_closed_conversation(workspace: Workspace) -> None:
    """State, waiting time, counts and part type follow."""
    conversation_id = new_conversation(workspace)
    assert make(workspace, "close", NOW + 1, conversation_id=conversation_id, admin_id=ADMIN) == [
        "conversation.admin.closed"
    ]
    assert workspace.conversations[conversation_id].state == "closed"
    topics = make(workspace, "reply", NOW + 2, conversation_id=conversation_id, body="Again")
    conversation = workspace.conversations[conversation_id]
    assert topics == ["conversation.user.replied"]
    assert (conversation.state, conversation.waiting_since, conversation.updated_at) == (
        "open",
        NOW + 2,
        NOW + 2,
    )
    assert conversation.statistics.count_reopens == 1
    assert conversation.statistics.count_parts == len(workspace.parts(conversation_id)) == 2
    assert [part.part_type for part in workspace.parts(conversation_id)] == ["close", "open"]


def test_a_teammates_reply_ends_the_waiting_but_a_note_does_not(workspace: Workspace) -> None:
    """Notes are internal."""
    conversation_id = new_conversation(workspace)
    make(workspace, "note", NOW + 1, conversation_id=conversation_id, admin_id=ADMIN, body="Hm")
    assert workspace.conversations[conversation_id].waiting_since == NOW
    make(workspace, "reply", NOW + 2, conversation_id=conversation_id, admin_id=ADMIN, body="Hi")
    conversation = workspace.conversations[conversation_id]
    assert conversation.waiting_since is None
    assert conversation.statistics.first_admin_reply_at == NOW + 2
    assert ADMIN in conversation.teammate_ids


def test_redaction_blanks_a_part_in_place(workspace: Workspace) -> None:
    """Same id, same position, words gone."""
    conversation_id = new_conversation(workspace)
    make(workspace, "reply", NOW + 1, conversation_id=conversation_id, body="my card is 4242")
    part = workspace.parts(conversation_id)[0]
    topics = make(workspace, "redact", NOW + 2, conversation_id=conversation_id, part_id=part.id)
    after = workspace.parts(conversation_id)[0]
    assert topics == ["conversation_part.redacted"]
    assert after.id == part.id
    assert after.redacted
    assert "4242" not in (after.body or "")


def test_quiet_changes_leave_the_time_alone(workspace: Workspace) -> None:
    """What moves updated_at is not known for tags and attributes, so both can be had."""
    conversation_id = new_conversation(workspace)
    make(
        workspace,
        "tag_conversation",
        NOW + 5,
        conversation_id=conversation_id,
        tag_id="9300001",
        admin_id=ADMIN,
        quiet=True,
    )
    assert workspace.conversations[conversation_id].updated_at == NOW
    make(workspace, "untag_conversation", NOW + 6, conversation_id=conversation_id, tag_id="9300001")
    assert workspace.conversations[conversation_id].updated_at == NOW + 6
    assert workspace.conversations[conversation_id].tags == ()


def test_deletion_is_listed(workspace: Workspace) -> None:
    """A deleted conversation is gone and named."""
    conversation_id = next(workspace.conversations.ids())
    assert make(workspace, "delete_conversation", conversation_id=conversation_id) == ["conversation.deleted"]
    assert conversation_id not in workspace.conversations
    assert workspace.parts(conversation_id) == ()
    assert [each.id for each in workspace.deleted_conversations] == [conversation_id]


def test_merging_contacts_moves_tags_and_companies(workspace: Workspace) -> None:
    """The survivor has both; the other points to it and cannot be changed any more."""
    lead, user = list(workspace.contacts.ids())[0:2]
    make(workspace, "tag_contact", contact_id=lead, tag_id="9300001")
    assert make(workspace, "merge_contacts", contact_id=lead, into_id=user) == ["contact.merged"]
    assert workspace.contacts[lead].merged_into == user
    assert workspace.contacts[user].tag_ids == ("9300001",)
    assert len(workspace.contacts[user].company_ids) == 2
    with pytest.raises(MutationRefusedError):
        make(workspace, "update_contact", contact_id=lead, changes={"name": "X"})


def test_a_new_mail_address_has_its_own_topic(workspace: Workspace) -> None:
    """Two notifications, one change."""
    contact_id = list(workspace.contacts.ids())[1]
    topics = make(workspace, "update_contact", contact_id=contact_id, changes={"email": "new@example.com"})
    assert topics == ["contact.user.updated", "contact.email.updated"]


def test_belonging_to_a_company_is_counted(workspace: Workspace) -> None:
    """user_count follows, and who does not belong cannot be taken out."""
    contact_id = next(workspace.contacts.ids())
    make(workspace, "create_company", company_id="acme", name="Acme")
    company_id = list(workspace.companies.ids())[-1]
    assert make(workspace, "attach_company", contact_id=contact_id, company_id=company_id) == [
        "company.contact.attached"
    ]
    assert workspace.companies[company_id].user_count == 1
    make(workspace, "detach_company", contact_id=contact_id, company_id=company_id)
    assert workspace.companies[company_id].user_count == 0
    with pytest.raises(MutationRefusedError):
        make(workspace, "detach_company", contact_id=contact_id, company_id=company_id)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("no_such_thing", {}),
        ("reply", {}),
        ("reply", {"conversation_id": 5, "body": "x"}),
        ("reply", {"conversation_id": "5", "body": "x"}),
        ("reply", {"conversation_id": "5", "body": "x", "colour": "red"}),
        ("rate", {"conversation_id": "215470000001", "rating": 9}),
        ("rate", {"conversation_id": "215470000001", "rating": True}),
        ("set_priority", {"conversation_id": "215470000001", "admin_id": ADMIN, "priority": "loud"}),
        ("snooze", {"conversation_id": "215470000001", "admin_id": ADMIN, "until": 1}),
        ("create_contact", {"changes": {"id": "mine"}}),
        (
            "merge_conversations",
            {"conversation_id": "215470000001", "into_id": "215470000001", "admin_id": ADMIN},
        ),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    workspace: Workspace, name: str, arguments: dict[str, Any]
) -> None:
    """Refused changes touch nothing and use up no id, so that a journal without them replays the same."""
    with pytest.raises(MutationRefusedError):
        make(workspace, name, **arguments)
    assert workspace.touched == []
    assert new_conversation(workspace) == "215470000061"


@pytest.mark.parametrize("name", sorted(mutations.MUTATIONS))
def test_every_change_names_its_arguments(name: str) -> None:
    """Each can be asked for by name, with types that the check knows."""
    assert all(parameter.annotation for parameter in mutations.parameters(name).values())
