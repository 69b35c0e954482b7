"""Builds the detector from its settings and wires its parts; no decisions are made here."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import httpx

from services.detector.adapters.chat_completions import ChatCompletions
from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.background import BackgroundWork
from services.detector.detectors import discover, lowered
from services.detector.domain.occasion import OccasionRules
from services.detector.domain.second_look import AskRules
from services.detector.engine import Engine
from services.detector.handlers.connections import subscribe_connections
from services.detector.handlers.resources import subscribe_resources
from services.detector.metrics import Metrics
from services.detector.mongo_stores import MongoStores
from services.detector.ports import Spent
from services.detector.routes import api_routes, page_routes, shown
from services.detector.use_cases.culprits import WORKS, Culprits
from services.detector.use_cases.second_look import Advice
from shared.documents.pending import sweep_forever
from shared.foundation import lay_foundation

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from services.detector.detectors import Detectors
    from services.detector.domain.learned import Learned
    from services.detector.settings import Settings
    from shared.clock import Clock
    from shared.faults import Faults
    from shared.foundation import Foundation

_SWEEP_SECONDS = 5.0
"""How often facts that a crash left unpublished are looked for; bounds how late they can be."""


def create_app(
    settings: Settings,
    *,
    on_stop: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> FastAPI:
    """Return the detector's application. Nothing connects before its lifespan begins."""
    base = lay_foundation("detector", settings, on_stop=on_stop, clock=clock, faults=faults)
    metrics = Metrics(base.registry)
    metrics.name_works(WORKS)
    stores = MongoStores(base)
    model = OnnxTextModel(threads=settings.text_model_threads) if settings.text_model else None
    learned = model.learned if model else None
    detectors = discover(settings.detector_parameters, learned)
    # No proxy of the environment and no redirect: words go to the address of the settings and nowhere else.
    chat = httpx.AsyncClient(follow_redirects=False, trust_env=False)
    engine = Engine(
        stores.for_engine(),
        detectors,
        model=model,
        advice=_advice(settings, chat, detectors, learned),
        patience_seconds=settings.connection_patience_seconds,
        clock=base.clock,
        owner=secrets.token_hex(8),
        rules=OccasionRules().with_days(settings.occasion_days, settings.announce_max_age_days),
        asking=settings.redetection,
        culprits=Culprits(metrics.left_out),
    )
    subscribe_resources(base.consumer, admission=engine.admission, metrics=metrics, clock=base.clock)
    subscribe_connections(base.consumer, keep=engine.keep_connections, remove=engine.remove_data)

    stores.start_with(base)
    work = BackgroundWork(engine, stores.connections, stores.old_people, settings, metrics, asyncio.sleep)
    _begin(base, work, settings)
    base.lifecycle.close("language model", chat.aclose)
    for pending in (stores.signals.pending, stores.connections.pending):
        base.lifecycle.background("sweeper", partial(sweep_forever, pending, every_seconds=_SWEEP_SECONDS))

    seen = shown(
        base, stores, engine, metrics, currency=settings.currency, live_seconds=settings.live_seconds
    )
    base.lifecycle.background("live feed", seen.live.run)
    routers = [*api_routes(seen, engine), *page_routes(seen, engine, stores)]
    return base.application(routers=routers, pages=seen.pages)


def _begin(base: Foundation, work: BackgroundWork, settings: Settings) -> None:
    """Let the work that goes on beside the bus begin with the service."""
    base.lifecycle.background("re-reading", work.reread)
    base.lifecycle.background("matching", work.match)
    base.lifecycle.background("people", work.count_people)
    base.lifecycle.background("people of an earlier build", work.fill_people)
    base.lifecycle.background("rounds", work.rounds)
    base.lifecycle.background("account review", work.account_review)
    base.lifecycle.background("due subjects", work.due_subjects)
    base.lifecycle.background("health", work.health)
    for number in range(settings.language_model_concurrency if settings.language_model_url else 1):
        base.lifecycle.background(f"language model {number + 1}", work.ask)


def _advice(
    settings: Settings, client: httpx.AsyncClient, detectors: Detectors, learned: Learned | None
) -> Advice | None:
    """Return the language model as the operator set it up; None where there is none."""
    if settings.language_model_url is None:
        return None
    band = settings.language_model_band
    return Advice(
        model=ChatCompletions(
            client,
            url=settings.language_model_url,
            name=settings.language_model_name,
            key=settings.language_model_key,
            timeout_seconds=settings.language_model_timeout_seconds,
        ),
        nearly=discover(lowered(detectors, settings.detector_parameters, by=band), learned),
        budget=Spent(settings.language_model_requests_per_day, settings.language_model_tokens_per_day),
        rules=AskRules(
            band=band,
            spend=settings.language_model_spend,
            max_age=timedelta(days=settings.announce_max_age_days),
            patience=timedelta(seconds=settings.language_model_patience_seconds),
        ),
        timeout=timedelta(seconds=settings.language_model_timeout_seconds),
    )
