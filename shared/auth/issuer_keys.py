"""An identity provider's signing keys: fetched when they are asked for, and kept for when it is away."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

if TYPE_CHECKING:
    from shared.clock import Clock

_LOG = structlog.get_logger(__name__)

_FRESH_SECONDS = 300.0
"""How long keys are trusted before they are asked for again."""

_STALE_SECONDS = 3_600.0
"""How long keys are trusted while the provider does not answer: longer than its restart or update takes,
and about as long as tokens live, so that a key it withdrew meanwhile opens little more than they would."""

_PAUSE_SECONDS = 10.0
"""Least time between two questions, whatever came of the first: key ids that somebody makes up cannot have
the provider asked more often, and one that is away is not asked by each request."""

_TIMEOUT_SECONDS = 5.0


_UNUSABLE = (JoseError, ValueError, TypeError, LookupError)
"""What joserfc raises over a document, or a key in it, that it does not understand."""


class KeysUnknown(Exception):
    """The provider's keys could not be read, and none are known that may still be trusted."""


class IssuerKeys:
    """The keys that an issuer publishes at `url`. Whoever needs them at the same time shares one fetch."""

    def __init__(self, url: str, clock: Clock, client: httpx.AsyncClient) -> None:
        self._url = url
        self._clock = clock
        self._client = client
        self._keys: KeySet | None = None
        self._read_at = -math.inf
        self._asked_at = -math.inf
        self._failed = False
        self._fetch: asyncio.Task[None] | None = None

    async def current(self) -> KeySet:
        """Return the keys; those of an hour ago at most while the provider is away. Raises KeysUnknown."""
        if self._trusted(_FRESH_SECONDS) is None:
            fetch = self._ask()
            # Nobody waits for a provider that was away a moment ago, unless they must.
            can_do_without = self._failed and self._trusted(_STALE_SECONDS) is not None
            if fetch is not None and not can_do_without:
                await asyncio.shield(fetch)
        return self._known()

    async def newest(self) -> KeySet:
        """Return keys for a token whose key is not among the current ones: it may be newer than they are.

        They are the same ones when those were read only just now. Raises KeysUnknown when it cannot be told
        whether there are newer ones.
        """
        fetch = self._ask()
        if fetch is not None:
            await asyncio.shield(fetch)
        if self._failed:
            raise KeysUnknown
        return self._known()

    def _known(self) -> KeySet:
        keys = self._trusted(_STALE_SECONDS)
        if keys is None:
            raise KeysUnknown
        return keys

    def _trusted(self, seconds: float) -> KeySet | None:
        return self._keys if self._clock.monotonic() - self._read_at < seconds else None

    def _ask(self) -> asyncio.Task[None] | None:
        """Return the fetch under way or a new one; None when the last ended only just now."""
        if self._fetch is None and self._clock.monotonic() - self._asked_at >= _PAUSE_SECONDS:
            self._fetch = asyncio.create_task(self._read(), name="issuer keys")
        return self._fetch

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                answer = await self._client.get(self._url, timeout=_TIMEOUT_SECONDS)
            self._keys = _usable_keys(answer.raise_for_status().json())
        except (httpx.HTTPError, TimeoutError, *_UNUSABLE) as error:
            self._failed = True
            _LOG.warning("the identity provider's keys cannot be read", reason=repr(error)[:300])
        else:
            self._failed = False
            self._read_at = self._clock.monotonic()
        finally:
            self._asked_at = self._clock.monotonic()
            self._fetch = None


def _usable_keys(published: Any) -> KeySet:
    """Return the keys that are understood; of another kind than ours, a key stands beside them (RFC 7517 §5).

    Raises one of `_UNUSABLE` when there is none.
    """
    usable, left_out = [], 0
    for one in published["keys"]:
        try:
            usable += KeySet.import_key_set({"keys": [one]}).keys
        except _UNUSABLE:
            left_out += 1
    if not usable:
        raise ValueError(f"none of {left_out} published keys is understood")
    if left_out:
        _LOG.debug("keys of the identity provider are of kinds unknown here", left_out=left_out)
    return KeySet(usable)
