"""Sending notifications: signed, retried once after a minute, given up after that (FACTS §9).

The switches make it misbehave as the real one does: duplicates, disorder, null ids, drops, wrong signatures.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from deploy.simulator.model import Event
from deploy.simulator.webhooks.notifications import envelope, sign, sign_body

if TYPE_CHECKING:
    from deploy.simulator.simulation import Simulation

ANSWER_SECONDS = 5
"""An answer that takes longer counts as none."""

WORKERS = 8
MOST_WAITING = 20_000
LATEST_DELIVERIES = 200
REORDER_SECONDS = 1.0
"""Held back for this long under the reorder switch, then sent newest first."""

GONE = 410
USER_AGENT = "intercom-parrot-service-client/1.0"


@dataclass
class Delivery:
    """One notification and how its sending went."""

    topic: str
    workspace_id: str
    subject: str
    body: dict[str, Any]
    number: int
    secret_is_right: bool = True
    attempts: list[str] = field(default_factory=list)
    at: float = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "workspace": self.workspace_id,
            "subject": self.subject,
            "id": self.body["id"],
            "at": self.at,
            "attempts": self.attempts,
        }


class WebhookSender:
    """Listens to a simulation and tells one address what happens in all its workspaces."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        url: str | None,
        secret: str,
        uninstall_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self.uninstall_url = uninstall_url
        self.enabled = True
        self.deliveries: deque[Delivery] = deque(maxlen=LATEST_DELIVERIES)
        self.counts: dict[str, int] = {"delivered": 0, "failed": 0, "dropped": 0, "retried": 0}
        self._simulation = simulation
        self._secret = secret
        self._number = 0
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue(MOST_WAITING)
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, transport=transport)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Delivery] = []
        simulation.on_events.append(self.notify)

    def notify(self, workspace_id: str, events: tuple[Event, ...]) -> None:
        """Take events to be sent. Never waits; a full queue drops, as a paused subscription does."""
        if self.url is None or not self.enabled or not self._simulation.switches.webhooks:
            return
        for event in events:
            self._take(workspace_id, event)

    def _take(self, workspace_id: str, event: Event) -> None:
        switches = self._simulation.switches
        self._number += 1
        number = self._number
        if _nth(number, switches.webhook_drop_every):
            self.counts["dropped"] += 1
            return
        workspace = self._simulation.tenant(workspace_id).workspace
        identity = None if _nth(number, switches.webhook_null_id_every) else f"notif_{number:08x}"
        body = envelope(event, workspace, switches, identity)
        right = not _nth(number, switches.webhook_bad_signature_every)
        delivery = Delivery(
            event.topic, workspace_id, event.id, body, number, right, at=self._simulation.now()
        )
        self.deliveries.appendleft(delivery)
        copies = 2 if _nth(number, switches.webhook_duplicate_every) else 1
        for _ in range(copies):
            self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        if self._simulation.switches.webhook_reorder:
            self._held.append(delivery)
            return
        try:
            self._queue.put_nowait(delivery)
        except asyncio.QueueFull:
            self.counts["dropped"] += 1

    def start(self) -> None:
        """Begin sending; needs a running loop."""
        for _ in range(WORKERS):
            self._spawn(self._work())
        self._spawn(self._release_held())

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        for task in tuple(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._client.aclose()

    async def _work(self) -> None:
        while True:
            delivery = await self._queue.get()
            if not await self._attempt(delivery):
                self._spawn(self._retry(delivery))

    async def _retry(self, delivery: Delivery) -> None:
        """The one retry."""
        await asyncio.sleep(self._simulation.switches.webhook_retry_seconds)
        self.counts["retried"] += 1
        delivery.body = delivery.body | {"delivery_attempts": 2, "delivery_status": "retry"}
        if not await self._attempt(delivery):
            self.counts["failed"] += 1

    async def _release_held(self) -> None:
        while True:
            await asyncio.sleep(REORDER_SECONDS)
            held, self._held = self._held[::-1], []
            for delivery in held:
                with contextlib.suppress(asyncio.QueueFull):
                    self._queue.put_nowait(delivery)

    async def _attempt(self, delivery: Delivery) -> bool:
        """Send once; true when nothing more is to be done."""
        if self.url is None or not self.enabled:
            return True
        content = orjson.dumps(delivery.body)
        secret = self._secret if delivery.secret_is_right else "not-" + self._secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "X-Hub-Signature": sign(content, secret),
        }
        try:
            response = await self._client.post(self.url, content=content, headers=headers)
        except httpx.HTTPError as error:
            delivery.attempts.append(type(error).__name__)
            return False
        delivery.attempts.append(str(response.status_code))
        if response.status_code == GONE:
            # A 410 means: never again (FACTS §9).
            self.enabled = False
        if response.is_success:
            self.counts["delivered"] += 1
        return response.is_success or response.status_code == GONE

    async def check(self, url: str) -> str | None:
        """Why `url` cannot be saved as the webhook address, or None: it must answer HEAD (FACTS §9)."""
        try:
            response = await self._client.head(url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"HEAD {url} failed: {type(error).__name__}."
        return None if response.is_success else f"HEAD {url} was answered with {response.status_code}."

    def set_url(self, url: str | None) -> None:
        """Send there from now on; a disabled subscription is enabled again."""
        self.url = url
        self.enabled = True

    def ping(self, workspace_id: str) -> None:
        self.notify(workspace_id, (Event("ping", "ping", "ping", int(self._simulation.now())),))

    def uninstalled(self, workspace_id: str) -> None:
        """Tell the app's uninstall address that access was taken away (best effort, FACTS §2)."""
        if self.uninstall_url is not None:
            self._spawn(self._tell_uninstalled(self.uninstall_url, workspace_id))

    async def _tell_uninstalled(self, url: str, workspace_id: str) -> None:
        content = orjson.dumps({"app_id": workspace_id})
        signature = sign_body(content, self._secret)
        headers = {"Content-Type": "application/json", "X-Body-Signature": signature}
        with contextlib.suppress(httpx.HTTPError):
            await self._client.post(url, content=content, headers=headers)


def _nth(number: int, every: int) -> bool:
    return every > 0 and number % every == 0
