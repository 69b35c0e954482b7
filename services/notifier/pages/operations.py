"""`/operations/deliveries` and `/operations/dead-letters`: is anything stuck?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from services.notifier.channels.as_read import as_read
from services.notifier.domain.notification import STATES
from services.notifier.error_responses import errors_as_responses
from services.notifier.lists import OLDEST, Word, cursor_of, place_of, sort_choice
from services.notifier.pages.export import DELIVERY_HEADING, delivery_row
from services.notifier.pages.rules import CHANNEL_NAMES
from services.notifier.ports import LogFilter, Message
from services.notifier.use_cases.read_log import MOST_COUNTED, NEWEST_DEAD_LETTERS
from shared.auth.dependencies import Admin, Member
from shared.contracts.topics import DEAD_LETTER_RETENTION
from shared.errors import TransientError
from shared.http.paging import CursorText
from shared.web.csv_files import MOST_ROWS, PORTION, csv_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.notifier.use_cases.administer import Administration
    from services.notifier.use_cases.read_log import LogReading
    from shared.web.pages import Pages

_PAGE = 50
STATE_TONES = {"pending": "busy", "delivered": "good", "failed": "bad", "cancelled": "off"}
STATE_WORDS = {"pending": "Waiting", "delivered": "Delivered", "failed": "Given up", "cancelled": "Cancelled"}


def _filter(state: str, channel: str, rule: str) -> LogFilter:
    return LogFilter(
        state=next((known for known in STATES if known == state), None),
        channel=next((known for known in CHANNEL_NAMES if known == channel), None),
        rule_id=rule or None,
    )


def routes(pages: Pages, log: LogReading, administration: Administration, public_url: str) -> APIRouter:
    router = APIRouter(prefix="/operations")

    async def rule_names(organization_id: str) -> dict[str, str]:
        return {rule.id: rule.name for rule in await administration.list_rules(organization_id)}

    @router.get("/deliveries")
    async def deliveries(
        request: Request,
        identity: Member,
        state: Annotated[str, Query(max_length=20)] = "",
        channel: Annotated[str, Query(max_length=20)] = "",
        rule: Annotated[str, Query(max_length=64)] = "",
        sort: Word = "",
        cursor: CursorText = None,
    ) -> Response:
        wanted = _filter(state, channel, rule)
        found, place = await log.page(
            identity.organization_id,
            wanted,
            after=place_of(cursor),
            limit=_PAGE,
            oldest_first=sort == OLDEST,
        )
        return pages.render(
            request,
            "deliveries.html",
            identity=identity,
            deliveries=found,
            next_cursor=cursor_of(place),
            count=await log.count(identity.organization_id, wanted),
            most_counted=MOST_COUNTED,
            csv_url=f"/operations/deliveries/export.csv?{request.url.query}",
            wanted=wanted,
            sort=sort_choice(sort),
            rule_names=await rule_names(identity.organization_id),
            channel_names=CHANNEL_NAMES,
            state_words=STATE_WORDS,
            state_tones=STATE_TONES,
        )

    @router.get("/deliveries/export.csv")
    async def export(
        identity: Member,
        state: Annotated[str, Query(max_length=20)] = "",
        channel: Annotated[str, Query(max_length=20)] = "",
        rule: Annotated[str, Query(max_length=64)] = "",
        sort: Word = "",
    ) -> Response:
        names = await rule_names(identity.organization_id)

        async def portions() -> AsyncIterator[list[Sequence[object]]]:
            place = None
            for _ in range(MOST_ROWS // PORTION):
                found, place = await log.page(
                    identity.organization_id,
                    _filter(state, channel, rule),
                    after=place,
                    limit=PORTION,
                    oldest_first=sort == OLDEST,
                )
                yield [delivery_row(notification, names) for notification in found]
                if place is None:
                    return

        return csv_response("deliveries.csv", DELIVERY_HEADING, portions())

    @router.get("/deliveries/{notification_id}")
    async def delivery(
        request: Request, identity: Member, notification_id: Annotated[str, Path(max_length=64)]
    ) -> Response:
        with errors_as_responses():
            found = await log.get(identity.organization_id, notification_id)
        names = await rule_names(identity.organization_id)
        message = Message(
            notification=found,
            rule_name=names.get(found.rule_id, "removed"),
            link=f"{public_url.rstrip('/')}{found.signal.url_path}",
            at=found.settled_at or found.next_attempt_at,
            currency=pages.currency,
        )
        return pages.render(
            request,
            "delivery.html",
            identity=identity,
            delivery=found,
            message=as_read(message),
            rule_names=names,
            channel_names=CHANNEL_NAMES,
            state_words=STATE_WORDS,
            state_tones=STATE_TONES,
        )

    @router.get("/dead-letters")
    async def dead_letters(request: Request, identity: Admin) -> Response:
        try:
            letters, away = await log.dead_letters(identity.organization_id), None
        except TransientError as error:
            letters, away = {}, str(error)
        return pages.render(
            request,
            "dead_letters.html",
            identity=identity,
            letters=letters,
            away=away,
            newest=NEWEST_DEAD_LETTERS,
            kept_days=DEAD_LETTER_RETENTION.days,
        )

    return router
