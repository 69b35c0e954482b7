"""Settings that cannot be used are named as people set them."""

from __future__ import annotations

import pytest

from shared.config import ServiceSettings, read_settings
from shared.errors import ConfigurationError
from shared.http.server import exit_code

PLANTED = "too-short-a-secret"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_HTTP_PORT", "8701")
    monkeypatch.setenv("EARSHOT_SIGNING_KEY", "k" * 40)


def test_each_setting_is_named_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each, beginning with the variable; secrets stay out of logs."""
    monkeypatch.setenv("EARSHOT_SIGNING_KEY", PLANTED)
    monkeypatch.setenv("EARSHOT_HTTP_PORT", "70000")
    with pytest.raises(ConfigurationError) as caught:
        read_settings(ServiceSettings)
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["EARSHOT_HTTP_PORT", "EARSHOT_SIGNING_KEY"]
    assert PLANTED not in str(caught.value)


def test_a_fault_of_several_settings_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a message names its settings itself, so nothing is put in front of it."""
    monkeypatch.setenv("EARSHOT_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(ConfigurationError, match=r"^EARSHOT_KAFKA_SECURITY_PROTOCOL is SASL_SSL"):
        read_settings(ServiceSettings)


def test_wrong_settings_end_a_service_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line of its output says what to do, and its exit code is not that of a failure."""

    def serve() -> int:
        raise ConfigurationError("EARSHOT_SIGNING_KEY: Field required")

    assert exit_code("syncer", serve) == 2
    assert capsys.readouterr().err == "The syncer cannot start. EARSHOT_SIGNING_KEY: Field required\n"
    assert exit_code("syncer", lambda: 1) == 1
