"""Topics: one per aggregate, with the partitions, retention and key rules that readers may rely on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Service = Literal["connector", "syncer", "detector", "notifier"]
SERVICES: tuple[Service, ...] = ("connector", "syncer", "detector", "notifier")

_MAX_MESSAGE_BYTES = 1_048_576
"""Kafka's own default limit. A part's text is cut by the syncer long before it comes near."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic as code.

    Attributes:
        partitions: fixed for the topic's life, since partition numbers are computed from keys.
        cleanup: "compact" keeps the last record of each key for ever; "delete" drops by age.
        retention: age at which records of a "delete" topic are dropped; None where compaction rules.
        written_by: the services that publish here; nobody else does.
        ordered_by: what shares a partition, and so keeps its order, in words for the AsyncAPI document.
    """

    name: str
    partitions: int
    cleanup: Literal["compact", "delete"]
    retention: timedelta | None
    written_by: tuple[Service, ...]
    ordered_by: str
    description: str
    max_message_bytes: int = _MAX_MESSAGE_BYTES


def _compacted(name: str, partitions: int, service: Service, ordered_by: str, description: str) -> Topic:
    return Topic(name, partitions, "compact", None, (service,), ordered_by, description)


CONNECTIONS = _compacted(
    "connections", 3, "connector", "connection", "The present state and settings of each connection."
)
SYNC_REQUESTS = Topic(
    "sync.requests",
    6,
    "delete",
    timedelta(days=1),
    ("connector",),
    "connection",
    "Commands to read a workspace now, by schedule, by hand or because a webhook hinted at a change.",
)
SYNC_PROGRESS = Topic(
    "sync.progress",
    6,
    "delete",
    timedelta(days=7),
    ("syncer",),
    "connection",
    "How far each run is, how it ended, and what is held against the source.",
)
RESOURCES_ADMINS = _compacted("resources.admins", 1, "syncer", "workspace", "Teammates of each workspace.")
RESOURCES_TEAMS = _compacted("resources.teams", 1, "syncer", "workspace", "Teams of each workspace.")
RESOURCES_TAGS = _compacted("resources.tags", 1, "syncer", "workspace", "Tags of each workspace.")
RESOURCES_CONTACTS = _compacted("resources.contacts", 6, "syncer", "contact", "Users and leads.")
RESOURCES_COMPANIES = _compacted("resources.companies", 3, "syncer", "company", "Companies.")
RESOURCES_CONVERSATIONS = _compacted(
    "resources.conversations",
    12,
    "syncer",
    "workspace and conversation",
    "Conversations and their parts, keyed by organization, workspace, type and id. Changed parts come first,"
    " then the conversation's own record, which names its version and how many parts it has.",
)
SIGNALS = _compacted(
    "signals.customer", 6, "detector", "customer", "Signals as they open, gain evidence and clear."
)
DELIVERIES = Topic(
    "deliveries",
    3,
    "delete",
    timedelta(days=30),
    ("notifier",),
    "notification",
    "What was sent to whom by which channel, and what could not be.",
)
REMOVALS = Topic(
    "removals",
    1,
    "delete",
    timedelta(days=30),
    SERVICES,
    "connection",
    "Requests to remove a connection's data, and each service's word that it has done so.",
)
ACCESS = _compacted("access.keys", 1, "connector", "key", "Bearer keys that were revoked before their time.")

DEAD_LETTER_RETENTION = timedelta(days=90)
"""Long enough for a fault found late to be mended and its records fed in again."""


def dead_letter_topic(service: Service) -> Topic:
    """Return the topic where `service` puts records aside; one a service, so that owners see their own."""
    return Topic(
        f"dead-letters.{service}",
        1,
        "delete",
        DEAD_LETTER_RETENTION,
        (service,),
        "service",
        f"Records that {service} could not process, with the reason in the headers.",
        # The original value plus our headers must fit, whatever came in.
        max_message_bytes=_MAX_MESSAGE_BYTES + 65_536,
    )


DEAD_LETTERS: tuple[Topic, ...] = tuple(dead_letter_topic(service) for service in SERVICES)

ALL_TOPICS: tuple[Topic, ...] = (
    CONNECTIONS,
    SYNC_REQUESTS,
    SYNC_PROGRESS,
    RESOURCES_ADMINS,
    RESOURCES_TEAMS,
    RESOURCES_TAGS,
    RESOURCES_CONTACTS,
    RESOURCES_COMPANIES,
    RESOURCES_CONVERSATIONS,
    SIGNALS,
    DELIVERIES,
    REMOVALS,
    ACCESS,
    *DEAD_LETTERS,
)
