"""Every event type there is, by its CloudEvents type; the only list, so nothing is defined twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.connections import (
    ApiKeyRevoked,
    ConnectionChanged,
    DataRemovalRequested,
    DataRemoved,
)
from shared.contracts.deliveries import NotificationDelivered, NotificationFailed
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
from shared.contracts.signals import SignalCleared, SignalDetected, SignalUpdated
from shared.contracts.sync import SyncCompleted, SyncInterrupted, SyncProgressed, SyncRequested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.contracts.event import Event

ALL_EVENTS: tuple[type[Event], ...] = (
    ConnectionChanged,
    DataRemovalRequested,
    DataRemoved,
    ApiKeyRevoked,
    SyncRequested,
    SyncProgressed,
    SyncCompleted,
    SyncInterrupted,
    AdminChanged,
    TeamChanged,
    TagChanged,
    CompanyChanged,
    ContactChanged,
    ConversationPartChanged,
    ConversationChanged,
    ResourceDeleted,
    SignalDetected,
    SignalUpdated,
    SignalCleared,
    NotificationDelivered,
    NotificationFailed,
)

EVENT_BY_TYPE: Mapping[str, type[Event]] = {event.TYPE: event for event in ALL_EVENTS}
