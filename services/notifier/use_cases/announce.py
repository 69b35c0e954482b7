"""From signals to notifications: store one for each recipient and channel that a rule names, then send."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import structlog

from services.notifier.domain.announcing import (
    is_implied,
    is_removed,
    may_be_heard_anew,
    silent_because,
    told_from,
)
from services.notifier.domain.notification import Notification, as_detected
from services.notifier.domain.preferences import mail_due
from services.notifier.domain.rule import default_rule
from shared.contracts.signals import SignalCleared, SignalDetected
from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.notifier.domain.rule import Recipient, Rule
    from services.notifier.metrics import Metrics
    from services.notifier.ports import Inbox, KnownSignal, KnownSignals, Notifications, People, Rules
    from services.notifier.use_cases.dispatch import Dispatcher
    from shared.clock import Clock
    from shared.contracts.signals import SignalEvent

_LOG = structlog.get_logger(__name__)

_SIGNALS_AT_ONCE = 16
"""Signals of one batch that are worked on side by side; those of one signal stay in order."""


class Announcer:
    """Takes signals in batches. Everything it does may be done twice without anybody noticing."""

    def __init__(
        self,
        *,
        rules: Rules,
        notifications: Notifications,
        inbox: Inbox,
        known: KnownSignals,
        people: People,
        dispatcher: Dispatcher,
        clock: Clock,
        metrics: Metrics,
        most_age_days: float,
        settle_seconds: float,
    ) -> None:
        self._rules = rules
        self._notifications = notifications
        self._inbox = inbox
        self._known = known
        self._people = people
        self._dispatcher = dispatcher
        self._clock = clock
        self._metrics = metrics
        self._most_age_days = most_age_days
        self._settle_seconds = settle_seconds

    async def take(self, signals: Sequence[SignalEvent]) -> None:
        """Work through a batch, in order for each signal; sending starts when all of it is stored.

        So a signal that opens and clears within one batch is announced to nobody.
        """
        by_signal: dict[tuple[str, str], list[SignalEvent]] = defaultdict(list)
        for signal in signals:
            by_signal[signal.organization_id, signal.signal_id].append(signal)
        rules = {
            organization_id: await self.rules_of(organization_id)
            for organization_id in {signal.organization_id for signal in signals}
        }
        turns = asyncio.Semaphore(_SIGNALS_AT_ONCE)
        ready: list[Notification] = []

        async def in_order(events: list[SignalEvent]) -> None:
            async with turns:
                notifications: list[Notification] = []
                for event in events:
                    notifications.extend(await self._take(event, rules[event.organization_id]))
                # By its time: a signal moves with its customer, and a batch holds each partition in a row.
                if not await self._removed_meanwhile(max(events, key=lambda event: event.changed_at)):
                    ready.extend(notifications)

        ended = await asyncio.gather(*map(in_order, by_signal.values()), return_exceptions=True)
        failures = [result for result in ended if isinstance(result, BaseException)]
        if failures:
            # A retryable error decides for the batch; other failures are traced when records come one by one.
            raise next((error for error in failures if isinstance(error, TransientError)), failures[0])
        now = self._clock.now()
        for notification in ready:
            if notification.next_attempt_at <= now:
                self._dispatcher.send_soon(notification)

    async def rules_of(self, organization_id: str) -> list[Rule]:
        """Return an organization's rules, giving it the default one at its first signal or visit."""
        rules = await self._rules.list_of(organization_id)
        if not rules:
            await self._rules.seed(default_rule(organization_id, self._clock.now()))
            rules = await self._rules.list_of(organization_id)
        return rules

    async def _take(self, signal: SignalEvent, rules: list[Rule]) -> list[Notification]:
        removed_until = await self._known.removed_until(signal.organization_id, signal.connection_id)
        if is_removed(signal, removed_until):
            # Not remembered either: the same signal may open again after the workspace is connected again.
            self._metrics.silent.labels("data_removed").inc()
            return []
        if isinstance(signal, SignalDetected):
            known = await self._known.get(signal.organization_id, signal.signal_id)
            is_news = self._is_news(signal, known)
            notifications = await self._announce(_newest(signal, known), rules) if is_news else []
            await self._known.remember(signal, over=False, at=self._kept_from(signal), is_news=is_news)
            return notifications
        over = signal.cleared_because if isinstance(signal, SignalCleared) else None
        # Words are updated first, so that nothing sent from here on quotes what was redacted.
        await self._notifications.refresh(signal)
        if over is not None:
            await self._call_off(signal, over)
        await self._inbox.refresh(signal, over=over)
        known = await self._known.get(signal.organization_id, signal.signal_id)
        notifications = await self._updated(signal, known, rules) if over is None else []
        await self._known.remember(
            signal,
            over=over is not None,
            at=self._kept_from(signal),
            is_ahead=over is None and (known is None or known.ahead is not None),
        )
        return notifications

    async def _call_off(self, signal: SignalEvent, over: str) -> None:
        """Send nothing more of a signal that is over.

        An implied risk that was withdrawn while it waited was told to nobody. What was to be sent is
        forgotten, so that people hear of it if the same words count again.
        """
        called_off = 0
        if over == "withdrawn" and is_implied(signal):
            called_off = await self._notifications.forget_untried(signal.organization_id, signal.signal_id)
        called_off += await self._notifications.cancel(
            signal.organization_id, f"The signal was cleared: {over}.", signal_id=signal.signal_id
        )
        self._metrics.cancelled.inc(called_off)

    def _kept_from(self, signal: SignalEvent) -> datetime:
        # Words that date from the future are fresh for longer: the memory must outlast that (`retention.py`).
        return max(self._clock.now(), signal.occurred_at)

    async def _removed_meanwhile(self, newest: SignalEvent) -> bool:
        """Take back what was stored of a signal while its connection's data was being removed.

        A removal bars first and deletes then. So what was stored before the bar it deletes itself, and what
        was stored after a look that did not see the bar yet is found by this second look.
        """
        organization_id = newest.organization_id
        if not is_removed(newest, await self._known.removed_until(organization_id, newest.connection_id)):
            return False
        for store in (self._notifications, self._inbox, self._known):
            await store.drop(organization_id, newest.signal_id)
        return True

    def _is_news(self, signal: SignalDetected, known: KnownSignal | None) -> bool:
        silent = silent_because(
            signal,
            now=self._clock.now(),
            most_age_days=self._most_age_days,
            known_revision=known.revision if known else None,
            known_over=known is not None and known.over,
        )
        if silent is not None:
            self._metrics.silent.labels(silent).inc()
        return silent is None

    async def _updated(
        self, signal: SignalEvent, known: KnownSignal | None, rules: list[Rule]
    ) -> list[Notification]:
        """Tell whom the opening did not reach, and what it has become since does.

        Nobody hears twice: there is one notification a signal, channel and recipient, ever. Rules that were
        made or asked for more after the signal opened leave it alone: to them it is of the past.
        """
        since = known.news_since if known else None
        if (
            known is None
            or since is None
            or not may_be_heard_anew(
                signal,
                now=self._clock.now(),
                most_age_days=self._most_age_days,
                known_revision=known.revision,
                known_words=known.words_until,
                news_since=since,
            )
        ):
            return []
        asked = [rule for rule in rules if rule.asked_at(since)]
        notifications = await self._announce(as_detected(signal), asked, opened=False)
        if notifications and await self._let_go_meanwhile(signal):
            await self._notifications.drop(signal.organization_id, signal.signal_id)
            return []
        return notifications

    async def _let_go_meanwhile(self, signal: SignalEvent) -> bool:
        """Tell whether the signal is news no more, so that those who had been told of it may be forgotten.

        What is let go of is first made no news, and its notifications are deleted then (`retention.py`). So
        who could be told anew for that is found by this second look.
        """
        known = await self._known.get(signal.organization_id, signal.signal_id)
        return known is None or known.news_since is None

    async def _announce(
        self, signal: SignalDetected, rules: list[Rule], *, opened: bool = True
    ) -> list[Notification]:
        now = self._clock.now()
        notifications = []
        for rule in rules:
            if not rule.matches(signal):
                continue
            for recipient in rule.recipients_for(signal):
                notification = await self._notification(signal, rule, recipient, now)
                if notification is None:
                    self._metrics.silent.labels("not_wanted").inc(int(opened))
                elif await self._notifications.add(notification):
                    self._metrics.created.labels(rule.channel).inc()
                    notifications.append(notification)
        if notifications:
            _LOG.info(
                "signal announced",
                organization_id=signal.organization_id,
                signal_id=signal.signal_id,
                kind=signal.kind,
                notifications=len(notifications),
            )
        return notifications

    async def _notification(
        self, signal: SignalDetected, rule: Rule, recipient: Recipient, now: datetime
    ) -> Notification | None:
        """Return what is to be sent, or None where the recipient does not want it."""
        due = told_from(signal, now=now, settle_seconds=self._settle_seconds)
        if rule.channel == "email":
            wishes = await self._people.of_email(signal.organization_id, recipient.key)
            wanted = mail_due(wishes, signal, due)
            if wanted is None:
                return None
            due = wanted
        return Notification.by_rule(rule, signal, recipient, now=now, due=due)


def _newest(opening: SignalDetected, known: KnownSignal | None) -> SignalDetected:
    """Return what to tell of an opening: where a later state overtook it, that one.

    It may name the customer, and so its owner, whom the opening does not know, and lack words that were
    redacted since.
    """
    ahead = known.ahead if known else None
    return opening if ahead is None or ahead.revision < opening.revision else ahead
