"""Settings: the language model's card on the detection page, and its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.detector.api.route import DetectorRoute
from services.detector.pages.detection import DETECTION
from shared.auth.dependencies import Admin, csrf_protect

if TYPE_CHECKING:
    from services.detector.pages.detection import DetectionParts


def language_model_pages(parts: DetectionParts) -> APIRouter:
    """Return the route that the card's form is sent to; the card itself is drawn with the detection page."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)

    @router.post(f"{DETECTION}/language-model", dependencies=[Depends(csrf_protect)])
    async def choose(request: Request, identity: Admin) -> Response:
        form = await request.form()
        detectors = [one for one in form.getlist("detector") if isinstance(one, str)]
        await parts.ask.choose(identity.organization_id, detectors, by=identity.known_by)
        return RedirectResponse(f"{DETECTION}?model=chosen#language-model", 303)

    return router
