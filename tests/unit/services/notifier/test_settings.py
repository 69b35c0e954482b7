"""The notifier's settings: what is remembered outlasts what may be announced."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from services.notifier.settings import Settings


def _settings(**changes: Any) -> Settings:
    whole: dict[str, Any] = {
        "signing_key": "k" * 40,
        "mongodb_uri": "mongodb://localhost",
        "credential_keys": Fernet.generate_key().decode(),
        **changes,
    }
    return Settings(**whole)


@pytest.mark.parametrize(("retention", "most_age"), [(400, 14), (30, 14), (30, 29), (3_651, 3_650)], ids=str)
def test_what_is_kept_longer_than_it_may_be_announced_is_taken(retention: float, most_age: float) -> None:
    """A day more is enough."""
    settings = _settings(notify_retention_days=retention, notify_max_age_days=most_age)
    assert settings.notify_retention_days == retention


@pytest.mark.parametrize(("retention", "most_age"), [(29, 14), (30, 29.5), (400, 400), (400, 3_650)], ids=str)
def test_what_would_be_told_twice_is_refused(retention: float, most_age: float) -> None:
    """Forgotten while its words may still be announced, a signal's record would be news again."""
    with pytest.raises(ValidationError, match=r"RETENTION_DAYS|greater than or equal to 30"):
        _settings(notify_retention_days=retention, notify_max_age_days=most_age)


@pytest.mark.parametrize("host", ["https://hooks.acme.example", "hooks.acme.example:443", "", "a b"])
def test_hosts_for_teams_are_names_alone(host: str) -> None:
    """What could never be a host would silently allow nothing."""
    assert _settings(teams_hosts=["hooks.acme.example"]).teams_hosts == ("hooks.acme.example",)
    with pytest.raises(ValidationError, match="teams_hosts"):
        _settings(teams_hosts=[host])


@pytest.mark.parametrize(
    "written",
    [
        "Earshot",
        "Earshot, Inc <earshot@acme.example>",
        "Earshot <earshot at acme>",
        "Earshot <earshot@acme.example>\r\nBcc: eve@evil.example",
    ],
)
def test_a_sender_that_no_server_takes_is_told_at_the_start(written: str) -> None:
    """Later each mail would be refused, and only the delivery log would say so."""
    with pytest.raises(ValidationError, match="email_from"):
        _settings(email_from=written)


@pytest.mark.parametrize("written", ["a@b.example", "Earshot <a@b.example>", '"Earshot, Inc" <a@b.example>'])
def test_a_sender_may_have_a_name(written: str) -> None:
    """It is taken as it was written."""
    assert _settings(email_from=written).email_from == written
