"""Work beside the records: re-readings and matching in slices, rounds by the clock.

An engine that is away is waited for.
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
"""How often a re-reading to do is looked for; a switch takes effect within about that."""

_BREATH_SECONDS = 0.05
"""Pause between slices, so that live records are always served first."""

_MOST_BREATHS = 40
"""How often a slice waits for records that are being taken in: two seconds, so that a stream of them without
end slows re-readings down and never stops them."""

_REST_SECONDS = 0.25
"""Shorter pauses are no rest: between two batches of a stream the next one is decoded."""

_MOST_HEALTH_WAITS = 120
"""How often a round of health waits for a rest: half a minute, after which numbers move all the same."""

_AWAY_SECONDS = 5.0

_OLD_PEOPLE_SECONDS = 600.0
"""How often people are looked at again whom an earlier build stored: while replicas are replaced one by one,
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
        """Ask for what newer detectors have to read again, then work on slices; fresh records come first."""
        await self._patiently(self._ask_all)
        while True:
            await self._give_way()
            worked = await self._patiently(self._engine.reread.work)
            worked = worked or await self._patiently(self._engine.redetect.work)
            if worked:
                self._metrics.reread()
            await self._sleep(_BREATH_SECONDS if worked else _IDLE_SECONDS)

    async def match(self) -> None:
        """Match companies where names, attributes or lists changed, and let conversations follow, in slices.

        Fresh records come first.
        """
        while True:
            await self._give_way()
            rematched = await self._patiently(self._engine.rematch.work)
            listed = await self._patiently(self._engine.follow_list.work)
            moved = await self._patiently(self._engine.follow_companies.work)
            worked = await self._patiently(self._engine.follow_contacts.work) or moved or listed or rematched
            await self._sleep(_BREATH_SECONDS if worked else _IDLE_SECONDS)

    async def count_people(self) -> None:
        """Count people's conversations where they changed; fresh records come first."""
        while True:
            await self._give_way()
            worked = await self._patiently(self._engine.count_people.work)
            await self._sleep(_BREATH_SECONDS if worked else _IDLE_SECONDS)

    async def fill_people(self) -> None:
        """Fill in what an earlier build did not store of people, in slices; fresh records come first."""
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
        """Close what has run out, and count what a crash left uncounted, again and again."""
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
        """Look at all customers as of now, again and again."""
        seconds = self._settings.account_review_seconds
        while True:
            await self._sleep(min(seconds, self._settings.round_seconds))
            await self._patiently(lambda: self._engine.rounds.review_accounts(seconds))

    async def due_subjects(self) -> None:
        """Review whose conversations were read, once they are quiet and so are all others'.

        A batch of a stream takes longer than a customer has to be quiet, so who seems quiet is merely in the
        next one. Patience ends for each customer by itself.
        """
        quiet, patience = self._settings.review_quiet_seconds, self._settings.review_patience_seconds
        while True:
            enough = quiet if self._engine.admission.rests_for(_REST_SECONDS) else patience
            reviewed = await self._patiently(partial(self._engine.due_subjects.round, enough, patience))
            self._metrics.reviewed(reviewed)
            await self._sleep(_BREATH_SECONDS if reviewed else quiet)

    async def health(self) -> None:
        """Measure whose health is due, a portion at a time; records that come in go first."""
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
        """Deal with questions to the language model; several of these run beside each other."""
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
