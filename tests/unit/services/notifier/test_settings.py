"""The notifier's settings: what is remembered outlasts what may be announced."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from services.notifier.settings import Settings


def _settings(**changes: float) -> Settings:
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
