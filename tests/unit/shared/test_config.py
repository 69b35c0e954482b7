"""Settings that cannot be used are named as people set them."""

from __future__ import annotations

import pytest
from pydantic import Field, SecretStr

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


def test_a_blank_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of an env file that nobody filled in listens to no more addresses than none at all."""
    for name in ("HTTP_HOST", "MONGODB_URI", "KAFKA_BOOTSTRAP_SERVERS", "PUBLIC_URL", "CONSUMER_INSTANCE"):
        monkeypatch.setenv(f"EARSHOT_{name}", "")
    assert read_settings(ServiceSettings) == ServiceSettings(http_port=8701, signing_key=SecretStr("k" * 40))
    monkeypatch.setenv("EARSHOT_SIGNING_KEY", "")
    with pytest.raises(ConfigurationError, match=r"^EARSHOT_SIGNING_KEY: Field required$"):
        read_settings(ServiceSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "earshot.example.com"),
        ("PUBLIC_URL", "https://"),
        ("OIDC_JWKS_URL", "identity.identity.svc:8080/certs"),
        ("OIDC_JWKS_URL", "http://[planted-secret"),
        ("OIDC_JWKS_URL", "http://identity:planted-secret"),
    ],
)
def test_an_address_without_scheme_or_host_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links in mails and the OAuth callback would lead nowhere, and nobody would be signed in."""
    monkeypatch.setenv(f"EARSHOT_{name}", value)
    with pytest.raises(ConfigurationError, match=rf"^EARSHOT_{name}: .*https://") as caught:
        read_settings(ServiceSettings)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("servers", ["kafka:port", "SASL_SSL://kafka:9092", "kafka:9092,", "kafka:9092:9093"])
def test_brokers_are_hosts_with_ports(servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Kafka's own tools print is no list of brokers, and no broker would ever be found by it."""
    monkeypatch.setenv("EARSHOT_KAFKA_BOOTSTRAP_SERVERS", servers)
    with pytest.raises(ConfigurationError, match=r"^EARSHOT_KAFKA_BOOTSTRAP_SERVERS: .*kafka-1:9092"):
        read_settings(ServiceSettings)


@pytest.mark.parametrize(
    "servers", ["kafka", "kafka-1:9092, kafka-2:9093", "[::1]:9092", "::1", "[fe80::1%eth0]:9092"]
)
def test_ways_to_name_brokers(servers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several, with spaces, without a port, by number: what the clients understand."""
    monkeypatch.setenv("EARSHOT_KAFKA_BOOTSTRAP_SERVERS", servers)
    assert read_settings(ServiceSettings).kafka_bootstrap_servers == servers


def test_the_signing_key_is_counted_in_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how long it has to be, and how one is made."""
    monkeypatch.setenv("EARSHOT_SIGNING_KEY", PLANTED)
    with pytest.raises(ConfigurationError, match=r"32 characters .*token_urlsafe"):
        read_settings(ServiceSettings)


def test_what_is_no_json_is_named_as_people_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads it looks for the variable, which has another spelling than the field."""

    class Settings(ServiceSettings):
        hosts: dict[str, str] = Field(default_factory=dict)

    monkeypatch.setenv("EARSHOT_HOSTS", "us=https://planted.example")
    with pytest.raises(ConfigurationError, match=r"^EARSHOT_HOSTS: .*JSON") as caught:
        read_settings(Settings)
    assert "planted" not in str(caught.value)


def test_wrong_settings_end_a_service_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line of its output says what to do, and its exit code is not that of a failure."""

    def serve() -> int:
        raise ConfigurationError("EARSHOT_SIGNING_KEY: Field required")

    assert exit_code("syncer", serve) == 2
    assert capsys.readouterr().err == "The syncer cannot start. EARSHOT_SIGNING_KEY: Field required\n"
    assert exit_code("syncer", lambda: 1) == 1
