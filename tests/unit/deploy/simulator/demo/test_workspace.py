"""The demo workspace as a newcomer meets it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from deploy.simulator.demo import build_demo_workspace, story_conversation_ids
from deploy.simulator.demo.office_hours import DAY
from deploy.simulator.plaintext import plaintext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.simulator.model import Conversation, Part, Workspace

CUSTOMERS = {"user", "lead"}


def every_part(workspace: Workspace) -> Iterator[tuple[Conversation, Part]]:
    for conversation in workspace.conversations:
        for part in workspace.parts(conversation.id):
            yield conversation, part


def test_it_is_as_big_as_promised(demo: Workspace) -> None:
    """Enough to look at: companies, people, conversations, parts."""
    people = [admin for admin in demo.admins.values() if not admin.is_bot]
    assert len(demo.companies) >= 45
    assert len(demo.contacts) >= 260
    assert 8 <= len(people) <= 12
    assert len(demo.teams) == 4
    assert len(demo.tags) == 15
    assert len(demo.conversations) >= 640
    assert sum(1 for _ in every_part(demo)) >= 4300


def test_it_covers_eighteen_months_up_to_now(demo: Workspace, now: int) -> None:
    """The oldest conversation is about that old, the newest a few hours at most."""
    begun = sorted(conversation.created_at for conversation in demo.conversations)
    assert 520 * DAY < now - begun[0] < 560 * DAY
    assert 0 < now - begun[-1] < 6 * 3600


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(1_795_176_000, id="Friday noon"),
        pytest.param(1_795_305_600, id="Sunday midnight"),
        pytest.param(1_767_225_599, id="New Year's Eve"),
    ],
)
def test_nothing_lies_after_now(now: int) -> None:
    """On whatever day it is started; and stories have ended by then."""
    workspace = build_demo_workspace(3, now)
    assert max(part.created_at for _, part in every_part(workspace)) <= now
    assert max(conversation.updated_at for conversation in workspace.conversations) <= now
    for contact in workspace.contacts:
        assert contact.created_at <= contact.updated_at <= now
        assert (contact.last_seen_at or 0) <= now
    for company in workspace.companies:
        assert company.created_at <= company.updated_at <= now
    ids = set(story_conversation_ids().values())
    assert ids <= set(workspace.conversations.ids())


def test_the_same_arguments_give_the_same_workspace(demo: Workspace, now: int) -> None:
    """Every record, id and word."""
    again = build_demo_workspace(1, now)
    assert list(again.conversations) == list(demo.conversations)
    assert [part for _, part in every_part(again)] == [part for _, part in every_part(demo)]
    assert list(again.contacts) == list(demo.contacts)
    assert list(again.companies) == list(demo.companies)
    assert again.admins == demo.admins


def test_another_seed_gives_other_everyday_talk_and_the_same_stories(demo: Workspace, now: int) -> None:
    """Ids of stories and their people do not depend on the seed."""
    other = build_demo_workspace(2, now)
    ids = set(story_conversation_ids().values())
    talk = {conversation.source.body for conversation in demo.conversations if conversation.id not in ids}
    other_talk = {
        conversation.source.body for conversation in other.conversations if conversation.id not in ids
    }
    assert len(talk & other_talk) < len(talk) / 5
    for conversation_id in ids:
        one, two = demo.conversations[conversation_id], other.conversations[conversation_id]
        assert (one.contact_ids, one.company_id) == (two.contact_ids, two.company_id)


def test_all_ids_resolve(demo: Workspace) -> None:
    """Nobody and nothing is referred to that is not there."""
    for conversation in demo.conversations:
        assert conversation.contact_ids
        assert all(contact_id in demo.contacts for contact_id in conversation.contact_ids)
        assert conversation.company_id is None or conversation.company_id in demo.companies
        assert conversation.admin_assignee_id is None or conversation.admin_assignee_id in demo.admins
        assert conversation.team_assignee_id is None or conversation.team_assignee_id in demo.teams
        assert all(tag.tag_id in demo.tags and tag.by in demo.admins for tag in conversation.tags)
    for _, part in every_part(demo):
        known = demo.contacts if part.author.type in CUSTOMERS else demo.admins
        assert part.author.id in known
    for contact in demo.contacts:
        assert all(company_id in demo.companies for company_id in contact.company_ids)
        assert contact.owner_id is None or contact.owner_id in demo.admins
        assert all(segment_id in demo.segments for segment_id in contact.segment_ids)
    for team in demo.teams.values():
        assert team.admin_ids
        assert all(admin_id in demo.admins for admin_id in team.admin_ids)


def test_part_and_conversation_ids_are_unique(demo: Workspace) -> None:
    """Within the workspace, as in Intercom."""
    parts = [part.id for _, part in every_part(demo)]
    assert len(parts) == len(set(parts))
    assert len(demo.conversations) == len(set(demo.conversations.ids()))


def test_times_are_in_order(demo: Workspace) -> None:
    """Parts follow the opening and each other; nobody writes before they exist."""
    for conversation in demo.conversations:
        times = [conversation.created_at, *(part.created_at for part in demo.parts(conversation.id))]
        assert times == sorted(times), conversation.id
        assert conversation.updated_at >= times[-1]
        assert all(
            demo.contacts[each].created_at <= conversation.created_at for each in conversation.contact_ids[:1]
        )


def test_the_opening_message_is_in_the_source_alone(demo: Workspace) -> None:
    """As Intercom has it (FACTS §7)."""
    for conversation in demo.conversations:
        assert conversation.source.body
        assert all(part.body != conversation.source.body for part in demo.parts(conversation.id))


def test_statistics_agree_with_the_parts(demo: Workspace) -> None:
    """A reader that counts finds what is stated."""
    for conversation in demo.conversations:
        parts = demo.parts(conversation.id)
        assert conversation.statistics.count_parts == len(parts)
        assert conversation.teammate_ids or conversation.state == "open"


def test_openings_do_not_repeat(demo: Workspace) -> None:
    """No two conversations begin with the same words."""
    openings = Counter(conversation.source.body for conversation in demo.conversations)
    assert openings.most_common(1)[0][1] == 1


def test_what_customers_write_at_length_hardly_repeats(demo: Workspace) -> None:
    """Short thanks may, a sentence of some length seldom does."""
    said = Counter(
        plaintext(part.body)
        for _, part in every_part(demo)
        if part.body and part.author.type in CUSTOMERS and len(plaintext(part.body)) > 60
    )
    assert len(said) > 150
    assert said.most_common(1)[0][1] <= 4


def test_no_text_shows_its_making(demo: Workspace) -> None:
    """No brace, no choice bar, no empty paragraph is left over."""
    bodies = [conversation.source.body for conversation in demo.conversations]
    bodies += [part.body for _, part in every_part(demo) if part.body]
    for body in bodies:
        assert "{" not in body, body
        assert "}" not in body, body
        assert "<p></p>" not in body, body
        assert plaintext(body).strip(), body


def test_it_looks_lived_in(demo: Workspace) -> None:
    """Mail and chat, open and closed, ratings, notes, reopenings, a group, the bot, several languages."""
    conversations = list(demo.conversations)
    kinds = Counter(part.part_type for _, part in every_part(demo))
    assert {"comment", "note", "assignment", "close", "open", "snoozed", "participant_added"} <= set(kinds)
    assert {conversation.state for conversation in conversations} == {"open", "closed", "snoozed"}
    assert {conversation.channel for conversation in conversations} == {"messenger", "email"}
    assert sum(conversation.rating is not None for conversation in conversations) > 50
    assert sum(len(conversation.contact_ids) > 1 for conversation in conversations) >= 1
    assert sum(conversation.ai_agent_participated for conversation in conversations) > 5
    assert sum("<blockquote>" in (part.body or "") for _, part in every_part(demo)) > 20
    for word in ("Guten Tag", "Bonjour", "Hola"):
        assert any(word in conversation.source.body for conversation in conversations)


def test_most_happens_in_working_hours(demo: Workspace) -> None:
    """Colleagues answer on working days, but for what is going on at the start."""
    by_admins = [part.created_at for _, part in every_part(demo) if part.author.type == "admin"]
    on_weekends = sum((at // DAY + 3) % 7 >= 5 for at in by_admins)
    assert on_weekends < len(by_admins) / 50
