"""Names of new clusters."""

from __future__ import annotations

import uuid

from deploy.local.kafka.broker import new_cluster_id


def test_cluster_ids_are_never_taken_for_an_option() -> None:
    """An id whose text would begin with a dash is passed over: Kafka's tools refuse it."""
    with_dash, without = uuid.UUID(bytes=b"\xf8" + bytes(15)), uuid.UUID(bytes=bytes(16))
    assert new_cluster_id(iter((with_dash, without)).__next__) == "A" * 22


def test_cluster_ids_are_sixteen_bytes_and_differ() -> None:
    """Kafka wants 16 bytes in base64 without padding."""
    names = {new_cluster_id() for _ in range(200)}
    assert len(names) == 200
    assert {len(name) for name in names} == {22}
    assert not any(name.startswith("-") for name in names)
