"""Builds the detector from its settings and wires its parts; no decisions are made here."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from services.detector.adapters.bus_tombstones import BusTombstones
from services.detector.adapters.chat_completions import ChatCompletions
from services.detector.adapters.mongo_connections import MongoConnections, MongoLeases, MongoRereads
from services.detector.adapters.mongo_conversation_list import MongoConversationList
from services.detector.adapters.mongo_corrections import MongoCorrections
from services.detector.adapters.mongo_customers import MongoCustomers
from services.detector.adapters.mongo_due_subjects import MongoDueSubjects
from services.detector.adapters.mongo_followed import MongoFollowed
from services.detector.adapters.mongo_health import MongoHealth
from services.detector.adapters.mongo_lists import MongoLists
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.adapters.mongo_model_use import MongoModelUse
from services.detector.adapters.mongo_old_people import MongoOldPeople
from services.detector.adapters.mongo_people import MongoPeopleCounts
from services.detector.adapters.mongo_questions import MongoQuestions
from services.detector.adapters.mongo_redetections import MongoRedetections
from services.detector.adapters.mongo_requests import MongoRequests
from services.detector.adapters.mongo_signals import MongoSignals
from services.detector.adapters.mongo_topics import MongoTopics
from services.detector.adapters.mongo_unmatched import MongoUnmatched
from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.api.companies import company_routes
from services.detector.api.conversations import conversation_routes
from services.detector.api.customers import customer_routes
from services.detector.api.graph import graph_routes
from services.detector.api.health import health_routes
from services.detector.api.language_model import language_model_routes
from services.detector.api.people import people_routes
from services.detector.api.redetections import redetection_routes
from services.detector.api.requests import request_routes
from services.detector.api.signals import signal_routes
from services.detector.api.suggestions import suggestion_routes
from services.detector.api.topics import topic_routes
from services.detector.background import BackgroundWork
from services.detector.detectors import discover, lowered
from services.detector.domain.occasion import OccasionRules
from services.detector.domain.second_look import AskRules
from services.detector.engine import Engine, Stores
from services.detector.handlers.connections import subscribe_connections
from services.detector.handlers.resources import subscribe_resources
from services.detector.metrics import Metrics
from services.detector.pages.companies import CompanyParts, company_pages
from services.detector.pages.conversation_list import ConversationListParts, conversation_list_pages
from services.detector.pages.conversations import ConversationParts, conversation_pages
from services.detector.pages.customer import one_customer_pages
from services.detector.pages.customers import CustomerParts, customer_pages
from services.detector.pages.detection import DetectionParts, detection_pages
from services.detector.pages.insight import SignalParts, signal_pages
from services.detector.pages.insights import InsightParts, insight_pages
from services.detector.pages.language_model import language_model_pages
from services.detector.pages.live import LiveFeed
from services.detector.pages.offered_names import offered_name_pages
from services.detector.pages.people import PeopleParts, people_pages
from services.detector.pages.requests import (
    RequestParts,
    one_request_pages,
    regrouping_pages,
    request_pages,
)
from services.detector.pages.settings import SettingParts, setting_pages
from services.detector.pages.topics import TopicParts, topic_pages
from services.detector.pages.under_way import UnderWay
from services.detector.ports import Spent
from services.detector.use_cases.culprits import WORKS, Culprits
from services.detector.use_cases.second_look import Advice
from services.detector.use_cases.show import Show
from services.detector.use_cases.show_companies import ShowCompanies
from services.detector.use_cases.show_conversations import ShowConversations
from services.detector.use_cases.walk import Walk
from shared.documents.pending import sweep_forever
from shared.foundation import lay_foundation
from shared.http.live_streams import LiveStreams
from shared.web.pages import Pages

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
    mirror, followed = MongoMirror(base.database), MongoFollowed(base.database, "company")
    followed_contacts = MongoFollowed(base.database, "contact")
    people_counts = MongoPeopleCounts(base.database)
    old_people = MongoOldPeople(base.database, base.clock)
    signals = MongoSignals(base.database, base.publisher, base.clock)
    customers, unmatched = MongoCustomers(base.database), MongoUnmatched(base.database)
    health = MongoHealth(base.database)
    requests, corrections = MongoRequests(base.database), MongoCorrections(base.database)
    connections = MongoConnections(base.database, base.publisher, base.clock)
    rereads, rematches = MongoRereads(base.database), MongoRereads(base.database, "rematches")
    due = MongoDueSubjects(base.database)
    redetections = MongoRedetections(base.database)
    questions, model_use = MongoQuestions(base.database), MongoModelUse(base.database)
    model = OnnxTextModel(threads=settings.text_model_threads) if settings.text_model else None
    detectors = discover(settings.detector_parameters, model.learned if model else None)
    # No proxy of the environment and no redirect: words go to the address of the settings and nowhere else.
    chat = httpx.AsyncClient(follow_redirects=False, trust_env=False)
    metrics = Metrics(base.registry)
    metrics.name_works(WORKS)
    engine = Engine(
        Stores(
            mirror=mirror,
            followed=followed,
            followed_contacts=followed_contacts,
            people_counts=people_counts,
            signals=signals,
            customers=customers,
            unmatched=unmatched,
            health=health,
            requests=requests,
            corrections=corrections,
            connections=connections,
            rereads=rereads,
            rematches=rematches,
            due=due,
            redetections=redetections,
            questions=questions,
            model_use=model_use,
            leases=MongoLeases(base.database),
            tombstones=BusTombstones(base.publisher),
        ),
        detectors,
        model=model,
        advice=_advice(settings, chat, detectors, model.learned if model else None),
        patience_seconds=settings.connection_patience_seconds,
        clock=base.clock,
        owner=secrets.token_hex(8),
        rules=OccasionRules().with_days(settings.occasion_days, settings.announce_max_age_days),
        asking=settings.redetection,
        culprits=Culprits(metrics.left_out),
    )
    subscribe_resources(base.consumer, admission=engine.admission, metrics=metrics, clock=base.clock)
    subscribe_connections(base.consumer, keep=engine.keep_connections, remove=engine.remove_data)

    marks = (followed, followed_contacts, people_counts, unmatched)
    records = (mirror, *marks, signals, customers, health, requests, corrections)
    for store in (*records, connections, rereads, rematches, redetections, due, questions, model_use):
        base.lifecycle.start(f"indexes of {type(store).__name__}", store.prepare)
    work = BackgroundWork(engine, connections, old_people, settings, metrics, asyncio.sleep)
    _begin(base, work, settings)
    base.lifecycle.close("language model", chat.aclose)
    for pending in (signals.pending, connections.pending):
        base.lifecycle.background("sweeper", partial(sweep_forever, pending, every_seconds=_SWEEP_SECONDS))
    lists, topics = MongoLists(base.database, metrics.unreadable), MongoTopics(base.database)
    # Things are shown with what can be read of them; the engine decides nothing without all that is there.
    seen = MongoMirror(base.database, metrics.unreadable)
    seen_customers = MongoCustomers(base.database, metrics.unreadable)
    walk = Walk(mirror=seen, customers=seen_customers, lists=lists)
    companies = ShowCompanies(lists=lists, mirror=seen, customers=seen_customers)
    show = Show(
        mirror=seen,
        signals=MongoSignals(base.database, base.publisher, base.clock, metrics.unreadable),
        customers=seen_customers,
        requests=MongoRequests(base.database, metrics.unreadable),
        connections=connections,
        health=health,
        lists=lists,
        moods=engine.moods,
    )
    conversations = MongoConversationList(base.database, metrics.unreadable)
    live = LiveFeed(lists=lists, clock=base.clock, every_seconds=settings.live_seconds)
    base.lifecycle.background("live feed", live.run)
    pages = Pages(Path(__file__).parent / "pages" / "templates", clock=base.clock, currency=settings.currency)
    under_way = UnderWay(rereads, rematches, unmatched, followed, followed_contacts, seen, base.clock)
    insights = InsightParts(
        pages=pages,
        lists=lists,
        connections=connections,
        under_way=under_way,
        redetect=engine.redetect,
        live=live,
        streams=LiveStreams(),
        clock=base.clock,
    )
    request_parts = RequestParts(
        pages, lists, topics, show, engine.review, engine.regroup, connections, under_way, base.clock
    )
    customer_parts = CustomerParts(
        pages=pages,
        lists=lists,
        topics=topics,
        show=show,
        companies=companies,
        matches=engine.matches,
        connections=connections,
        under_way=under_way,
        clock=base.clock,
    )
    setting_parts = SettingParts(
        pages=pages,
        lists=lists,
        customers=seen_customers,
        maintain=engine.customers,
        matches=engine.matches,
        companies=companies,
        connections=connections,
        under_way=under_way,
    )
    detection_parts = DetectionParts(
        pages=pages,
        lists=lists,
        connections=connections,
        under_way=under_way,
        detectors=engine.detectors,
        rules=engine.rules,
        health=engine.health,
        corrections=corrections,
        mirror=mirror,
        redetect=engine.redetect,
        ask=engine.ask,
    )
    return base.application(
        routers=[
            signal_routes(lists=lists, show=show, review=engine.review),
            suggestion_routes(lists=lists, customers=seen_customers, matches=engine.matches),
            company_routes(lists=lists, show=companies, matches=engine.matches),
            customer_routes(lists=lists, show=show, maintain=engine.customers, clock=base.clock),
            health_routes(lists=lists, show=show, health=engine.health, clock=base.clock),
            request_routes(
                lists=lists, show=show, review=engine.review, regroup=engine.regroup, clock=base.clock
            ),
            redetection_routes(redetect=engine.redetect),
            topic_routes(topics=topics),
            language_model_routes(ask=engine.ask),
            graph_routes(show=show, walk=walk, clock=base.clock),
            people_routes(lists=lists, show=show),
            conversation_routes(conversations=conversations, show=show, moods=engine.moods),
            insight_pages(insights),
            signal_pages(SignalParts(pages, show, engine.review)),
            # Before a customer's own page, or these would be taken for customers.
            offered_name_pages(pages, lists, topics),
            customer_pages(customer_parts),
            one_customer_pages(customer_parts),
            people_pages(
                PeopleParts(pages, lists, topics, show, walk, old_people, mirror, connections, base.clock)
            ),
            request_pages(request_parts),
            one_request_pages(request_parts),
            regrouping_pages(request_parts),
            # Before a conversation's own page, or the file would be taken for a conversation.
            conversation_list_pages(
                ConversationListParts(
                    pages=pages,
                    lists=lists,
                    topics=topics,
                    customers=seen_customers,
                    show=ShowConversations(
                        mirror=seen,
                        customers=seen_customers,
                        conversations=conversations,
                        moods=engine.moods,
                    ),
                    connections=connections,
                    under_way=under_way,
                    clock=base.clock,
                )
            ),
            conversation_pages(ConversationParts(pages, show)),
            topic_pages(TopicParts(pages, topics, connections, base.clock)),
            setting_pages(setting_parts),
            company_pages(CompanyParts(pages, lists, companies, engine.matches, under_way)),
            detection_pages(detection_parts),
            language_model_pages(detection_parts),
        ],
        pages=pages,
    )


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
