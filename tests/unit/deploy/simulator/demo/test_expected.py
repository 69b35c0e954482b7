"""What is to be found in the stories."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from deploy.simulator.demo import (
    HAPPENINGS_BY_KIND,
    build_demo_workspace,
    expected_of_happening,
    expected_signals,
    expected_silences,
    story_conversation_ids,
)
from deploy.simulator.demo.expected import SIGNAL_KINDS
from deploy.simulator.demo.library import library
from deploy.simulator.demo.office_hours import DAY

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace


def accounts(kind: str, *, explicit: bool | None = None) -> set[str]:
    return {
        signal.account
        for signal in expected_signals()
        if signal.kind == kind and (explicit is None or signal.explicit is explicit)
    }


@pytest.mark.parametrize("kind", ["onboarding", "renewal", "upsell", "expansion"])
def test_each_lifecycle_kind_is_told_of_six_accounts(kind: str) -> None:
    """Six or more, so that a list of it is worth looking at."""
    assert len(accounts(kind)) >= 6


@pytest.mark.parametrize("explicit", [True, False])
def test_churn_risk_is_told_both_ways(*, explicit: bool) -> None:
    """Said outright and only implied, six accounts each."""
    assert len(accounts("churn_risk", explicit=explicit)) >= 6


def test_moods_turn_both_ways() -> None:
    """Four accounts for the worse, four for the better."""
    assert len(accounts("negative_shift")) >= 4
    assert len(accounts("positive_shift")) >= 4


def test_wishes_come_from_several_customers() -> None:
    """Eight themes or more, three customers or more each, never in the same words."""
    who: dict[str | None, set[str]] = defaultdict(set)
    texts: set[str] = set()
    by_slug = {script.slug: script for script in library().stories}
    for signal in expected_signals():
        if signal.kind == "feature_request":
            who[signal.theme].add(signal.account)
            starred = [step.text for step in by_slug[signal.story].steps if step.starred]
            assert texts.isdisjoint(starred)
            texts.update(starred)
    assert None not in who
    assert len(who) >= 8
    assert all(len(customers) >= 3 for customers in who.values())


def test_every_expectation_is_in_the_workspace(demo: Workspace) -> None:
    """The conversation is the account's, and the named messages are the customer's."""
    for signal in expected_signals():
        conversation = demo.conversations[signal.conversation_id]
        assert conversation.company_id
        assert demo.companies[conversation.company_id].name == signal.account
        spoken = [conversation.source.author.type]
        spoken += [
            part.author.type for part in demo.parts(conversation.id) if part.body and part.part_type != "note"
        ]
        assert signal.messages
        assert all(spoken[index] in {"user", "lead"} for index in signal.messages), signal.story
        assert signal.kind in SIGNAL_KINDS


def test_some_stories_are_fresh(demo: Workspace, now: int) -> None:
    """Every kind has something of the last fortnight to show."""
    recent = {
        (signal.kind, signal.explicit)
        for signal in expected_signals()
        if demo.conversations[signal.conversation_id].updated_at > now - 14 * DAY
    }
    assert len(recent) == len(SIGNAL_KINDS) + 1


def test_traps_are_many_and_expect_nothing(demo: Workspace) -> None:
    """Each is there, and none of them is also a signal."""
    silent = {silence.conversation_id for silence in expected_silences()}
    assert len(silent) >= 25
    assert silent.isdisjoint(signal.conversation_id for signal in expected_signals())
    assert all(conversation_id in demo.conversations for conversation_id in silent)


def test_story_ids_depend_on_the_files_alone(now: int) -> None:
    """A benchmark finds them under the same ids whatever the seed and the day."""
    later = build_demo_workspace(9, now + 40 * DAY)
    ids = story_conversation_ids()
    assert len(set(ids.values())) == len(ids)
    assert set(ids.values()) <= set(later.conversations.ids())


def test_happenings_say_what_they_let_find() -> None:
    """One expectation per button."""
    assert {kind: expected_of_happening(kind) for kind in HAPPENINGS_BY_KIND} == {
        "cancel_notice": "churn_risk explicit",
        "implied_risk": "churn_risk implied",
        "upsell_question": "upsell",
        "expansion": "expansion",
        "renewal": "renewal",
        "onboarding_trouble": "onboarding",
        "feature_request": "feature_request",
        "praise": "positive",
        "anger": "negative",
    }
