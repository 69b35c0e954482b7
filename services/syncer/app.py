"""Builds the syncer from its settings and wires its parts; no decisions are made here."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from services.syncer.adapters.http_connector import HttpCredentials
from services.syncer.adapters.http_intercom import HttpIntercom
from services.syncer.adapters.mongo_connections import MongoConnections
from services.syncer.adapters.mongo_cursors import MongoCursors
from services.syncer.adapters.mongo_fingerprints import MongoFingerprints
from services.syncer.adapters.mongo_gaps import MongoGaps
from services.syncer.adapters.mongo_runs import MongoRuns
from services.syncer.adapters.throttle import Throttles
from services.syncer.handlers import subscribe
from services.syncer.metrics import SyncerMetrics
from services.syncer.resources import all_resources
from services.syncer.resources.reading import ReadingRules
from services.syncer.use_cases.full_runs import FullRuns
from services.syncer.use_cases.hint_runs import HintRuns
from services.syncer.use_cases.intake import Intake
from services.syncer.use_cases.planning import Planner
from services.syncer.use_cases.removal import Removal
from services.syncer.use_cases.reports import Reports
from services.syncer.use_cases.slices import Slices
from services.syncer.use_cases.stores import Stores
from services.syncer.use_cases.worker import Worker
from shared.foundation import lay_foundation

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from services.syncer.domain.run import Lane
    from services.syncer.settings import Settings
    from shared.clock import Clock
    from shared.faults import Faults


_SHARE_OF_GRACE = 0.6
"""How much of the time for stopping slices may use; the rest is for the bus and the stores."""


def create_app(
    settings: Settings,
    *,
    on_stop: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> FastAPI:
    """Return the syncer's application. Nothing connects before its lifespan begins."""
    base = lay_foundation("syncer", settings, on_stop=on_stop, clock=clock, faults=faults)
    metrics = SyncerMetrics(base.registry)
    runs, fingerprints = MongoRuns(base.database), MongoFingerprints(base.database)
    cursors, gaps = MongoCursors(base.database), MongoGaps(base.database)
    stores = Stores(MongoConnections(base.database), runs, fingerprints, cursors, gaps)
    credentials = HttpCredentials(
        connector_url=settings.connector_url, signing_key=settings.signing_key, clock=base.clock
    )
    intercom = HttpIntercom(
        throttles=Throttles(
            clock=base.clock,
            reserve_share=settings.reserve_share,
            most_in_flight=settings.fetch_concurrency_max,
        ),
        clock=base.clock,
        metrics=metrics,
        call_timeout_seconds=settings.call_timeout_seconds,
        max_answer_bytes=settings.max_answer_bytes,
    )
    rules = ReadingRules(
        overlap_seconds=settings.overlap_seconds,
        deleted_poll_seconds=settings.deleted_poll_seconds,
        reconcile_seconds=settings.reconcile_seconds,
        slice_items=settings.slice_items,
        audit_calls_per_minute=settings.audit_calls_per_minute,
    )
    reports = Reports(
        publisher=base.publisher, clock=base.clock, stores=stores, overlap_seconds=settings.overlap_seconds
    )
    removal = Removal(stores=stores, credentials=credentials, publisher=base.publisher, clock=base.clock)
    rng = random.Random()  # noqa: S311 - spreads retries; nothing secret rests on it
    workers: list[Worker] = []
    slices = Slices(
        stores=stores,
        credentials=credentials,
        intercom=intercom,
        publisher=base.publisher,
        reports=reports,
        full_runs=FullRuns(
            stores=stores,
            reports=reports,
            planner=Planner(all_resources()),
            rules=rules,
            metrics=metrics,
            clock=base.clock,
            rng=rng,
            scroll_wait_seconds=settings.scroll_wait_seconds,
            unreachable_after_failures=settings.unreachable_after_failures,
        ),
        hint_runs=HintRuns(runs=runs, reports=reports, resources=all_resources(), clock=base.clock),
        rules=rules,
        metrics=metrics,
        clock=base.clock,
        rng=rng,
        slice_seconds=settings.slice_seconds,
        lease_seconds=settings.lease_seconds,
        unreachable_after_failures=settings.unreachable_after_failures,
        stopping=lambda: any(worker.stopping for worker in workers),
        removal=removal,
    )
    lanes: dict[Lane, int] = {"main": settings.max_concurrent_runs, "hints": settings.max_concurrent_hints}
    for lane, at_once in lanes.items():
        workers.append(
            Worker(
                lane=lane,
                runs=runs,
                slices=slices,
                metrics=metrics,
                clock=base.clock,
                at_once=at_once,
                lease_seconds=settings.lease_seconds,
                poll_seconds=settings.poll_seconds,
                grace_seconds=settings.shutdown_grace_seconds * _SHARE_OF_GRACE,
            )
        )

    def wake() -> None:
        for worker in workers:
            worker.wake()

    subscribe(
        base.consumer,
        intake=Intake(
            connections=stores.connections, credentials=credentials, runs=runs, clock=base.clock, wake=wake
        ),
        removal=removal,
    )
    for store in (runs, fingerprints, cursors, gaps):
        base.lifecycle.start(f"indexes of {type(store).__name__}", store.ensure_indexes)
    base.lifecycle.close("intercom", intercom.aclose)
    base.lifecycle.close("connector", credentials.aclose)
    for worker in workers:
        base.lifecycle.background("worker", worker.run)
        base.lifecycle.close("worker", worker.stop)
    return base.application()
