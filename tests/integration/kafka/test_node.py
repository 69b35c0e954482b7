"""A real broker: it keeps what it acknowledged, and comes back after a kill."""

from __future__ import annotations

import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def test_a_record_comes_back_as_it_was_sent(kafka: str) -> None:
    """The shared broker takes a record from an idempotent producer and gives it to a consumer."""
    topic = f"node-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()

    producer = AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(topic, b"value", key=b"key", headers=[("ce_type", b"example")])
    await producer.stop()

    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    record = await consumer.getone()
    await consumer.stop()
    assert (record.key, record.value, record.headers) == (b"key", b"value", (("ce_type", b"example"),))
