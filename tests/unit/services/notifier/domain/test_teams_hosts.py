"""Which hosts a Teams rule may post to."""

from __future__ import annotations

import pytest

from services.notifier.domain.teams_hosts import TeamsHosts


@pytest.mark.parametrize(
    "host",
    [
        "prod-07.westeurope.logic.azure.com",
        "PROD-07.WestEurope.Logic.Azure.com.",
        "default0a1b.36.environment.api.powerplatform.com",
        "default0a1b.3.environment.api.gov.powerplatform.microsoft.us",
        "hooks.acme.example",
        "a.Hooks.acme.example",
    ],
)
def test_hosts_of_workflows_and_added_ones_are_allowed(host: str) -> None:
    """However they are written, with whatever stands below them."""
    assert TeamsHosts(("Hooks.acme.example",)).fault(host) is None


@pytest.mark.parametrize(
    "host",
    [
        "acme.example",
        "evil-logic.azure.com",
        "logic.azure.com.evil.example",
        "api.powerplatform.com",
        "",
        "com",
    ],
)
def test_others_are_refused_with_what_to_do(host: str) -> None:
    """The end of a name counts, label by label."""
    fault = TeamsHosts(("hooks.acme.example",)).fault(host)
    assert fault is not None
    assert "EARSHOT_TEAMS_HOSTS" in fault


@pytest.mark.parametrize("host", ["acme.webhook.office.com", "outlook.office.com", "outlook.office365.com"])
def test_a_retired_connector_is_told_from_a_wrong_address(host: str) -> None:
    """Many an installation still has one."""
    assert "retired" in (TeamsHosts().fault(host) or "")
