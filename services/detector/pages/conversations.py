"""A conversation: what was said, with the decisive words highlighted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.identity import resource_key
from services.detector.domain.spoken import author_type
from services.detector.domain.titles import title_of
from services.detector.pages.cards import card_of
from shared.auth.dependencies import Member

if TYPE_CHECKING:
    from services.detector.use_cases.show import ConversationView, Show
    from shared.contracts.resources import ConversationPartChanged
    from shared.web.pages import Pages

_HAPPENINGS = {
    "close": "closed the conversation",
    "open": "opened the conversation",
    "snoozed": "snoozed the conversation",
    "unsnoozed": "ended the snooze",
    "assignment": "assigned the conversation",
    "conversation_rating_changed": "gave a rating",
    "participant_added": "brought somebody in",
}


@dataclass(frozen=True)
class ConversationParts:
    """What the conversation page stands on."""

    pages: Pages
    show: Show


def conversation_pages(parts: ConversationParts) -> APIRouter:
    """Return the route of a conversation."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.get("/conversations/{conversation_id}")
    async def conversation(request: Request, conversation_id: str, identity: Member) -> HTMLResponse:
        view = await parts.show.conversation(identity.organization_id, conversation_id)
        record = view.mirrored.record
        part_count = len(view.parts)
        return parts.pages.render(
            request,
            "conversation.html",
            identity=identity,
            view=view,
            record=record,
            heading=title_of(record, _first_words(view)),
            entries=[_entry(view, part) for part in view.parts],
            cards=[card_of(signal) for signal in view.signals],
            missing=max(0, (record.source_part_count or 0) - part_count),
            contacts=[(resource_key(contact.workspace_id, contact.id), contact) for contact in view.contacts],
        )

    return router


def _first_words(view: ConversationView) -> str | None:
    return next((part.text for part in view.parts if part.text and not part.redacted), None)


def _entry(view: ConversationView, part: ConversationPartChanged) -> dict[str, Any]:
    analysis = view.mirrored.analysis
    marks = [mark for mark in (analysis.marks if analysis else ()) if mark.part_id == part.id]
    kinds = sorted({mark.kind for mark in marks})
    return {
        "part": part,
        "side": author_type(part.author).value,
        "spans": [(mark.start, mark.end) for mark in marks],
        "signal_kinds": [
            (kind, _explicit(view, part.id, kind)) for kind in kinds if not kind.startswith("sentiment")
        ],
        "mood": next(
            (kind.removeprefix("sentiment_") for kind in kinds if kind.startswith("sentiment_")), None
        ),
        "person": resource_key(part.workspace_id, part.author.id)
        if part.author.id and author_type(part.author) == "customer"
        else None,
        "happening": _HAPPENINGS.get(part.part_type, part.part_type.replace("_", " ")),
    }


def _explicit(view: ConversationView, part_id: str, kind: str) -> bool | None:
    """Whether a message's words say outright what they are a sign of; None where that is no question."""
    return next(
        (
            signal.slot.explicit
            for signal in view.signals
            if signal.slot.kind == kind and any(proof.part_id == part_id for proof in signal.proofs)
        ),
        None,
    )
