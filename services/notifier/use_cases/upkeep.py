"""What the notifier does for itself: addresses and secrets of rules get under the newest key of the ring."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.notifier.metrics import Metrics
    from services.notifier.ports import Rules, SealedSecrets, Vault

_LOG = structlog.get_logger(__name__)

_AT_ONCE = 200
EVERY_SECONDS = 3_600.0
"""A new ring comes with a restart, which renews at once; later turns find what was stored under an old key by
a replica that was not restarted yet."""

AGAIN_SECONDS = 15.0
"""How soon it is tried again while the database is away."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How many rules were put under the newest key, and of how many no key opens address or secret."""

    renewed: int
    unreadable: int


class Upkeep:
    def __init__(self, *, rules: Rules, vault: Vault, metrics: Metrics) -> None:
        self._rules = rules
        self._vault = vault
        self._metrics = metrics

    async def renew(self) -> Renewal:
        """Put every address and secret under the newest key; after that the older keys may leave the ring.

        Replicas may do it at once: a rule that somebody changed meanwhile is left as it is.
        """
        renewed = unreadable = 0
        last: SealedSecrets | None = None
        while rules := await self._rules.sealed(last, _AT_ONCE):
            for before in rules:
                try:
                    after = replace(
                        before, url=self._renewed(before.url), secret=self._renewed(before.secret)
                    )
                except ConfigurationError as error:
                    unreadable += 1
                    _LOG.error(
                        "a rule's address or secret cannot be read",
                        organization_id=before.organization_id,
                        rule_id=before.rule_id,
                        reason=str(error),
                    )
                    continue
                if after != before:
                    renewed += await self._rules.resealed(before, after)
            last = rules[-1]
        self._metrics.unreadable.set(unreadable)
        self._metrics.resealed.inc(renewed)
        if renewed:
            _LOG.info("addresses and secrets of rules are under the newest key", renewed=renewed)
        return Renewal(renewed, unreadable)

    def _renewed(self, sealed: str | None) -> str | None:
        return None if sealed is None else self._vault.renewed(sealed)

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Renew at the start and each hour, until cancelled."""
        while True:
            try:
                await self.renew()
            except TransientError as error:
                _LOG.warning("upkeep waits", reason=str(error))
                await sleep(AGAIN_SECONDS)
            else:
                await sleep(EVERY_SECONDS)
