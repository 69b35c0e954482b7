"""Whether anything was lost or doubled: each fact followed from the workspace to the receivers.

A verdict is a list of sentences, one for each promise that does not hold; none means that all hold. It is
asked for again and again until it is empty or time is over, since work that is under way is not lost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.contracts.topics import DEAD_LETTERS, DELIVERIES, SIGNALS
from tests.e2e.chain.groups import behind, groups
from tests.e2e.chain.mirror import mirror_differences
from tests.e2e.chain.product import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pymongo import MongoClient

    from tests.e2e.chain.product import Product
    from tests.e2e.chain.workspace import Workspace
    from tests.e2e.torture.facts import Fact
    from tests.e2e.torture.receiver import Message, Receiver

_SHOWN = 5
"""Examples named in one sentence."""

SERVICES = ("connector", "syncer", "detector", "notifier")


@dataclass(frozen=True)
class Evidence:
    """Where the truth and what came of it can be read."""

    workspace: Workspace
    product: Product
    mongo: MongoClient[dict[str, Any]]
    bootstrap_servers: str
    receiver: Receiver
    recipients: Sequence[str]
    explained: Callable[[str, str], bool] = lambda _key, _reason: False
    """Whether a dead letter with that key and reason was meant to be one."""


@dataclass
class Verdict:
    """What does not hold, and counts for the report."""

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def all_of(self, what: str, wrong: Iterable[object]) -> None:
        """Note a fault unless nothing is wrong."""
        found = list(wrong)
        if found:
            shown = ", ".join(map(str, found[:_SHOWN]))
            self.faults.append(f"{len(found)} {what}: {shown}{' …' if len(found) > _SHOWN else ''}")


def judged(evidence: Evidence, facts: Sequence[Fact]) -> Verdict:
    """Return what does not hold at this moment."""
    verdict = Verdict()
    verdict.counts["facts"] = len(facts)
    _mirrored(evidence, facts, verdict)
    signals = _detected(evidence, facts, verdict)
    _told(evidence, facts, signals, verdict)
    _delivered(evidence, signals, verdict)
    _bus(evidence, signals, verdict)
    _at_rest(evidence, verdict)
    return verdict


def _mirrored(evidence: Evidence, facts: Sequence[Fact], verdict: Verdict) -> None:
    for name, difference in mirror_differences(evidence.mongo, evidence.workspace).items():
        verdict.faults.append(f"{name} in the mirror differ from the workspace: {difference}")
    texts = [
        str(part["data"].get("text") or "")
        for part in evidence.mongo["earshot_detector"]["parts"].find(
            {"data.text": {"$regex": "TF[0-9]{6}X"}}, {"data.text": 1}
        )
    ]
    held = Counter(fact.number for fact in facts for text in texts if fact.mark in text)
    verdict.counts["mirrored"] = sum(1 for fact in facts if held[fact.number] == 1)
    verdict.all_of(
        "facts are not in the mirror exactly once (number, times)",
        [(fact.number, held[fact.number]) for fact in facts if held[fact.number] != 1],
    )


def _detected(evidence: Evidence, facts: Sequence[Fact], verdict: Verdict) -> Mapping[str, list[str]]:
    """Return the ids of signals by the conversation that proves them."""
    found: dict[str, list[str]] = defaultdict(list)
    for signal in evidence.product.signals(kind="churn_risk"):
        for id_ in {each["conversation_id"] for each in signal["evidence"]}:
            if signal["explicit"] and signal["state"] == "open":
                found[id_].append(signal["id"])
    verdict.counts["detected"] = sum(1 for fact in facts if len(found[fact.conversation_id]) == 1)
    verdict.all_of(
        "facts are not one open signal (number, signals)",
        [
            (fact.number, found[fact.conversation_id])
            for fact in facts
            if len(found[fact.conversation_id]) != 1
        ],
    )
    return found


def _told(
    evidence: Evidence, facts: Sequence[Fact], signals: Mapping[str, list[str]], verdict: Verdict
) -> None:
    told = evidence.receiver.told()
    verdict.all_of(
        "messages have a signature that does not hold",
        [each.message_id for each in evidence.receiver.messages() if not each.verified],
    )
    silent, twice, other = [], [], []
    for fact in facts:
        for recipient in evidence.recipients:
            messages = [
                each
                for each in told[recipient, fact.conversation_id]
                if each.body["data"]["kind"] == "churn_risk" and each.body["data"].get("explicit", True)
            ]
            taken = [each for each in messages if each.answered == 200]
            if not taken:
                silent.append((fact.number, recipient))
            if len({each.message_id for each in messages}) > 1:
                twice.append((fact.number, recipient, len({each.message_id for each in messages})))
            if {each.signal_id for each in messages} - set(signals[fact.conversation_id]):
                other.append((fact.number, recipient))
            verdict.counts["notified"] += len(taken) > 0
            verdict.counts["attempts repeated under the same id"] += _repeats(messages)
    verdict.all_of("notices did not arrive (fact, recipient)", silent)
    verdict.all_of("notices came under more than one id (fact, recipient, ids)", twice)
    verdict.all_of("notices are about a signal that the API does not have (fact, recipient)", other)
    ids: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for message in evidence.receiver.messages():
        ids[message.message_id].add((message.recipient, message.signal_id))
    verdict.all_of("ids stand for more than one notice", [id_ for id_, what in ids.items() if len(what) > 1])


def _repeats(messages: Sequence[Message]) -> int:
    """Return how often a receiver that had answered 200 was sent the same id again."""
    taken = Counter(each.message_id for each in messages if each.answered == 200)
    return sum(count - 1 for count in taken.values())


def _delivered(evidence: Evidence, signals: Mapping[str, list[str]], verdict: Verdict) -> None:
    deliveries = evidence.product.pages("/deliveries")
    verdict.all_of(
        "deliveries are not in state delivered",
        [(one["id"], one["state"]) for one in deliveries if one["state"] != "delivered"],
    )
    # No rule of these runs has more than one recipient.
    pairs = Counter((one["signal_id"], one["rule_id"]) for one in deliveries)
    verdict.all_of("deliveries are twice in the log", [pair for pair, times in pairs.items() if times > 1])
    known = {id_ for ids in signals.values() for id_ in ids}
    verdict.counts["deliveries logged"] = sum(
        one["signal_id"] in known for one in deliveries if one["channel"] == "webhook"
    )


def _bus(evidence: Evidence, signals: Mapping[str, list[str]], verdict: Verdict) -> None:
    """The bus has each signal's last state, announced it under one id, and has a fact of each delivery."""
    # A signal's partition is its customer's, and partitions are read one after another: what stands last is
    # known of each customer alone.
    last: dict[tuple[str, str], int] = {}
    announced: dict[str, set[str]] = defaultdict(set)
    times: Counter[str] = Counter()
    delivered: Counter[str] = Counter()
    for _, _, value, headers in records(evidence.bootstrap_servers, [SIGNALS.name, DELIVERIES.name]):
        if value is None:
            continue
        if headers.get("ce_type", "").startswith("earshot.signal."):
            last[value["signal_id"], _customer(value)] = value["revision"]
        if headers.get("ce_type") == "earshot.signal.detected.v1":
            announced[value["signal_id"]].add(headers["ce_id"])
            times[headers["ce_id"]] += 1
        if headers.get("ce_type") == "earshot.notification.delivered.v1":
            delivered[headers["ce_id"]] += 1
    listed = evidence.product.signals()
    verdict.all_of(
        "signals of the API have not their last state on the bus (id, revision there)",
        [
            (signal["id"], last.get((signal["id"], _customer(signal))))
            for signal in listed
            if last.get((signal["id"], _customer(signal))) != signal["revision"]
        ],
    )
    known = {id_ for ids in signals.values() for id_ in ids}
    verdict.all_of(
        "signals were never announced on the bus",
        [signal["id"] for signal in listed if not announced[signal["id"]]],
    )
    verdict.all_of(
        "signals were announced as more than one fact",
        [(id_, len(announced[id_])) for id_ in known if len(announced[id_]) > 1],
    )
    verdict.counts["records on the bus repeated under the same id"] = sum(
        count - 1 for counts in (times, delivered) for count in counts.values()
    )
    log = [one["id"] for one in evidence.product.pages("/deliveries") if one["state"] == "delivered"]
    if len(delivered) != len(log):
        verdict.faults.append(f"{len(log)} deliveries in the log, {len(delivered)} facts of them on the bus")


def _customer(signal: Mapping[str, Any]) -> str:
    return str((signal.get("customer") or {}).get("id", ""))


def _at_rest(evidence: Evidence, verdict: Verdict) -> None:
    untaken = behind(evidence.bootstrap_servers, groups())
    verdict.all_of("partitions have records that nobody has taken", sorted(untaken.items()))
    verdict.all_of("collections have facts that are still pending", sorted(pending(evidence.mongo).items()))
    dead = [
        f"{topic}: {headers.get('dlq-reason')} ({headers.get('dlq-error', '')[:160]})"
        for topic, key, _, headers in _dead_letters(evidence.bootstrap_servers)
        if not evidence.explained(key, headers.get("dlq-reason", ""))
    ]
    verdict.all_of("dead letters", dead)
    verdict.all_of(
        "calls would have written to Intercom",
        range(int(evidence.workspace.statistics()["violation_count"])),
    )


def pending(mongo: MongoClient[dict[str, Any]]) -> dict[str, int]:
    """Return how many documents still have facts to publish, by collection."""
    found = {}
    for service in SERVICES:
        database = mongo[f"earshot_{service}"]
        for name in database.list_collection_names():
            count = database[name].count_documents({"pending.at": {"$exists": True}})
            if count:
                found[f"{service}.{name}"] = count
    return found


def _dead_letters(bootstrap_servers: str) -> list[tuple[str, str, Any, dict[str, str]]]:
    return records(bootstrap_servers, [topic.name for topic in DEAD_LETTERS])
