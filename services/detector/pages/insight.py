"""One signal: why do you say so, and what can I do?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.corrections import LABELS
from services.detector.errors import NotFoundError
from services.detector.pages.cards import card_of, state_of, step_in_words
from services.detector.pages.filters import Word
from shared.auth.dependencies import Member, csrf_protect
from shared.web.cards import OVER_WORDS, fact_reason, fact_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.corrections import Label
    from services.detector.domain.signal import Signal
    from services.detector.use_cases.review import Review
    from services.detector.use_cases.show import ConversationView, Show
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

LABEL_WORDS: Mapping[Label, str] = {
    "onboarding": "Onboarding",
    "renewal": "Renewal",
    "upsell": "Upsell",
    "expansion": "Expansion",
    "churn_risk": "Churn risk",
    "feature_request": "A feature request",
    "none": "Nothing of the kind",
}
_PROTECTED = [Depends(csrf_protect)]
_EXCERPTS = 5
"""Conversations quoted on the page; the history and the API have all."""


@dataclass(frozen=True)
class SignalParts:
    """What the page of a signal stands on."""

    pages: Pages
    show: Show
    review: Review


def signal_pages(parts: SignalParts) -> APIRouter:
    """Return the routes of /insights/{signal}."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    review = parts.review

    @router.get("/insights/{signal_id}")
    async def insight(request: Request, signal_id: str, identity: Member, done: Word = "") -> HTMLResponse:
        return await _insight(parts, request, identity, signal_id, done)

    @router.post("/insights/{signal_id}/confirm", dependencies=_PROTECTED)
    async def confirm(signal_id: str, identity: Member) -> RedirectResponse:
        await review.confirm(identity.organization_id, signal_id, by=identity.known_by)
        return RedirectResponse(f"/insights/{signal_id}?done=confirmed", 303)

    @router.post("/insights/{signal_id}/dismiss", dependencies=_PROTECTED)
    async def dismiss(
        signal_id: str,
        identity: Member,
        reason: Annotated[str, Form(max_length=500)] = "",
        label: Annotated[str, Form(max_length=40)] = "",
    ) -> RedirectResponse:
        known_label = next((one for one in LABELS if one == label), None)
        await review.dismiss(
            identity.organization_id, signal_id, reason, by=identity.known_by, label=known_label
        )
        return RedirectResponse(f"/insights/{signal_id}?done=dismissed", 303)

    @router.post("/insights/{signal_id}/undo-dismissal", dependencies=_PROTECTED)
    async def undo_dismissal(signal_id: str, identity: Member) -> RedirectResponse:
        await review.undo_dismissal(identity.organization_id, signal_id, by=identity.known_by)
        return RedirectResponse(f"/insights/{signal_id}?done=undone", 303)

    @router.post("/insights/{signal_id}/assign", dependencies=_PROTECTED)
    async def assign(
        signal_id: str, identity: Member, to: Annotated[str, Form(max_length=254)] = ""
    ) -> RedirectResponse:
        await review.assign(identity.organization_id, signal_id, to, by=identity.known_by)
        return RedirectResponse(f"/insights/{signal_id}?done=assigned", 303)

    return router


async def _insight(
    parts: SignalParts, request: Request, identity: Identity, signal_id: str, done: str
) -> HTMLResponse:
    signal = await parts.show.signal(identity.organization_id, signal_id)
    keys = dict.fromkeys(proof.conversation_key for proof in signal.proofs if proof.conversation_key)
    conversations: list[ConversationView] = []
    for key in list(keys)[:_EXCERPTS]:
        # Deleted in Intercom a moment ago, or its record cannot be read: the signal is still worth its page.
        with suppress(NotFoundError):
            conversations.append(await parts.show.conversation(identity.organization_id, key))
    return parts.pages.render(
        request,
        "insight.html",
        identity=identity,
        signal=signal,
        done=_done_in_words(done, signal),
        labels=[(label, LABEL_WORDS[label]) for label in LABELS if label != signal.slot.kind],
        card=card_of(signal),
        state=state_of(signal),
        over=OVER_WORDS.get(signal.cleared_because or ""),
        why_final=parts.review.why_final(signal),
        facts=[
            (fact_reason(proof.reason), fact_value(proof.fact, proof.fact_value, proof.reason), proof.said_at)
            for proof in signal.proofs
            if proof.fact
        ],
        excerpts=[_excerpt(view, signal) for view in conversations],
        history=[(line, step_in_words(line)) for line in reversed(signal.history)],
        url=conversations[0].url if conversations else None,
    )


def _done_in_words(done: str, signal: Signal) -> str | None:
    """What a decision did, as long as it still stands: its address may be opened again later."""
    dismissed = signal.cleared_because == "dismissed"
    if done == "confirmed" and signal.confirmed_by:
        return "Confirmed. It is kept as an example of what is meant."
    if done == "dismissed" and dismissed:
        return "Dismissed, for everybody."
    if done == "undone" and not dismissed:
        return f"The dismissal is taken back. {'It is open again' if signal.is_open else 'It stays closed'}."
    if done == "assigned":
        return f"Assigned to {signal.assigned_to}." if signal.assigned_to else "It is nobody's now."
    return None


def _excerpt(view: ConversationView, signal: Signal) -> dict[str, Any]:
    """Return the telling messages of a conversation, each with the one before it for the sense."""
    key = view.mirrored.key
    spans: dict[str, list[tuple[int, int]]] = {}
    for proof in signal.proofs:
        if proof.conversation_key == key:
            spans.setdefault(proof.part_id, []).append((proof.start, proof.end))
    parts = [part for part in view.parts if part.text]
    telling = {index for index, part in enumerate(parts) if part.id in spans}
    indexes = sorted(
        telling | {index - 1 for index in telling if index > 0 and not parts[index - 1].internal}
    )
    return {
        "key": key,
        "title": view.mirrored.record.title,
        "url": view.url,
        "messages": [(parts[index], spans.get(parts[index].id, [])) for index in indexes],
    }
