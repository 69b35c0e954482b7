"""The buttons: in the demo's words where there is a demo, in plain ones elsewhere."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deploy.simulator import mutations
from deploy.simulator.demo import HAPPENINGS_BY_KIND, build_demo_workspace
from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.scenarios import ALIASES, SCENARIOS, Scenarios, expected_words

if TYPE_CHECKING:
    from deploy.simulator.model import Workspace

NOW = 1_780_000_000


@pytest.fixture(scope="module")
def demo() -> Workspace:
    return build_demo_workspace(seed=1, now=NOW)


@pytest.mark.parametrize("key", [each.key for each in SCENARIOS])
def test_every_button_works_in_a_generated_workspace(workspace: Workspace, key: str) -> None:
    """What it chooses can be done."""
    scenarios = Scenarios(None)
    rng = random.Random(1)
    mutation = scenarios.choose(scenarios.find(key), workspace, rng, NOW)
    mutations.apply(workspace, mutation, NOW)


def test_the_demo_speaks_in_its_own_words(demo: Workspace) -> None:
    """Two presses of a button bring two texts, neither of them the plain one."""
    scenarios, rng = Scenarios(demo.id_code), random.Random(1)
    for kind in HAPPENINGS_BY_KIND:
        scenario = scenarios.find(kind)
        plain = scenario.plain(demo, rng).arguments["body"]
        said = [scenarios.choose(scenario, demo, rng, NOW).arguments["body"] for _ in range(4)]
        assert plain not in said
        assert len(set(said)) > 1


def test_every_kind_of_the_demo_has_a_button() -> None:
    """None is out of reach."""
    assert set(HAPPENINGS_BY_KIND) == {each.key for each in SCENARIOS if each.told}


def test_when_all_is_said_the_plain_words_serve(workspace: Workspace) -> None:
    """A workspace whose companies have no plan has nobody for the demo's texts; the button still works."""
    for company in tuple(workspace.companies):
        workspace.put_company(replace(company, plan=None))
    scenarios, rng = Scenarios(workspace.id_code), random.Random(1)
    assert HAPPENINGS_BY_KIND["praise"](workspace, rng, NOW) is None
    mutation = scenarios.choose(scenarios.find("praise"), workspace, rng, NOW)
    assert "wonderful" in mutation.arguments["body"]


def test_older_names_still_work() -> None:
    """Requests written against the short names find the same buttons."""
    scenarios = Scenarios(None)
    assert [scenarios.find(name).key for name in ALIASES] == list(ALIASES.values())
    with pytest.raises(MutationRefusedError, match="cancel_notice"):
        scenarios.find("flood")


@pytest.mark.parametrize(
    ("expected", "words"),
    [("churn_risk explicit", "churn risk, explicit"), ("positive", "a better mood"), ("upsell", "upsell")],
)
def test_expectations_are_said_in_words(expected: str, words: str) -> None:
    """No underscores on a page."""
    assert expected_words(expected) == words
