"""`/inbox`: what was sent to me?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from sse_starlette import ServerSentEvent

from services.notifier.error_responses import errors_as_responses
from services.notifier.lists import OLDEST, Word, cursor_of, place_of, sort_choice
from services.notifier.pages.cards import card_of
from services.notifier.pages.export import ENTRY_HEADING, entry_row
from services.notifier.use_cases.read_inbox import MOST_COUNTED
from shared.auth.dependencies import Member, csrf_protect
from shared.http.live_streams import MOST_NEWS, Since
from shared.http.paging import CursorText, Instant
from shared.web.csv_files import MOST_ROWS, PORTION, csv_response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from services.notifier.adapters.local_announcements import LocalAnnouncements
    from services.notifier.domain.preferences import Preferences
    from services.notifier.use_cases.read_inbox import InboxReading
    from shared.auth.identity import Identity
    from shared.clock import Clock
    from shared.http.live_streams import LiveStreams
    from shared.web.pages import Pages

_PAGE = 30

STREAM = "/inbox/stream"
EVENT = "entry"


async def _rows(
    reading: InboxReading, identity: Identity, *, unread_only: bool, oldest_first: bool
) -> AsyncIterator[list[Sequence[object]]]:
    place = None
    for _ in range(MOST_ROWS // PORTION):
        found, place = await reading.page(
            identity, unread_only=unread_only, after=place, limit=PORTION, oldest_first=oldest_first
        )
        yield [entry_row(entry) for entry in found]
        if place is None:
            return


async def told(
    announcements: LocalAnnouncements, email: str, wishes: Preferences
) -> AsyncGenerator[ServerSentEvent]:
    """Yield an event for each entry that comes and that its reader's list would show, once.

    An entry may be announced several times: by two rules, or by a delivery that comes again.
    """
    known: set[str] = set()
    with announcements.listening(wishes.organization_id, email.casefold()) as queue:
        while True:
            signal = await queue.get()
            if signal.signal_id in known or not wishes.wants(signal):
                continue
            if len(known) < MOST_NEWS:
                # Beyond that a page counts no further.
                known.add(signal.signal_id)
            yield ServerSentEvent(event=EVENT, data="new")


def routes(
    pages: Pages, reading: InboxReading, announcements: LocalAnnouncements, streams: LiveStreams, clock: Clock
) -> APIRouter:
    router = APIRouter(prefix="/inbox")

    @router.get("")
    async def inbox(
        request: Request,
        identity: Member,
        show: Annotated[str, Query(pattern="^(unread)?$")] = "",
        sort: Word = "",
        cursor: CursorText = None,
        done: Word = "",
    ) -> Response:
        unread_only, drawn_at = show == "unread", clock.now()
        found, place = await reading.page(
            identity,
            unread_only=unread_only,
            after=place_of(cursor),
            limit=_PAGE,
            oldest_first=sort == OLDEST,
        )
        wishes = await reading.preferences(identity)
        return pages.render(
            request,
            "inbox.html",
            identity=identity,
            cards=[card_of(entry) for entry in found],
            next_cursor=cursor_of(place),
            count=await reading.count(identity, unread_only=unread_only),
            csv_url=f"/inbox/export.csv?{request.url.query}",
            unread=await reading.unread(identity),
            most_counted=MOST_COUNTED,
            show=show,
            done=done == "read",
            sort=sort_choice(sort),
            narrowed=bool(wishes.kinds) or wishes.minimum_confidence > 0,
            live_url=STREAM,
            event=EVENT,
            drawn_at=drawn_at,
        )

    @router.get("/export.csv")
    async def export(
        identity: Member, show: Annotated[str, Query(pattern="^(unread)?$")] = "", sort: Word = ""
    ) -> Response:
        rows = _rows(reading, identity, unread_only=show == "unread", oldest_first=sort == OLDEST)
        return csv_response("inbox.csv", ENTRY_HEADING, rows)

    @router.get("/unread")
    async def unread(identity: Member) -> Response:
        count = await reading.unread(identity)
        words = "" if count == 0 else f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
        return PlainTextResponse(words, headers={"Cache-Control": "no-store"})

    @router.get("/stream")
    async def stream(identity: Member) -> Response:
        wishes = await reading.preferences(identity)
        return streams.open(identity, told(announcements, identity.email, wishes))

    @router.get("/new")
    async def new(identity: Member, since: Since) -> Response:
        count = await reading.arrived(identity, since=since, at_most=MOST_NEWS)
        return PlainTextResponse(str(count), headers={"Cache-Control": "no-store"})

    @router.get("/open/{entry_id:path}")
    async def open_entry(identity: Member, entry_id: Annotated[str, Path(max_length=256)]) -> Response:
        with errors_as_responses():
            entry = await reading.open(identity, entry_id)
        return RedirectResponse(entry.signal.url_path, 303)

    @router.post("/read-all", dependencies=[Depends(csrf_protect)])
    async def read_all(identity: Member, until: Annotated[Instant | None, Form()] = None) -> Response:
        await reading.mark_all_read(identity, until=until)
        return RedirectResponse("/inbox?done=read", 303)

    return router
