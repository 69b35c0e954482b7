"""Every metric of the connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_LAG_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600)
_ANSWER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.connections = Gauge(
            "earshot_connections",
            "Connections by state, over all organizations.",
            ["state"],
            registry=registry,
        )
        self.connected = Counter(
            "earshot_connections_made",
            "Credentials that were proven and stored.",
            ["method"],
            registry=registry,
        )
        self.attention = Counter(
            "earshot_connection_attention",
            "Connections that were stopped because a person must act.",
            ["reason"],
            registry=registry,
        )
        self.recovered = Counter(
            "earshot_connections_recovered",
            "Connections that went on by themselves or by a person's word.",
            registry=registry,
        )
        self.sync_requests = Counter(
            "earshot_sync_requests", "Runs and hints asked for.", ["reason"], registry=registry
        )
        self.schedule_lag_seconds = Histogram(
            "earshot_schedule_lag_seconds",
            "From the time a run was due until it was asked for.",
            buckets=_LAG_BUCKETS,
            registry=registry,
        )
        self.put_off = Counter(
            "earshot_connections_put_off",
            "Failures with single connections, each of which is tried again after a growing pause.",
            ["work"],
            registry=registry,
        )
        # Present from the start: a counter that first appears at 1 shows no increase.
        for work in ("runs", "looks"):
            self.put_off.labels(work)
        self.looks = Counter(
            "earshot_credential_looks", "Credentials looked at between runs.", ["outcome"], registry=registry
        )
        self.webhooks = Counter(
            "earshot_webhooks", "Notifications from Intercom.", ["outcome"], registry=registry
        )
        for outcome in ("taken", "known_or_unconnected", "not_for_us", "postponed", "refused"):
            self.webhooks.labels(outcome)
        self.webhook_seconds = Histogram(
            "earshot_webhook_answer_seconds",
            "From a notification's arrival until it was stored and could be answered.",
            buckets=_ANSWER_BUCKETS,
            registry=registry,
        )
        self.leases = Counter(
            "earshot_credential_leases",
            "Credentials asked for by the syncer.",
            ["outcome"],
            registry=registry,
        )
        self.examinations = Counter(
            "earshot_doctor_findings", "Lines of the doctor, by verdict.", ["verdict"], registry=registry
        )
        self.reencrypted = Counter(
            "earshot_credentials_reencrypted", "Credentials put under the newest key.", registry=registry
        )
        self.unreadable = Gauge(
            "earshot_credentials_unreadable",
            "Stored credentials that no key of the ring opens, at the last look.",
            registry=registry,
        )
