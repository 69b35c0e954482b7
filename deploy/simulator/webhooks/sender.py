"""Sending notifications: signed, retried once after a minute, given up after that (FACTS §9).

The switches make it misbehave as the real one does: duplicates, disorder, null ids, drops, wrong signatures.
What waits, waits by the simulation's clock; a task of the loop only looks now and then who is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from deploy.simulator.model import Event
from deploy.simulator.webhooks.notifications import envelope, sign, sign_body
from deploy.simulator.webhooks.subscription import Subscription

if TYPE_CHECKING:
    from deploy.simulator.simulation import Simulation

ANSWER_SECONDS = 5
"""An answer that takes longer counts as none."""

WORKERS = 8
MOST_WAITING = 20_000
LATEST_DELIVERIES = 200
REORDER_SECONDS = 1.0
"""Held back for this long under the reorder switch, then sent newest first."""

LOOK_SECONDS = 0.2
"""How often those who wait are looked through."""

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
    failures: int = 0

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
        self.subscription = Subscription()
        self.deliveries: deque[Delivery] = deque(maxlen=LATEST_DELIVERIES)
        self.counts: dict[str, int] = {
            "delivered": 0,
            "failed": 0,
            "dropped": 0,
            "retried": 0,
            "throttled": 0,
        }
        self._simulation = simulation
        self._secret = secret
        self._number = 0
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue(MOST_WAITING)
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, transport=transport)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Delivery] = []
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._turns = 0
        simulation.on_events.append(self.notify)

    @property
    def state(self) -> str:
        """How the subscription stands now: live, throttled, paused, suspended or disabled."""
        return self.subscription.state(self._simulation.now())

    @property
    def enabled(self) -> bool:
        """False once an answer 410 or a week of errors has ended the sending; `set_live` begins anew."""
        return self.state not in ("disabled", "suspended")

    @property
    def waiting(self) -> int:
        """How many notifications wait for a retry or for the end of a throttling."""
        return len(self._waiting)

    def notify(self, workspace_id: str, events: tuple[Event, ...]) -> None:
        """Take events to be sent. Never waits; what comes during a pause or to a full queue is dropped."""
        if self.url is None or not self.enabled or not self._simulation.switches.webhooks:
            return
        for event in events:
            self._take(workspace_id, event)

    def _take(self, workspace_id: str, event: Event) -> None:
        switches = self._simulation.switches
        self._number += 1
        number = self._number
        if self.state == "paused" or _nth(number, switches.webhook_drop_every):
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
            if switches.webhook_reorder:
                self._held.append(delivery)
            else:
                self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        try:
            self._queue.put_nowait(delivery)
        except asyncio.QueueFull:
            self.counts["dropped"] += 1

    def _wait(self, delivery: Delivery, until: float) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.counts["dropped"] += 1
            return
        self._turns += 1
        heapq.heappush(self._waiting, (until, self._turns, delivery))

    def release_due(self) -> None:
        """Put those back into the queue whose waiting is over; done by itself while the sender runs."""
        now = self._simulation.now()
        while self._waiting and self._waiting[0][0] <= now:
            self._enqueue(heapq.heappop(self._waiting)[2])

    def start(self) -> None:
        """Begin sending; needs a running loop."""
        for _ in range(WORKERS):
            self._spawn(self._work())
        self._spawn(self._look())
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
            await self._attempt(await self._queue.get())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.release_due()

    async def _release_held(self) -> None:
        while True:
            await asyncio.sleep(REORDER_SECONDS)
            held, self._held = self._held[::-1], []
            for delivery in held:
                self._enqueue(delivery)

    async def _attempt(self, delivery: Delivery) -> None:
        """Send once, and decide by the answer what becomes of the notification."""
        now = self._simulation.now()
        if self.url is None or not self.enabled:
            return
        if self.state == "paused":
            self.counts["dropped"] += 1
            return
        if self.state == "throttled":
            self._throttled(delivery, now)
            return
        status = await self._post(self.url, delivery)
        delivery.attempts.append(str(status))
        outcome = self.subscription.answered(status, self._simulation.now())
        if outcome == "delivered":
            self.counts["delivered"] += 1
        elif outcome == "throttled":
            self._throttled(delivery, now)
        elif outcome == "failed":
            self._failed(delivery, now)

    def _throttled(self, delivery: Delivery, now: float) -> None:
        if self.subscription.too_old(delivery.at, now):
            self.counts["dropped"] += 1
            return
        self.counts["throttled"] += 1
        self._wait(delivery, self.subscription.resumes_at)

    def _failed(self, delivery: Delivery, now: float) -> None:
        """One retry, and no more."""
        if delivery.failures:
            self.counts["failed"] += 1
            return
        delivery.failures += 1
        delivery.body = delivery.body | {"delivery_attempts": 2, "delivery_status": "retry"}
        self.counts["retried"] += 1
        pause = self._simulation.switches.webhook_retry_seconds
        if pause > 0:
            self._wait(delivery, now + pause)
        else:
            self._enqueue(delivery)

    async def _post(self, url: str, delivery: Delivery) -> int | str:
        """The status of the answer, or the name of what came instead of one."""
        content = orjson.dumps(delivery.body)
        secret = self._secret if delivery.secret_is_right else "not-" + self._secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "X-Hub-Signature": sign(content, secret),
        }
        try:
            return (await self._client.post(url, content=content, headers=headers)).status_code
        except httpx.HTTPError as error:
            return type(error).__name__

    async def check(self, url: str) -> str | None:
        """Why `url` cannot be saved as the webhook address, or None: it must answer HEAD (FACTS §9)."""
        try:
            response = await self._client.head(url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"HEAD {url} failed: {type(error).__name__}."
        return None if response.is_success else f"HEAD {url} was answered with {response.status_code}."

    def set_url(self, url: str | None) -> None:
        """Send there from now on."""
        self.url = url
        self.set_live()

    def set_live(self) -> None:
        """As "Set live" in the Developer Hub: errors are forgotten, a disabled subscription is enabled."""
        self.subscription = Subscription()

    def as_json(self) -> dict[str, Any]:
        """The subscription and the newest deliveries, for the control API."""
        return {
            "url": self.url,
            "enabled": self.enabled,
            "state": self.state,
            "resumes_at": self.subscription.resumes_at or None,
            "waiting": self.waiting,
            "counts": self.counts,
            "deliveries": [each.as_json() for each in self.deliveries],
        }

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
