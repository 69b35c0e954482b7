"""Subscriptions: one factory, so that every service consumes by the same rules (DESIGN §4).

Offsets are committed after the work is stored. FastStream's stock parser raises on headers that are not
UTF-8, where no middleware can catch it, so it is given no headers.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, cast

import structlog
from faststream import AckPolicy
from faststream.exceptions import StopConsume
from faststream.kafka import KafkaRouter

from shared.errors import ProcessingStopped, TransientError
from shared.messaging.holding import Holding
from shared.messaging.membership import membership
from shared.messaging.moves import Moves
from shared.messaging.processor import BatchProcessor
from shared.messaging.retrying import RetryPolicy

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from aiokafka import ConsumerRecord
    from faststream.kafka import KafkaBroker, KafkaMessage

    from shared.contracts.event import Event
    from shared.contracts.topics import Service, Topic
    from shared.messaging.dead_letters import DeadLetters
    from shared.messaging.holding import Polled
    from shared.messaging.processor import BatchHandler
    from shared.messaging.retrying import ProcessingState, Sleep

_LOG = structlog.get_logger(__name__)


class Consumer:
    """Declares a service's subscriptions on its broker. Nothing is consumed until the broker starts.

    `state_of` returns the state of a consumer group by the group's name; it is called once for each.
    """

    def __init__(
        self,
        *,
        service: Service,
        broker: KafkaBroker,
        dead_letters: DeadLetters,
        state_of: Callable[[str], ProcessingState],
        on_stop: Callable[[str], None],
        sleep: Sleep,
        rng: random.Random,
        retry: RetryPolicy | None = None,
        group_suffix: str = "",
        instance: str | None = None,
    ) -> None:
        self._service = service
        self._broker = broker
        self._dead_letters = dead_letters
        self._state_of = state_of
        self._on_stop = on_stop
        self._sleep = sleep
        self._rng = rng
        self._retry = retry or RetryPolicy()
        self._group_suffix = group_suffix
        self._instance = instance

    def subscribe(
        self,
        topics: Sequence[Topic],
        handler: BatchHandler,
        *,
        events: Sequence[type[Event]],
        name: str = "main",
        max_records: int = 200,
    ) -> None:
        """Pass batches of these events to `handler`, in order within each partition.

        The consumer group is `earshot.<service>.<name>`. Events of other types on the topics are skipped. The
        handler must be idempotent: a batch is delivered again after an error or a crash.
        """
        group = f"earshot.{self._service}.{name}{self._group_suffix}"
        state = self._state_of(group)
        moves = Moves(state)
        processor = BatchProcessor(
            handler=handler,
            events=events,
            dead_letters=self._dead_letters,
            state=state,
            retry=self._retry,
            sleep=self._sleep,
            rng=self._rng,
        )

        holding = Holding(processor.process, max_records=max_records, sleep=self._sleep)

        async def consume(records: tuple[ConsumerRecord[bytes, bytes], ...]) -> None:
            try:
                await holding.take(
                    records, cast("Polled", subscriber.consumer), running=lambda: subscriber.running
                )
            except ProcessingStopped as error:
                _LOG.critical("consuming stopped", group=group, reason=str(error))
                self._on_stop(str(error))
                raise StopConsume from error
            except TransientError:
                moves.handed_back(records, subscriber.consumer.assignment() if subscriber.consumer else ())
                raise

        router = KafkaRouter()
        subscriber = router.subscriber(
            *(topic.name for topic in topics),
            batch=True,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            max_records=max_records,
            listener=moves,
            **membership(group, self._instance),
            parser=_parse_bare,
            decoder=_raw_records,
        )
        subscriber(consume)
        self._broker.include_router(router)


async def _parse_bare(
    records: tuple[ConsumerRecord[bytes, bytes], ...],
    original: Callable[[Any], Awaitable[KafkaMessage]],
) -> KafkaMessage:
    # FastStream would decode every header of every record, which the processor does as well.
    message = await original((dataclasses.replace(records[0], headers=()),))
    message.raw_message = records
    return message


async def _raw_records(message: KafkaMessage) -> tuple[ConsumerRecord[bytes, bytes], ...]:
    return cast("tuple[ConsumerRecord[bytes, bytes], ...]", message.raw_message)
