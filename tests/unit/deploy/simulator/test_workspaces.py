"""Two workspaces that share ids, and snoozes that end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.simulator.app import Simulator, create_simulator
from deploy.simulator.model import Mutation
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.workspaces import SHARED_IDS, build_workspaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.clock import ManualClock

NOW = 1_780_000_000
ADMIN = "814001"


def test_the_second_workspace_repeats_ids_of_the_demo() -> None:
    """Conversation and part ids, with other words; and never twice inside one workspace."""
    first, second = build_workspaces(SimulatorSettings(), NOW)
    shared = set(first.conversations.ids()) & set(second.conversations.ids())
    assert len(shared) == SHARED_IDS
    assert len(second.conversations) == 40
    for conversation_id in shared:
        assert first.conversations[conversation_id].source != second.conversations[conversation_id].source
    part_ids = [part.id for each in second.conversations.ids() for part in second.parts(each)]
    assert len(part_ids) == len(set(part_ids))
    ours = {part.id for each in shared for part in first.parts(each)}
    assert ours & set(part_ids)


def test_nobody_sleeps_past_the_time(clock: ManualClock) -> None:
    """The demo begins with no snooze that should have ended; those ended at their own time."""
    first, _ = build_workspaces(SimulatorSettings(), NOW)
    for conversation in first.conversations:
        assert conversation.snoozed_until is None or conversation.snoozed_until > NOW
        for part in first.parts(conversation.id):
            assert part.created_at <= NOW


@pytest.fixture
def simulator(clock: ManualClock) -> Iterator[Simulator]:
    settings = SimulatorSettings(workspace="generated", conversations=30, webhook_url=None, pace="paused")
    made = create_simulator(settings, clock)
    yield made
    made.close()


def snooze(simulator: Simulator, until: int) -> str:
    conversation_id = next(simulator.simulation.first.workspace.conversations.ids())
    arguments = {"conversation_id": conversation_id, "admin_id": ADMIN, "until": until}
    simulator.simulation.mutate(None, Mutation("snooze", arguments))
    return conversation_id


def test_a_snooze_ends_when_its_time_has_come(simulator: Simulator, clock: ManualClock) -> None:
    """Not before; the part is the timer's, the webhook that of an unsnoozing."""
    workspace = simulator.simulation.first.workspace
    conversation_id = snooze(simulator, NOW + 600)
    clock.advance(599)
    simulator.simulation.wake_snoozed()
    assert workspace.conversations[conversation_id].state == "snoozed"
    clock.advance(1)
    simulator.simulation.wake_snoozed()
    woken = workspace.conversations[conversation_id]
    assert (woken.state, woken.snoozed_until) == ("open", None)
    assert workspace.parts(conversation_id)[-1].part_type == "timer_unsnooze"
    assert [event.topic for event in simulator.simulation.happenings[-1].events] == [
        "conversation.admin.unsnoozed"
    ]


def test_whoever_was_opened_or_snoozed_again_is_not_woken_early(
    simulator: Simulator, clock: ManualClock
) -> None:
    """Only the last snooze counts, and it ends once."""
    workspace = simulator.simulation.first.workspace
    conversation_id = snooze(simulator, NOW + 600)
    arguments = {"conversation_id": conversation_id, "admin_id": ADMIN}
    simulator.simulation.mutate(None, Mutation("unsnooze", arguments))
    snooze(simulator, NOW + 900)
    clock.advance(700)
    simulator.simulation.wake_snoozed()
    assert workspace.conversations[conversation_id].state == "snoozed"
    clock.advance(300)
    simulator.simulation.wake_snoozed()
    simulator.simulation.wake_snoozed()
    timers = [part for part in workspace.parts(conversation_id) if part.part_type == "timer_unsnooze"]
    assert len(timers) == 1
