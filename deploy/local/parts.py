"""The processes of local mode, as one list: what runs, in which order, with which settings.

Everything that a service is told in local mode is in this file.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

from deploy.local.kafka.configuration import BrokerAddress
from deploy.local.kafka.node import planned_node
from deploy.local.ports import LOOPBACK, PortNeed
from deploy.local.probes import http_probe, kafka_probe, mongodb_probe
from deploy.local.supervision.part import Part, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from deploy.local.kafka.broker import KafkaNode
    from deploy.local.keys import LocalKeys
    from deploy.local.settings import LocalSettings

_KAFKA_GRACE_SECONDS = 30.0
"""Kafka closes every log on SIGTERM; cut short it has to check them at the next start."""


def local_kafka(settings: LocalSettings) -> KafkaNode:
    """Return the node that local mode runs, where the settings name no other."""
    return planned_node(
        folder=settings.data_dir / "kafka",
        log_file=settings.data_dir / "logs" / "kafka.log",
        address=BrokerAddress(settings.kafka_port, settings.kafka_controller_port),
        cache_dir=settings.cache_dir,
    )


def all_parts(
    settings: LocalSettings, keys: LocalKeys, client: httpx.AsyncClient, *, demo: bool
) -> list[Part]:
    """Return the parts to run, in the order of starting."""
    parts = [*_engines(settings), *_services(settings, keys, client, demo=demo)]
    if demo:
        parts.append(_simulator(settings, client))
    return [*parts, _gateway(settings, client)]


def _engines(settings: LocalSettings) -> list[Part]:
    parts = []
    logs = settings.data_dir / "logs"
    if settings.kafka_bootstrap_servers is None:
        node = local_kafka(settings)
        parts.append(
            Part(
                name="kafka",
                title="Kafka",
                stage=Stage.ENGINES,
                command=node.command,
                probe=kafka_probe(settings.bootstrap_servers),
                # Kafka writes `kafka.log` itself; here lands what Java says before and after that.
                log_file=logs / "kafka-java.log",
                ports=(
                    PortNeed(settings.kafka_port, "Kafka", "EARSHOT_KAFKA_PORT"),
                    PortNeed(
                        settings.kafka_controller_port, "Kafka's quorum", "EARSHOT_KAFKA_CONTROLLER_PORT"
                    ),
                ),
                death_signal=signal.SIGTERM,
                grace_seconds=_KAFKA_GRACE_SECONDS,
            )
        )
    if settings.mongodb_uri is None:
        folder = settings.data_dir / "documents"
        own_socket = settings.documents_socket
        place = (
            ("--port", str(settings.documents_port)) if own_socket is None else ("--socket", str(own_socket))
        )
        needed = PortNeed(settings.documents_port, "the document server", "EARSHOT_MONGODB_PORT")
        parts.append(
            Part(
                name="documents",
                title="Document server",
                stage=Stage.ENGINES,
                command=_module("deploy.local.documents", *place, "--directory", str(folder)),
                probe=mongodb_probe(settings.mongodb_address),
                log_file=logs / "documents.log",
                ports=(needed,) if own_socket is None else (),
                death_signal=signal.SIGTERM,
            )
        )
    return parts


def _services(
    settings: LocalSettings, keys: LocalKeys, client: httpx.AsyncClient, *, demo: bool
) -> list[Part]:
    own: dict[str, tuple[int, Mapping[str, str]]] = {
        "connector": (settings.connector_port, _connector(settings, keys, demo=demo)),
        "syncer": (
            settings.syncer_port,
            {"EARSHOT_CONNECTOR_URL": f"http://{LOOPBACK}:{settings.connector_port}"},
        ),
        "detector": (settings.detector_port, {}),
        "notifier": (settings.notifier_port, _notifier(settings, keys, demo=demo)),
    }
    return [
        Part(
            name=name,
            title=name.capitalize(),
            stage=Stage.SERVICES,
            command=_module(f"services.{name}"),
            probe=http_probe(client, f"http://{LOOPBACK}:{port}/health/ready"),
            log_file=settings.data_dir / "logs" / f"{name}.log",
            environment={
                **_every_service(settings, keys, port),
                "EARSHOT_CONSUMER_INSTANCE": name,
                **environment,
            },
            ports=(PortNeed(port, f"the {name}", f"EARSHOT_{name.upper()}_PORT"),),
        )
        for name, (port, environment) in own.items()
    ]


def _every_service(settings: LocalSettings, keys: LocalKeys, port: int) -> Mapping[str, str]:
    return {
        "EARSHOT_KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "EARSHOT_MONGODB_URI": settings.mongodb_address,
        "EARSHOT_HTTP_HOST": LOOPBACK,
        "EARSHOT_HTTP_PORT": str(port),
        "EARSHOT_PUBLIC_URL": settings.address,
        "EARSHOT_AUTH_MODE": "local",
        "EARSHOT_SIGNING_KEY": keys.signing_key,
        "EARSHOT_LOG_LEVEL": settings.log_level,
        "EARSHOT_LOG_FORMAT": settings.log_format,
    }


def _connector(settings: LocalSettings, keys: LocalKeys, *, demo: bool) -> Mapping[str, str]:
    environment = {"EARSHOT_CREDENTIAL_KEYS": keys.connector_credential_keys}
    if demo:
        workspace = f"http://{LOOPBACK}:{settings.demo_port}"
        environment |= {
            "EARSHOT_INTERCOM_CLIENT_ID": "demo-client",
            "EARSHOT_INTERCOM_CLIENT_SECRET": "demo-secret",
            "EARSHOT_INTERCOM_AUTHORIZE_URL": f"{workspace}/oauth",
            "EARSHOT_INTERCOM_TOKEN_URL": f"{workspace}/auth/eagle/token",
            "EARSHOT_INTERCOM_UNINSTALL_URL": f"{workspace}/auth/uninstall",
            "EARSHOT_INTERCOM_HOSTS": json.dumps({"us": workspace}),
            "EARSHOT_INTERCOM_APP_HOSTS": json.dumps({"us": workspace}),
        }
    return environment


def _notifier(settings: LocalSettings, keys: LocalKeys, *, demo: bool) -> Mapping[str, str]:
    environment = {"EARSHOT_CREDENTIAL_KEYS": keys.notifier_credential_keys}
    if demo:
        environment |= {
            "EARSHOT_SMTP_HOST": LOOPBACK,
            "EARSHOT_SMTP_PORT": str(settings.demo_smtp_port),
            "EARSHOT_SMTP_TLS": "none",
            # The demo workspace's own receivers are on this machine, where deliveries otherwise never go.
            "EARSHOT_ALLOW_PRIVATE_WEBHOOKS": "true",
            "EARSHOT_TEAMS_HOSTS": json.dumps([LOOPBACK]),
        }
    return environment


def _simulator(settings: LocalSettings, client: httpx.AsyncClient) -> Part:
    callback = f"{settings.address}/settings/organization/integrations/intercom/callback"
    return Part(
        name="simulator",
        title="Demo workspace",
        stage=Stage.SERVICES,
        command=_module("deploy.simulator"),
        probe=http_probe(client, f"http://{LOOPBACK}:{settings.demo_port}/"),
        log_file=settings.data_dir / "logs" / "simulator.log",
        environment={
            "EARSHOT_SIMULATOR_PORT": str(settings.demo_port),
            "EARSHOT_SIMULATOR_SMTP_PORT": str(settings.demo_smtp_port),
            "EARSHOT_SIMULATOR_DATA": str(settings.data_dir / "simulator"),
            "EARSHOT_SIMULATOR_WEBHOOK_URL": f"{settings.address}/webhooks/intercom",
            "EARSHOT_SIMULATOR_REDIRECT_URI": callback,
        },
        ports=(
            PortNeed(settings.demo_port, "the demo workspace", "EARSHOT_DEMO_PORT"),
            PortNeed(settings.demo_smtp_port, "the demo workspace's mail sink", "EARSHOT_DEMO_SMTP_PORT"),
        ),
    )


def _gateway(settings: LocalSettings, client: httpx.AsyncClient) -> Part:
    return Part(
        name="gateway",
        title="Pages",
        stage=Stage.EDGE,
        command=_module("deploy.local.gateway"),
        probe=http_probe(client, f"{settings.address}/gateway/ready"),
        log_file=settings.data_dir / "logs" / "gateway.log",
        environment={
            "EARSHOT_PORT": str(settings.port),
            "EARSHOT_CONNECTOR_PORT": str(settings.connector_port),
            "EARSHOT_DETECTOR_PORT": str(settings.detector_port),
            "EARSHOT_NOTIFIER_PORT": str(settings.notifier_port),
            "EARSHOT_SYNCER_PORT": str(settings.syncer_port),
        },
        ports=(PortNeed(settings.port, "the pages", "EARSHOT_PORT"),),
        # It holds no work; live pages would otherwise keep it for as long as they are open.
        grace_seconds=3.0,
    )


def _module(name: str, *arguments: str) -> Callable[[], tuple[str, ...]]:
    command = (sys.executable, "-m", name, *arguments)
    return lambda: command
