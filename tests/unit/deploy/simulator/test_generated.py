"""A generated workspace of any size."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from deploy.simulator import mutations
from deploy.simulator.collection import Collection
from deploy.simulator.generated import Size, build_generated_workspace
from deploy.simulator.happenings import LOOKED_AT, next_happening

if TYPE_CHECKING:
    from deploy.simulator.model import Conversation, Workspace

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


def test_what_happens_next_does_not_depend_on_the_size() -> None:
    """Among a million conversations as few are looked at as among a thousand, after any history."""
    workspace = build_generated_workspace(seed=1, now=NOW, size=Size(conversations=1_000_000))
    derived: list[int] = []
    base = workspace.conversations.base
    assert base is not None

    def counted(index: int) -> Conversation:
        derived.append(index)
        return base.derive(index)

    workspace.conversations.base = replace(base, derive=counted)
    rng = random.Random(3)
    for step in range(300):
        mutation = next_happening(workspace, rng, NOW + step)
        assert mutation is not None
        mutations.apply(workspace, mutation, NOW + step)
    assert len(workspace.conversations) > 1_000_000
    assert len(derived) < 300 * (LOOKED_AT + 10)


def test_the_newest_come_first(workspace: Workspace) -> None:
    """Those added last, then the generated ones backwards; removed ones are not among them."""
    conversations = workspace.conversations
    everything = list(conversations.ids())
    first, last = conversations[everything[0]], everything[-1]
    conversations.put(replace(first, id="9001"))
    conversations.put(replace(first, id="9002"))
    conversations.remove(last)
    assert list(islice(conversations.newest_ids(), 3)) == ["9002", "9001", everything[-2]]
    assert list(conversations.newest_ids())[::-1] == list(conversations.ids())
    assert len(conversations) == len(everything) + 1


def test_any_id_can_be_picked(workspace: Workspace) -> None:
    """Generated and added ones alike, never a removed one; of nothing there is none."""
    contacts = workspace.contacts
    ids = list(contacts.ids())
    contacts.put(replace(contacts[ids[0]], id="added"))
    for removed in ids[2:]:
        contacts.remove(removed)
    rng = random.Random(1)
    assert {contacts.some_id(rng) for _ in range(200)} == {ids[0], ids[1], "added"}
    assert Collection().some_id(rng) is None
