"""Work apart from the records: re-reads and matching in slices, reviews and rounds by the clock.

Every loop waits while Kafka or MongoDB is unavailable, and continues afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.detector.adapters.mongo_connections import MongoConnections
    from services.detector.adapters.mongo_old_people import MongoOldPeople
    from services.detector.domain.mirror import ConnectionView
    from services.detector.engine import Engine
    from services.detector.metrics import Metrics
    from services.detector.settings import Settings

T = TypeVar("T")

_LOG = structlog.get_logger(__name__)

_IDLE_SECONDS = 1.0
"""How often a loop without work looks for some; a switch takes effect within about this time."""

_BREATH_SECONDS = 0.05
"""Pause between slices, so that live records are always served first."""

_MOST_BREATHS = 40
"""How often a slice waits while records are taken in: two seconds in all, so that an endless stream of
records slows re-reads down and never stops them."""

_REST_SECONDS = 0.25
"""Shorter pauses are no rest: between two batches of a stream the next one is being decoded."""

_MOST_HEALTH_WAITS = 120
"""How often a round of health waits for a rest: half a minute in all, after which it runs regardless."""

_AWAY_SECONDS = 5.0

_OLD_PEOPLE_SECONDS = 600.0
"""How often to look again for people that an earlier build stored: while replicas are replaced one by one,
the old ones store more of them."""


class BackgroundWork:
    """Loops that run until cancelled."""

    def __init__(
        self,
        engine: Engine,
        connections: MongoConnections,
        old_people: MongoOldPeople,
        settings: Settings,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._connections = connections
        self._old_people = old_people
        self._settings = settings
        self._metrics = metrics
        self._sleep = sleep

    async def reread(self) -> None:
        """Request the re-reads that newer detectors need, then work on slices; live records come first."""
        await self._patiently(self._ask_all)
        while True:
            await self._give_way()
            worked = await self._patiently(self._engine.reread.work)
            worked = worked or await self._patiently(self._engine.redetect.work)
            if worked:
                self._metrics.reread()
            await self._sleep(_BREATH_SECONDS if worked else _IDLE_SECONDS)

    async def match(self) -> None:
        """Match companies after names, attributes or lists changed, and update conversations, in slices.

        Live records come first.
        """
        while True:
            await self._give_way()
            rematched = await self._patiently(self._engine.rematch.work)
            listed = await self._patiently(self._engine.follow_list.work)
            moved = await self._patiently(self._engine.follow_companies.work)
            worked = await self._patiently(self._engine.follow_contacts.work) or moved or listed or rematched
            await self._sleep(_BREATH_SECONDS if worked else _IDLE_SECONDS)

    async def count_people(self) -> None:
        """Count people's conversations where they changed; live records come first."""
        while True:
            await self._give_way()
            worked = await self._patiently(self._engine.count_people.work)
            await self._sleep(_BREATH_SECONDS if worked else _IDLE_SECONDS)

    async def fill_people(self) -> None:
        """Add to stored people what an earlier build did not store, in slices; live records come first."""
        while True:
            await self._give_way()
            filled = await self._patiently(self._old_people.fill)
            await self._sleep(_BREATH_SECONDS if filled else _OLD_PEOPLE_SECONDS)

    async def _give_way(self) -> None:
        for _ in range(_MOST_BREATHS):
            if not self._engine.admission.is_busy:
                break
            await self._sleep(_BREATH_SECONDS)

    async def _ask_all(self) -> bool:
        for view in await self._connections.everywhere():
            await self._engine.culprits.left_out(
                "asking_anew", view.organization_id, [view], self._ask_these, lambda one: one.connection_id
            )
        return True

    async def _ask_these(self, views: Sequence[ConnectionView]) -> None:
        for view in views:
            await self._engine.redetect.ask(view)

    async def rounds(self) -> None:
        """Close signals that have expired, and update counts that a crash left outdated, again and again."""
        seconds = self._settings.round_seconds
        while True:
            closed = await self._patiently(lambda: self._engine.rounds.expire(seconds))
            if closed:
                _LOG.info("signals ran out", signals=closed)
            counted = await self._patiently(self._engine.rounds.recount)
            if counted:
                _LOG.info("counted what was left behind", signals=counted)
            await self._sleep(seconds)

    async def account_review(self) -> None:
        """Review all customers as of now, again and again."""
        seconds = self._settings.account_review_seconds
        while True:
            await self._sleep(min(seconds, self._settings.round_seconds))
            await self._patiently(lambda: self._engine.rounds.review_accounts(seconds))

    async def due_subjects(self) -> None:
        """Review subjects whose conversations were read, once they and all others are quiet.

        One batch of a stream takes longer than a subject has to be quiet, so a subject that seems quiet may
        be in the next batch. Patience ends for each subject separately.
        """
        quiet, patience = self._settings.review_quiet_seconds, self._settings.review_patience_seconds
        while True:
            enough = quiet if self._engine.admission.rests_for(_REST_SECONDS) else patience
            reviewed = await self._patiently(partial(self._engine.due_subjects.round, enough, patience))
            self._metrics.reviewed(reviewed)
            await self._sleep(_BREATH_SECONDS if reviewed else quiet)

    async def health(self) -> None:
        """Measure customers whose health is due, a portion at a time; live records come first."""
        seconds = self._settings.health_seconds
        again = timedelta(seconds=self._settings.account_review_seconds)
        while True:
            await self._sleep(seconds)
            for _ in range(_MOST_HEALTH_WAITS):
                if self._engine.admission.rests_for(_REST_SECONDS):
                    break
                await self._sleep(_REST_SECONDS)
            await self._patiently(lambda: self._engine.health.round(seconds, again))

    async def ask(self) -> None:
        """Deal with questions to the language model; several of these loops run side by side."""
        while True:
            asked = await self._patiently(self._engine.ask.work)
            if asked is None:
                await self._sleep(_IDLE_SECONDS)
            else:
                self._metrics.asked(asked.outcome, tokens=asked.tokens, seconds=asked.seconds)

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await step()
            except TransientError as error:
                _LOG.warning("background work waits", reason=str(error))
                await self._sleep(_AWAY_SECONDS)
