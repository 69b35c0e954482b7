"""What the notifier needs from outside, as protocols that adapters implement."""

from __future__ import annotations

from services.notifier.ports.channels import Channel, Message
from services.notifier.ports.dead_letters import DeadLetterPage, DeadLetterReader, DeadLetterView
from services.notifier.ports.inbox import Announcements, Inbox, InboxEntry, InboxReader
from services.notifier.ports.known_signals import KnownSignal, KnownSignals
from services.notifier.ports.notifications import Destination, Due, HeldClaim, LogFilter, Notifications
from services.notifier.ports.people import People
from services.notifier.ports.places import Place
from services.notifier.ports.rules import Rules, SealedSecrets
from services.notifier.ports.vault import Vault

__all__ = [
    "Announcements",
    "Channel",
    "DeadLetterPage",
    "DeadLetterReader",
    "DeadLetterView",
    "Destination",
    "Due",
    "HeldClaim",
    "Inbox",
    "InboxEntry",
    "InboxReader",
    "KnownSignal",
    "KnownSignals",
    "LogFilter",
    "Message",
    "Notifications",
    "People",
    "Place",
    "Rules",
    "SealedSecrets",
    "Vault",
]
