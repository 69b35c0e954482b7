"""What happens by itself, and by a button."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from deploy.simulator import mutations
from deploy.simulator.demo import (
    HAPPENINGS_BY_KIND,
    build_demo_workspace,
    next_happening,
    story_conversation_ids,
)
from deploy.simulator.demo import living as alive
from deploy.simulator.demo.library import library
from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace

STEP_SECONDS = 8


def let_live(workspace: Workspace, now: int, steps: int, seed: int = 5) -> list[Mutation]:
    rng = random.Random(seed)
    made: list[Mutation] = []
    for step in range(steps):
        at = now + step * STEP_SECONDS
        mutation = next_happening(workspace, rng, at)
        if mutation is not None:
            mutations.apply(workspace, mutation, at)
            made.append(mutation)
    return made


def test_a_living_workspace_keeps_going(living: Workspace, now: int) -> None:
    """Conversations begin, are answered and closed, and do not pile up."""
    made = Counter(mutation.name for mutation in let_live(living, now, 600))
    assert sum(made.values()) > 500
    assert made["create_conversation"] > 40
    assert made["reply"] > 80
    assert made["close"] > 30
    assert sum(conversation.state == "open" for conversation in living.conversations) < 70


def test_about_one_in_seven_is_telling(living: Workspace, now: int) -> None:
    """Often enough to watch signals appear, seldom enough to be believed."""
    before = set(living.conversations.ids())
    made = let_live(living, now, 400)
    begun = [each for each in living.conversations if each.id not in before]
    telling = [
        conversation
        for conversation in begun
        if any(alive._may_be(script, conversation.source.body) for script in library().reserve)
    ]
    assert len(made) / 12 < len(telling) < len(made) / 4


def test_no_account_says_the_same_twice(living: Workspace, now: int) -> None:
    """Openings are new to the account, whoever of its people writes."""
    let_live(living, now, 900)
    openings = Counter((each.company_id, each.source.body) for each in living.conversations)
    assert openings.most_common(1)[0][1] == 1


def test_the_same_numbers_make_the_same_happen(living: Workspace, demo: Workspace, now: int) -> None:
    """Choosing changes nothing, and depends on nothing else."""
    first = next_happening(living, random.Random(8), now)
    assert first == next_happening(living, random.Random(8), now)
    assert first == next_happening(demo, random.Random(8), now)
    assert list(living.conversations) == list(demo.conversations)


def test_a_restart_changes_nothing(living: Workspace, now: int) -> None:
    """Replaying the journal of happenings, written as JSON, gives a workspace that goes on alike."""
    rng = random.Random(6)
    journal: list[tuple[str, int]] = []
    for step in range(150):
        at = now + step * STEP_SECONDS
        mutation = next_happening(living, rng, at)
        if mutation is not None:
            mutations.apply(living, mutation, at)
            journal.append((json.dumps([mutation.name, mutation.arguments]), at))
    again = build_demo_workspace(1, now)
    for line, at in journal:
        name, arguments = json.loads(line)
        mutations.apply(again, Mutation(name, arguments), at)
    assert list(again.conversations) == list(living.conversations)
    later = now + 2000
    assert next_happening(again, random.Random(1), later) == next_happening(living, random.Random(1), later)


def test_stories_are_left_as_they_were_written(living: Workspace, now: int) -> None:
    """No stock answer spoils them."""
    ids = story_conversation_ids().values()
    before = {each: living.parts(each) for each in ids}
    let_live(living, now, 300)
    assert {each: living.parts(each) for each in ids} == before


@pytest.mark.parametrize("kind", list(HAPPENINGS_BY_KIND))
def test_each_button_makes_something_happen(living: Workspace, now: int, kind: str) -> None:
    """A customer writes a text of that kind from the reserve; the change can be made."""
    mutation = HAPPENINGS_BY_KIND[kind](living, random.Random(2), now)
    assert mutation is not None
    (event,) = mutations.apply(living, mutation, now)
    body = living.conversations[event.id].source.body
    of_kind = [script for script in library().reserve if script.get("kind") == kind]
    assert any(alive._may_be(script, body) for script in of_kind)


def test_a_button_runs_dry_instead_of_repeating(living: Workspace, now: int) -> None:
    """When every new customer has had every trouble with beginning, nothing more happens."""
    rng = random.Random(3)
    made = 0
    for step in range(200):
        mutation = HAPPENINGS_BY_KIND["onboarding_trouble"](living, rng, now + step)
        if mutation is None:
            break
        mutations.apply(living, mutation, now + step)
        made += 1
    else:
        pytest.fail("It never ran dry.")
    assert made > 10


def test_a_visitors_message_gets_an_answer(living: Workspace, now: int) -> None:
    """Also one that no script foresees, and then the conversation comes to an end."""
    contact_id = next(contact.id for contact in living.contacts if contact.company_ids)
    arguments = {"contact_id": contact_id, "body": "<p>Is anybody there?</p>"}
    (event,) = mutations.apply(living, Mutation("create_conversation", arguments), now)
    rng = random.Random(4)
    conversation = living.conversations[event.id]
    answer = alive._continue(living, conversation, rng, now + 60)
    assert answer is not None
    assert answer.name == "reply"
    mutations.apply(living, answer, now + 60)
    assert alive._continue(living, living.conversations[event.id], rng, now + 61) is None


def test_an_empty_workspace_stays_quiet(living: Workspace, now: int) -> None:
    """Nobody is invented."""
    for contact_id in tuple(living.contacts.ids()):
        living.remove_contact(contact_id)
    for conversation_id in tuple(living.conversations.ids()):
        living.remove_conversation(conversation_id)
    assert next_happening(living, random.Random(1), now) is None
