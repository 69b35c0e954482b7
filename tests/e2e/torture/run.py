"""A run of torture: a cluster, a workspace that produces facts, trouble for a time, a verdict."""

from __future__ import annotations

import json
import random
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.ports import free_ports
from tests.e2e.chain.product import Product
from tests.e2e.chain.workspace import Workspace
from tests.e2e.torture.cluster import Cluster
from tests.e2e.torture.facts import FactWriter
from tests.e2e.torture.receiver import SECRET, Receiver
from tests.e2e.torture.trouble import Trouble, blows, sparing
from tests.e2e.torture.verdict import Evidence, Verdict, judged
from tests.engines.choice import running_engine
from tests.integration.syncer.stage import simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.engines.choice import EngineName

RECIPIENTS = ("success-team", "account-owners")
_SIZE = {"CONVERSATIONS": 60, "PARTS": 4, "CONTACTS": 150, "COMPANIES": 100, "DAYS": 20}
_SETTLED_SECONDS = 150
_TORTURED_SETTLED_SECONDS = 100
"""A run that fails ends by itself soon after one that passes would: 20 to 30 seconds on two busy cores."""
_JUDGED_EVERY_SECONDS = 2.0
SYNC_SECONDS = 10
"""The shortest interval there is: what a webhook did not tell must be found soon."""


@dataclass
class Stand:
    """A connected installation with its workspace, receivers and writer of facts."""

    cluster: Cluster
    workspace: Workspace
    receiver: Receiver
    product: Product
    evidence: Evidence
    writer: FactWriter

    def connect(self) -> str:
        """Store one webhook rule a recipient, connect, and wait for the first run; return the id."""
        for name in RECIPIENTS:
            self.product.client.post("/rules", json=rule(name, self.receiver.url(name))).raise_for_status()
        connection = self.product.connect(interval=SYNC_SECONDS)
        self.product.synced(connection["id"])
        return str(connection["id"])

    def come_to_rest(self, connection_id: str) -> None:
        """Read once more, and then no more by schedule: else there is always a request under way."""
        self.product.save(connection_id, sync_interval_seconds=3_600)
        self.product.client.post(f"/connections/{connection_id}/sync").raise_for_status()

    def settle(self, say: Callable[[str], None], seconds: float = _SETTLED_SECONDS) -> Verdict:
        """Judge until nothing is wrong or time is over; return the last verdict."""
        deadline = time.monotonic() + seconds
        shown = None
        while True:
            try:
                verdict = judged(self.evidence, self.writer.facts())
            except (httpx.HTTPError, KafkaError, PyMongoError) as error:
                # Whoever is asked may be dying at this moment; then nothing is known yet.
                verdict = Verdict([f"could not be judged: {error!r}"])
            if not verdict.faults or time.monotonic() > deadline:
                return verdict
            open_points = f"{len(verdict.faults)} open: {verdict.faults[0][:160]}"
            if open_points != shown:
                say(open_points)
                shown = open_points
            time.sleep(_JUDGED_EVERY_SECONDS)


def rule(recipient: str, url: str) -> dict[str, Any]:
    """Return the body that stores the rule of a recipient."""
    return {
        "name": recipient,
        "channel": "webhook",
        "url": url,
        "secret": SECRET,
        "kinds": ["churn_risk"],
    }


@contextmanager
def stand(
    folder: Path,
    rng: random.Random,
    *,
    each_second: float,
    stand_in: str | None = None,
    environment: Mapping[str, str] | None = None,
    documents: EngineName = "earshot",
    neighbour: bool = False,
) -> Iterator[Stand]:
    """Start a cluster beside a small workspace and a receiver, nothing connected yet; yield all of it.

    With a neighbour there is a second workspace, in another region, that could be connected instead.
    """
    with ExitStack() as stack:
        contained = stack.enter_context(running_engine(documents, folder)) if documents == "mongodb" else None
        (mail,) = free_ports(1)
        size = {**_SIZE, "SMTP_PORT": mail, "SECOND_WORKSPACE": str(neighbour).lower()}
        address = stack.enter_context(simulator(folder, **size))
        hosts = json.dumps({"us": address, **({"eu": f"{address}/eu"} if neighbour else {})})
        cluster = Cluster(
            folder,
            {
                "EARSHOT_INTERCOM_HOSTS": hosts,
                "EARSHOT_INTERCOM_APP_HOSTS": hosts,
                "EARSHOT_INTERCOM_CLIENT_ID": "demo-client",
                "EARSHOT_INTERCOM_CLIENT_SECRET": "demo-secret",
                "EARSHOT_INTERCOM_TOKEN_URL": f"{address}/auth/eagle/token",
                "EARSHOT_INTERCOM_UNINSTALL_URL": f"{address}/auth/uninstall",
                "EARSHOT_SMTP_HOST": "127.0.0.1",
                "EARSHOT_SMTP_PORT": str(mail),
                "EARSHOT_SMTP_TLS": "none",
                "EARSHOT_ALLOW_PRIVATE_WEBHOOKS": "true",
                "EARSHOT_TEAMS_HOSTS": json.dumps(["127.0.0.1"]),
                "EARSHOT_NEW_CONNECTION_LIFECYCLE_EVENTS": "true",
                # A killed process's work is taken up after a lease; hours of torture shall fit into minutes.
                "EARSHOT_LEASE_SECONDS": "4",
                "EARSHOT_SLICE_SECONDS": "2",
                "EARSHOT_NOTIFY_TIMEOUT_SECONDS": "4",
                "EARSHOT_NOTIFY_ATTEMPTS": "12",
                **(environment or {}),
            },
            stand_in=stand_in,
            documents=documents,
            mongodb_uri=contained,
        )
        stack.callback(cluster.stop_all)
        cluster.start_all()
        receiver = Receiver(rng)
        stack.callback(receiver.close)
        workspace = Workspace(address)
        stack.callback(workspace.close)
        workspace.notify(f"{cluster.address}/webhooks/intercom")
        product = Product(cluster)
        stack.callback(product.close)
        mongo = stack.enter_context(MongoClient[dict[str, Any]](cluster.mongodb_uri, tz_aware=True))
        evidence = Evidence(workspace, product, mongo, cluster.bootstrap_servers, receiver, RECIPIENTS)
        writer = FactWriter(workspace, rng, each_second=each_second)
        yield Stand(cluster, workspace, receiver, product, evidence, writer)


@dataclass
class Outcome:
    """What a run came to."""

    seed: int
    documents: EngineName
    verdict: Verdict
    blows: list[str] = field(default_factory=list)
    settled_seconds: float = 0.0
    recoveries: list[tuple[float, str]] = field(default_factory=list)
    starts: dict[str, int] = field(default_factory=dict)
    peak_megabytes: dict[str, int] = field(default_factory=dict)


def tortured(
    folder: Path,
    *,
    seed: int,
    seconds: float,
    each_second: float,
    say: Callable[[str], None],
    mutant: str | None = None,
    documents: EngineName = "earshot",
) -> Outcome:
    """Run torture and return what it came to. Raises AssertionError when the cluster does not recover."""
    # One source for each purpose: how many facts are written must not change which blows fall.
    writing, hitting = random.Random(f"{seed}/facts"), random.Random(f"{seed}/blows")
    environment = {} if mutant is None else {"EARSHOT_TEST_MUTANT": mutant}
    stand_in = None if mutant is None else "tests.e2e.torture.service"
    with stand(
        folder,
        writing,
        each_second=each_second,
        stand_in=stand_in,
        environment=environment,
        documents=documents,
    ) as ground:
        connection_id = ground.connect()
        say(f"connected and read; pages at {ground.cluster.address}, logs in {folder / 'data' / 'logs'}")
        spared = () if documents == "earshot" else ("documents",)
        trouble = Trouble(ground.cluster, ground.workspace, ground.receiver, hitting, say, spared=spared)
        outcome = Outcome(seed, documents, Verdict())
        ground.writer.start()
        ends = time.monotonic() + seconds
        planned = blows(random.Random(f"{seed}/plan"))
        for name in spared:
            planned = sparing(planned, name, may_be_held=name in ground.cluster.parts)
        for blow in planned:
            if time.monotonic() > ends:
                break
            left = ends - time.monotonic()
            say(f"{left:4.0f} s left, {len(ground.writer.facts()):4d} facts; {blow}")
            trouble.deal(blow)
            ground.cluster.note_memory()
            outcome.blows.append(str(blow))
        facts = ground.writer.stop()
        say(f"trouble is over after {len(outcome.blows)} blows and {len(facts)} facts; recovering")
        trouble.calm()
        ground.come_to_rest(connection_id)
        began = time.monotonic()
        outcome.verdict = ground.settle(say, _TORTURED_SETTLED_SECONDS)
        outcome.settled_seconds = time.monotonic() - began
        outcome.recoveries = sorted(trouble.recoveries, reverse=True)
        parts = ground.cluster.parts
        outcome.starts = {name: running.starts for name, running in parts.items() if running.starts}
        outcome.peak_megabytes = {
            name: running.peak_bytes // 1_000_000 for name, running in parts.items() if running.peak_bytes
        }
        return outcome
