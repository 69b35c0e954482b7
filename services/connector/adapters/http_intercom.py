"""Intercom over HTTP, as far as the connector needs it: exchange a code, ask `/me`, uninstall (FACTS §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from services.connector.domain.connection import Workspace
from services.connector.errors import IntercomRefused, IntercomUnreachable

if TYPE_CHECKING:
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.settings import Settings

_API_VERSION = "2.16"
"""The pinned version of FACTS; the header wins over the app's own setting (FACTS §1)."""

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_PLAN_STATUS = 402
_TOO_MANY = 429
_SERVER_ERROR = 500
_MISSING_PERMISSION_CODES = frozenset({"token_unauthorized", "forbidden", "action_forbidden"})

_NOT_INTERCOM = (
    "{host} answered with something that is not Intercom's API. Check the base URL; Intercom's own are"
    " https://api.intercom.io, https://api.eu.intercom.io and https://api.au.intercom.io."
)


class HttpIntercom:
    """Asks Intercom through one httpx client. Tokens go to allowed hosts only."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings, hosts: IntercomHosts) -> None:
        self._client = client
        self._settings = settings
        self._hosts = hosts
        self._timeout = settings.intercom_timeout_seconds

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        query = urlencode(
            {
                "client_id": self._settings.intercom_client_id or "",
                "state": state,
                "redirect_uri": redirect_uri,
            }
        )
        return f"{self._settings.intercom_authorize_url}?{query}"

    async def exchange_code(self, code: str) -> str:
        secret = self._settings.intercom_client_secret
        answer = await self._call(
            "POST",
            self._settings.intercom_token_url,
            data={
                # The code may end with "=", which belongs to it; form encoding keeps it (FACTS §2).
                "code": code,
                "client_id": self._settings.intercom_client_id or "",
                "client_secret": secret.get_secret_value() if secret else "",
            },
        )
        body = _json(answer)
        token = body.get("access_token") or body.get("token")
        if answer.is_success and isinstance(token, str) and token:
            return token
        raise IntercomRefused(
            "Intercom did not accept the authorization; codes are good for a few minutes. Connect again.",
            kind="token_rejected",
        )

    async def who_am_i(self, token: str, base_url: str) -> Workspace:
        answer = await self._call("GET", f"{base_url}/me", token=token)
        body = _json(answer)
        if answer.status_code in {_UNAUTHORIZED, _FORBIDDEN, _PLAN_STATUS}:
            raise _refusal(body)
        app = body.get("app")
        if not answer.is_success or not isinstance(app, dict) or not app.get("id_code"):
            raise IntercomRefused(_NOT_INTERCOM.format(host=httpx.URL(base_url).host), kind="not_intercom")
        region = self._hosts.region_named(str(app.get("region") or ""), default_of=base_url)
        return Workspace(
            id=str(app["id_code"]),
            name=str(app.get("name") or app["id_code"]),
            region=region,
            # From here on the regional host is used, which keeps the traffic in its region (FACTS §1).
            base_url=self._hosts.base_url(region),
            app_base_url=self._hosts.app_url(region),
            admin_name=str(body.get("name") or ""),
            admin_email=str(body.get("email") or ""),
        )

    async def uninstall(self, token: str) -> None:
        answer = await self._call("POST", self._settings.intercom_uninstall_url, token=token)
        if answer.status_code in {_UNAUTHORIZED, _FORBIDDEN}:
            raise _refusal(_json(answer))

    async def _call(
        self, method: str, url: str, *, token: str | None = None, data: dict[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Accept": "application/json", "Intercom-Version": _API_VERSION}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            answer = await self._client.request(
                method, url, headers=headers, data=data, timeout=self._timeout
            )
        except (httpx.TransportError, UnicodeEncodeError) as error:
            raise IntercomUnreachable(
                f"We could not reach {httpx.URL(url).host}: {type(error).__name__}. Nothing was changed;"
                " try again."
            ) from error
        if answer.status_code == _TOO_MANY or answer.status_code >= _SERVER_ERROR:
            raise IntercomUnreachable(
                f"{httpx.URL(url).host} cannot answer now (status {answer.status_code}). Nothing was"
                " changed; try again."
            )
        return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(body: dict[str, Any]) -> IntercomRefused:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = str(first.get("code") or "unauthorized")
    if code == "api_plan_restricted":
        return IntercomRefused(
            "This workspace's plan does not include the API. Ask Intercom to enable it, then connect again.",
            kind="plan_restricted",
        )
    if code in _MISSING_PERMISSION_CODES:
        return IntercomRefused(
            'The token may not read who it belongs to. In the Developer Hub tick "Read one admin" and the'
            " other read permissions for this app, then connect again.",
            kind="permission_missing",
        )
    return IntercomRefused(
        f"Intercom does not accept this token ({code}). It was rotated or revoked, or the Developer App was"
        " deleted. Generate a new one in the Developer Hub and connect again.",
        kind="token_rejected",
    )
