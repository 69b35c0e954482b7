"""Credentials leased from the connector over authenticated HTTP; in memory until they expire (DESIGN §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import orjson
from pydantic import BaseModel, Field, SecretStr, ValidationError

from services.syncer.errors import CredentialWithheldError, DisconnectedError, QuestionUnknownError
from services.syncer.ports import Credential
from shared.auth.tokens import mint_service_token
from shared.errors import TransientError
from shared.http.problems import NO_CREDENTIAL

if TYPE_CHECKING:
    from services.syncer.domain.connection import ConnectionKey
    from shared.clock import Clock

_TIMEOUT_SECONDS = 10.0
_EXPIRY_GUARD_SECONDS = 5.0
"""A lease this close to its end is renewed, so that it does not expire during a slice's first call."""

_OK = 200
_OWN_FAULTS = 500
_UNKNOWN = frozenset({404, 405, 409})
"""How one of our services responds to a request that it does not know, or about a connection that it does
not report as gone (`NO_CREDENTIAL`): versions differ in both."""

_WRONG_KEY = "Compare EARSHOT_SIGNING_KEY of both services."
_WHAT_TO_DO = {401: _WRONG_KEY, 403: _WRONG_KEY}
_WRONG_ADDRESS = "That is not the connector's word: look whether it is its address, without a path."


class _Lease(BaseModel):
    access_token: SecretStr
    base_url: str
    workspace_id: str | None = None
    expires_in_seconds: float = Field(gt=0)


class HttpCredentials:
    """Leases credentials from the connector and keeps them until they expire."""

    def __init__(
        self,
        *,
        connector_url: str,
        signing_key: SecretStr,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=connector_url, timeout=_TIMEOUT_SECONDS, transport=transport, trust_env=False
        )
        self._signing_key = signing_key
        self._clock = clock
        self._leases: dict[ConnectionKey, Credential] = {}
        self._drops = 0

    async def lease(self, key: ConnectionKey) -> Credential:
        self._forget_expired()
        known = self._leases.get(key)
        if known is not None:
            return known
        drops = self._drops
        credential = self._read(key, await self._ask(key))
        if drops == self._drops:
            # Otherwise it may have been lent before what the drop was about. It serves whoever asked, once:
            # a drop of another connection's costs no more than another question.
            self._leases[key] = credential
        return credential

    def drop(self, key: ConnectionKey) -> None:
        self._drops += 1
        self._leases.pop(key, None)

    def _forget_expired(self) -> None:
        """Keep no expired token in memory: its connection may never be asked for again."""
        now = self._clock.monotonic()
        for key, known in list(self._leases.items()):
            if known.expires_at - _EXPIRY_GUARD_SECONDS <= now:
                del self._leases[key]

    async def aclose(self) -> None:
        self._leases.clear()
        await self._client.aclose()

    async def _ask(self, key: ConnectionKey) -> httpx.Response:
        token = mint_service_token(self._signing_key, self._clock, service="syncer", audience="connector")
        try:
            return await self._client.get(
                f"/internal/v1/connections/{key.connection_id}/credential",
                params={"organization_id": key.organization_id},
                headers={"Authorization": f"Bearer {token}"},
            )
        except httpx.HTTPError as error:
            raise TransientError(
                f"The connector did not lease a credential: {type(error).__name__}. Is it running?"
            ) from error

    def _read(self, key: ConnectionKey, response: httpx.Response) -> Credential:
        if _says_none(response):
            raise DisconnectedError("The connector has no credential for this connection any more.")
        if response.status_code >= _OWN_FAULTS:
            raise TransientError(
                f"The connector answered {response.status_code}, and leases nothing for now."
            )
        if response.status_code in _UNKNOWN and _is_ours(response):
            raise QuestionUnknownError(
                f"The service that EARSHOT_CONNECTOR_URL names answered {response.status_code} and does"
                " not know how to lend a credential: it is an older connector, or not the connector."
            )
        if response.status_code != _OK:
            raise CredentialWithheldError(
                f"What EARSHOT_CONNECTOR_URL names answered {response.status_code} when asked for a"
                f" credential. {_WHAT_TO_DO.get(response.status_code, _WRONG_ADDRESS)}"
            )
        try:
            lease = _Lease.model_validate_json(response.content)
        except ValidationError as error:
            # The body holds a token, so neither it nor pydantic's words about it are shown.
            raise CredentialWithheldError(
                f"The connector's credential cannot be read: {error.error_count()} fields are wrong."
                " Look whether EARSHOT_CONNECTOR_URL is its address, and both services of one version."
            ) from None
        return Credential(
            key=key,
            access_token=lease.access_token,
            base_url=lease.base_url,
            workspace_id=lease.workspace_id,
            expires_at=self._clock.monotonic() + lease.expires_in_seconds,
        )


def _says_none(response: httpx.Response) -> bool:
    """Return whether the connector itself says that it has none; other addresses may respond 404 too."""
    return _problem(response).get("type") == NO_CREDENTIAL


def _is_ours(response: httpx.Response) -> bool:
    """Return whether one of our services responded: each of their problems has a reference to the log."""
    return {"type", "detail", "reference"} <= _problem(response).keys()


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return problem if isinstance(problem, dict) else {}
