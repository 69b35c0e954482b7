"""A generated workspace of any size."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from deploy.simulator.generated import Size, build_generated_workspace

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace

NOW = 1_780_000_000


def test_a_million_conversations_are_derived_one_by_one() -> None:
    """Any of them is there at once, and the same each time."""
    workspace = build_generated_workspace(seed=1, now=NOW, size=Size(conversations=1_000_000, longest=700))
    assert len(workspace.conversations) == 1_000_000
    last = workspace.conversations["215471000000"]
    assert last == workspace.conversations["215471000000"]
    assert last.updated_at <= NOW
    assert workspace.conversations.get("215471000001") is None
    assert len(workspace.parts("215470001000")) == 700


def test_times_rise_with_the_index(workspace: Workspace) -> None:
    """The order of an index needs no sorting."""
    conversations = list(workspace.conversations)
    for before, after in pairwise(conversations):
        assert before.updated_at <= after.updated_at
        assert before.created_at <= after.created_at


def test_counts_and_parts_agree(workspace: Workspace) -> None:
    """The statistics of a row tell how many parts there are, and part ids are unique."""
    seen: set[str] = set()
    for conversation in workspace.conversations:
        parts = workspace.parts(conversation.id)
        assert len(parts) == conversation.statistics.count_parts
        assert all(conversation.created_at <= part.created_at <= conversation.updated_at for part in parts)
        seen |= {part.id for part in parts}
        assert workspace.conversations[conversation.id].contact_ids[0] in workspace.contacts
    assert len(seen) == sum(len(workspace.parts(each.id)) for each in workspace.conversations)


def test_companies_know_how_many_users_they_have(workspace: Workspace) -> None:
    """user_count equals the contacts that name the company."""
    for company in workspace.companies:
        members = [each for each in workspace.contacts if company.id in each.company_ids]
        assert company.user_count == len(members)


def test_summaries_agree_with_conversations(workspace: Workspace) -> None:
    """What a search judges by is what the conversation says."""
    assert workspace.conversation_summary is not None
    for index, conversation in enumerate(workspace.conversations):
        summary = workspace.conversation_summary(index)
        assert (summary.id, summary.state, summary.updated_at, summary.created_at) == (
            conversation.id,
            conversation.state,
            conversation.updated_at,
            conversation.created_at,
        )


def test_two_workspaces_share_ids() -> None:
    """Ids are unique inside a workspace only."""
    one, other = (build_generated_workspace(seed=seed, now=NOW, size=Size()) for seed in (1, 2))
    assert next(one.conversations.ids()) == next(other.conversations.ids())
    assert one.conversations["215470000001"] != other.conversations["215470000001"]
