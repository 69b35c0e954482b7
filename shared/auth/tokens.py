"""Signed tokens that the platform issues itself: bearer keys for machines, and calls between services."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry

from shared.auth.identity import Identity, Role

if TYPE_CHECKING:
    from pydantic import SecretStr

    from shared.clock import Clock
    from shared.contracts.topics import Service

_ALGORITHM = "HS256"
_ISSUER = "earshot"
_KEY_AUDIENCE = "earshot-api"
_SERVICE_AUDIENCE = "earshot-internal"
_SERVICE_TOKEN_LIFE = timedelta(minutes=2)
"""Long enough for one call with retries and clocks that differ a little."""

LONGEST_KEY_LIFE_DAYS = 366
"""A key that nobody renews within a year is a key that nobody remembers."""

_MOST_TOKEN_CHARACTERS = 4_096


_MOST_APART_SECONDS = 60
"""How much the clocks of two machines may differ. Without it, tokens of a machine whose clock is a second
ahead would be refused by all others, as issued in the future."""


UNREADABLE = (JoseError, ValueError, TypeError)
"""What joserfc raises over a token that is not valid, or that it cannot read at all."""


class TokenRefused(Exception):
    """The token is not one of ours, has expired, or is meant for something else. The message may be shown."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new bearer key. `token` is shown once and stored nowhere; a repr leaves it out."""

    key_id: str
    token: str = field(repr=False)
    expires_at: datetime


def expected_claims(clock: Clock, *, issuer: str, audience: str) -> JWTClaimsRegistry:
    """Return what a token must say to be valid here and now; clocks may differ by a minute."""
    return JWTClaimsRegistry(
        now=int(clock.now().timestamp()),
        leeway=_MOST_APART_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        sub={"essential": True},
    )


def _claims(token: str, signing_key: SecretStr, clock: Clock, audience: str) -> dict[str, Any]:
    if len(token) > _MOST_TOKEN_CHARACTERS:
        raise TokenRefused("The token is too long to be one of ours.")
    try:
        decoded = jwt.decode(token, _key(signing_key), algorithms=[_ALGORITHM])
        expected_claims(clock, issuer=_ISSUER, audience=audience).validate(decoded.claims)
    except UNREADABLE as error:
        raise TokenRefused("The token is not valid here, or it has expired.") from error
    return decoded.claims


def _key(signing_key: SecretStr) -> OctKey:
    return OctKey.import_key(signing_key.get_secret_value())


def _encode(claims: dict[str, Any], signing_key: SecretStr) -> str:
    return jwt.encode({"alg": _ALGORITHM}, claims, _key(signing_key))


def issue_api_key(
    signing_key: SecretStr, clock: Clock, *, organization_id: str, name: str, role: Role, days: int
) -> IssuedKey:
    """Return a new bearer key for machines of one organization.

    Raises:
        ValueError: `days` is not between 1 and `LONGEST_KEY_LIFE_DAYS`.
    """
    if not 1 <= days <= LONGEST_KEY_LIFE_DAYS:
        raise ValueError(f"A key lives between 1 and {LONGEST_KEY_LIFE_DAYS} days.")
    now = clock.now()
    expires_at = now + timedelta(days=days)
    key_id = secrets.token_hex(8)
    token = _encode(
        {
            "iss": _ISSUER,
            "aud": _KEY_AUDIENCE,
            "sub": key_id,
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "organization_id": organization_id,
            "name": name,
            "role": role,
        },
        signing_key,
    )
    return IssuedKey(key_id, token, expires_at.astimezone(UTC))


def identity_of_api_key(token: str, signing_key: SecretStr, clock: Clock) -> tuple[str, Identity]:
    """Return (key id, identity) of a bearer key.

    Raises TokenRefused. Revocation is for the caller to check.
    """
    claims = _claims(token, signing_key, clock, _KEY_AUDIENCE)
    role: Role = "admin" if claims.get("role") == "admin" else "member"
    key_id = str(claims["sub"])
    return key_id, Identity(
        organization_id=str(claims["organization_id"]),
        user_id=f"key:{key_id}",
        name=str(claims.get("name") or "Bearer key"),
        email="",
        role=role,
        ambient=False,
    )


def mint_service_token(signing_key: SecretStr, clock: Clock, *, service: Service, audience: Service) -> str:
    """Return a short-lived token with which `service` makes one internal call to `audience`."""
    now = clock.now()
    return _encode(
        {
            "iss": _ISSUER,
            "aud": f"{_SERVICE_AUDIENCE}/{audience}",
            "sub": service,
            "iat": int(now.timestamp()),
            "exp": int((now + _SERVICE_TOKEN_LIFE).timestamp()),
        },
        signing_key,
    )


def service_of_token(token: str, signing_key: SecretStr, clock: Clock, *, audience: Service) -> str:
    """Return the calling service. Raises TokenRefused."""
    return str(_claims(token, signing_key, clock, f"{_SERVICE_AUDIENCE}/{audience}")["sub"])
