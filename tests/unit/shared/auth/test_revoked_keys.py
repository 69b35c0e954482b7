"""Which bearer keys were revoked: known before any key is let in, whatever else the topic holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr

from shared.auth.authenticator import LocalAuthenticator, OidcAuthenticator, Refused
from shared.auth.revoked_keys import PART, RevokedKeysFromTopic
from shared.auth.tokens import issue_api_key
from shared.clock import ManualClock
from shared.config import ServiceSettings
from shared.contracts.connections import ApiKeyRevoked
from shared.errors import TransientError
from shared.observability.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = SecretStr("k" * 48)
SETTINGS = {
    "http_port": 8701,
    "signing_key": "k" * 48,
    "oidc_issuer": "https://id.example",
    "oidc_audience": "earshot",
    "oidc_jwks_url": "https://id.example/keys",
}
NO_KEYS = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": []}))


def revoked(key_id: str) -> bytes:
    fact = ApiKeyRevoked(organization_id="acme", key_id=key_id, revoked_by="dana", revoked_at=START)
    return fact.model_dump_json().encode()


class Topic:
    """The partition that a consumer reads; `away` answers that many starts with an error.

    With `lets_out`, a consumer that is stopped raises that.
    """

    def __init__(self, *values: bytes | None, away: int = 0, lets_out: BaseException | None = None) -> None:
        self.lets_out = lets_out
        self.closed = 0
        self.values = values
        self.away = away
        self.starts = 0
        self.stopped = 0

    def consumer(self, **_settings: object) -> _Consumer:
        return _Consumer(self)


class _Consumer:
    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._position = 0

    async def start(self) -> None:
        self._topic.starts += 1
        if self._topic.starts <= self._topic.away:
            raise KafkaConnectionError

    async def stop(self) -> None:
        self._topic.stopped += 1
        if self._topic.lets_out is not None:
            raise self._topic.lets_out

    @property
    def _client(self) -> _Consumer:
        return self

    async def close(self) -> None:
        self._topic.closed += 1

    def assign(self, partitions: list[TopicPartition]) -> None:
        (self._partition,) = partitions

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, len(self._topic.values))

    async def position(self, _partition: TopicPartition) -> int:
        return self._position

    async def getmany(
        self,
        *_partitions: TopicPartition,
        timeout_ms: int,
    ) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
        if self._position == len(self._topic.values):
            await asyncio.Event().wait()
        value = self._topic.values[self._position]
        record = ConsumerRecord(self._partition.topic, 0, self._position, 0, 0, b"key", value, None, 0, 0, ())
        self._position += 1
        return {self._partition: [record]}


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


def keys_of(topic: Topic, readiness: Readiness | None = None) -> RevokedKeysFromTopic:
    return RevokedKeysFromTopic(
        "kafka:9092", readiness=readiness or Readiness(), sleep=no_sleep, consumer=topic.consumer
    )


async def followed(keys: RevokedKeysFromTopic, until: Callable[[], bool]) -> None:
    """Follow the topic until it holds, or until many turns of the loop did not make it hold."""
    following = asyncio.create_task(keys.follow())
    for _ in range(200):
        if until():
            break
        await asyncio.sleep(0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_record_that_cannot_be_read_hides_no_later_one() -> None:
    """Broken and unknown bytes are passed over; the topic is read once, and to its end."""
    topic = Topic(b"{}", b"\xff\xfe", None, revoked("k2"))
    readiness = Readiness()
    keys = keys_of(topic, readiness)
    await followed(keys, lambda: readiness.ready)
    assert "k2" in keys
    assert "k1" not in keys
    assert topic.starts == topic.stopped == 1


async def test_nothing_is_said_of_a_key_before_the_topic_was_read() -> None:
    """Not knowing is neither yes nor no; it shows in readiness, and ends with the end of the topic."""
    topic = Topic(revoked("k1"), away=3)
    readiness = Readiness()
    keys = keys_of(topic, readiness)
    with pytest.raises(TransientError):
        _ = "k1" in keys
    assert not readiness.report()[PART]["ready"]
    await followed(keys, lambda: readiness.ready)
    assert readiness.report()[PART]["ready"]
    assert "k1" in keys
    assert topic.starts == 4


async def test_an_empty_topic_is_read_to_its_end_at_once() -> None:
    """Where no key was ever revoked, nothing is waited for."""
    readiness = Readiness()
    keys = keys_of(Topic(), readiness)
    await followed(keys, lambda: readiness.ready)
    assert "k1" not in keys


async def test_what_the_bus_has_lost_is_not_said_to_be_on_it() -> None:
    """Whoever has read the topic lets no revoked key in, and sees that later readers would."""
    topic = Topic(revoked("k1"), b"{}", revoked("k2"))
    readiness = Readiness()
    keys = keys_of(topic, readiness)
    await followed(keys, lambda: readiness.ready)
    assert await keys.on_the_bus() == {"k1", "k2"}
    topic.values = (revoked("k2"),)
    assert await keys.on_the_bus() == {"k2"}
    topic.values = ()
    assert await keys.on_the_bus() == frozenset()
    assert "k1" in keys
    assert topic.starts == topic.stopped == 4


async def test_a_bus_that_is_away_says_nothing_of_what_it_holds() -> None:
    topic = Topic(revoked("k1"), away=1)
    with pytest.raises(TransientError):
        await keys_of(topic).on_the_bus()
    assert topic.starts == topic.stopped == 1


@pytest.mark.parametrize("lets_out", [asyncio.CancelledError(), KafkaConnectionError()])
async def test_a_client_that_stops_badly_is_trouble_that_passes(lets_out: BaseException) -> None:
    """Kafka's client cancels a fetch of its own when its broker dies, and lets that out of its stop."""
    topic = Topic(revoked("k1"), away=1, lets_out=lets_out)
    with pytest.raises(TransientError):
        await keys_of(topic).on_the_bus()
    assert topic.closed == 1


async def test_following_goes_on_after_a_client_that_stopped_badly() -> None:
    """Nothing of the client stays behind, readiness says why, and the next one reads the topic."""
    topic = Topic(revoked("k1"), away=2, lets_out=asyncio.CancelledError())
    readiness = Readiness()
    keys = keys_of(topic, readiness)
    await followed(keys, lambda: readiness.ready)
    assert "k1" in keys
    assert topic.starts == topic.closed + 1 == 3


@pytest.mark.parametrize("mode", ["local", "oidc"])
async def test_no_bearer_key_is_let_in_while_revocations_are_unknown(mode: str) -> None:
    """A key that may have been revoked waits; one that is none of ours is refused as ever."""
    clock = ManualClock(START)
    settings = ServiceSettings.model_validate(SETTINGS | {"auth_mode": mode})
    keys = keys_of(Topic())
    authenticator = (
        LocalAuthenticator(settings, clock, keys)
        if mode == "local"
        else OidcAuthenticator(settings, clock, keys, httpx.AsyncClient(transport=NO_KEYS))
    )
    token = issue_api_key(KEY, clock, organization_id="acme", name="export", role="member", days=1).token
    with pytest.raises(TransientError):
        await authenticator.identify({"authorization": f"Bearer {token}"}, "10.0.0.7")
    with pytest.raises(Refused):
        await authenticator.identify({"authorization": "Bearer made-up"}, "10.0.0.7")
