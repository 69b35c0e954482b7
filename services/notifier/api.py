"""The JSON API: rules, notifications, deliveries, inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.notifier.api_models import (
    DeliveryView,
    EntryView,
    Marked,
    MarkRead,
    NotificationView,
    RuleBody,
    RuleView,
    SampleResult,
    Unread,
)
from services.notifier.domain.notification import State  # noqa: TC001 - FastAPI reads the annotations
from services.notifier.error_responses import errors_as_responses
from services.notifier.lists import cursor_of, place_of
from services.notifier.ports import LogFilter
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.contracts.deliveries import ChannelName  # noqa: TC001 - FastAPI reads the annotations
from shared.http.paging import CursorText, Page, PageSize

if TYPE_CHECKING:
    from services.notifier.use_cases.administer import Administration
    from services.notifier.use_cases.read_inbox import InboxReading
    from services.notifier.use_cases.read_log import LogReading


def log_filter(
    state: Annotated[State | None, Query(description="How it stands.")] = None,
    channel: Annotated[ChannelName | None, Query(description="Sent by this channel.")] = None,
    signal_id: Annotated[str | None, Query(max_length=256, description="About this signal.")] = None,
    rule_id: Annotated[str | None, Query(max_length=256, description="Made by this rule.")] = None,
) -> LogFilter:
    return LogFilter(state=state, channel=channel, signal_id=signal_id, rule_id=rule_id)


Wanted = Annotated[LogFilter, Depends(log_filter)]
Id = Annotated[str, Path(max_length=256, description="The id, as the list has it.")]
_CHANGES = [Depends(csrf_protect)]
"""A browser's session could be borrowed by another site; bearer keys pass (see `csrf_protect`)."""


def routes(administration: Administration, log: LogReading, inbox: InboxReading) -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    router.include_router(_rules(administration))
    router.include_router(_log(log))
    router.include_router(_inbox(inbox))
    return router


def _rules(administration: Administration) -> APIRouter:
    router = APIRouter(prefix="/rules", tags=["rules"])

    @router.get("")
    async def list_rules(identity: Member) -> Page[RuleView]:
        """Return all rules of the organization, oldest first."""
        rules = await administration.list_rules(identity.organization_id)
        return Page(items=[RuleView.of(rule) for rule in rules], count=len(rules))

    @router.post("", status_code=201, dependencies=_CHANGES)
    async def create_rule(identity: Admin, body: RuleBody) -> RuleView:
        """Store a rule. A webhook's signing secret that is made here is in this answer only."""
        with errors_as_responses():
            saved = await administration.create(identity, body.draft())
        return RuleView.of(saved.rule, saved.new_secret)

    @router.get("/{rule_id}")
    async def get_rule(identity: Member, rule_id: Id) -> RuleView:
        """Return one rule. Its address and secret are never shown."""
        with errors_as_responses():
            return RuleView.of(await administration.get(identity.organization_id, rule_id))

    @router.put("/{rule_id}", dependencies=_CHANGES)
    async def change_rule(identity: Admin, rule_id: Id, body: RuleBody) -> RuleView:
        """Replace a rule; an address or a secret that is left out stays."""
        with errors_as_responses():
            saved = await administration.change(identity, rule_id, body.draft())
        return RuleView.of(saved.rule, saved.new_secret)

    @router.delete("/{rule_id}", status_code=204, dependencies=_CHANGES)
    async def delete_rule(identity: Admin, rule_id: Id) -> None:
        """Remove a rule; what it has not sent yet is cancelled."""
        with errors_as_responses():
            await administration.remove(identity.organization_id, rule_id)

    @router.post("/{rule_id}/test", dependencies=_CHANGES)
    async def test_rule(identity: Admin, rule_id: Id) -> SampleResult:
        """Send one sample to the rule's first recipient, now and once."""
        with errors_as_responses():
            notification, settlement = await administration.try_out(identity, rule_id)
        return SampleResult(
            notification_id=notification.id,
            delivered=settlement is not None and settlement.state == "delivered",
            detail=settlement.attempt.detail if settlement else "It was not sent.",
        )

    return router


def _log(log: LogReading) -> APIRouter:
    router = APIRouter()

    @router.get("/notifications", tags=["notifications"])
    async def list_notifications(
        identity: Member, wanted: Wanted, cursor: CursorText = None, limit: PageSize = 50
    ) -> Page[NotificationView]:
        """Return who was told of what, newest first."""
        notifications, place = await log.page(
            identity.organization_id, wanted, after=place_of(cursor), limit=limit
        )
        return Page(
            items=[NotificationView.of(item) for item in notifications],
            next_cursor=cursor_of(place),
            count=await log.count(identity.organization_id, wanted),
        )

    @router.get("/deliveries", tags=["deliveries"])
    async def list_deliveries(
        identity: Member, wanted: Wanted, cursor: CursorText = None, limit: PageSize = 50
    ) -> Page[DeliveryView]:
        """Return notifications with every attempt, newest first."""
        notifications, place = await log.page(
            identity.organization_id, wanted, after=place_of(cursor), limit=limit
        )
        return Page(
            items=[DeliveryView.of(item) for item in notifications],
            next_cursor=cursor_of(place),
            count=await log.count(identity.organization_id, wanted),
        )

    @router.get("/deliveries/{notification_id}", tags=["deliveries"])
    async def get_delivery(identity: Member, notification_id: Id) -> DeliveryView:
        """Return one notification with every attempt."""
        with errors_as_responses():
            return DeliveryView.of(await log.get(identity.organization_id, notification_id))

    return router


def _inbox(inbox: InboxReading) -> APIRouter:
    router = APIRouter(prefix="/inbox", tags=["inbox"])

    @router.get("")
    async def list_entries(
        identity: Member,
        *,
        unread: Annotated[bool, Query(description="Only what is unread.")] = False,
        cursor: CursorText = None,
        limit: PageSize = 50,
    ) -> Page[EntryView]:
        """Return what was sent to who asks, newest first; of more than 999 `count` is null."""
        entries, place = await inbox.page(identity, unread_only=unread, after=place_of(cursor), limit=limit)
        return Page(
            items=[EntryView.of(entry) for entry in entries],
            next_cursor=cursor_of(place),
            count=await inbox.count(identity, unread_only=unread),
        )

    @router.get("/unread")
    async def unread(identity: Member) -> Unread:
        """Return how many are unread; 1,000 stands for more than 999."""
        return Unread(unread=await inbox.unread(identity))

    @router.post("/read", dependencies=_CHANGES)
    async def mark_read(identity: Member, body: MarkRead) -> Marked:
        """Mark one entry of who asks as read, or all of them."""
        with errors_as_responses():
            if body.id is None:
                return Marked(marked=await inbox.mark_all_read(identity))
            entry = await inbox.open(identity, body.id)
            return Marked(marked=0 if entry.read else 1)

    return router
