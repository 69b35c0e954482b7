"""From the settings to what Kafka's clients want."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from faststream.security import SASLPlaintext, SASLScram256, SASLScram512
from pydantic import ValidationError

from shared.config import KafkaSettings
from shared.errors import ConfigurationError
from shared.messaging.security import broker_security, client_security

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "k4fka-pass"
WHO: dict[str, Any] = {"kafka_username": "earshot", "kafka_password": SECRET}


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """Write a certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kafka.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = {"certificate": tmp_path / "client.pem", "key": tmp_path / "client.key"}
    files["certificate"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files["key"].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return {name: str(path) for name, path in files.items()}


def settings(**chosen: Any) -> KafkaSettings:
    return KafkaSettings.model_validate(chosen)


def test_nothing_is_used_unless_it_is_asked_for() -> None:
    """Local mode speaks plainly, on loopback."""
    assert broker_security(settings()) is None
    assert client_security(settings()) == {}


def test_tls_checks_the_brokers_names(certificate: dict[str, str]) -> None:
    """With certificates of one's own and a client's, and never without looking at the name."""
    arguments = client_security(
        settings(
            kafka_security_protocol="SSL",
            kafka_ca_file=certificate["certificate"],
            kafka_client_certificate_file=certificate["certificate"],
            kafka_client_key_file=certificate["key"],
        )
    )
    context = arguments["ssl_context"]
    assert arguments["security_protocol"] == "SSL"
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert [one["serialNumber"] for one in context.get_ca_certs()] == ["07"]


@pytest.mark.parametrize(
    ("mechanism", "kind"),
    [("PLAIN", SASLPlaintext), ("SCRAM-SHA-256", SASLScram256), ("SCRAM-SHA-512", SASLScram512)],
)
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_each_mechanism_over_each_protocol(mechanism: str, kind: type, protocol: str) -> None:
    """The broker's object and a client's arguments say the same."""
    chosen = settings(kafka_security_protocol=protocol, kafka_sasl_mechanism=mechanism, **WHO)
    assert type(broker_security(chosen)) is kind
    arguments = client_security(chosen)
    assert (arguments["security_protocol"], arguments["sasl_mechanism"]) == (protocol, mechanism)
    assert (arguments["sasl_plain_username"], arguments["sasl_plain_password"]) == ("earshot", SECRET)
    assert (arguments["ssl_context"] is not None) == (protocol == "SASL_SSL")


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "EARSHOT_KAFKA_USERNAME"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_username": "earshot"}, "EARSHOT_KAFKA_PASSWORD"),
        ({"kafka_ca_file": "ca.pem"}, "EARSHOT_KAFKA_SECURITY_PROTOCOL"),
        ({"kafka_security_protocol": "SSL", "kafka_client_key_file": "k"}, "EARSHOT_KAFKA_CLIENT_KEY_FILE"),
        ({"kafka_security_protocol": "TLS"}, "kafka_security_protocol"),
        ({"kafka_sasl_mechanism": "GSSAPI"}, "kafka_sasl_mechanism"),
    ],
)
def test_what_does_not_belong_together_is_refused(chosen: dict[str, str], named: str) -> None:
    """Before anything connects, and by the setting's name."""
    with pytest.raises(ValidationError, match=named):
        settings(**chosen)


def test_a_file_that_cannot_be_read_is_named() -> None:
    """An operator sees which of the files it is about."""
    with pytest.raises(ConfigurationError, match=r"no-such-file\.pem"):
        broker_security(settings(kafka_security_protocol="SSL", kafka_ca_file="no-such-file.pem"))


def test_the_password_is_never_shown() -> None:
    """Neither by the settings nor by what refuses them."""
    chosen = settings(kafka_security_protocol="SASL_SSL", **WHO)
    assert SECRET not in f"{chosen!r} {chosen} {chosen.model_dump_json()}"
    with pytest.raises(ValidationError) as refused:
        settings(kafka_security_protocol="SASL_SSL", kafka_password=SECRET)
    assert SECRET not in str(refused.value)
