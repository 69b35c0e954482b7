"""Finds out who makes a request: local mode on loopback, OpenID Connect tokens, bearer keys."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Protocol

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError

from shared.auth.identity import LOCAL_IDENTITY, Identity
from shared.auth.issuer_keys import IssuerKeys, KeysUnknown
from shared.auth.tokens import UNREADABLE, TokenRefused, expected_claims, identity_of_api_key
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx
    from joserfc.jwk import KeySet

    from shared.clock import Clock
    from shared.config import ServiceSettings

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

TOKEN_HEADERS = ("x-forwarded-access-token", "x-auth-request-access-token")
"""Where the identity token arrives. oauth2-proxy in front of a service sends the first header. Where an
ingress asks oauth2-proxy instead, its response has the second, which Traefik's ForwardAuth passes on
under no other name."""

_OIDC_ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]


_OF_PROXIES = ("forwarded", "via", "x-real-ip")
_OF_PROXIES_START = "x-forwarded-"


class Refused(Exception):
    """The request is refused.

    `status` is 401 (say who you are), 403 (not from here), or 503 (who you are cannot be verified now).
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RevokedKeys(Protocol):
    """Knows which bearer keys were revoked before they expired."""

    def __contains__(self, key_id: object, /) -> bool:
        """Return whether a key was revoked. Raises TransientError while that is unknown."""
        ...


class Authenticator(Protocol):
    """Identifies whoever makes a request."""

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:
        """Return who makes the request.

        Raises Refused, and TransientError while something needed is unavailable.
        """
        ...


def bearer_of(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def came_through_proxy(headers: Mapping[str, str]) -> bool:
    """Return whether a proxy says that it passed the request on; no browser sends such a header itself."""
    return any(name in headers for name in _OF_PROXIES) or any(
        name.lower().startswith(_OF_PROXIES_START) for name in headers
    )


class LocalAuthenticator:
    """Signs everybody in automatically, on loopback only; bearer keys work as everywhere.

    The Host header is checked too: a page of another site whose name was made to resolve to this machine (DNS
    rebinding) is refused. So are requests that a proxy passes on: they come from this machine, and often in
    its name, on behalf of whoever reaches the proxy. A proxy that does not say so cannot be distinguished
    from a browser.
    """

    def __init__(self, settings: ServiceSettings, clock: Clock, revoked: RevokedKeys) -> None:
        self._settings = settings
        self._clock = clock
        self._revoked = revoked

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:
        token = bearer_of(headers)
        if token is not None:
            return _by_key(token, self._settings, self._clock, self._revoked)
        if came_through_proxy(headers):
            raise Refused(
                403,
                "Local mode answers browsers of this machine only, and this request came through a proxy. Set"
                " EARSHOT_AUTH_MODE=oidc to let others in.",
            )
        if not _is_loopback(client_host) or not _names_loopback(headers.get("host", "")):
            raise Refused(
                403,
                "Local mode answers this machine only. Open it at http://127.0.0.1, or set"
                " EARSHOT_AUTH_MODE=oidc to let others in.",
            )
        return LOCAL_IDENTITY


class OidcAuthenticator:
    """Checks the identity token that an authenticating proxy forwards, and bearer keys.

    The token arrives as `Authorization: Bearer`, or in one of `TOKEN_HEADERS`. Signature, issuer, audience
    and expiry are checked against the issuer's published keys. An e-mail address that the issuer calls
    unverified is left out.
    """

    def __init__(
        self, settings: ServiceSettings, clock: Clock, revoked: RevokedKeys, client: httpx.AsyncClient
    ) -> None:
        if not (settings.oidc_issuer and settings.oidc_audience and settings.oidc_jwks_url):
            raise ConfigurationError(
                "EARSHOT_AUTH_MODE=oidc needs EARSHOT_OIDC_ISSUER, EARSHOT_OIDC_AUDIENCE and"
                " EARSHOT_OIDC_JWKS_URL."
            )
        self._issuer = settings.oidc_issuer
        self._audience = settings.oidc_audience
        self._settings = settings
        self._clock = clock
        self._revoked = revoked
        self._keys = IssuerKeys(settings.oidc_jwks_url, clock, client)

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:  # noqa: ARG002 - the port's signature
        forwarded = next((token for name in TOKEN_HEADERS if (token := headers.get(name))), None)
        if forwarded:
            return await self._by_token(forwarded)
        token = bearer_of(headers)
        if token is None:
            raise Refused(401, "Sign in first, or send a bearer key.")
        try:
            return _by_key(token, self._settings, self._clock, self._revoked)
        except Refused:
            return await self._by_token(token)

    async def _by_token(self, token: str) -> Identity:
        settings = self._settings
        try:
            try:
                claims = self._claims(token, await self._keys.current())
            except InvalidKeyIdError:
                claims = self._claims(token, await self._keys.newest())
        except KeysUnknown as error:
            raise Refused(
                503,
                "The identity provider's keys cannot be read now, so your sign-in cannot be checked;"
                " try again in a moment.",
            ) from error
        except UNREADABLE as error:
            raise Refused(401, "The identity token is not valid here, or it has expired.") from error
        organization = claims.get(settings.oidc_organization_claim)
        if not isinstance(organization, str) or not organization:
            raise Refused(
                403, f"The identity token names no organization in {settings.oidc_organization_claim!r}."
            )
        email = str(claims.get("email") or "") if _is_verified(claims) else ""
        return Identity(
            organization_id=organization,
            user_id=str(claims["sub"]),
            name=str(claims.get("name") or email or claims["sub"]),
            email=email,
            role="admin" if claims.get(settings.oidc_role_claim) == "admin" else "member",
            # Under whichever header: proxies pass a browser's session on as `Authorization: Bearer` as well.
            ambient=True,
        )

    def _claims(self, token: str, keys: KeySet) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(token, keys, algorithms=_OIDC_ALGORITHMS).claims
        expected_claims(self._clock, issuer=self._issuer, audience=self._audience).validate(claims)
        return claims


def _by_key(token: str, settings: ServiceSettings, clock: Clock, revoked: RevokedKeys) -> Identity:
    try:
        key_id, identity = identity_of_api_key(token, settings.signing_key, clock)
    except TokenRefused as error:
        raise Refused(401, str(error)) from error
    if key_id in revoked:
        raise Refused(401, "This bearer key was revoked.")
    return identity


def _is_verified(claims: Mapping[str, Any]) -> bool:
    """Return False if the issuer says that the address is unverified; many issuers say nothing about it."""
    claim = claims.get("email_verified")
    return claim is None or claim is True or str(claim).lower() == "true"


def _is_loopback(host: str | None) -> bool:
    try:
        return host is not None and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names_loopback(host_header: str) -> bool:
    name = host_header.rsplit(":", 1)[0] if not host_header.endswith("]") else host_header
    return name.lower() in _LOOPBACK_NAMES
