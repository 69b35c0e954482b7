"""The notifier's pages: inbox, notification rules, what I want to hear, delivery log, dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from services.notifier.pages import inbox, me, operations, rules

if TYPE_CHECKING:
    from services.notifier.adapters.local_announcements import LocalAnnouncements
    from services.notifier.use_cases.administer import Administration
    from services.notifier.use_cases.read_inbox import InboxReading
    from services.notifier.use_cases.read_log import LogReading
    from shared.clock import Clock
    from shared.http.live_streams import LiveStreams
    from shared.web.pages import Pages


def routes(
    pages: Pages,
    administration: Administration,
    log: LogReading,
    reading: InboxReading,
    announcements: LocalAnnouncements,
    *,
    streams: LiveStreams,
    clock: Clock,
    public_url: str,
    settle_seconds: float,
) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.include_router(inbox.routes(pages, reading, announcements, streams, clock))
    router.include_router(rules.routes(pages, administration, settle_seconds))
    router.include_router(me.routes(pages, reading))
    router.include_router(operations.routes(pages, log, administration, public_url))
    return router
