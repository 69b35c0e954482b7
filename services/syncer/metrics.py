"""Every number the syncer shows to Prometheus, declared once, each with what it is good for."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from prometheus_client import Counter, Gauge, Histogram

from shared.contracts.connections import AttentionReason

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class SyncerMetrics:
    """Metrics on one registry. Labels never carry ids of tenants: there would be too many."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.calls = Counter(
            "earshot_syncer_calls",
            "Calls to Intercom by kind of read and outcome; a rising share of anything but ok needs a look.",
            ("read", "outcome"),
            registry=registry,
        )
        self.slices = Counter(
            "earshot_syncer_slices",
            "Slices by lane and how they ended; lost ones were taken over by another replica.",
            ("lane", "outcome"),
            registry=registry,
        )
        self.slice_seconds = Histogram(
            "earshot_syncer_slice_seconds",
            "How long slices last; far above the setting means that a store or the bus is slow.",
            ("lane",),
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
            registry=registry,
        )
        self.due_lag_seconds = Histogram(
            "earshot_syncer_due_lag_seconds",
            "How long due runs waited for a free worker; growing means that another replica is needed.",
            ("lane",),
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=registry,
        )
        self.behind_seconds = Histogram(
            "earshot_syncer_behind_seconds",
            "How far a connection's 'complete up to' lay behind when its run ended; the overlap is in it.",
            buckets=(600, 900, 905, 915, 930, 960, 1_200, 1_800, 3_600, 21_600, 86_400),
            registry=registry,
        )
        self.published = Counter(
            "earshot_syncer_published",
            "Changes published by resource; parts are counted apart from their conversations.",
            ("resource",),
            registry=registry,
        )
        self.unchanged = Counter(
            "earshot_syncer_unchanged",
            "Rows that cost no further call because they were known, by resource.",
            ("resource",),
            registry=registry,
        )
        self.crossed = Counter(
            "earshot_syncer_crossed",
            "Resources that two readers wrote at once and that are therefore read again.",
            ("resource",),
            registry=registry,
        )
        self.interruptions = Counter(
            "earshot_syncer_interruptions",
            "Runs that ended because a person must act, by reason.",
            ("reason",),
            registry=registry,
        )
        self.retries = Counter(
            "earshot_syncer_retries",
            "Times a step was put off, by what it waits for.",
            ("why",),
            registry=registry,
        )
        self.gaps_opened = Counter(
            "earshot_syncer_gaps_opened",
            "Gaps named in the ledger, by reason.",
            ("reason",),
            registry=registry,
        )
        self.budget_used = Gauge(
            "earshot_syncer_budget_used_ratio",
            "Share of the present window's calls that was spent, as the last busy connection saw it.",
            registry=registry,
        )
        self.running = Gauge(
            "earshot_syncer_slices_running", "Slices under way now, by lane.", ("lane",), registry=registry
        )
        # There from the start: a lane without work is idle, not unknown, and what appears as one was never
        # seen to grow.
        for lane in ("main", "hints"):
            self.running.labels(lane)
        for reason in get_args(AttentionReason):
            self.interruptions.labels(reason)
