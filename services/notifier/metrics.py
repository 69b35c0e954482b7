"""Every metric of the notifier."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, get_args

from prometheus_client import Counter, Gauge, Histogram

from shared.contracts.deliveries import ChannelName

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600)


COLLECTIONS = ("inbox", "notifications", "people", "rules")
"""Collections of which unreadable documents may be left out."""


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.created = Counter(
            "earshot_notifications", "Notifications stored for sending.", ["channel"], registry=registry
        )
        self.silent = Counter(
            "earshot_signals_not_announced",
            "Opened signals that nobody was told of, by reason.",
            ["reason"],
            registry=registry,
        )
        self.cancelled = Counter(
            "earshot_notifications_cancelled",
            "Notifications cancelled because their signal cleared before they were sent.",
            registry=registry,
        )
        self.attempts = Counter(
            "earshot_delivery_attempts", "Attempts, by outcome.", ["channel", "outcome"], registry=registry
        )
        # Present from the start: a counter that first appears at 1 shows no increase.
        for channel, outcome in product(get_args(ChannelName), ("delivered", "retry", "failed")):
            self.attempts.labels(channel, outcome)
        self.attempt_seconds = Histogram(
            "earshot_delivery_attempt_seconds",
            "How long one attempt took.",
            ["channel"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.told_seconds = Histogram(
            "earshot_signal_to_delivery_seconds",
            "From the signal's change to the receiver's word that it has it.",
            buckets=_BUCKETS,
            registry=registry,
        )
        self._left_out = Counter(
            "earshot_notifier_left_out",
            "Documents that lists and loops left out since they cannot be read. The log names each.",
            ["collection"],
            registry=registry,
        )
        for collection in COLLECTIONS:
            self._left_out.labels(collection)
        self.resealed = Counter(
            "earshot_rule_secrets_resealed",
            "Rules whose address and secret were put under the newest key.",
            registry=registry,
        )
        self.unreadable = Gauge(
            "earshot_rule_secrets_unreadable",
            "Rules whose address or secret no key of the ring opens, at the last look.",
            registry=registry,
        )

    def left_out(self, collection: str) -> None:
        """Count a document that could not be read."""
        self._left_out.labels(collection).inc()
