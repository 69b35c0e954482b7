"""The registry of resources: one file adds one, and every step fits into the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given

from services.syncer.domain import company, contact
from services.syncer.domain.fresh import Scope
from services.syncer.domain.run import Run, StepState
from services.syncer.resources import admins, all_resources, tags, teams
from services.syncer.resources.paging import next_cursor, next_page, total_count
from services.syncer.use_cases.planning import Planner
from shared.contracts.sync import ResourceType
from tests.unit.services.syncer.domain.test_fields import JSON
from tests.unit.services.syncer.store_suite import KEY, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = Scope("org", "con", "ws")
PARSERS: list[Callable[..., Any]] = [admins.parse, teams.parse, tags.parse, contact.parse, company.parse]


def test_every_resource_of_the_contracts_is_read() -> None:
    """No type is missing, none is there twice, and each is followed by change in every kind of run."""
    types = [resource.type for resource in all_resources()]
    assert sorted(types) == sorted(get_args(ResourceType))
    for resource in all_resources():
        for kind in ("initial", "incremental", "reconcile"):
            assert any(kind in step.kinds for step in resource.steps), (resource.type, kind)


def test_steps_wait_only_for_steps_that_exist() -> None:
    """Names are unique, and no step waits for itself or for one that is nowhere."""
    steps = [step for resource in all_resources() for step in resource.steps]
    names = [step.name for step in steps]
    assert len(names) == len(set(names))
    planner = Planner(all_resources())
    for step in steps:
        assert set(step.after) <= set(names) - {step.name}
        assert planner.step(step.name) is step
    with pytest.raises(KeyError):
        planner.step("unheard of")


def test_an_admin() -> None:
    """Ids become text, the bot is one of them, and a nameless one is named by what is known."""
    event = admins.parse(
        {
            "id": 11,
            "name": "Ann",
            "email": "a@x.test",
            "away_mode_enabled": True,
            "has_inbox_seat": True,
            "team_ids": [7, "8"],
        },
        SCOPE,
        5,
    )
    assert event is not None
    assert (event.id, event.name, event.away, event.has_inbox_seat) == ("11", "Ann", True, True)
    assert event.team_ids == ("7", "8")
    nameless = admins.parse({"id": "1"}, SCOPE, 5)
    assert nameless is not None
    assert nameless.name == "Teammate 1"


def test_a_team_and_a_tag() -> None:
    """Both are known by their id; a missing name is made from it."""
    team = teams.parse({"id": "7", "name": "Support", "admin_ids": [11]}, SCOPE, 5)
    tag = tags.parse({"id": "80", "name": None}, SCOPE, 5)
    assert team is not None
    assert tag is not None
    assert (team.name, team.admin_ids, tag.name) == ("Support", ("11",), "Tag 80")


def test_a_contact() -> None:
    """Lists are found in both of their shapes; their order is no change."""
    row = {
        "id": "67ab",
        "role": "lead",
        "owner_id": "0",
        "companies": {"data": [{"id": "c2"}, {"id": "c1"}]},
        "tags": {"data": [{"id": "80"}]},
        "created_at": 1_700_000_000,
        "signed_up_at": 10**15,
    }
    event = contact.parse(row, SCOPE, 5)
    assert event is not None
    assert (event.role, event.owner_id, event.company_ids, event.tag_ids) == (
        "lead",
        None,
        ("c1", "c2"),
        ("80",),
    )
    assert event.signed_up_at is None
    turned = contact.parse({**row, "companies": {"companies": [{"id": "c1"}, {"id": "c2"}]}}, SCOPE, 9)
    assert turned is not None
    assert turned.version == event.version


def test_a_company() -> None:
    """What is unset is absent; the plan is named; spend may be any number."""
    event = company.parse(
        {"id": "5f", "company_id": "acme", "plan": {"name": "Pro"}, "monthly_spend": 49.5, "size": "many"},
        SCOPE,
        5,
    )
    assert event is not None
    assert (event.company_id, event.plan, event.monthly_spend, event.size) == ("acme", "Pro", 49.5, None)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": []}])
def test_rows_without_an_id_are_none(parse: Callable[..., Any], row: dict[str, Any]) -> None:
    """A row that cannot be named cannot be kept."""
    assert parse(row, SCOPE, 5) is None


@given(JSON)
def test_rows_may_hold_anything(value: Any) -> None:
    """Every parser takes any value in any field and makes a valid event of it."""
    keys = (
        "name",
        "email",
        "tags",
        "companies",
        "plan",
        "custom_attributes",
        "created_at",
        "team_ids",
        "size",
    )
    for parse in PARSERS:
        parse({"id": "1", **dict.fromkeys(keys, value)}, SCOPE, 5).model_dump_json()


@pytest.mark.parametrize(
    ("following", "cursor", "page"),
    [
        (None, None, None),
        ({"page": 2, "starting_after": "abc"}, "abc", 2),
        ({"per_page": 5, "starting_after": "abc"}, "abc", None),
        ("https://api.test/contacts?per_page=5&page=3", None, 3),
        ("https://api.test/contacts?starting_after=xyz", "xyz", None),
        ("nonsense", None, None),
        (7, None, None),
    ],
)
def test_the_next_page(following: Any, cursor: str | None, page: int | None) -> None:
    """`next` is an object with a cursor, a URL with a number, null, or not there (FACTS §5)."""
    body = {"pages": {"next": following}, "total_count": 9}
    assert (next_cursor(body), next_page(body), total_count(body)) == (cursor, page, 9)
    assert (next_cursor({}), next_page({}), total_count({})) == (None, None, None)


def test_what_waits_for_a_failing_step_has_not_answered_either() -> None:
    """A source fails when it fails all steps that could go on, whatever comes after them."""
    planner = Planner(all_resources())
    run = Run(KEY, "main", "r", "manual", 1, NOW)
    run.steps = [StepState("contacts:changed", failures=4), StepState("conversations:changed", failures=3)]
    run.steps.append(StepState("conversations:deleted"))
    assert planner.failures(run) == 3
    run.steps.append(StepState("tags"))
    assert planner.failures(run) == 0
    run.steps = [StepState("tags", done=True)]
    assert planner.failures(run) == 0


def test_a_pause_is_told_of_what_is_left_to_read() -> None:
    """A step that waits is named, otherwise the open one that had most turns; a done one never."""
    planner = Planner(all_resources())
    run = Run(KEY, "main", "r", "initial", 1, NOW)
    run.steps = [
        StepState("admins", done=True, slices=9),
        StepState("tags"),
        StepState("companies", slices=2),
    ]
    assert planner.current(run).name == "companies"
    run.steps[1].waiting_for = "Intercom to answer"
    assert planner.current(run).name == "tags"
