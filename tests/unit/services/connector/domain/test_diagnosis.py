"""The doctor's lines: each fault has its own verdict and words, and none looks like another."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connector.domain.diagnosis import (
    FAMILIES,
    Diagnosis,
    FamilyKey,
    Identity,
    Outcome,
    Sight,
    diagnose,
)
from tests.unit.services.connector.fakes import EU, NOW, US

KEYS: tuple[FamilyKey, ...] = get_args(FamilyKey)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
HOME = Identity(Sight("answered"), US, "us", region="us", workspace_id="w-1")
EVERYTHING: dict[FamilyKey, Sight] = {key: Sight("answered", 12) for key in KEYS}


def seen(identity: Identity = HOME, **sights: Sight | None) -> Diagnosis:
    """Diagnose a workspace that is fine but for what is given; None was not asked."""
    whole: dict[Any, Any] = {**EVERYTHING, **sights}
    return diagnose(
        identity,
        {key: sight for key, sight in whole.items() if sight is not None},
        expected_workspace_id="w-1",
        known_regions=frozenset({"us", "eu"}),
        at=NOW,
    )


def verdicts(diagnosis: Diagnosis) -> dict[str, str]:
    return {finding.part: finding.verdict for finding in diagnosis.findings}


def words(diagnosis: Diagnosis, part: str) -> str:
    return next(finding.words for finding in diagnosis.findings if finding.part == part)


def test_a_healthy_workspace_is_fine_in_every_line() -> None:
    """With how many of each there are."""
    diagnosis = seen()
    assert set(verdicts(diagnosis).values()) == {"fine"}
    assert diagnosis.healthy
    assert not diagnosis.faults
    assert words(diagnosis, "content") == "12 contacts, 12 companies, 12 conversations."


def test_there_is_a_line_for_everything() -> None:
    """Token, region, each family once, and what there is in all."""
    assert [finding.part for finding in seen().findings] == ["token", "region", *KEYS, "content"]


NOTHING: dict[str, Any] = dict.fromkeys(KEYS)
ZERO = Sight("answered", 0)
FAULTS: dict[str, Diagnosis] = {
    "missing permission": seen(conversations=Sight("permission_missing", None, "401 token_unauthorized")),
    "plan restriction": seen(conversations=Sight("plan_restricted", None, "403 api_plan_restricted")),
    "revoked token": seen(Identity(Sight("token_rejected"), US, "us"), **NOTHING),
    "wrong region": seen(
        replace(HOME, region="eu"), contacts=ZERO, companies=ZERO, conversations=ZERO, contact=None
    ),
    "wrong region, refused": seen(Identity(Sight("token_rejected"), US, "us", elsewhere="eu"), **NOTHING),
    "empty workspace": seen(contacts=ZERO, companies=ZERO, conversations=ZERO, contact=None),
    "restricted inbox": seen(conversations=ZERO),
    "another workspace": seen(replace(HOME, workspace_id="w-2")),
    "not Intercom": seen(Identity(Sight("not_intercom"), US, "us"), **NOTHING),
    "no answer": seen(Identity(Sight("unreachable"), US, "us"), **NOTHING),
    "API not in the plan": seen(Identity(Sight("plan_restricted"), US, "us"), **NOTHING),
    "no read one admin": seen(Identity(Sight("permission_missing"), US, "us")),
}


DIFFERENT = [name for name in FAULTS if name != "wrong region, refused"]
"""Two ways in which one fault shows are one fault."""


@pytest.mark.parametrize(("one", "other"), list(combinations(DIFFERENT, 2)))
def test_no_two_faults_look_alike(one: str, other: str) -> None:
    """Neither in verdicts nor in words, and none looks like health."""
    assert FAULTS[one].findings != FAULTS[other].findings
    told = [{(fault.verdict, fault.words) for fault in FAULTS[name].faults} for name in (one, other)]
    assert told[0] != told[1]
    assert all(told)


@pytest.mark.parametrize(
    ("name", "part", "verdict"),
    [
        ("missing permission", "conversations", "missing_permission"),
        ("plan restriction", "conversations", "plan_restricted"),
        ("revoked token", "token", "revoked_token"),
        ("wrong region", "region", "wrong_region"),
        ("wrong region, refused", "region", "wrong_region"),
        ("empty workspace", "content", "empty_workspace"),
        ("restricted inbox", "conversations", "restricted_inbox_suspected"),
        ("another workspace", "token", "workspace_changed"),
        ("not Intercom", "token", "not_intercom"),
        ("no answer", "token", "unreachable"),
        ("API not in the plan", "token", "plan_restricted"),
        ("no read one admin", "token", "missing_permission"),
    ],
)
def test_each_fault_is_one_line(name: str, part: str, verdict: str) -> None:
    """The fault is named where it lies, and nothing else is accused for it."""
    faults = FAULTS[name].faults
    assert [(fault.part, fault.verdict) for fault in faults] == [(part, verdict)]
    assert FAULTS[name].healthy == (name == "empty workspace")
    assert FAULTS[name].token_is_dead == (name == "revoked token")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.key)
def test_a_missing_permission_is_named_as_intercom_names_it(family: Any) -> None:
    """With where to tick it, and with Intercom's own code."""
    refused: dict[str, Any] = {family.key: Sight("permission_missing", None, "403 forbidden")}
    diagnosis = seen(**refused)
    (fault,) = diagnosis.faults
    assert fault.permission == family.permission
    assert family.permission in fault.words
    assert "Developer Hub" in fault.words
    assert "403 forbidden" in fault.words


def test_the_name_of_read_one_admin_is_told() -> None:
    """It guards /me."""
    (fault,) = FAULTS["no read one admin"].faults
    assert fault.permission == "Read one admin"
    assert fault.permission in fault.words


def test_what_is_empty_in_the_wrong_region_is_not_called_empty() -> None:
    """Neither an empty workspace nor a restricted inbox is concluded from the wrong host."""
    diagnosis = FAULTS["wrong region"]
    assert verdicts(diagnosis)["content"] == "not_asked"
    with_contacts = seen(replace(HOME, region="eu"), conversations=ZERO)
    assert verdicts(with_contacts)["conversations"] == "fine"
    assert "none are shown" in words(with_contacts, "conversations")


def test_what_may_not_be_read_is_not_called_empty() -> None:
    """A missing permission leaves open what there is."""
    diagnosis = seen(contacts=ZERO, companies=ZERO, conversations=Sight("permission_missing"))
    assert verdicts(diagnosis)["content"] == "not_asked"


def test_a_region_without_a_host_of_its_own_is_fine() -> None:
    """It is read through another, and the line says so."""
    diagnosis = seen(replace(HOME, region="au"))
    assert verdicts(diagnosis)["region"] == "fine"
    assert "no host is set up" in words(diagnosis, "region")


def test_one_contact_cannot_be_asked_for_where_there_is_none() -> None:
    """That is said, and is no fault."""
    diagnosis = seen(contacts=ZERO, contact=None)
    assert words(diagnosis, "contact") == "Not asked: there is no contact to read yet."
    assert diagnosis.healthy
    assert words(seen(tags=None), "tags") == "Not asked."


def test_a_family_that_refuses_the_token_alone_is_told() -> None:
    """Even if /me takes it: FACTS §3 knows such answers."""
    assert verdicts(seen(tags=Sight("token_rejected")))["tags"] == "revoked_token"


def test_few_things_are_nobody_s_fault() -> None:
    """A workspace without teams, tags or companies is a healthy one."""
    diagnosis = seen(teams=ZERO, tags=ZERO, companies=ZERO)
    assert set(verdicts(diagnosis).values()) == {"fine"}
    assert words(diagnosis, "teams") == "May be read; there are none yet."


SIGHTS = st.builds(Sight, st.sampled_from(OUTCOMES), st.none() | st.integers(0, 5), st.just("detail"))


@given(
    identity=st.builds(
        Identity,
        SIGHTS,
        st.sampled_from([US, EU]),
        st.sampled_from(["us", "eu"]),
        region=st.sampled_from([None, "us", "eu", "au"]),
        workspace_id=st.sampled_from(["w-1", "w-2", None]),
        elsewhere=st.sampled_from([None, "us", "eu"]),
    ),
    sights=st.dictionaries(st.sampled_from(KEYS), SIGHTS),
)
def test_every_combination_has_its_lines(identity: Identity, sights: dict[FamilyKey, Sight]) -> None:
    """Always the same parts, always words, and a refused question is never fine."""
    diagnosis = diagnose(
        identity, sights, expected_workspace_id="w-1", known_regions=frozenset({"us"}), at=NOW
    )
    assert [finding.part for finding in diagnosis.findings] == ["token", "region", *KEYS, "content"]
    found = verdicts(diagnosis)
    assert all(finding.words for finding in diagnosis.findings)
    for key, sight in sights.items():
        assert (found[key] in {"fine", "restricted_inbox_suspected"}) == (sight.outcome == "answered")
