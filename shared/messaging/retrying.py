"""Retrying: how often, with which delays, and who is told meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import structlog

if TYPE_CHECKING:
    import random

    from shared.errors import DeadLetterReason, TransientError

_LOG = structlog.get_logger(__name__)

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


class ProcessingState(Protocol):
    """Is told how the processing of one consumer group goes, for readiness and metrics."""

    def waiting(self, why: str) -> None: ...

    def going_on(self) -> None: ...

    def put_aside(self, reason: DeadLetterReason) -> None: ...

    def handled(self, records: int) -> None: ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a batch is retried before it is left to Kafka to deliver again.

    The sum of all delays stays well below Kafka's max.poll.interval (five minutes), so that a patient
    consumer is not taken for a dead one.

    Attributes:
        unforeseen_limit: how many records in a row may fail in a way that no code expected; one more
            stops the service. A record that is delivered again counts once.
    """

    attempts: int = 8
    first_delay_seconds: float = 0.2
    longest_delay_seconds: float = 15.0
    unforeseen_limit: int = 20

    def delay_seconds(self, attempt: int, jitter: float) -> float:
        """Return the wait after `attempt` (from 1); `jitter` in [0, 1) spreads it over its upper half."""
        full = min(self.first_delay_seconds * 2.0 ** (attempt - 1), self.longest_delay_seconds)
        return full / 2 + full / 2 * jitter


class Retrying:
    """Waits between the attempts at a batch, and reports that it does."""

    def __init__(
        self, policy: RetryPolicy, *, state: ProcessingState, sleep: Sleep, rng: random.Random
    ) -> None:
        self._policy = policy
        self._state = state
        self._sleep = sleep
        self._rng = rng

    def attempts(self) -> range:
        """Return the attempts to make, counted from 1."""
        return range(1, self._policy.attempts + 1)

    async def pause(self, attempt: int, error: TransientError, *, records: int) -> None:
        """Return when it is time for the next attempt. Raises `error` when that was the last one."""
        self._state.waiting(str(error))
        _LOG.warning("batch waits", attempt=attempt, records=records, reason=str(error))
        if attempt == self._policy.attempts:
            raise error
        planned = self._policy.delay_seconds(attempt, self._rng.random())
        asked = min(error.retry_after_seconds or 0.0, self._policy.longest_delay_seconds)
        await self._sleep(max(planned, asked))
