"""From Connect to an alert, on the demo workspace's stories, by what people and programs can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from deploy.simulator.demo import expected_signals, expected_silences
from deploy.simulator.demo.expected import IDS_PER_DAY
from deploy.simulator.model import FIRST_IDS
from tests.e2e.chain.installation import eventually
from tests.e2e.chain.mirror import mirror_differences
from tests.e2e.chain.product import Json, records

if TYPE_CHECKING:
    from deploy.simulator.demo.expected import ExpectedSignal
    from tests.e2e.chain.conftest import Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_LIFECYCLE = {"onboarding", "renewal", "upsell", "expansion", "churn_risk"}
_READ_DAYS = 85
"""Stories that began after that are inside the lookback of 90 days, however long they went on."""

_LEAST_RECALL = 0.65
"""Share of the authored signals found, over all kinds; 0.71 was measured, other languages are missed most."""

_MOST_FALSE_ALARMS = 2
"""Hard negatives out of 29 in which something may be found."""

_SETTLED_SECONDS = 90


@dataclass(frozen=True)
class Heard:
    """The demo workspace, connected, read and detected, with the lifecycle switch on."""

    stage: Stage
    connection: Json

    def settled(self) -> None:
        """Wait until the detector has read what the mirror holds."""
        mirror = self.stage.mongo["earshot_detector"]["conversations"]
        eventually(
            "each conversation was read by the detectors",
            lambda: mirror.count_documents({"analysis": {"$exists": False}}) == 0,
            seconds=_SETTLED_SECONDS,
        )


@pytest.fixture(scope="module")
def heard(running_stage: Stage) -> Heard:
    """Connect without the lifecycle switch, read everything, then turn the switch on."""
    stage = running_stage
    stage.clear()
    connection = stage.product.connect(region="stories", lifecycle=False)
    connection = stage.product.synced(connection["id"])
    stage.product.settled()
    told = Heard(stage, connection)
    told.settled()
    held = connection["ledger"]["held"]
    (conversations,) = [count["total"] for count in held if count["resource"] == "conversation"]
    assert stage.mongo["earshot_detector"]["conversations"].count_documents({}) >= conversations
    assert not [one for one in stage.product.signals() if one["kind"] in _LIFECYCLE]
    stage.product.save(connection["id"], lifecycle_events=True)
    eventually(
        "the switch makes the detectors read again",
        lambda: _is_still(stage),
        seconds=_SETTLED_SECONDS,
        every=2.0,
    )
    return told


def _is_still(stage: Stage) -> bool:
    """Tell whether every reading was finished by detectors that listen for lifecycle events."""
    mirror = stage.mongo["earshot_detector"]["conversations"]
    return (
        mirror.count_documents({"analysis.fingerprint": {"$not": {"$regex": "lifecycle=on$"}}}) == 0
        and stage.mongo["earshot_detector"]["rereads"].count_documents({"finished_at": None}) == 0
    )


def _days_ago(conversation_id: str) -> int:
    return (FIRST_IDS["conversation"] - int(conversation_id)) // IDS_PER_DAY


def _is_found(wanted: ExpectedSignal, signals: list[Json]) -> bool:
    for signal in signals:
        customer = (signal["customer"] or {}).get("name")
        conversations = {each["conversation_id"] for each in signal["evidence"]}
        if wanted.kind in {"negative_shift", "positive_shift"}:
            if signal["kind"] == "sentiment_shift" and customer == wanted.account:
                return True
        elif (
            signal["kind"] == wanted.kind
            and signal["explicit"] == wanted.explicit
            and wanted.conversation_id in conversations
        ):
            return True
    return False


def test_mirror_equals_the_workspace(heard: Heard) -> None:
    """Every conversation in scope, every part's words, all people, companies, tags and teammates arrived."""
    eventually(
        "what happened in other tests has arrived",
        lambda: not mirror_differences(heard.stage.mongo, heard.stage.stories),
        seconds=20,
    )
    ledger = heard.connection["ledger"]
    assert ledger["gap_count"] == 0
    assert all(count["done"] == count["total"] for count in ledger["held"])


def test_the_stories_are_heard(heard: Heard) -> None:
    """Authored signals are found where they were written, and the traps beside them are not."""
    signals = heard.stage.product.signals()
    wanted = [one for one in expected_signals() if _days_ago(one.conversation_id) < _READ_DAYS]
    missed = [one for one in wanted if not _is_found(one, signals)]
    assert len(wanted) > 50
    assert 1 - len(missed) / len(wanted) >= _LEAST_RECALL, sorted((one.kind, one.story) for one in missed)
    traps = {one.conversation_id: one.story for one in expected_silences()}
    fooled = {
        (traps[each["conversation_id"]], one["kind"])
        for one in signals
        for each in one["evidence"]
        if each["conversation_id"] in traps and one["kind"] != "sentiment_shift"
    }
    assert len(fooled) <= _MOST_FALSE_ALARMS, sorted(fooled)


def test_the_past_alerts_nobody(heard: Heard) -> None:
    """What was said before the switch was turned on is shown and is news to nobody."""
    lifecycle = [one for one in heard.stage.product.signals() if one["kind"] in _LIFECYCLE]
    old = [one for one in lifecycle if one["occurred_at"] < heard.connection["connected_at"]]
    assert old
    assert all(one["historical"] for one in old)


def test_a_customer_gives_notice_and_somebody_is_told_once(heard: Heard) -> None:
    """A new message becomes one verified delivery to the rule's receiver, with the words that prove it."""
    stage = heard.stage
    stage.product.webhook_rule(stage.stories, "notices", kinds=["churn_risk"])
    (contact,) = stage.stories.some_contacts(1)
    words = "We have decided to cancel our subscription at the end of the month."
    conversation_id = stage.stories.write(contact, words)

    def told() -> list[dict[str, Any]]:
        return [
            message
            for message in stage.stories.received("webhook", "notices")
            if conversation_id in message["body"]["data"]["conversation_ids"]
        ]

    (message,) = eventually("the receiver is told", told, seconds=20)
    assert message["verified"] is True
    assert message["body"]["type"] == "earshot.signal.detected.v1"
    quotes = [each["quote"] for each in message["body"]["data"]["evidence"]]
    assert any("cancel our subscription" in quote for quote in quotes)
    signal = stage.product.client.get(f"/signals/{message['body']['data']['signal_id']}").json()
    assert signal["kind"] == "churn_risk"
    assert signal["historical"] is False
    # Reading everything once more must not say it again.
    stage.product.sync(heard.connection["id"])
    heard.settled()
    deliveries = stage.product.pages("/deliveries", signal_id=signal["id"], channel="webhook")
    assert [one["state"] for one in deliveries] == ["delivered"]
    assert len(told()) == 1


def test_any_kafka_client_can_rebuild_the_signals(heard: Heard) -> None:
    """The highest revision of each key in the compacted topic is the list that the API shows.

    A signal that moved to another customer has records in two partitions, which come in any order.
    """

    def differs() -> dict[str, Any]:
        rebuilt: dict[str, tuple[int, str]] = {}
        buried: set[str] = set()
        for _, key, value, headers in records(
            heard.stage.installation.bootstrap_servers, ["signals.customer"]
        ):
            if value is None:
                buried.add(key)
                continue
            assert headers["ce_specversion"] == "1.0"
            rebuilt[key] = max(rebuilt.get(key, (0, "")), (value["revision"], value["kind"]))
        rebuilt = {key: state for key, state in rebuilt.items() if key not in buried}
        listed = {one["id"]: (one["revision"], one["kind"]) for one in heard.stage.product.signals()}
        keys = rebuilt.keys() | listed.keys()
        return {
            key: (rebuilt.get(key), listed.get(key)) for key in keys if rebuilt.get(key) != listed.get(key)
        }

    # A signal that changes between the two readings is in one of them only; the next look must agree.
    eventually("topic and API agree", lambda: not differs(), seconds=20)
