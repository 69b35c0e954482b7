"""The AsyncAPI document's examples are what is really published."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from shared.contracts.documents import asyncapi, schema_of
from shared.contracts.examples import EXAMPLES
from shared.contracts.registry import ALL_EVENTS, EVENT_BY_TYPE
from shared.contracts.resources import ConversationChanged, ConversationPartChanged, topic_of
from shared.contracts.signals import SignalDetected
from shared.messaging.cloudevent import encode

MESSAGES: dict[str, dict[str, Any]] = asyncapi()["components"]["messages"]


@pytest.mark.parametrize("name", EVENT_BY_TYPE)
def test_each_message_has_an_example_that_its_schema_allows(name: str) -> None:
    """Whoever makes a reader can try it on the example."""
    (example,) = MESSAGES[name]["examples"]
    schema = json.loads(json.dumps(schema_of(EVENT_BY_TYPE[name])))
    faults = jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(example["payload"])
    assert [fault.message for fault in faults] == []
    attributes = asyncapi()["components"]["schemas"]["attributes"]
    faults = jsonschema_rs.validator_for(attributes).iter_errors(example["headers"])
    assert [fault.message for fault in faults] == []
    assert example["headers"].keys() <= attributes["properties"].keys()


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.TYPE)
def test_an_example_is_what_is_sent(event: Any) -> None:
    """Payload and attributes, as the service that writes the topic publishes them."""
    (example,) = MESSAGES[event.TYPE]["examples"]
    service = topic_of(event).written_by[0]
    headers = example["headers"]
    sent = encode(event, source=f"/earshot/{service}", time=headers["ce_time"])
    assert json.loads(sent.value) == example["payload"]
    assert {name: value.decode() for name, value in sent.headers} == headers
    assert EVENT_BY_TYPE[event.TYPE].model_validate(example["payload"]) == event


def test_there_is_one_of_each() -> None:
    """No event is forgotten when it is added."""
    assert [type(event) for event in EXAMPLES] == list(ALL_EVENTS)


def test_the_examples_tell_one_story() -> None:
    """The signal's evidence stands in the part, which belongs to the conversation."""
    told = {type(event): event for event in EXAMPLES}
    part, whole = told[ConversationPartChanged], told[ConversationChanged]
    signal = told[SignalDetected]
    assert isinstance(part, ConversationPartChanged)
    assert isinstance(signal, SignalDetected)
    (proof,) = signal.evidence
    assert part.text[proof.start : proof.end] == proof.quote
    assert (proof.part_id, proof.conversation_id) == (part.id, part.conversation_id)
    assert part.partition_key() == whole.partition_key()
