"""Handles resources from the bus: mirrors them, and settles the signals that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.resources import (
    AdminChanged,
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
    ResourceDeleted,
    TagChanged,
    TeamChanged,
)
from shared.contracts.topics import (
    RESOURCES_ADMINS,
    RESOURCES_COMPANIES,
    RESOURCES_CONTACTS,
    RESOURCES_CONVERSATIONS,
    RESOURCES_TAGS,
    RESOURCES_TEAMS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.metrics import Metrics
    from services.detector.use_cases.admission import Admission
    from shared.clock import Clock
    from shared.contracts.event import Event
    from shared.messaging.consumer import Consumer
    from shared.messaging.received import Received

_CONVERSATION_RECORDS = 2_000
"""Records in a batch, if so many wait: two hundred conversations, whose customers are reviewed once."""


def subscribe_resources(consumer: Consumer, *, admission: Admission, metrics: Metrics, clock: Clock) -> None:
    """Declare the subscriptions to resources.

    Conversations have their own group, so that a wave of contacts never delays them.
    """

    async def on_conversations(batch: Sequence[Received[Event]]) -> None:
        began = clock.monotonic()
        await admission.conversations([received.event for received in batch])
        metrics.read(
            sum(isinstance(received.event, ConversationChanged) for received in batch),
            clock.monotonic() - began,
        )

    async def on_directory(batch: Sequence[Received[Event]]) -> None:
        await admission.directory([received.event for received in batch])

    consumer.subscribe(
        [RESOURCES_CONVERSATIONS],
        on_conversations,
        events=[ConversationPartChanged, ConversationChanged, ResourceDeleted],
        name="conversations",
        max_records=_CONVERSATION_RECORDS,
    )
    consumer.subscribe(
        [RESOURCES_ADMINS, RESOURCES_TEAMS, RESOURCES_TAGS, RESOURCES_CONTACTS, RESOURCES_COMPANIES],
        on_directory,
        events=[AdminChanged, TeamChanged, TagChanged, ContactChanged, CompanyChanged, ResourceDeleted],
        name="directory",
    )
