"""The connector's pages, API and webhooks over the rig, looked at by one person with a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client import CollectorRegistry

import services.connector.pages
from services.connector.api import connection_routes, internal_routes, key_routes
from services.connector.pages.keys import key_pages
from services.connector.pages.operations import operation_pages
from services.connector.pages.panel import Acting, IntegrationPages
from services.connector.pages.routes import INTERCOM, integration_routes
from services.connector.webhooks import webhook_routes
from shared.http.application import create_api
from shared.http.lifecycle import Lifecycle
from shared.observability.readiness import Readiness
from shared.web.pages import Pages
from tests.unit.services.connector.fakes import ADMIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.auth.identity import Identity
    from tests.unit.services.connector.rig import Rig

TEMPLATES = Path(services.connector.pages.__file__).parent / "templates"


class SignedIn:
    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:
        return self.identity


class Site:
    def __init__(self, rig: Rig, identity: Identity = ADMIN) -> None:
        self.rig = rig
        readiness = Readiness()
        pages = Pages(TEMPLATES, clock=rig.clock)
        view = IntegrationPages(
            pages=pages,
            connections=rig.connections,
            acting=Acting(rig.connecting, rig.linking, rig.administration, rig.doctor),
            hosts=rig.hosts,
            settings=rig.settings,
        )
        app = create_api(
            service="connector",
            settings=rig.settings,
            routers=[
                connection_routes(
                    connections=rig.connections,
                    connecting=rig.connecting,
                    administration=rig.administration,
                    doctor=rig.doctor,
                ),
                key_routes(keys=rig.keys),
                internal_routes(
                    administration=rig.administration,
                    signing_key=rig.settings.signing_key,
                    clock=rig.clock,
                ),
                webhook_routes(
                    listening=rig.listening,
                    watching=rig.watching,
                    client_secret=rig.settings.intercom_client_secret,
                    clock=rig.clock,
                    metrics=rig.metrics,
                ),
                integration_routes(view),
                key_pages(pages=pages, keys=rig.keys),
                operation_pages(pages=pages, connections=rig.connections),
            ],
            lifecycle=Lifecycle(readiness, grace_seconds=1),
            readiness=readiness,
            authenticator=SignedIn(identity),
            clock=rig.clock,
            registry=CollectorRegistry(),
            pages=pages,
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="https://earshot.example.com",
            headers={"Accept": "text/html"},
        )

    async def get(self, path: str = INTERCOM) -> str:
        response = await self.http.get(path)
        assert response.status_code == 200, (path, response.status_code, response.text[:300])
        return words_of(response)

    async def token(self) -> str:
        found = re.search(r'csrf-token" content="([^"]+)"', (await self.http.get(INTERCOM)).text)
        assert found is not None
        return found[1]

    async def post(self, path: str, data: dict[str, Any] | None = None) -> httpx.Response:
        return await self.http.post(path, data={"csrf_token": await self.token(), **(data or {})})

    async def api(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Call as a program does; a session of its own may send JSON without a page's token."""
        if method != "GET":
            arguments.setdefault("json", {})
        return await self.http.request(
            method, f"/api/v1{path}", headers={"Accept": "application/json"}, **arguments
        )


def words_of(response: httpx.Response) -> str:
    """Return a page's text without tags, entities and runs of space."""
    plain = re.sub(r"<[^>]+>", " ", response.text)
    for entity, sign in (("&#39;", "'"), ("&#34;", '"'), ("&amp;", "&")):
        plain = plain.replace(entity, sign)
    return re.sub(r"\s+", " ", plain)
