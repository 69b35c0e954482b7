"""The life of a connection, from its making to the removal of its data, by somebody who tries again.

Whatever a service does for a connection happens somewhere in it, so every place where a process can die lies
on its way. Each step is repeated until it has worked: the service asked for may just be dying.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from urllib.parse import parse_qsl, urlsplit

import httpx
from aiokafka import AIOKafkaProducer

from deploy.simulator.tokens import DEMO_TOKEN
from shared.contracts.signals import SignalKind
from shared.contracts.sync import SyncRequested
from shared.contracts.topics import CONNECTIONS, RESOURCES_TAGS, SIGNALS, SYNC_PROGRESS
from shared.documents.pending import pending_facts
from tests.e2e.chain.installation import TookTooLongError, eventually
from tests.e2e.torture.run import RECIPIENTS, SYNC_SECONDS, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.e2e.chain.product import Product
    from tests.e2e.torture.run import Stand

T = TypeVar("T")

_STEP_SECONDS = 1_200
"""A step may be cut off by a dozen deaths, each of which costs a start."""

_INTERCOM = "/settings/organization/integrations/intercom"
_CUSTOMERS = "/settings/organization/customers"
POISON = b"poison"
_WISH = "It would be great if you could add a dark mode to the dashboard. Please add dark mode."
POISONED = (CONNECTIONS, SYNC_PROGRESS, RESOURCES_TAGS, SIGNALS)
"""One topic that each of syncer and detector, connector, detector and notifier reads."""


def insist(what: str, step: Callable[[], T | None]) -> T:
    """Return what a step finds, trying again while parts are away."""

    def once() -> T | None:
        try:
            return step()
        except (httpx.HTTPError, AssertionError) as error:
            if isinstance(error, TookTooLongError):
                raise
            return None

    return eventually(what, once, seconds=_STEP_SECONDS, every=0.3)


class Life:
    """One connection of a stand whose services may die at any time."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._product = stand.product

    def connected(self) -> str:
        """Connect the workspace and wait for the first run; return the connection's id."""

        def connect() -> str | None:
            known = [one for one in self._product.connections() if one["state"] != "removed"]
            if known:
                return str(known[0]["id"])
            body = {"access_token": DEMO_TOKEN, "region": "us"}
            self._product.client.post("/connections", json=body).raise_for_status()
            return None

        id_ = insist("the workspace is connected", connect)
        settings = {"lifecycle_events": True, "sync_interval_seconds": SYNC_SECONDS}
        insist("its settings are saved", lambda: self._product.save(id_, **settings))

        def complete() -> bool:
            return bool(self._product.connection(id_)["ledger"]["completed_at"])

        insist("the first run is complete", complete)
        return id_

    def rested(self, id_: str) -> None:
        """Read once more, and then no more by schedule: else something is under way at any moment."""

        def rest() -> bool:
            self._stand.come_to_rest(id_)
            return True

        insist("the schedule rests", rest)

    def resumed(self, id_: str) -> None:
        """Read by schedule again."""
        insist("the schedule goes on", lambda: self._product.save(id_, sync_interval_seconds=SYNC_SECONDS))

    def crowded(self, id_: str) -> None:
        """Let two requests to read wait at once, as behind a bus that was away; both go out in one call."""
        connections = self._stand.evidence.mongo["earshot_connector"]["connections"]
        document = connections.find_one({"_id": id_})
        assert document is not None
        now = datetime.now(UTC)
        requests = [
            SyncRequested(
                organization_id=document["organization_id"],
                connection_id=id_,
                request_id=uuid.uuid4().hex,
                reason="manual",
                requested_at=now,
            )
            for _ in range(2)
        ]
        facts = pending_facts(*requests, at=now - timedelta(minutes=1))
        connections.update_one({"_id": id_}, {"$push": {"pending": {"$each": facts}}})

    def ruled(self) -> None:
        """Have one rule for each recipient, and one for each other way to reach people."""
        bodies = [rule(name, self._stand.receiver.url(name)) for name in RECIPIENTS]
        channel = {"channel": "slack", "url": self._stand.workspace.slack_url("team")}
        bodies.append({"name": "slack", "kinds": ["churn_risk"], **channel})
        workflow = {"channel": "teams", "url": self._stand.workspace.teams_url("team")}
        bodies.append({"name": "teams", "kinds": ["churn_risk"], **workflow})
        mail = {"channel": "email", "recipients": ["team@acme.example"]}
        bodies.append({"name": "mail", "kinds": ["churn_risk"], **mail})
        for body in bodies:

            def store(body: dict[str, Any] = body) -> bool | None:
                if any(rule["name"] == body["name"] for rule in self._product.pages("/rules", limit=None)):
                    return True
                self._product.client.post("/rules", json=body).raise_for_status()
                return None

            insist(f"the rule {body['name']} is stored", store)

    def preferred(self) -> None:
        """Save what a person wants to hear: everything, always; and look how much of it is unread."""
        wishes: dict[str, str | list[str]] = {"kinds": list(get_args(SignalKind)), "minimum_confidence": "0"}
        insist("preferences are saved", lambda: self._sent("/settings/me", wishes))
        count = self._product.client.get
        insist("unread entries are counted", lambda: count("/inbox/unread").raise_for_status())

    def authorized(self) -> None:
        """Connect the same workspace once more, by Intercom's own screen."""
        workspace = self._stand.workspace

        def come_back() -> httpx.Response:
            to = urlsplit(self._sent(f"{_INTERCOM}/authorize").headers["location"])
            back = workspace.authorized(workspace.id, dict(parse_qsl(to.query)))
            answer = self._product.client.get(f"{self._stand.cluster.address}{_INTERCOM}/callback?{back}")
            assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
            return answer

        insist("the workspace is connected by OAuth", come_back)

    def astray(self) -> None:
        """Set out for Intercom's screen and never come back."""
        insist("somebody is on the way to Intercom", lambda: self._sent(f"{_INTERCOM}/authorize"))

    def offered(self) -> None:
        """Offer another workspace in place of the connected one, and keep that one when asked."""
        workspace = self._stand.workspace
        form = {"access_token": workspace.new_token(workspace.neighbour_id), "region": "eu"}

        def keep() -> httpx.Response:
            asked = self._product.client.post(f"{self._stand.cluster.address}{_INTERCOM}/token", data=form)
            offer = re.search(r'name="offer" value="([^"]+)"', asked.text)
            assert offer is not None, asked.text
            return self._sent(f"{_INTERCOM}/keep", {"offer": offer[1]})

        insist("the other workspace is declined", keep)

    def judged(self, id_: str) -> None:
        """Let people say what they may say of what was found, and of how it is found."""
        client, pages = self._product.client, self._product.pages

        def weigh() -> httpx.Response:
            weights = client.get("/health/weights").raise_for_status().json()
            return client.put("/health/weights", json=weights).raise_for_status()

        def plan() -> httpx.Response:
            listed = pages("/requests")
            # Who died before the request's signal was counted does so in the next round.
            assert listed, "no request is listed yet"
            path = f"/requests/{listed[0]['id']}/state"
            return client.post(path, json={"state": "planned"}).raise_for_status()

        def confirm() -> httpx.Response:
            found = self._product.signals(kind="churn_risk")
            assert found, "no signal is listed yet"
            return client.post(f"/signals/{found[0]['id']}/confirm").raise_for_status()

        chosen: dict[str, list[str]] = {"detectors": []}
        insist("health is weighed", weigh)
        insist("a request is planned", plan)
        insist("a signal is confirmed", confirm)
        insist("attributes are chosen", lambda: self._sent(f"{_CUSTOMERS}/attributes", {"connection": id_}))
        insist(
            "the language model is asked about nothing",
            lambda: client.put("/language-model", json=chosen).raise_for_status(),
        )

    def outdated(self, id_: str) -> None:
        """Let what is stored have been found by other detectors, and wait until it is compared."""
        mirror = self._stand.evidence.mongo["earshot_detector"]
        mine = {"connection_id": id_}

        def age() -> bool:
            # Not while it is being read: then it would be read to the end, and nothing compared.
            read = mirror["rereads"].find_one({**mine, "finished_at": {"$ne": None}})
            if read is None:
                return False
            older = {"$set": {"fingerprint": f"earlier=0~0 {read['fingerprint']}"}}
            mirror["rereads"].update_one({"_id": read["_id"]}, older)
            return True

        insist("other detectors read it", age)
        # Whoever is told of a connection looks whether its detectors are the present ones.
        insist("its settings are saved", lambda: self._product.save(id_, sync_interval_seconds=3_599))
        insist(
            "it is compared",
            lambda: mirror["redetections"].find_one({**mine, "state": {"$ne": "reading"}}),
        )

    def _sent(self, path: str, form: Mapping[str, str | list[str]] | None = None) -> httpx.Response:
        """Send a page's form; return the answer, which leads elsewhere when all is well."""
        answer = self._product.client.post(f"{self._stand.cluster.address}{path}", data=dict(form or {}))
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        return answer

    def keyed(self) -> None:
        """Make a key and revoke it, until one is known to be revoked."""
        name = uuid.uuid4().hex[:8]

        def revoke() -> bool | None:
            keys = self._product.client.get("/keys").raise_for_status().json()["items"]
            named = [key for key in keys if key["name"] == name]
            if any(key["revoked_at"] for key in named):
                return True
            if named:
                self._product.client.delete(f"/keys/{named[0]['key_id']}").raise_for_status()
            else:
                body = {"name": name, "role": "member"}
                self._product.client.post("/keys", json=body).raise_for_status()
            return None

        insist("a key is revoked", revoke)

    def wished(self) -> None:
        """Let two customers wish for the same, so that a request is made and joined."""
        for contact in self._stand.workspace.some_contacts(2):
            self._stand.workspace.write(contact, _WISH)

        def joined() -> bool:
            return bool(self._stand.evidence.mongo["earshot_detector"]["requests"].count_documents({}))

        insist("a request is made of a wish", joined)

    def renewed(self) -> None:
        """Let there be one more of each thing in the mirror, each in a batch of its own.

        What comes together is written together: who dies at one of these writes misses the others.
        """
        mirror = self._stand.evidence.mongo["earshot_detector"]
        workspace = self._stand.workspace
        mark = uuid.uuid4().hex[:8]

        def more(collection: str, *mutations: tuple[str, dict[str, Any]]) -> list[Any]:
            before = mirror[collection].estimated_document_count()
            events = workspace.mutate(*mutations)
            insist(
                f"there are more {collection}",
                lambda: mirror[collection].estimated_document_count() > before,
            )
            return events

        person = {"name": mark, "email": f"{mark}@example.com", "external_id": mark, "company_ids": []}
        (contact,), *_ = more("contacts", ("create_contact", person))
        company = ("create_company", {"company_id": mark, "name": mark})
        before = mirror["companies"].estimated_document_count()
        made = workspace.mutate(company)[0][0]["id"]
        workspace.mutate(("attach_company", {"contact_id": contact["id"], "company_id": made}))
        insist("there are more companies", lambda: mirror["companies"].estimated_document_count() > before)
        more("admins", ("add_admin", {"name": mark, "email": f"{mark}@acme.example"}))
        more("tags", ("create_tag", {"name": mark}))

    def unruled(self) -> None:
        """Delete the rule that an organization starts with."""

        def gone() -> bool:
            defaults = [one for one in self._product.pages("/rules", limit=None) if one["channel"] == "inbox"]
            for one in defaults:
                self._product.client.delete(f"/rules/{one['id']}").raise_for_status()
            return not defaults

        insist("the first rule is gone", gone)

    def gapped(self) -> None:
        """Let a conversation have more parts than Intercom gives, which is a gap."""
        workspace = self._stand.workspace
        workspace.switch(parts_limit=1)
        id_ = workspace.write(workspace.some_contacts(1)[0], "Hello, this will be a long talk.")
        for number in range(3):
            workspace.mutate(("reply", {"conversation_id": id_, "body": f"<p>Point {number} of many.</p>"}))
        gaps = self._stand.evidence.mongo["earshot_syncer"]["gaps"]
        insist("the gap is written down", lambda: bool(gaps.count_documents({})))

    def removed(self, id_: str) -> None:
        """Disconnect, and remove the data until every service has confirmed it."""

        def disconnected() -> bool | None:
            connection = self._product.connection(id_)
            if connection["state"] in {"disconnected", "removing", "removed"}:
                return True
            self._product.client.post(f"/connections/{id_}/disconnect").raise_for_status()
            return None

        def confirmed() -> bool | None:
            connection = self._product.connection(id_)
            if len(connection["removal_confirmed_by"]) == 4:
                return True
            if connection["state"] == "disconnected":
                path = f"/connections/{id_}/data"
                confirm = {"confirm": connection["workspace_name"]}
                self._product.client.delete(path, params=confirm).raise_for_status()
            return None

        insist("the connection is disconnected", disconnected)
        insist("all services confirm the removal", confirmed)


async def poison(bootstrap_servers: str) -> int:
    """Put one record that is no event on a topic of each service; return how many."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
        for topic in POISONED:
            await producer.send_and_wait(topic.name, b'{"no": "event"}', key=POISON, partition=0)
    return len(POISONED)


def left(stand: Stand, id_: str, workspace_id: str) -> dict[str, int]:
    """Return how many documents still name a removed connection, by collection; orders to remove may."""
    kept = {
        ("connector", "connections"),
        *((name, "removals") for name in ("syncer", "detector", "notifier")),
    }
    found: dict[str, int] = {}
    for service in ("connector", "syncer", "detector", "notifier"):
        database = stand.evidence.mongo[f"earshot_{service}"]
        for name in database.list_collection_names():
            if (service, name) in kept:
                continue
            rows: list[dict[str, Any]] = list(database[name].find())
            # A request has words of customers and no connection's name; it goes with its last signal.
            whole = (service, name) == ("detector", "requests")
            count = sum(1 for row in rows if whole or id_ in repr(row) or workspace_id in repr(row))
            if count:
                found[f"{service}.{name}"] = count
    return found


def told(product: Product) -> str:
    """Return the state of a product's parts for a failed test's message."""
    return json.dumps(product.connections(), default=str)[:1_000] + f" at {time.strftime('%X')}"
