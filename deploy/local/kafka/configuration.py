"""What the one broker is told: small where one machine needs little, safe where data would be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from pathlib import Path

_CLEANER_BUFFER_BYTES = 4 * 1024 * 1024
"""Holds the keys of 170,000 records a pass; Kafka's default of 128 MB would be half the heap."""

_SEGMENT_BYTES = 64 * 1024 * 1024
"""Compaction leaves the newest segment alone; at Kafka's 1 GB a small topic would never be compacted."""

_LOG_FILE_BYTES = 5 * 1024 * 1024
_LOG_FILES_KEPT = 3

_SESSION_MILLISECONDS = 2_000
_HEARTBEAT_MILLISECONDS = 500
"""Kafka wants at least two heartbeats in a session; four leave room for a busy machine."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """The loopback ports of the one node: for clients, and for its own quorum."""

    port: int
    controller_port: int

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"


def server_properties(address: BrokerAddress, data: Path) -> str:
    """Return the text of `server.properties` for one KRaft node that is broker and controller."""
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{address.controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{address.port},CONTROLLER://127.0.0.1:{address.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{address.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        # One node holds one copy; anything else waits for brokers that never come.
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Every internal partition is files to open at each start; the default is 50 of each kind.
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        # Kafka waits three seconds for more members of a new group; here they all come at once.
        "group.initial.rebalance.delay.ms": 0,
        # A killed broker may not register again before its old session is over: 9 s by default. Half a
        # minute of sleep or a stall fences it either way, and its next heartbeat brings it back.
        "broker.session.timeout.ms": _SESSION_MILLISECONDS,
        "broker.heartbeat.interval.ms": _HEARTBEAT_MILLISECONDS,
        # A mistyped topic name is an error, not a topic with the wrong partitions.
        "auto.create.topics.enable": "false",
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
        "num.recovery.threads.per.data.dir": 2,
        "log.cleaner.threads": 1,
        "log.cleaner.dedupe.buffer.size": _CLEANER_BUFFER_BYTES,
        "log.segment.bytes": _SEGMENT_BYTES,
    }
    return "".join(f"{name}={_property(value)}\n" for name, value in settings.items())


def log_configuration(log_file: Path) -> str:
    """Return Log4j's configuration: one log, bounded in size, without what Kafka repeats at each start."""
    path = escape(str(log_file), {'"': "&quot;"})
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR" shutdownHook="disable">
  <Appenders>
    <RollingFile name="log" fileName="{path}" filePattern="{path}.%i">
      <PatternLayout pattern="%d{{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}} %-5p %m (%c)%n"/>
      <SizeBasedTriggeringPolicy size="{_LOG_FILE_BYTES}"/>
      <DefaultRolloverStrategy max="{_LOG_FILES_KEPT}"/>
    </RollingFile>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaConfig" level="WARN"/>
    <Logger name="org.apache.kafka.common.config.AbstractConfig" level="WARN"/>
    <Root level="INFO"><AppenderRef ref="log"/></Root>
  </Loggers>
</Configuration>
"""


def _property(value: object) -> str:
    """Write a value as Java's properties format reads it back: the backslash is its escape."""
    return str(value).replace("\\", "\\\\")
