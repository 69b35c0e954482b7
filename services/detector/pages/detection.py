"""Settings: what is detected, how surely, by which version, and what makes a customer healthy?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.detector.api.route import DetectorRoute
from services.detector.domain.finding import Kind
from services.detector.domain.health import INGREDIENTS
from services.detector.domain.mood_assessment import MOOD_DETECTOR, MOOD_VERSION
from services.detector.errors import InvalidRequestError
from services.detector.lists import SignalFilter
from services.detector.pages.connected import present_connections
from services.detector.pages.detector_words import looks_for
from services.detector.pages.export import CORRECTION_HEADING, correction_rows
from services.detector.pages.redetection import redetection_card, redetection_pages
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.web.csv_files import PORTION, csv_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from services.detector.detectors import Detectors
    from services.detector.domain.corrections import Correction
    from services.detector.domain.detector import Identified
    from services.detector.domain.occasion import OccasionRules
    from services.detector.lists import Lists
    from services.detector.pages.under_way import UnderWay
    from services.detector.ports import Connections, Corrections, Mirror
    from services.detector.use_cases.ask import AskLanguageModel
    from services.detector.use_cases.health import KeepHealth
    from services.detector.use_cases.redetect import Redetect
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

DETECTION = "/settings/organization/detection"

_SIGNAL_KINDS = {"sentiment": "sentiment_shift"}
"""The kind of signal that a finding contributes to, where it opens none itself."""


@dataclass(frozen=True)
class DetectionParts:
    """What the detection page stands on."""

    pages: Pages
    lists: Lists
    connections: Connections
    under_way: UnderWay
    detectors: Detectors
    rules: OccasionRules
    health: KeepHealth
    corrections: Corrections
    mirror: Mirror
    redetect: Redetect
    ask: AskLanguageModel


def detection_pages(parts: DetectionParts) -> APIRouter:
    """Return the routes of the detection settings."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    router.include_router(redetection_pages(parts.redetect, DETECTION))

    @router.get(DETECTION)
    async def detection(request: Request, identity: Member) -> HTMLResponse:
        return await _detection(parts, request, identity)

    @router.get(f"{DETECTION}/corrections.csv")
    async def corrections(identity: Member) -> StreamingResponse:
        newest = await parts.corrections.newest(identity.organization_id)

        async def rows() -> AsyncIterator[list[Sequence[object]]]:
            for start in range(0, len(newest), PORTION):
                portion = newest[start : start + PORTION]
                keys = {span.conversation_key for correction in portion for span in correction.spans[:1]}
                texts = await _texts(parts.mirror, identity.organization_id, keys)
                yield [row for correction in portion for row in correction_rows(correction, texts)]

        return csv_response("corrections.csv", CORRECTION_HEADING, rows())

    @router.post(f"{DETECTION}/health", dependencies=[Depends(csrf_protect)])
    async def weigh(request: Request, identity: Admin) -> Response:
        form = await request.form()
        asked = {name: str(form.get(f"weight_{name}", "")).strip() for name in INGREDIENTS}
        try:
            weights = {name: int(value) for name, value in asked.items()}
            await parts.health.weigh(identity.organization_id, weights, by=identity.known_by)
        except ValueError:
            error = "Each weight is a whole number, 0 to leave an ingredient out."
        except InvalidRequestError as refused:
            error = str(refused)
        else:
            return RedirectResponse(f"{DETECTION}?weighed=yes#health", 303)
        return await _detection(parts, request, identity, asked=asked, error=error, status=422)

    return router


def signals_of(detector: Identified) -> str:
    """Return the name and version that a detector's signals carry.

    A single mood opens no signal; a shift of mood does, and has a name and a version of its own.
    """
    if Kind.SENTIMENT in detector.kinds:
        return f"{MOOD_DETECTOR} {MOOD_VERSION}"
    return f"{detector.name} {detector.version}"


async def _texts(mirror: Mirror, organization_id: str, keys: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the text of every part of these conversations that still has one."""
    parts = await mirror.parts(organization_id, keys)
    return {(key, part.id): part.text for key, mine in parts.items() for part in mine if part.text}


async def _detection(
    parts: DetectionParts,
    request: Request,
    identity: Identity,
    *,
    asked: Mapping[str, str] | None = None,
    error: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    organization = identity.organization_id
    weights = (await parts.health.weights(organization)).by_name
    counts = await parts.lists.signals_per_detector(organization)
    detectors = (*parts.detectors.conversation, *parts.detectors.account)
    return parts.pages.render(
        request,
        "detection.html",
        identity=identity,
        detectors=[
            {
                "name": detector.name,
                "version": detector.version,
                "kinds": sorted(_SIGNAL_KINDS.get(kind.value, kind.value) for kind in detector.kinds),
                "threshold": detector.parameters.threshold,
                "looks_for": looks_for(detector.name, asdict(detector.parameters)),
                "open": counts.get(signals_of(detector), 0),
            }
            for detector in detectors
        ],
        windows=sorted(parts.rules.days.items()),
        other_languages=await parts.lists.in_other_languages(organization),
        announce_days=parts.rules.announce_max_age_days,
        connections=await present_connections(parts.connections, organization),
        work=await parts.under_way.of(organization),
        redetections=[redetection_card(preview) for preview in await parts.redetect.previews(organization)],
        asks=parts.redetect.asks,
        decided=request.query_params.get("decided"),
        open_signals=await parts.lists.count_signals(organization, SignalFilter()),
        ingredients=[(name, label, (asked or weights)[name]) for name, label in INGREDIENTS.items()],
        weights_error=error,
        corrected=_corrected(
            await parts.corrections.newest(organization), await parts.corrections.thresholds(organization)
        ),
        weighed=request.query_params.get("weighed") == "yes",
        language_model=await parts.ask.setup(organization),
        model_chosen=request.query_params.get("model") == "chosen",
        status_code=status,
    )


def _corrected(corrections: Sequence[Correction], least: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return how often each kind was found right and wrong, and the confidence it needs because of it."""
    counted = Counter((correction.slot, correction.verdict) for correction in corrections)
    return [
        {
            "name": slot.replace("_", " ").replace("/", ", "),
            "confirmed": counted[slot, "confirmed"],
            "dismissed": counted[slot, "dismissed"],
            "least": least.get(slot),
        }
        for slot in sorted({slot for slot, _ in counted})
    ]
