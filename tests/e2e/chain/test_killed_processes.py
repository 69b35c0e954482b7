"""`kill -9` of each process in the middle of an initial sync: it completes, and tells nobody twice."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.chain.installation import PARTS, eventually
from tests.e2e.chain.mirror import mirror_differences

if TYPE_CHECKING:
    from tests.e2e.chain.conftest import Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_NOTICES = 20
_NOTICE = "We have decided to cancel our subscription at the end of the month."
_LATENCY_MS = 150
"""With four calls at once, a sync of some seven seconds: long enough for a kill in its middle."""

_READ_BEFORE_KILL = 40
_TAKEN_UP_SECONDS = 60


@pytest.mark.parametrize("name", PARTS)
def test_initial_sync_survives(stage: Stage, name: str) -> None:
    """After the kill the sync completes, the mirror equals the workspace, each notice came once."""
    product, workspace = stage.product, stage.small
    noticed = {workspace.write(contact, _NOTICE) for contact in workspace.some_contacts(_NOTICES)}
    product.webhook_rule(workspace, "killed", kinds=["churn_risk"])
    workspace.switch(latency_median_ms=_LATENCY_MS)
    connection = product.connect(region="small")
    eventually(
        "the sync is well under way and somebody was told",
        lambda: (
            product.read(connection["id"]) >= _READ_BEFORE_KILL and workspace.received("webhook", "killed")
        ),
        seconds=_TAKEN_UP_SECONDS,
    )
    assert product.connection(connection["id"])["ledger"]["completed_at"] is None

    stage.installation.kill(name)

    product.synced(connection["id"], seconds=_TAKEN_UP_SECONDS)
    eventually("all parts are ready again", stage.installation.all_ready, seconds=_TAKEN_UP_SECONDS)
    eventually(
        "the mirror equals the workspace",
        lambda: not mirror_differences(stage.mongo, workspace),
        seconds=_TAKEN_UP_SECONDS,
        every=0.5,
    )

    def told() -> dict[str, set[str]]:
        """Return the ids of messages by the conversation that each is about."""
        found: dict[str, set[str]] = defaultdict(set)
        for message in workspace.received("webhook", "killed"):
            for id_ in message["body"]["data"]["conversation_ids"]:
                found[id_].add(message["message_id"])
        return found

    product.settled()
    eventually("nothing waits to be sent", lambda: not _waiting(stage), seconds=_TAKEN_UP_SECONDS)
    silent = noticed - told().keys()
    assert not silent, _signals_of(stage, silent)
    eventually("nothing is pending", lambda: not _pending(stage), seconds=_TAKEN_UP_SECONDS)
    # An attempt that a kill cut off comes again under the same id, by which receivers know it.
    assert {id_: ids for id_, ids in told().items() if len(ids) > 1} == {}
    deliveries = product.pages("/deliveries", channel="webhook")
    assert {one["state"] for one in deliveries} == {"delivered"}
    assert len({(one["signal_id"], one["recipient"]) for one in deliveries}) == len(deliveries)
    assert product.pages("/signals", kind="churn_risk") != []
    assert stage.small.statistics()["violation_count"] == 0


def _waiting(stage: Stage) -> int:
    return sum(one["state"] == "pending" for one in stage.product.pages("/deliveries"))


def _signals_of(stage: Stage, conversation_ids: set[str]) -> list[dict[str, Any]]:
    """Return what became of conversations, for the message of a failed test."""
    shown = ("id", "kind", "state", "historical", "occurred_at", "opened_at", "history")
    return [
        {name: signal[name] for name in shown}
        for signal in stage.product.signals()
        if conversation_ids & {each["conversation_id"] for each in signal["evidence"]}
    ]


def _pending(stage: Stage) -> dict[str, int]:
    """Return how many documents still have facts to publish, by collection."""
    found = {}
    for service in ("connector", "syncer", "detector", "notifier"):
        database = stage.mongo[f"earshot_{service}"]
        for name in database.list_collection_names():
            count = database[name].count_documents({"pending.at": {"$exists": True}})
            if count:
                found[f"{service}.{name}"] = count
    return found
