"""An identity provider that can go away, hang and change its keys."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.auth.authenticator import OidcAuthenticator
from shared.config import ServiceSettings

if TYPE_CHECKING:
    from shared.clock import ManualClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def settings(**changes: str) -> ServiceSettings:
    return ServiceSettings.model_validate({"http_port": 8701, "signing_key": "k" * 48, **changes})


class Issuer:
    """Publishes its key and what is `beside` it, while it is not away; answers when its gate is open."""

    def __init__(self) -> None:
        self.away: httpx.Response | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0
        self.beside: list[object] = []
        self.rotate("one")

    def rotate(self, key_id: str) -> None:
        """Sign with a new key from now on, and publish no other."""
        self.key = RSAKey.generate_key(2048, {"kid": key_id})

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await self.gate.wait()
        published = [*self.beside, self.key.as_dict(private=False)]
        return self.away or httpx.Response(200, json={"keys": published})

    def token(self, **changes: object) -> str:
        claims = {
            "iss": "https://id.example",
            "aud": "earshot",
            "sub": "u1",
            "email": "dana@acme.example",
            "exp": int(START.timestamp()) + 86_400,
            "organization_id": "acme",
            "earshot_role": "admin",
            **changes,
        }
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def oidc(issuer: Issuer, clock: ManualClock) -> OidcAuthenticator:
    return OidcAuthenticator(
        settings(
            auth_mode="oidc",
            oidc_issuer="https://id.example",
            oidc_audience="earshot",
            oidc_jwks_url="https://id.example/keys",
        ),
        clock,
        set(),
        httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer)),
    )
