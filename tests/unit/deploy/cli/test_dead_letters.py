"""A dead letter says where it came from, and gives back what it was before."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import ConsumerRecord

from deploy.cli.dead_letters import Letter, pick
from shared.errors import ConfigurationError


def letter(offset: int = 3, *, redriven: bool = False) -> Letter:
    fields: dict[str, Any] = {
        "topic": "dead-letters.detector",
        "partition": 0,
        "offset": offset,
        "timestamp": 1_767_225_600_000,
        "timestamp_type": 0,
        "key": b"conversation-1",
        "value": b'{"a": 1}',
        "checksum": None,
        "serialized_key_size": 14,
        "serialized_value_size": 8,
        "headers": (
            ("ce_type", b"earshot.conversation.v1"),
            ("empty", None),
            ("dlq-reason", b"handler_failed"),
            ("dlq-attempts", b"3"),
            ("dlq-original-topic", b"resources.conversations"),
            ("dlq-original-partition", b"7"),
            ("dlq-original-offset", b"41"),
            ("dlq-trace-id", b"abc"),
            ("dlq-error", b"ValueError: \xff"),
        ),
    }
    return Letter(ConsumerRecord(**fields), redriven)


def test_a_summary_says_what_happened() -> None:
    """Programs get the origin, the reason and the number of tries under fixed names."""
    found = letter().summary()
    assert found["id"] == "detector:3"
    assert (found["topic"], found["partition"], found["offset"]) == ("resources.conversations", 7, 41)
    assert (found["reason"], found["attempts"], found["redriven"]) == ("handler_failed", 3, False)
    assert found["error"] == "ValueError: \\xff"
    assert found["truncated_from_bytes"] is None


def test_only_the_original_headers_are_given_back() -> None:
    """What was added when it was put aside does not travel back."""
    assert letter().own_headers() == [("ce_type", b"earshot.conversation.v1"), ("empty", None)]


def test_a_header_without_a_value_is_shown_as_empty() -> None:
    """Kafka allows it, and whoever looks at a letter sees that it is there."""
    assert letter().details()["headers"] == {"ce_type": "earshot.conversation.v1", "empty": ""}


def test_letters_are_picked_by_name() -> None:
    """Names come back in the order asked for; also one that was fed back already."""
    letters = [letter(3), letter(4, redriven=True)]
    assert pick(letters, ["detector:4", "detector:3"]) == [letters[1], letters[0]]


def test_a_name_that_means_none_is_an_error() -> None:
    """A person learns how to see the names."""
    with pytest.raises(ConfigurationError, match="earshot dlq list --all"):
        pick([letter()], ["detector:9"])
