"""Databases restored beside a lost Kafka: what heals by itself, and what `earshot reread` brings back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pymongo import MongoClient

from tests.e2e.chain.installation import Installation, eventually
from tests.e2e.chain.mirror import mirror_differences
from tests.e2e.chain.product import Product, left_on
from tests.e2e.chain.workspace import Workspace
from tests.integration.syncer.stage import simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_SIZE = {"CONVERSATIONS": 40, "PARTS": 4, "CONTACTS": 20, "COMPANIES": 8, "DAYS": 60}
_NOTICE = "We have decided to cancel our subscription at the end of the month."
_RESOURCES = ["resources.conversations"]


def _reread(installation: Installation) -> None:
    subprocess.run(
        [sys.executable, "-m", "deploy.cli", "reread", "--all"],
        env=installation.environment,
        check=True,
        timeout=60,
    )


def test_databases_set_back_and_kafka_lost(tmp_path: Path) -> None:
    """Reading brings back what happened since, alerts come again under their ids, revoked keys stay shut."""
    with ExitStack() as stack:
        (tmp_path / "workspace").mkdir()
        address = stack.enter_context(simulator(tmp_path / "workspace", **_SIZE))
        hosts = json.dumps({"small": address})
        installation = Installation(
            tmp_path,
            {
                "EARSHOT_INTERCOM_HOSTS": hosts,
                "EARSHOT_INTERCOM_APP_HOSTS": hosts,
                "EARSHOT_ALLOW_PRIVATE_WEBHOOKS": "true",
                "EARSHOT_TEXT_MODEL": "false",
            },
            demo=False,
        )
        stack.callback(lambda: installation.runner_ended() or installation.stop())
        installation.start()
        product = Product(installation)
        stack.callback(product.close)
        workspace = Workspace(address)
        stack.callback(workspace.close)
        mongo = stack.enter_context(MongoClient[dict[str, Any]](installation.mongodb_uri, tz_aware=True))
        connection = product.connect(region="small")["id"]
        product.synced(connection)
        product.webhook_rule(workspace, "told", kinds=["churn_risk"])
        key = product.client.post("/keys", json={"name": "old", "role": "member"}).raise_for_status().json()
        product.client.delete(f"/keys/{key['key_id']}").raise_for_status()
        product.settled()
        installation.stop()
        shutil.copytree(installation.data / "documents", tmp_path / "saved")

        installation.start()
        (contact,) = workspace.some_contacts(1)
        before = len(workspace.received("webhook", "told"))
        workspace.write(contact, _NOTICE)
        gone = next(row["id"] for row in workspace.truth("conversations"))
        workspace.mutate(("delete_conversation", {"conversation_id": gone}))
        product.sync(connection)
        eventually("it is told", lambda: len(workspace.received("webhook", "told")) == before + 1, seconds=30)
        installation.stop()

        shutil.rmtree(installation.data / "documents")
        shutil.copytree(tmp_path / "saved", installation.data / "documents")
        shutil.rmtree(installation.data / "kafka")
        installation.start()
        product.sync(connection)
        eventually("the mirror is right", lambda: not mirror_differences(mongo, workspace), seconds=30)
        eventually(
            "it is told again", lambda: len(workspace.received("webhook", "told")) == before + 2, seconds=30
        )
        assert len(left_on(installation.bootstrap_servers, _RESOURCES)) < len(
            list(workspace.truth("conversations"))
        )

        def answer() -> int:
            bearer = {"Authorization": f"Bearer {key['token']}"}
            return httpx.get(f"{installation.address}/api/v1/signals", headers=bearer, timeout=20).status_code

        eventually("the revoked key is refused", lambda: answer() == httpx.codes.UNAUTHORIZED, seconds=30)

        _reread(installation)
        held = mongo["earshot_detector"]["parts"].count_documents({"deleted_at": {"$exists": False}})
        held += mongo["earshot_detector"]["conversations"].count_documents({"deleted_at": {"$exists": False}})
        eventually(
            "the bus holds the whole again",
            lambda: len(left_on(installation.bootstrap_servers, _RESOURCES)) == held,
            seconds=60,
            every=1,
        )
        assert not mirror_differences(mongo, workspace)
