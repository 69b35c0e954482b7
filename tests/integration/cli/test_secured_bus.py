"""The command line against a broker that wants TLS and a password."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.cli.commands.tail import follow
from deploy.cli.dead_letters import read_letters, redrive
from deploy.cli.engine import bus_of, open_producer, partitions_of
from deploy.local.errors import EngineFailed
from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node, prepare_node
from deploy.local.kafka.probe import kafka_answers
from deploy.local.kafka.topics import ensure_topics
from deploy.local.ports import free_ports
from deploy.local.progress import SilentReporter
from deploy.local.settings import LocalSettings
from deploy.local.throwaway import running
from shared.contracts.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.slow

_PASSWORD = "k4fka-pass"


def _vouched_for(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine that vouches for itself; return it, and it with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kafka.test")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate, store = folder / "ca.pem", folder / "broker.pem"
    certificate.write_bytes(made)
    store.write_bytes(secret + made)
    return certificate, store


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """Yield the settings with which a broker lets clients in."""
    folder = tmp_path_factory.mktemp("secured")
    certificate, store = _vouched_for(folder)
    plain, controller, port = free_ports(3)
    defaults = LocalSettings()
    node = planned_node(
        folder=folder / "kafka",
        log_file=folder / "kafka.log",
        address=BrokerAddress(plain, controller),
        cache_dir=defaults.cache_dir,
    )
    prepare_node(node, defaults.cache_dir, SilentReporter())
    jaas = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_earshot="{_PASSWORD}" ;'
    # Of a name that is there twice, Java's properties keep the second.
    more = {
        "listeners": f"PLAINTEXT://127.0.0.1:{plain},SECURED://127.0.0.1:{port},"
        f"CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},SECURED://127.0.0.1:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": store,
        "listener.name.secured.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.secured.plain.sasl.jaas.config": jaas,
    }
    with (node.folder / "server.properties").open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in more.items())
    servers = node.address.bootstrap_servers
    with running(node.command(), lambda: kafka_answers(servers), output=folder / "output.txt"):
        yield {
            "kafka_bootstrap_servers": f"127.0.0.1:{port}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "PLAIN",
            "kafka_ca_file": str(certificate),
            "kafka_username": "earshot",
            "kafka_password": _PASSWORD,
        }


async def test_dead_letters_are_read_and_fed_back(secured: Mapping[str, Any]) -> None:
    """Topics, consumer and producer of the command line all prove themselves as the services do."""
    bus = bus_of(LocalSettings(**secured))
    topics = [
        Topic(name, 1, "delete", None, ("detector",), "thing", "For a test.", 1_048_576)
        for name in ("dead-letters.detector", "origin")
    ]
    await ensure_topics(bus.servers, topics, security=bus.security)
    async with open_producer(bus) as producer:
        await producer.send_and_wait(
            "dead-letters.detector",
            b'{"a":1}',
            headers=[("dlq-original-topic", b"origin"), ("dlq-original-partition", b"0")],
        )
        (letter,) = await read_letters(bus)
        await redrive(producer, letter)
    assert [letter.redriven for letter in await read_letters(bus)] == [True]
    shown: list[Mapping[str, Any]] = []
    await follow(bus, ["origin"], shown.append, from_beginning=True, limit=1)
    assert shown[0]["unreadable"]["value"] == '{"a":1}'


@pytest.mark.parametrize(
    "wrong",
    [
        {"kafka_password": "another"},
        {"kafka_ca_file": None},
        {"kafka_security_protocol": "PLAINTEXT", "kafka_ca_file": None},
    ],
    ids=["password", "certificate", "protocol"],
)
async def test_who_is_not_let_in_learns_what_to_look_at(
    secured: Mapping[str, Any], wrong: Mapping[str, Any]
) -> None:
    """A wrong password, a broker that is not trusted, and speaking plainly where TLS is wanted."""
    bus = bus_of(LocalSettings(**{**secured, **wrong}))
    with pytest.raises(EngineFailed, match="EARSHOT_KAFKA_SECURITY_PROTOCOL"):
        await partitions_of(bus)
