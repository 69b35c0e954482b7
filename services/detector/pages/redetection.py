"""The card of newer detectors on the detection page, and its two buttons."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse

from services.detector.api.route import DetectorRoute
from shared.auth.dependencies import Admin, csrf_protect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.detector.domain.fingerprint import VersionChange
    from services.detector.domain.redetection import Example
    from services.detector.use_cases.redetect import Preview, Redetect

_KINDS: Mapping[str, str] = {
    "churn_risk/explicit": "Churn risk, explicit",
    "churn_risk/implied": "Churn risk, implied",
    "sentiment_negative": "Negative mood",
    "sentiment_positive": "Positive mood",
}
_QUOTE_CHARACTERS = 240


def redetection_pages(redetect: Redetect, detection: str) -> APIRouter:
    """Return the routes of the decision under the detection page's address."""
    router = APIRouter(include_in_schema=False, route_class=DetectorRoute)
    address = f"{detection}/redetections/{{redetection_id}}"

    @router.post(f"{address}/switch-on", dependencies=[Depends(csrf_protect)])
    async def switch_on(redetection_id: str, identity: Admin) -> RedirectResponse:
        await redetect.switch_on(identity.organization_id, redetection_id, by=identity.known_by)
        return RedirectResponse(f"{detection}?decided=on", 303)

    @router.post(f"{address}/keep", dependencies=[Depends(csrf_protect)])
    async def keep(redetection_id: str, identity: Admin) -> RedirectResponse:
        await redetect.keep(identity.organization_id, redetection_id, by=identity.known_by)
        return RedirectResponse(f"{detection}?decided=kept", 303)

    return router


def redetection_card(preview: Preview) -> dict[str, Any]:
    """Return what the card shows."""
    one = preview.redetection
    return {
        "id": one.redetection_id,
        "workspace": preview.workspace_name or "Intercom",
        "state": one.state,
        "done": one.done,
        "total": one.total,
        "versions": [(_plain(change.name), _change_in_words(change)) for change in preview.changes],
        "rows": sorted(
            ({"name": _kind_in_words(row.kind), "tally": row} for row in one.difference.tallies),
            key=itemgetter("name"),
        ),
        "examples": sorted(
            (
                (_kind_in_words(kind), [_line(example, quote) for example, quote in quotes])
                for kind, quotes in groupby(preview.quotes, key=lambda pair: pair[0].kind)
            ),
            key=itemgetter(0),
        ),
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
    }


def _line(example: Example, quote: str) -> dict[str, Any]:
    words = " ".join(quote.split())
    cut = words if len(words) <= _QUOTE_CHARACTERS else f"{words[: _QUOTE_CHARACTERS - 1].rstrip()}…"
    return {
        "fate": example.fate,
        "quote": cut,
        "url": f"/conversations/{example.conversation_key}",
        "at": example.at,
        "confidence": _confidence(example),
    }


def _confidence(example: Example) -> str:
    """Return how sure it was and would be, of the kind in that conversation."""
    values = [f"{value:.2f}" for value in (example.before, example.after) if value is not None]
    return " → ".join(dict.fromkeys(values))


def _kind_in_words(kind: str) -> str:
    return _KINDS.get(kind, _plain(kind))


def _plain(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _change_in_words(change: VersionChange) -> str:
    """Return from which version to which; a text model's digest is named only where it is what differs."""
    if change.before is None:
        return f"new, version {change.after}"
    if change.after is None:
        return f"version {change.before}, no longer there"
    if change.told_otherwise:
        return f"version {change.before}, other parameters"
    old, new = change.before.partition("+"), change.after.partition("+")
    if old[0] != new[0]:
        return f"version {old[0]} → {new[0]}"
    return f"version {old[0]}, text model {old[2] or 'none'} → {new[2] or 'none'}"
