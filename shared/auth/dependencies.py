"""What routes depend on: `identity: Member` or `Admin`; `csrf_protect` on forms; `require_service`."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import Depends, HTTPException, Request

from shared.auth.authenticator import Authenticator, Refused, bearer_of
from shared.auth.identity import Identity
from shared.auth.tokens import TokenRefused, service_of_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import SecretStr

    from shared.clock import Clock
    from shared.contracts.topics import Service

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
_FORM_TYPES = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
"""Content types that browsers send across sites without a preflight (the Fetch standard's safelist, and no
body)."""

_HEADERS_BY_STATUS = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}


async def require_member(request: Request) -> Identity:
    """Return who is asking, whatever the role. Raises 401 or 403 for strangers, 503 while it is unknown."""
    authenticator: Authenticator = request.app.state.authenticator
    try:
        identity = await authenticator.identify(
            request.headers, request.client.host if request.client else None
        )
    except Refused as refusal:
        raise HTTPException(
            refusal.status, str(refusal), headers=_HEADERS_BY_STATUS.get(refusal.status)
        ) from refusal
    request.state.identity = identity
    # Every line that is logged for this request says whose it is; `RequestContext` ends it.
    structlog.contextvars.bind_contextvars(organization_id=identity.organization_id)
    return identity


async def require_admin(identity: Annotated[Identity, Depends(require_member)]) -> Identity:
    """Return who is asking, if an admin. Raises 403 for members."""
    if identity.role != "admin":
        raise HTTPException(403, "Only an administrator of the organization may do this.")
    return identity


Member = Annotated[Identity, Depends(require_member)]
Admin = Annotated[Identity, Depends(require_admin)]


async def csrf_protect(request: Request, identity: Annotated[Identity, Depends(require_member)]) -> None:
    """Refuse a form that was not made by one of our pages.

    Bearer keys are exempt (see `Identity.ambient`), and so are bodies that no form can send, such as JSON: a
    browser sends a preflight before another site's script may send one, and the preflight is never granted.
    """
    if not identity.ambient or not _a_form_could_send(request):
        return
    expected: str = getattr(request.state, "csrf_token", "")
    token = request.headers.get(CSRF_HEADER) or str((await request.form()).get(CSRF_FIELD) or "")
    if not expected or not hmac.compare_digest(expected.encode(), token.encode()):
        raise HTTPException(
            403, "This form has grown old. Reload the page and send it again; programs send a bearer key."
        )


def _a_form_could_send(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _FORM_TYPES


def require_service(
    caller: Service, *, audience: Service, signing_key: SecretStr, clock: Clock
) -> Callable[[Request], Awaitable[None]]:
    """Return a dependency that lets only `caller` in, by its short-lived token."""

    async def check(request: Request) -> None:
        token = bearer_of(request.headers)
        try:
            if token is None or service_of_token(token, signing_key, clock, audience=audience) != caller:
                raise HTTPException(401, f"Only {caller} may call this.")
        except TokenRefused as refusal:
            raise HTTPException(401, str(refusal)) from refusal

    return check
