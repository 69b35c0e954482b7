"""The bearer keys' page: made, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from pydantic import StringConstraints
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.auth.dependencies import Admin, csrf_protect
from shared.auth.tokens import LONGEST_KEY_LIFE_DAYS

if TYPE_CHECKING:
    from services.connector.use_cases.keys import Keys
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

KEYS = "/settings/organization/keys"
_PROTECTED = [Depends(csrf_protect)]


def key_pages(*, pages: Pages, keys: Keys) -> APIRouter:
    """Return `/settings/organization/keys`."""
    router = APIRouter(include_in_schema=False)

    async def shown(request: Request, identity: Identity, token: str | None) -> HTMLResponse:
        return pages.render(
            request,
            "keys.html",
            identity=identity,
            keys=await keys.list_of(identity.organization_id),
            token=token,
            longest=LONGEST_KEY_LIFE_DAYS,
        )

    @router.get(KEYS)
    async def list_keys(request: Request, identity: Admin) -> HTMLResponse:
        return await shown(request, identity, None)

    @router.post(KEYS, dependencies=_PROTECTED)
    async def create(
        request: Request,
        identity: Admin,
        name: Annotated[str, Form(max_length=200), StringConstraints(strip_whitespace=True, min_length=1)],
        role: Annotated[Literal["admin", "member"], Form()] = "member",
        days: Annotated[int, Form(ge=1, le=LONGEST_KEY_LIFE_DAYS)] = 90,
    ) -> HTMLResponse:
        _, token = await keys.create(identity, name=name, role=role, days=days)
        return await shown(request, identity, token)

    @router.post(f"{KEYS}/{{key_id}}/revoke", dependencies=_PROTECTED)
    async def revoke(identity: Admin, key_id: str) -> Response:
        if await keys.revoke(identity, key_id) is None:
            raise HTTPException(404, "There is no such key in your organization.")
        return RedirectResponse(KEYS, 303)

    return router
