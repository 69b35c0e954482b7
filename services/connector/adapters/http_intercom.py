"""Intercom over HTTP, as far as the connector needs it: OAuth codes, `/me`, the doctor's probes, uninstall.

Credentials go to the hosts of the allow-list, and to the token and uninstall addresses of the settings;
redirects are never followed.
"""

from __future__ import annotations

import asyncio
import re
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from services.connector.adapters.intercom_responses import IntercomResponse, not_intercom, raise_for
from services.connector.domain.connection import Workspace
from services.connector.domain.diagnosis import Sight
from services.connector.errors import IntercomRefused, IntercomUnreachable
from services.connector.ports import Probe
from shared.intercom import json_of

if TYPE_CHECKING:
    from services.connector.domain.diagnosis import FamilyKey
    from services.connector.domain.hosts import IntercomHosts
    from services.connector.settings import Settings

_API_VERSION = "2.16"
"""The pinned version of FACTS; the header wins over the app's own setting (FACTS §1)."""

_MOST_BYTES = 8_388_608
"""Far above any answer asked for here; a list of ten thousand tags is 1 MB."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
"""What fits in a header. Anything else is not sent, so that no error on the way can quote it."""

_ANYTHING = {"query": {"field": "created_at", "operator": ">", "value": 0}, "pagination": {"per_page": 1}}

_PROBES: dict[FamilyKey, tuple[str, str, dict[str, Any] | None, str | None]] = {
    # Method, path, body, and the list whose length is the count; None where `total_count` tells it.
    "admins": ("GET", "/admins", None, "admins"),
    "teams": ("GET", "/teams", None, "teams"),
    "tags": ("GET", "/tags", None, "data"),
    "contacts": ("POST", "/contacts/search", _ANYTHING, None),
    "contact": ("GET", "/contacts/{id}", None, None),
    "companies": ("POST", "/companies/list?per_page=1&page=1", None, None),
    "conversations": ("POST", "/conversations/search", _ANYTHING, None),
}


def intercom_client() -> httpx.AsyncClient:
    """Return the client for `HttpIntercom`."""
    return httpx.AsyncClient(
        follow_redirects=False,
        # A proxy from the environment is on no allow-list; the syncer uses none either, so that a workspace
        # which only such a proxy reaches would be connected and never read.
        trust_env=False,
        # Certificates that the environment names (SSL_CERT_FILE) are trusted all the same, as there.
        verify=httpx.create_ssl_context(),
    )


class HttpIntercom:
    """Asks Intercom through one httpx client. Implements `ports.Intercom`."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings, hosts: IntercomHosts) -> None:
        self._client = client
        # One client serves all tenants: a cookie that one's answer sets must not go with another's call, also
        # with one that is made while the answer is being read.
        client.cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
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
        response = await self._call(
            "POST",
            self._settings.intercom_token_url,
            data={
                # The code may end with "=", which belongs to it; form encoding keeps it (FACTS §2).
                "code": code,
                "client_id": self._settings.intercom_client_id or "",
                "client_secret": secret.get_secret_value() if secret else "",
            },
        )
        token = response.body.get("access_token") or response.body.get("token")
        if response.is_success and isinstance(token, str) and _TOKEN.fullmatch(token):
            return token
        if response.outcome == "token_rejected" and "code" not in response.message.lower():
            raise IntercomRefused(
                "Intercom does not know this installation's OAuth app. The operator must check"
                " EARSHOT_INTERCOM_CLIENT_ID and EARSHOT_INTERCOM_CLIENT_SECRET.",
                kind="app_refused",
            )
        if response.outcome == "unreachable":
            raise_for(response)
        if response.outcome == "not_intercom" and not response.codes:
            raise not_intercom(response)
        raise IntercomRefused(
            "Intercom did not accept the authorization; codes are good for a few minutes. Connect again.",
            kind="token_rejected",
        )

    async def who_am_i(self, token: str, base_url: str) -> Workspace:
        response = await self._call("GET", f"{self._allowed(base_url)}/me", token=token)
        raise_for(response)
        app = response.body.get("app")
        if not isinstance(app, dict) or not isinstance(app.get("id_code"), str) or not app["id_code"]:
            raise not_intercom(response)
        region, home = self._hosts.home_of(str(app.get("region") or ""), answered_at=base_url)
        return Workspace(
            id=app["id_code"],
            name=str(app.get("name") or app["id_code"])[:_MOST_NAME],
            region=region,
            base_url=home,
            app_base_url=self._hosts.app_url(region),
            admin_name=str(response.body.get("name") or "")[:_MOST_NAME],
            admin_email=str(response.body.get("email") or "")[:_MOST_NAME],
        )

    async def probe(self, token: str, base_url: str, family: FamilyKey, *, known_id: str | None) -> Probe:
        method, path, body, listed = _PROBES[family]
        url = f"{self._allowed(base_url)}{path.format(id=known_id or '')}"
        try:
            response = await self._call(method, url, token=token, json=body)
        except IntercomUnreachable:
            return Probe(Sight("unreachable"))
        except IntercomRefused:
            return Probe(Sight("token_rejected"))
        if response.outcome != "answered":
            return Probe(response.sight(None))
        if listed is not None:
            rows = response.body.get(listed)
            count = len(rows) if isinstance(rows, list) else None
        else:
            total = response.body.get("total_count")
            count = total if isinstance(total, int) and total >= 0 else None
        if count is None and family != "contact":
            return Probe(Sight("not_intercom", None, str(response.status)))
        return Probe(response.sight(count), _first_id(response.body) if family == "contacts" else None)

    async def uninstall(self, token: str) -> None:
        response = await self._call("POST", self._settings.intercom_uninstall_url, token=token)
        if not response.is_success:
            raise_for(response)

    def _allowed(self, base_url: str) -> str:
        """Return the allow-list's own spelling of a base URL. Raises HostNotAllowed."""
        return self._hosts.base_url(self._hosts.region_of(base_url))

    async def _call(
        self,
        method: str,
        url: str,
        *,
        token: str | None = None,
        data: dict[str, str] | None = None,
        json: dict[str, Any] | None = None,
    ) -> IntercomResponse:
        headers = {"Accept": "application/json", "Intercom-Version": _API_VERSION}
        if token is not None:
            if not _TOKEN.fullmatch(token):
                raise IntercomRefused(
                    "This is not an access token: it holds characters that none has. Copy it again, whole,"
                    " from your app's Authentication page.",
                    kind="token_rejected",
                )
            headers["Authorization"] = f"Bearer {token}"
        host = httpx.URL(url).host
        try:
            async with (
                # httpx limits each read; this limits the whole exchange, so that a trickle ends too.
                asyncio.timeout(self._timeout),
                self._client.stream(
                    method,
                    url,
                    headers=headers,
                    data=data,
                    json=json,
                    timeout=self._timeout,
                    follow_redirects=False,
                ) as response,
            ):
                content = await _bounded(response)
                return IntercomResponse(
                    host, response.status_code, _object(content), silent=not content.strip()
                )
        except (httpx.RequestError, TimeoutError) as error:
            # Neither the request nor the cause is attached, since both contain the token.
            raise IntercomUnreachable(
                f"We could not reach {host}: {type(error).__name__}. Nothing was changed; try again."
            ) from None


_MOST_NAME = 1_000


async def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _MOST_BYTES:
            return b"too long"  # Nothing that we ask for is; so it is not Intercom.
    return bytes(content)


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json_of(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _first_id(body: dict[str, Any]) -> str | None:
    rows = body.get("data")
    first = rows[0] if isinstance(rows, list) and rows else None
    id_ = first.get("id") if isinstance(first, dict) else None
    return id_ if isinstance(id_, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,128}", id_) else None
