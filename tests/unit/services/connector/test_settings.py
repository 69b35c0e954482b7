"""Settings that cannot be used are named, without what was in them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from tests.unit.services.connector.rig import settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("credential_keys", SecretStr("not a key at all")),
        ("credential_keys", SecretStr("")),
        ("intercom_hosts", {}),
        ("intercom_hosts", {"us": "ftp://api.intercom.io"}),
        ("intercom_hosts", {"us": "https://"}),
        ("intercom_hosts", {"us": "https://me:pa55word@api.intercom.io"}),
        ("intercom_hosts", {"us": "https://api.intercom.io?x=pa55word"}),
        ("intercom_hosts", {"us": "https://[pa55word"}),
        ("intercom_app_hosts", {"us": "app.intercom.com"}),
        ("look_seconds", 1),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: Any) -> None:
    """Its value, which may be a secret, is not repeated."""
    with pytest.raises(ValidationError) as raised:
        settings(**{name: value})
    assert name in str(raised.value)
    assert "pa55word" not in str(raised.value)
    assert "not a key at all" not in str(raised.value)


def test_regions_and_addresses_have_one_spelling() -> None:
    """Capitals in the region and a slash at the end are no difference."""
    chosen = settings(intercom_hosts={"US ": "https://proxy.example/intercom/"})
    assert chosen.intercom_hosts == {"us": "https://proxy.example/intercom"}


@pytest.mark.parametrize("name", ["INTERCOM_AUTHORIZE_URL", "INTERCOM_TOKEN_URL", "INTERCOM_UNINSTALL_URL"])
def test_an_address_that_leads_nowhere_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it shows only when somebody connects."""
    monkeypatch.setenv(f"EARSHOT_{name}", "api.intercom.io/auth")
    with pytest.raises(ValidationError, match=name.lower()):
        settings()
