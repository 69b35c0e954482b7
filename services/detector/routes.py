"""Everything that the detector answers over HTTP: the read API and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.detector.adapters.mongo_conversation_list import MongoConversationList
from services.detector.adapters.mongo_customers import MongoCustomers
from services.detector.adapters.mongo_lists import MongoLists
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.adapters.mongo_requests import MongoRequests
from services.detector.adapters.mongo_signals import MongoSignals
from services.detector.adapters.mongo_topics import MongoTopics
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
from services.detector.pages.companies import CompanyParts, company_pages
from services.detector.pages.conversation_list import ConversationListParts, conversation_list_pages
from services.detector.pages.conversations import ConversationParts, conversation_pages
from services.detector.pages.customer import one_customer_pages
from services.detector.pages.customers import CustomerParts, customer_pages
from services.detector.pages.detection import DetectionParts, detection_pages
from services.detector.pages.graph import GraphParts, graph_pages
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
from services.detector.use_cases.show import Show
from services.detector.use_cases.show_companies import ShowCompanies
from services.detector.use_cases.show_conversations import ShowConversations
from services.detector.use_cases.walk import Walk
from shared.http.live_streams import LiveStreams
from shared.web.pages import Pages

if TYPE_CHECKING:
    from fastapi import APIRouter

    from services.detector.engine import Engine
    from services.detector.metrics import Metrics
    from services.detector.mongo_stores import MongoStores
    from services.detector.ports import Connections
    from shared.clock import Clock
    from shared.foundation import Foundation


@dataclass(frozen=True)
class Shown:
    """What the API and the pages show things with.

    Its own stores leave out what cannot be read, count it and go on, where the engine's would raise.
    """

    pages: Pages
    clock: Clock
    connections: Connections
    mirror: MongoMirror
    customers: MongoCustomers
    lists: MongoLists
    topics: MongoTopics
    show: Show
    walk: Walk
    companies: ShowCompanies
    conversations: MongoConversationList
    under_way: UnderWay
    live: LiveFeed


def shown(
    base: Foundation,
    stores: MongoStores,
    engine: Engine,
    metrics: Metrics,
    *,
    currency: str,
    live_seconds: float,
) -> Shown:
    """What is shown over the same database that the engine decides on."""
    database, unreadable = base.database, metrics.unreadable
    mirror, customers = MongoMirror(database, unreadable), MongoCustomers(database, unreadable)
    lists = MongoLists(database, unreadable)
    return Shown(
        pages=Pages(Path(__file__).parent / "pages" / "templates", clock=base.clock, currency=currency),
        clock=base.clock,
        connections=stores.connections,
        mirror=mirror,
        customers=customers,
        lists=lists,
        topics=MongoTopics(database),
        show=Show(
            mirror=mirror,
            signals=MongoSignals(database, base.publisher, base.clock, unreadable),
            customers=customers,
            requests=MongoRequests(database, unreadable),
            connections=stores.connections,
            health=stores.health,
            lists=lists,
            moods=engine.moods,
        ),
        walk=Walk(mirror=mirror, customers=customers, lists=lists),
        companies=ShowCompanies(lists=lists, mirror=mirror, customers=customers),
        conversations=MongoConversationList(database, unreadable),
        under_way=UnderWay(
            stores.rereads,
            stores.rematches,
            stores.unmatched,
            stores.followed,
            stores.followed_contacts,
            mirror,
            base.clock,
        ),
        live=LiveFeed(lists=lists, clock=base.clock, every_seconds=live_seconds),
    )


def api_routes(seen: Shown, engine: Engine) -> list[APIRouter]:
    """The read API under /api/v1, and what machines may decide."""
    lists, show, clock = seen.lists, seen.show, seen.clock
    return [
        signal_routes(lists=lists, show=show, review=engine.review),
        suggestion_routes(lists=lists, customers=seen.customers, matches=engine.matches),
        company_routes(lists=lists, show=seen.companies, matches=engine.matches),
        customer_routes(lists=lists, show=show, maintain=engine.customers, clock=clock),
        health_routes(lists=lists, show=show, health=engine.health, clock=clock),
        request_routes(lists=lists, show=show, review=engine.review, regroup=engine.regroup, clock=clock),
        redetection_routes(redetect=engine.redetect),
        topic_routes(topics=seen.topics),
        language_model_routes(ask=engine.ask),
        graph_routes(show=show, walk=seen.walk, clock=clock),
        people_routes(lists=lists, show=show),
        conversation_routes(conversations=seen.conversations, show=show, moods=engine.moods),
    ]


def page_routes(seen: Shown, engine: Engine, stores: MongoStores) -> list[APIRouter]:
    """The pages. Of two that an address fits, the earlier one answers."""
    return [
        *_signal_pages(seen, engine),
        # Before a customer's own page, or these would be taken for customers.
        offered_name_pages(seen.pages, seen.lists, seen.topics),
        *_customer_pages(seen, engine),
        *_people_pages(seen, stores),
        *_request_pages(seen, engine),
        *_conversation_pages(seen, engine),
        topic_pages(TopicParts(seen.pages, seen.topics, seen.connections, seen.clock)),
        *_setting_pages(seen, engine, stores),
    ]


def _signal_pages(seen: Shown, engine: Engine) -> list[APIRouter]:
    insights = InsightParts(
        pages=seen.pages,
        lists=seen.lists,
        connections=seen.connections,
        under_way=seen.under_way,
        redetect=engine.redetect,
        live=seen.live,
        streams=LiveStreams(),
        clock=seen.clock,
    )
    return [insight_pages(insights), signal_pages(SignalParts(seen.pages, seen.show, engine.review))]


def _customer_pages(seen: Shown, engine: Engine) -> list[APIRouter]:
    parts = CustomerParts(
        pages=seen.pages,
        lists=seen.lists,
        topics=seen.topics,
        show=seen.show,
        companies=seen.companies,
        matches=engine.matches,
        connections=seen.connections,
        under_way=seen.under_way,
        clock=seen.clock,
    )
    return [customer_pages(parts), one_customer_pages(parts)]


def _people_pages(seen: Shown, stores: MongoStores) -> list[APIRouter]:
    people = PeopleParts(
        pages=seen.pages,
        lists=seen.lists,
        topics=seen.topics,
        show=seen.show,
        old_people=stores.old_people,
        mirror=stores.mirror,
        connections=seen.connections,
        clock=seen.clock,
    )
    # The graph first, or it would be taken for a person.
    return [
        graph_pages(GraphParts(seen.pages, seen.lists, seen.walk, seen.connections, seen.clock)),
        people_pages(people),
    ]


def _request_pages(seen: Shown, engine: Engine) -> list[APIRouter]:
    parts = RequestParts(
        pages=seen.pages,
        lists=seen.lists,
        topics=seen.topics,
        show=seen.show,
        review=engine.review,
        regroup=engine.regroup,
        connections=seen.connections,
        under_way=seen.under_way,
        clock=seen.clock,
    )
    return [request_pages(parts), one_request_pages(parts), regrouping_pages(parts)]


def _conversation_pages(seen: Shown, engine: Engine) -> list[APIRouter]:
    listed = ConversationListParts(
        pages=seen.pages,
        lists=seen.lists,
        topics=seen.topics,
        customers=seen.customers,
        show=ShowConversations(
            mirror=seen.mirror,
            customers=seen.customers,
            conversations=seen.conversations,
            moods=engine.moods,
        ),
        connections=seen.connections,
        under_way=seen.under_way,
        clock=seen.clock,
    )
    # The list first, or its file would be taken for a conversation.
    return [
        conversation_list_pages(listed),
        conversation_pages(ConversationParts(seen.pages, seen.show)),
    ]


def _setting_pages(seen: Shown, engine: Engine, stores: MongoStores) -> list[APIRouter]:
    customers = SettingParts(
        pages=seen.pages,
        lists=seen.lists,
        customers=seen.customers,
        maintain=engine.customers,
        matches=engine.matches,
        companies=seen.companies,
        connections=seen.connections,
        under_way=seen.under_way,
    )
    detection = DetectionParts(
        pages=seen.pages,
        lists=seen.lists,
        connections=seen.connections,
        under_way=seen.under_way,
        detectors=engine.detectors,
        rules=engine.rules,
        health=engine.health,
        corrections=stores.corrections,
        mirror=stores.mirror,
        redetect=engine.redetect,
        ask=engine.ask,
    )
    companies = CompanyParts(seen.pages, seen.lists, seen.companies, engine.matches, seen.under_way)
    return [
        setting_pages(customers),
        company_pages(companies),
        detection_pages(detection),
        language_model_pages(detection),
    ]
