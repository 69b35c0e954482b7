"""The doctor at work: few questions, patient with silence, and it stops what it finds dead."""

from __future__ import annotations

from typing import Any

import pytest

from services.connector.domain.diagnosis import Sight
from services.connector.errors import (
    ConnectionConflict,
    ConnectionUnknown,
    HostNotAllowed,
    IntercomUnreachable,
)
from shared.contracts.connections import ConnectionChanged
from shared.errors import ConfigurationError
from tests.unit.services.connector.fakes import AU, EU, TOKEN, US, a_workspace, refused
from tests.unit.services.connector.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """A connector with one connected workspace."""
    made = Rig()
    made.hold()
    return made


async def verdicts(rig: Rig) -> dict[str, str]:
    diagnosis = await rig.doctor.examine("acme", "c-1")
    return {finding.part: finding.verdict for finding in diagnosis.findings}


async def test_a_healthy_workspace_costs_eight_questions(rig: Rig) -> None:
    """Each is asked once, at the connection's own host; the diagnosis is kept."""
    assert set((await verdicts(rig)).values()) == {"fine"}
    assert len(rig.intercom.asked) == len(set(rig.intercom.asked)) == 8
    assert {where for _, _, where in rig.intercom.asked} == {US}
    kept = await rig.connections.diagnosis("acme", "c-1")
    assert kept is not None
    assert kept.checked_at == rig.clock.now()
    assert rig.counted("earshot_doctor_findings_total", verdict="fine") == 10


async def test_one_contact_is_asked_for_only_where_one_is_known(rig: Rig) -> None:
    """There is no id to ask with otherwise."""
    rig.intercom.sights = {"contacts": Sight("answered", 0)}
    assert (await verdicts(rig))["contact"] == "not_asked"
    assert not any(question == "probe contact" for question, _, _ in rig.intercom.asked)


async def test_a_missing_permission_is_found(rig: Rig) -> None:
    """The connection goes on with what it may read."""
    rig.intercom.sights = {"tags": Sight("permission_missing", None, "401 token_unauthorized")}
    assert (await verdicts(rig))["tags"] == "missing_permission"
    assert rig.held().state == "connected"


async def test_a_dead_token_stops_the_connection(rig: Rig) -> None:
    """It is refused twice, and by all other regions; the families are not asked."""
    rig.intercom.opens = {}
    found = await verdicts(rig)
    assert (found["token"], found["tags"]) == ("revoked_token", "not_asked")
    assert [where for _, _, where in rig.intercom.asked] == [US, US, EU, AU]
    assert (rig.held().state, rig.held().attention) == ("needs_attention", "token_revoked")
    assert len(rig.published(ConnectionChanged)) == 1
    await rig.doctor.examine("acme", "c-1")
    assert rig.counted("earshot_connection_attention_total", reason="token_revoked") == 1


async def test_one_refusal_is_no_dead_token(rig: Rig) -> None:
    """The second answer is the answer."""
    rig.intercom.opens = {(TOKEN, US): [refused(), a_workspace()]}
    assert set((await verdicts(rig)).values()) == {"fine"}
    assert rig.held().state == "connected"


@pytest.mark.parametrize(
    ("again", "verdict", "state"),
    [
        (a_workspace(), "missing_permission", "connected"),
        (refused("permission_missing"), "missing_permission", "connected"),
        (IntercomUnreachable("away"), "unreachable", "connected"),
        (refused(), "revoked_token", "needs_attention"),
    ],
)
async def test_a_family_that_refuses_the_token_is_held_against_me(
    rig: Rig, again: Any, verdict: str, state: str
) -> None:
    """A permission that is missing may be answered like a token that is dead; `/me` tells them apart."""
    rig.intercom.opens = {(TOKEN, US): [a_workspace(), again]}
    rig.intercom.sights = {"tags": Sight("token_rejected", None, "401 unauthorized")}
    found = await verdicts(rig)
    assert (found["token"], found["tags"]) == ("fine", verdict)
    assert rig.held().state == state


async def test_a_token_of_another_region_is_no_dead_one(rig: Rig) -> None:
    """The region is the fault, and the connection is not stopped for it."""
    rig.intercom.opens = {(TOKEN, EU): a_workspace(region="eu", base_url=EU)}
    found = await verdicts(rig)
    assert (found["token"], found["region"]) == ("fine", "wrong_region")
    assert rig.held().state == "connected"


async def test_a_reconnect_during_the_examination_stands(rig: Rig) -> None:
    """What was found dead is not what is stored any more."""
    rig.intercom.opens = {}
    save = rig.connections.save_diagnosis

    async def reconnecting(*arguments: Any) -> None:
        await save(*arguments)
        rig.hold(credential="v2:fresh", revision=4)

    rig.connections.save_diagnosis = reconnecting  # type: ignore[assignment, method-assign] # somebody else
    await rig.doctor.examine("acme", "c-1")
    assert rig.held().state == "connected"


async def test_silence_is_asked_again(rig: Rig) -> None:
    """Twice, with pauses; an answer that comes then is the answer."""
    rig.intercom.opens = {(TOKEN, US): [IntercomUnreachable("away"), a_workspace()]}
    rig.intercom.sights = {"teams": [Sight("unreachable"), Sight("answered", 2)]}
    assert set((await verdicts(rig)).values()) == {"fine"}
    assert rig.slept == [0.5, 0.5]


async def test_lasting_silence_is_told_as_such(rig: Rig) -> None:
    """And the families are not asked."""
    rig.intercom.opens = {(TOKEN, US): IntercomUnreachable("away")}
    assert (await verdicts(rig))["token"] == "unreachable"
    assert rig.slept == [0.5, 2.0]
    assert rig.held().state == "connected"


@pytest.mark.parametrize(
    ("kind", "verdict", "families"),
    [
        ("permission_missing", "missing_permission", True),
        ("plan_restricted", "plan_restricted", True),
        ("not_intercom", "not_intercom", False),
        ("app_refused", "not_intercom", False),
    ],
)
async def test_what_me_refuses_is_told(rig: Rig, kind: Any, verdict: str, *, families: bool) -> None:
    """Families are asked where their answers can say more."""
    rig.intercom.opens = {(TOKEN, US): refused(kind)}
    found = await verdicts(rig)
    assert found["token"] == verdict
    assert (found["tags"] == "fine") == families


async def test_there_must_be_something_to_examine(rig: Rig) -> None:
    """A stranger's, one without credential, one whose key or host is gone."""
    with pytest.raises(ConnectionUnknown):
        await rig.doctor.examine("other", "c-1")
    rig.hold(credential=None)
    with pytest.raises(ConnectionConflict, match="Reconnect"):
        await rig.doctor.examine("acme", "c-1")
    rig.hold(credential="v0:lost")
    with pytest.raises(ConfigurationError):
        await rig.doctor.examine("acme", "c-1")
    rig.hold(workspace=a_workspace(base_url="https://gone.example"))
    rig.intercom.opens = {(TOKEN, "https://gone.example"): HostNotAllowed("gone.example is not allowed")}
    with pytest.raises(ConnectionConflict, match=r"gone\.example"):
        await rig.doctor.examine("acme", "c-1")


async def test_after_connecting_it_disturbs_nobody(rig: Rig) -> None:
    """What fails then is logged; what works is kept."""
    await rig.doctor.examine_quietly("acme", "nobody")
    await rig.doctor.examine_quietly("acme", "c-1")
    assert await rig.connections.diagnosis("acme", "c-1") is not None
