"""What goes wrong outside: tokens, hosts, workspaces, receivers. Each has its words, and nothing is lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.simulator.tokens import DEMO_TOKEN
from shared.contracts.topics import ALL_TOPICS
from tests.e2e.chain.installation import eventually
from tests.e2e.chain.mirror import mirror_differences
from tests.e2e.chain.product import left_on

if TYPE_CHECKING:
    from tests.e2e.chain.conftest import Stage
    from tests.e2e.chain.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_NOTICE = "We have decided to cancel our subscription at the end of the month."


def _refused(stage: Stage, **body: str) -> httpx.Response:
    token = body.pop("access_token", "dG9rOm5vYm9keQ==")
    answer = stage.product.client.post("/connections", json={"access_token": token, **body})
    assert answer.is_client_error or answer.is_server_error, answer.text
    assert all(one["state"] == "removed" for one in stage.product.connections())
    return answer


def test_wrong_token(stage: Stage) -> None:
    """A token that the workspace does not know connects nothing, and is asked about once."""
    answer = _refused(stage, region="small")
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "token" in answer.text
    assert "dG9rOm5vYm9keQ==" not in answer.text
    # One question to each allowed host: a wrong region must not look like a wrong token.
    assert [each.calls() for each in (stage.stories, stage.small, stage.empty)] == [1, 1, 1]


def test_host_that_is_not_allowed(stage: Stage) -> None:
    """A host outside the allow-list is named with the setting that adds it, and is sent nothing."""
    answer = _refused(stage, access_token=DEMO_TOKEN, base_url=stage.forbidden.address)
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "EARSHOT_INTERCOM_HOSTS" in answer.text
    assert stage.forbidden.calls == []


def test_workspace_that_answers_with_a_page(stage: Stage) -> None:
    """A host that answers HTML is told from a wrong token."""
    answer = _refused(stage, region="page")
    assert "Intercom" in answer.text
    assert "It works" not in answer.text
    assert stage.not_intercom.calls


def test_empty_workspace(stage: Stage) -> None:
    """A workspace without conversations is complete at once, and every page says so in its own words."""
    connection = stage.product.connect(region="empty")
    connection = stage.product.synced(connection["id"], seconds=30)
    held = {count["resource"]: count["done"] for count in connection["ledger"]["held"]}
    assert held["conversation"] == 0
    assert connection["ledger"]["gap_count"] == 0
    assert connection["state"] == "connected"
    assert stage.product.signals() == []
    for path in ("/insights", "/customers", "/people", "/requests", "/inbox", "/operations/sync"):
        page = httpx.get(f"{stage.installation.address}{path}", timeout=20)
        assert page.status_code == httpx.codes.OK, path


def test_token_revoked_in_the_middle(stage: Stage) -> None:
    """The card says what to do within a minute, reading stops, and a new token goes on where it stopped."""
    product, workspace = stage.product, stage.small
    workspace.switch(latency_median_ms=100)
    connection = product.connect(region="small")
    eventually("the sync is under way", lambda: product.read(connection["id"]) >= 30, seconds=60)
    workspace.set_token(DEMO_TOKEN, "revoked")
    connection = product.state(connection["id"], "needs_attention", seconds=60)
    assert connection["attention"] == "token_revoked"
    card = httpx.get(f"{stage.installation.address}/settings/organization/integrations", timeout=20)
    assert "attention" in card.text.casefold()

    before = workspace.calls()
    time.sleep(5)
    assert workspace.calls() - before <= 2

    read = _conversations_read(workspace)
    workspace.switch(latency_median_ms=0)
    connection = product.connect(region="small", token=workspace.new_token())
    assert connection["state"] == "connected"
    product.synced(connection["id"])
    eventually(
        "the mirror equals the workspace", lambda: not mirror_differences(stage.mongo, workspace), seconds=60
    )
    total = _conversations_read(workspace)
    conversations = workspace.state()["workspaces"][0]["conversations"]
    # What was read before is not read again, but for the batch that was under way.
    assert read >= 30
    assert total <= conversations + 2 * 40


def test_receivers_that_are_dead_or_stumble(stage: Stage) -> None:
    """A dead receiver is named on its rule and holds nobody up; one that stumbles gets each alert once."""
    product, workspace = stage.product, stage.small
    dead = product.webhook_rule(workspace, "dead", kinds=["churn_risk"])
    stumbling = product.webhook_rule(workspace, "stumbling", kinds=["churn_risk"])
    workspace.mood("webhook", "dead", "gone")
    workspace.mood("webhook", "stumbling", "error")
    connection = product.connect(region="small")
    product.synced(connection["id"])
    (contact,) = workspace.some_contacts(1)
    workspace.write(contact, _NOTICE)

    def attempted() -> dict[str, Any] | None:
        found = {one["rule_id"]: one for one in product.pages("/deliveries", channel="webhook")}
        both = {dead["id"], stumbling["id"]} <= found.keys()
        return found if both and all(one["attempts"] for one in found.values()) else None

    found = eventually("both were tried", attempted, seconds=30)
    assert found[dead["id"]]["state"] == "failed"
    assert found[stumbling["id"]]["state"] == "pending"

    def named() -> bool:
        shown = product.client.get(f"/rules/{dead['id']}").json()
        return shown["failures_in_a_row"] == 1 and "410" in shown["last_failure"]

    # The rule is told after the delivery, in a write of its own.
    eventually("the dead one is named on its rule", named, seconds=10)
    workspace.mood("webhook", "stumbling", "well")
    eventually(
        "the one that stumbled has it",
        lambda: product.pages("/deliveries", rule_id=stumbling["id"])[0]["state"] == "delivered",
        seconds=40,
    )
    answers = [message["answered"] for message in workspace.received("webhook", "stumbling")]
    assert answers.count(200) == 1
    assert len({message["message_id"] for message in workspace.received("webhook", "stumbling")}) == 1


@pytest.mark.timeout(360)
def test_html_in_the_middle_of_a_sync(stage: Stage) -> None:
    """Every fifth answer is a gateway's page instead of JSON; reading goes on, and nothing is missing."""
    product, workspace = stage.product, stage.small
    workspace.switch(html_502_every=5)
    connection = product.connect(region="small")
    connection = product.synced(connection["id"], seconds=120)
    workspace.switch(html_502_every=0)
    assert connection["state"] == "connected"
    calls = workspace.statistics()
    assert calls["statuses"]["502"] >= 10, calls
    eventually(
        "the mirror equals the workspace", lambda: not mirror_differences(stage.mongo, workspace), seconds=60
    )


@pytest.mark.timeout(360)
@pytest.mark.parametrize("after", [1, 30, 100])
def test_data_removed_in_the_middle_of_a_sync_is_nowhere(stage: Stage, after: int) -> None:
    """Each service confirms on the card, and nothing is left anywhere; the next connection has it all."""
    product, workspace = stage.product, stage.small
    workspace.switch(latency_median_ms=200)
    connection = product.connect(region="small")
    # The workspace knows sooner than the card how far the reading is.
    eventually("the sync is under way", lambda: _conversations_read(workspace) >= after, seconds=60)
    assert product.connection(connection["id"])["ledger"]["completed_at"] is None
    product.remove(connection)
    card = httpx.get(f"{stage.installation.address}/settings/organization/integrations/intercom", timeout=20)
    assert "Data removed" in card.text
    product.settled()
    assert _documents(stage, connection) == {}
    assert product.signals() == []
    assert left_on(stage.installation.bootstrap_servers, _COMPACTED) == []
    workspace.switch(latency_median_ms=0)
    anew = product.connect(region="small")
    assert anew["id"] != connection["id"]
    product.synced(anew["id"])
    eventually(
        "the mirror equals the workspace", lambda: not mirror_differences(stage.mongo, workspace), seconds=60
    )


def test_removed_data_is_nowhere(stage: Stage) -> None:
    """After Remove data no database and no compacted topic holds anything of the connection."""
    product, workspace = stage.product, stage.small
    product.webhook_rule(workspace, "removed", kinds=["churn_risk"])
    connection = product.connect(region="small")
    product.synced(connection["id"])
    (contact,) = workspace.some_contacts(1)
    workspace.write(contact, _NOTICE)
    eventually("somebody was told", lambda: workspace.received("webhook", "removed"), seconds=30)
    product.disconnect(connection["id"])
    product.remove(connection)
    assert _documents(stage, connection) == {}
    assert product.signals() == []
    assert left_on(stage.installation.bootstrap_servers, _COMPACTED) == []


_COMPACTED = [
    topic.name
    for topic in ALL_TOPICS
    if topic.cleanup == "compact" and topic.name not in {"connections", "access.keys"}
]
"""Topics that hold data; that a connection was removed stays said on `connections`, without any name."""


def _conversations_read(workspace: Workspace) -> int:
    calls: dict[str, int] = workspace.statistics()["calls"]
    return calls.get("GET /conversations/{id}", 0)


def _documents(stage: Stage, connection: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what still names the connection or its workspace, but for the order to remove."""
    found: dict[str, list[Any]] = {}
    names = (connection["id"], connection["workspace_id"])
    kept = {
        ("connector", "connections"),
        ("syncer", "removals"),
        ("detector", "removals"),
        ("notifier", "removals"),
    }
    for service in ("connector", "syncer", "detector", "notifier"):
        database = stage.mongo[f"earshot_{service}"]
        for name in database.list_collection_names():
            if (service, name) in kept:
                continue
            left = [one for one in database[name].find() if any(known in repr(one) for known in names)]
            if left:
                found[f"{service}.{name}"] = left
    return found
