"""Sending: claim, try, settle; `dispatch.py` says when."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from services.notifier.domain.echo import without_echo
from services.notifier.domain.notification import Attempt, Notification, Settlement
from services.notifier.domain.preferences import quiet_until
from services.notifier.errors import DeliveryPostponed, DeliveryRefused
from services.notifier.ports import Message
from shared.contracts.deliveries import NotificationDelivered, NotificationFailed
from shared.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from services.notifier.domain.backoff import Backoff
    from services.notifier.domain.rule import Rule
    from services.notifier.metrics import Metrics
    from services.notifier.ports import Channel, Inbox, Notifications, People, Rules, Vault
    from shared.clock import Clock
    from shared.contracts.deliveries import ChannelName
    from shared.contracts.event import Event

_LOG = structlog.get_logger(__name__)

_LEASE_SPARE_SECONDS = 10.0
"""Added to a try's own limit, so that a lease outlives any try that is still at work. What comes before the
try, claiming included, must not take longer: where process or database stall, two replicas would send."""

_STORING_SECONDS = 60.0
"""How long a database that is away is asked to store an outcome: a failover is over by then. Once given
up, the claim is taken over after its lease, and what was sent is sent again."""

_STORING_PAUSE_SECONDS = 0.25
"""Between two of these questions; shorter than what passes between two looks for what is due."""


class Deliverer:
    """Makes one attempt for one notification, and stores what came of it."""

    def __init__(
        self,
        *,
        notifications: Notifications,
        inbox: Inbox,
        rules: Rules,
        people: People,
        channels: Mapping[ChannelName, Channel],
        vault: Vault,
        backoff: Backoff,
        clock: Clock,
        rng: random.Random,
        metrics: Metrics,
        public_url: str,
        timeout_seconds: float,
        currency: str = "USD",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._notifications = notifications
        self._inbox = inbox
        self._rules = rules
        self._people = people
        self._channels = channels
        self._vault = vault
        self._backoff = backoff
        self._clock = clock
        self._rng = rng
        self._metrics = metrics
        self._public_url = public_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._currency = currency
        self._sleep = sleep

    async def attempt(
        self, organization_id: str, notification_id: str, *, in_place_of: str | None = None
    ) -> Settlement | None:
        """Send a notification if it is due and nobody else does; return what came of it.

        `in_place_of` names a claim that has ended (`watch_claims.py`): what it still holds is sent.

        None when there was nothing to do, no rule asks for it any more, its recipient has quiet hours now, or
        the database took so long that another may have it before it is sent.
        """
        began, now = self._clock.monotonic(), self._clock.now()
        token = secrets.token_hex(8)
        claimed = await self._notifications.claim(
            organization_id,
            notification_id,
            now=now,
            lease_seconds=self._timeout_seconds + _LEASE_SPARE_SECONDS,
            token=token,
            in_place_of=in_place_of,
        )
        if claimed is None:
            return None
        rule = await self._asking(claimed)
        if rule is None:
            await self._notifications.cancel(
                organization_id,
                "Its rule was removed or switched off, or names neither this recipient nor this channel now.",
                notification_id=claimed.id,
            )
            return None
        claimed = replace(claimed, rule_id=rule.id)
        until = await self._quiet_until(claimed, now)
        if until is None and self._clock.monotonic() - began > _LEASE_SPARE_SECONDS:
            until = now
        if until is not None:
            await self._notifications.put_back(claimed, until, token=token)
            return None
        settlement = await self._try(claimed, rule, now)
        if claimed.channel == "inbox" and settlement.state == "delivered":
            await self._catch_up(claimed)
        if await self._stored(claimed, settlement, token):
            await self._note(claimed, settlement)
        return settlement

    async def _stored(self, claimed: Notification, settlement: Settlement, token: str) -> bool:
        """Store what came of a try; return whether that was ours to store, and was not stored before.

        Raises TransientError when the database was away for too long.
        """
        facts = _facts(claimed, settlement)
        until = self._clock.monotonic() + _STORING_SECONDS
        while True:
            try:
                return await self._notifications.settle(claimed, settlement, token=token, facts=facts)
            except TransientError as error:
                if self._clock.monotonic() >= until:
                    raise
                _LOG.info("outcome waits to be stored", notification_id=claimed.id, reason=str(error))
                await self._sleep(_STORING_PAUSE_SECONDS)

    async def _asking(self, claimed: Notification) -> Rule | None:
        """Return the rule to send by: its own, or one that tells the same recipient of the signal.

        There is one notification a signal, channel and recipient, whichever rule was the first to make it. So
        that rule's end must not silence the others.
        """
        rule = await self._rules.get(claimed.organization_id, claimed.rule_id)
        if rule is not None and (claimed.test or rule.may_tell(claimed.channel, claimed.recipient.key)):
            return rule
        if claimed.test:
            return None
        others = await self._rules.list_of(claimed.organization_id)
        signal, channel, recipient = claimed.signal, claimed.channel, claimed.recipient.key
        return next((other for other in others if other.tells(signal, channel, recipient)), None)

    async def _quiet_until(self, claimed: Notification, now: datetime) -> datetime | None:
        """Return when quiet hours end that keep mail waiting; a sample is wanted now and waits for none."""
        if claimed.channel != "email" or claimed.test:
            return None
        wishes = await self._people.of_email(claimed.organization_id, claimed.recipient.key)
        return quiet_until(wishes, claimed.signal, now)

    async def _catch_up(self, claimed: Notification) -> None:
        """Give the entry what became of its signal between the claim and the entry.

        A newer state that came in between found no entry to change; one that comes from here on finds it.
        The same goes for a removal: it deletes notifications first, and then entries.
        """
        newest = await self._notifications.get(claimed.organization_id, claimed.id)
        if newest is None:
            await self._inbox.drop(claimed.organization_id, claimed.signal.signal_id)
        elif newest.signal.revision > claimed.signal.revision:
            await self._inbox.refresh(newest.signal, over=newest.over)

    async def _try(self, claimed: Notification, rule: Rule, now: datetime) -> Settlement:
        began = self._clock.monotonic()
        number = claimed.tries

        def outcome(error: DeliveryPostponed | DeliveryRefused | None, answer: str) -> Settlement:
            seconds = self._clock.monotonic() - began
            ended = self._clock.now()
            delay = (
                self._backoff.delay_seconds(
                    number, jitter=self._rng.random(), asked_seconds=error.retry_after_seconds
                )
                if isinstance(error, DeliveryPostponed) and not claimed.test
                else None
            )
            state = "delivered" if error is None else "retry" if delay is not None else "failed"
            attempt = Attempt(
                number=number,
                at=now,
                seconds=round(seconds, 4),
                outcome=state,  # type: ignore[arg-type] # one of the three, as just written
                detail=without_echo(answer, claimed.signal)[:500],
                reason=error.failure if error else None,
                status=error.status if error else None,
            )
            if delay is not None:
                return Settlement("pending", attempt, ended + timedelta(seconds=delay))
            return Settlement("delivered" if error is None else "failed", attempt)

        try:
            message = self._message(claimed, rule, now)
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._channels[claimed.channel].deliver(message)
        except TimeoutError:
            late = DeliveryPostponed(f"No answer within {self._timeout_seconds:g} s.", reason="timed_out")
            return outcome(late, str(late))
        except (DeliveryPostponed, DeliveryRefused) as error:
            return outcome(error, str(error))
        except TransientError:
            # The database is away, so this attempt could not be stored either. Its claim will be taken over.
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted, shown and comes to an end
            _LOG.exception("attempt failed in a way nobody foresaw", notification_id=claimed.id)
            unforeseen = DeliveryPostponed(
                f"An error that nobody foresaw: {type(error).__name__}. The notifier's log says more.",
                reason="unreachable",
            )
            return outcome(unforeseen, str(unforeseen))
        return outcome(None, answer)

    def _message(self, notification: Notification, rule: Rule, now: datetime) -> Message:
        try:
            return Message(
                notification=notification,
                rule_name=rule.name,
                link=f"{self._public_url}{notification.signal.url_path}",
                at=now,
                url=self._vault.open(rule.sealed_url) if rule.sealed_url else None,
                secret=self._vault.open(rule.sealed_secret) if rule.sealed_secret else None,
                currency=self._currency,
            )
        except ConfigurationError as error:
            # A restart fixes the key ring, and a new key reaches one replica before another.
            raise DeliveryPostponed(str(error), reason="not_configured") from error

    async def _note(self, notification: Notification, settlement: Settlement) -> None:
        attempt = settlement.attempt
        self._metrics.attempts.labels(notification.channel, attempt.outcome).inc()
        self._metrics.attempt_seconds.labels(notification.channel).observe(attempt.seconds)
        if settlement.state == "delivered" and not notification.test:
            elapsed = self._clock.now() - notification.signal.changed_at
            self._metrics.told_seconds.observe(max(0.0, elapsed.total_seconds()))
        failure = None if attempt.outcome == "delivered" else attempt.detail
        await self._rules.record(notification.organization_id, notification.rule_id, attempt.at, failure)
        if failure is not None:
            _LOG.warning(
                "delivery did not succeed",
                organization_id=notification.organization_id,
                notification_id=notification.id,
                channel=notification.channel,
                attempt=attempt.number,
                outcome=attempt.outcome,
                reason=attempt.reason,
                detail=attempt.detail,
            )


def _facts(notification: Notification, settlement: Settlement) -> tuple[Event, ...]:
    if notification.test or settlement.state == "pending":
        return ()
    attempt = settlement.attempt
    shared = {
        "organization_id": notification.organization_id,
        "connection_id": notification.connection_id,
        "notification_id": notification.id,
        "signal_id": notification.signal.signal_id,
        "channel": notification.channel,
        "recipient": notification.recipient.label,
        "attempts": attempt.number,
    }
    if settlement.state == "delivered":
        return (NotificationDelivered.model_validate({**shared, "delivered_at": attempt.at}),)
    return (
        NotificationFailed.model_validate(
            {
                **shared,
                "reason": attempt.reason or "rejected",
                "detail": attempt.detail,
                "failed_at": attempt.at,
            }
        ),
    )
