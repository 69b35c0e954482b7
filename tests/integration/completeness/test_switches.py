"""Every switch of FACTS §11 alone and in pairs: the mirror is the workspace, or the ledger says where not.

A switch stands for its number in FACTS; where it has several settings, one alone tries each, and pairs take
the one that costs a reader most.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from services.syncer.domain.connection import ConnectionKey
from tests.integration.completeness.world import World, tiny

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS: dict[int, tuple[dict[str, Any], ...]] = {
    1: ({"contact_dates": "utc_day"}, {"contact_dates": "exact"}, {"contact_dates": "workspace_day"}),
    2: (
        {"conversation_dates": "utc_day", "conversation_bounds": "inclusive"},
        {"conversation_dates": "utc_day"},
        {"conversation_bounds": "inclusive"},
    ),
    3: ({"conversation_sort": "ignored"},),
    4: (
        {"contact_lag_seconds": 600, "conversation_lag_seconds": 600, "lag_varies": True},
        {"conversation_lag_seconds": 840},
        {"contact_lag_seconds": 840},
    ),
    5: (
        {"app_limit": 9, "too_many_requests_every": 7},
        {"workspace_limit": 9},
        {"too_many_requests_every": 3},
    ),
    6: (
        {"missing_permission": "token_unauthorized", "revoked_code": "token_suspended"},
        {"revoked_code": "unauthorized"},
        {"revoked_code": "token_not_found"},
    ),
    7: (
        {"plan_restricted": ("read_tags",), "missing_permission": "forbidden"},
        {"plan_restricted": ("read_conversations",)},
        {"missing_permission": "action_forbidden"},
    ),
    8: ({"merged_contacts": "not_found"}, {"merged_contacts": "gone"}),
    9: ({"parts_limit": 2}, {"parts_limit": 1}),
    10: (
        {"scroll_page_size": 2, "scroll_error_at_page": 2},
        {"scroll_page_size": 2, "scroll_idle_seconds": 0.1},
        {"foreign_scroll": True},
        {"scroll_exclusive": False, "scroll_page_size": 1},
    ),
    11: ({"companies_list_cap": 2, "foreign_scroll": True}, {"companies_list_cap": 2}),
    12: ({"rows_move": True, "slow_above_page_size": 3},),
    13: (
        {"html_502_every": 5, "empty_200_every": 7, "html_404": True},
        {"reset_every": 6},
        {"empty_200_every": 3},
        {"deleted_companies_listed": False},
    ),
    14: (
        {"slow_above_page_size": 3, "slow_answer": "502"},
        {"slow_above_page_size": 3},
        {"bad_stretch_from": 1_770_000_000, "bad_stretch_to": 1_772_000_000},
    ),
    15: ({"webhook_iso_times": True}, {"webhook_iso_times": False}, {"webhooks": False}),
    16: ({},),
    17: ({"wrong_region": "unauthorized", "us_host_routes": True}, {"wrong_region": "empty"}),
    18: ({"version_echo": False},),
}
"""Number of FACTS §11 to settings; the first one goes into the pairs. 16 is the second workspace."""

TITLES = {
    1: "contact dates", 2: "conversation dates", 3: "sort", 4: "index lag", 5: "limits", 6: "401", 7: "403",
    8: "merged contacts", 9: "parts cut", 10: "scroll", 11: "list cap", 12: "rows move", 13: "no JSON",
    14: "slow pages", 15: "webhooks", 16: "shared ids", 17: "regions", 18: "version",
}  # fmt: skip


def second(world: World) -> World:
    """Return a second connection beside the first, to a workspace whose ids are the same (FACTS §1)."""
    return world.beside(tenant=1, key=ConnectionKey("org-2", "con-2"))


def happen(world: World, seed: int) -> None:
    """Let one of everything happen, at different moments."""
    kinds: list[tuple[str, int, int]] = [
        ("reply", 1, 0), ("note", 2, 0), ("close", 3, 0), ("create", 1, 0), ("tag", 4, 1), ("redact", 5, 1),
        ("redact", 6, 4), ("snooze", 7, 9), ("rename", 2, 0), ("tag contact often", 3, 0), ("company", 0, 0),
        ("change company", 1, 0), ("attach many", 4, 0), ("delete", 8, 0), ("merge contacts", 5, 1),
        ("archive contact", 6, 0), ("delete contact", 7, 0), ("delete company", 2, 0), ("new tag", 0, 0),
        ("drop tag", 0, 0), ("drop admin", 0, 0), ("title quietly", 9, 0), ("untag quietly", 4, 1),
        ("redact quietly", 10, 0), ("redact quietly", 11, 1), ("tag quietly", 12, 2),
    ]  # fmt: skip
    for number, (kind, one, other) in enumerate(kinds):
        world.change(kind, one + seed, other)
        world.clock.advance((0, 0.3, 1, 40)[(number + seed) % 4])


def with_trouble(world: World, numbers: set[int]) -> Callable[[], None]:
    """Take away what a token may do, where the numbers are about that; return what gives it back."""
    if 6 in numbers:
        world.restrict(missing=frozenset({"read_tags"}))
    return world.restrict


async def round_of(worlds: list[World], reason: Any, *, hinted: bool) -> None:
    for world in worlds:
        if hinted:
            # Twice, the newest first: as notifications come.
            for hint in [*reversed(world.hints), *world.hints]:
                await world.ask("hint", hint)
        world.hints.clear()
        await world.ask(reason)
        await world.settle()


async def read_under(numbers: set[int], switches: dict[str, Any]) -> list[str]:
    """Read, follow and reconcile a changing workspace under these switches; return what is unexplained."""
    shared = 16 in numbers
    first = World(
        settings=tiny(second_workspace=True) if shared else tiny(),
        replicas=1,
        slice_items=5,
        base_url="http://api.eu.intercom.io" if 17 in numbers and not shared else "http://intercom.test",
    )
    if 17 in numbers:
        switches = {**switches, "wrong_region": "routed"} if not shared else switches
    worlds = [first, second(first)] if shared else [first]
    first.switch(**switches)
    for world in worlds:
        await world.connect()
    give_back = with_trouble(first, numbers)
    await round_of(worlds, "initial", hinted=False)
    if 6 in numbers:
        give_back()
        first.restrict(state="revoked")
        await first.ask("scheduled")
        await first.settle()
        give_back()
        await first.connect()
    for world in worlds:
        happen(world, 0)
    await round_of(worlds, "scheduled", hinted=15 in numbers)
    for world in worlds:
        happen(world, 1)
    await round_of(worlds, "manual", hinted=False)
    found = []
    for world in worlds:
        await world.calm()
        found += world.reckon()
    return found


SINGLES = [(number, each) for number, settings in SETTINGS.items() for each in settings]


@pytest.mark.parametrize(
    ("number", "switches"),
    SINGLES,
    ids=[f"{number} {TITLES[number]} {','.join(map(str, each.values()))}" for number, each in SINGLES],
)
async def test_a_switch_alone(number: int, switches: dict[str, Any]) -> None:
    """Each setting of each switch."""
    assert await read_under({number}, switches) == []


@pytest.mark.parametrize("one", SETTINGS, ids=[f"{number} {title}" for number, title in TITLES.items()])
async def test_pairs_of_switches(one: int) -> None:
    """One switch beside each one that follows it: 153 pairs in all."""
    found = {
        f"{one} and {other}": differences
        for other in (other for first, other in combinations(SETTINGS, 2) if first == one)
        if (differences := await read_under({one, other}, SETTINGS[one][0] | SETTINGS[other][0]))
    }
    assert found == {}
