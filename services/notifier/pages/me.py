"""`/settings/me`: what do I want to hear, when?"""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Annotated, get_args
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.notifier.domain.preferences import Preferences, QuietHours
from services.notifier.pages import forms
from shared.auth.dependencies import Member, csrf_protect
from shared.contracts.signals import SignalKind

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from services.notifier.use_cases.read_inbox import InboxReading
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

HOME = "/settings/me"
_KINDS: tuple[SignalKind, ...] = get_args(SignalKind)


def routes(pages: Pages, reading: InboxReading) -> APIRouter:
    router = APIRouter(prefix=HOME)

    def page(
        request: Request,
        identity: Identity,
        values: dict[str, object],
        *,
        faults: dict[str, str] | None = None,
        saved: bool = False,
        shared: bool = False,
    ) -> Response:
        return pages.render(
            request,
            "me.html",
            identity=identity,
            status_code=422 if faults else 200,
            values=values,
            errors=faults or {},
            saved=saved,
            shared=shared,
            zones=sorted(available_timezones()),
        )

    @router.get("")
    async def show(
        request: Request, identity: Member, saved: Annotated[str, Query(max_length=1)] = ""
    ) -> Response:
        wishes = await reading.preferences(identity)
        quiet = wishes.quiet
        values: dict[str, object] = {
            "kinds": wishes.kinds or _KINDS,
            "minimum_confidence": wishes.minimum_confidence,
            "quiet": quiet is not None,
            "start": f"{quiet.start:%H:%M}" if quiet else "20:00",
            "end": f"{quiet.end:%H:%M}" if quiet else "08:00",
            "zone": quiet.zone if quiet else "",
        }
        shared = await reading.shares_address(identity)
        return page(request, identity, values, saved=saved == "1", shared=shared)

    @router.post("", dependencies=[Depends(csrf_protect)])
    async def save(request: Request, identity: Member) -> Response:
        form = await request.form()
        faults: dict[str, str] = {}
        wishes = _preferences(identity, form, faults)
        if wishes is None:
            values: dict[str, object] = {
                "kinds": forms.several(form, "kinds"),
                "minimum_confidence": forms.text(form, "minimum_confidence"),
                "quiet": forms.text(form, "quiet") == "on",
                **{name: forms.text(form, name) for name in ("start", "end", "zone")},
            }
            return page(
                request, identity, values, faults=faults, shared=await reading.shares_address(identity)
            )
        await reading.save_preferences(wishes)
        return RedirectResponse(f"{HOME}?saved=1", 303)

    return router


def _preferences(identity: Identity, form: FormData, faults: dict[str, str]) -> Preferences | None:
    chosen = forms.several(form, "kinds")
    kinds = tuple(kind for kind in _KINDS if kind in chosen)
    if not kinds:
        faults["kinds"] = (
            "Choose at least one kind; to hear nothing, ask for the rules that name you to be changed."
        )
    minimum = forms.share(form, "minimum_confidence")
    if not 0 <= minimum <= 1:
        faults["minimum_confidence"] = "Give a number from 0 to 1."
    quiet = None
    if forms.text(form, "quiet") == "on":
        try:
            quiet = QuietHours(_time(form, "start"), _time(form, "end"), forms.text(form, "zone"))
        except ValueError as error:
            faults["quiet"] = str(error)
    if faults:
        return None
    return Preferences(
        organization_id=identity.organization_id,
        user_id=identity.user_id,
        email=identity.email,
        # All kinds are stored as an empty choice, so that it includes kinds added in future.
        kinds=() if kinds == _KINDS else kinds,
        minimum_confidence=minimum,
        quiet=quiet,
    )


def _time(form: FormData, name: str) -> time:
    """Return a time of day. Raises ValueError, in words for the reader."""
    try:
        return time.fromisoformat(forms.text(form, name))
    except ValueError:
        raise ValueError("Give both times of day, as in 20:00.") from None
