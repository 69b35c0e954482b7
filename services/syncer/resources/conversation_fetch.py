"""Reads conversations side by side: pages are read ahead while the conversations on them are fetched.

Whatever was taken from a page and is not published yet stays in the step's position, so that a crash, a spent
budget or the end of a slice never loses a row of an earlier page.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.syncer.domain.conversation import fresh_conversation
from services.syncer.domain.gap import UNREAD_GAPS
from services.syncer.domain.groups import first_of
from services.syncer.domain.reads import Call, Read
from services.syncer.errors import (
    AccessError,
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    ResourceMissingError,
    SlowDownError,
    SourceUnavailableError,
    WalkRefusedError,
)
from services.syncer.resources.reading import Gone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.syncer.domain.conversation_row import ShownRow
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.fresh import Fresh
    from services.syncer.resources.reading import Reading

    Feed = Callable[["Fetch"], Awaitable[bool]]

_FETCHERS_TO_SPARE = 8
"""Readers beyond the calls in flight now, so that more may be in flight later in a slice."""

_BATCH = 40
"""Conversations published together: enough to make one round trip to the bus and the store worth it."""

_PUBLISHERS = 3
"""Batches on their way to the bus at once: each waits for acknowledgements; no conversation is in two."""

_BATCH_PARTS = 2_000
"""Parts from which on no further conversation joins a batch; bounds memory where conversations are long."""

_READ_AHEAD = 150
"""Conversations waiting to be fetched at most: one page, so that fetching never waits for the next one."""

_MOST_ATTEMPTS = 6
"""Slices that try one conversation until it becomes a named gap, which later runs try again."""

_FAILURES_TO_HALT = 10
"""Failed fetches without any success in between: then it is not this conversation, it is the source.

Refusals are no failures: the source answers, and the search says whether conversations may be read at all."""


class Fetch:
    """The conversations one step wants, from a position's `wanted` ({id: failed attempts}) to the bus."""

    def __init__(self, reading: Reading, position: dict[str, Any], *, progress: bool = True) -> None:
        """Return a fetch over a position; `progress` tells whether what it reads counts as progress."""
        self._reading = reading
        self._progress = progress
        self._wanted: dict[str, int] = position.setdefault("wanted", {})
        self._retried: list[str] = position.setdefault("retried", [])
        self._known: dict[str, Fingerprint] = {}
        self._rows: dict[str, ShownRow] = {}
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=_READ_AHEAD)
        self._done: asyncio.Queue[Fresh | Gone | None] = asyncio.Queue(maxsize=_BATCH)
        self._fed = False
        self._halted: Exception | None = None
        self._failures = 0

    async def run(self, feed: Feed) -> bool:
        """Fetch until nothing is left or the slice is over; tell whether nothing is left.

        `feed` reads one more page, awaits `want` for each row, and tells whether that was the last page.
        Raises what stopped it, after everything fetched until then was published.
        """
        fetchers = self._reading.intercom.most_in_flight + _FETCHERS_TO_SPARE
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_PUBLISHERS):
                    group.create_task(self._publish())
                async with asyncio.TaskGroup() as readers:
                    readers.create_task(self._feed(feed, fetchers))
                    for _ in range(fetchers):
                        readers.create_task(self._fetch())
                for _ in range(_PUBLISHERS):
                    await self._done.put(None)
        except BaseExceptionGroup as several:
            raise first_of(several) from several
        if self._halted is not None:
            raise self._halted
        return self._fed and not self._wanted

    async def want(
        self, id_: str, before: Fingerprint | None, *, retried: bool = False, row: ShownRow | None = None
    ) -> None:
        """Add a conversation to those to be fetched; one that is wanted already is fetched once.

        `row` is the row that asks for it; `retried` says that a gap names it, which ends once it was read.
        """
        if retried and id_ not in self._retried:
            self._retried.append(id_)
        if id_ in self._wanted:
            return
        self._wanted[id_] = 0
        if before is not None:
            self._known[id_] = before
        if row is not None:
            self._rows[id_] = row
        await self._queue.put(id_)

    def _going(self) -> bool:
        return self._halted is None and self._reading.time_left()

    async def _feed(self, feed: Feed, fetchers: int) -> None:
        try:
            left_over = list(self._wanted)
            self._known.update(await self._reading.fingerprints_of("conversation", left_over))
            for id_ in left_over:
                await self._queue.put(id_)
            while self._going() and not self._fed:
                self._fed = await feed(self)
        except (
            SlowDownError,
            SourceUnavailableError,
            AccessError,
            RequestRefusedError,
            WalkRefusedError,
        ) as error:
            self._halted = self._halted or error
        # Only on this way out: any other cancels the fetchers, and a full queue has no room until they read.
        for _ in range(fetchers):
            await self._queue.put(None)

    async def _fetch(self) -> None:
        while (id_ := await self._queue.get()) is not None:
            if not self._going():
                continue  # It stays wanted; the queue is emptied so that nobody waits to fill it.
            try:
                item = await self._fetched(id_)
            except (SourceUnavailableError, RequestRefusedError) as error:
                await self._failed(id_, error)
            except (PermissionMissingError, PlanRestrictedError) as error:
                await self._refused(id_, error)
            except (SlowDownError, AccessError) as error:
                self._halted = self._halted or error
            else:
                self._failures = 0
                await self._done.put(item)

    async def _fetched(self, id_: str) -> Fresh | Gone:
        before = self._known.pop(id_, None)
        try:
            answer = await self._reading.intercom.read(Call(Read.CONVERSATION, id_))
        except ResourceMissingError:
            return Gone("conversation", id_, before)
        except Exception:
            if before is not None:
                self._known[id_] = before
            raise
        row = self._rows.pop(id_, None)
        fresh = fresh_conversation(answer.body, self._reading.scope, answer.at, before, shown=row)
        if fresh is None or fresh.event.id != id_:
            raise SourceUnavailableError(f"/conversations/{id_} answered with something that is not it.")
        return fresh

    async def _failed(self, id_: str, error: Exception) -> None:
        self._wanted[id_] += 1
        self._failures += 1
        if self._wanted[id_] >= _MOST_ATTEMPTS:
            await self._reading.gap("conversation", id_, "still_lagging")
            self._settle(id_)
        if self._failures >= _FAILURES_TO_HALT:
            self._halted = self._halted or error

    async def _refused(self, id_: str, error: Exception) -> None:
        """Name the one conversation that may not be read, and go on.

        However many there are, they tell nothing of the others: what showed their ids was granted, and tells
        with its next answer should the whole resource not be any more.
        """
        reason = "plan_restricted" if isinstance(error, PlanRestrictedError) else "permission_missing"
        await self._reading.gap("conversation", id_, reason)
        self._settle(id_)

    def _settle(self, id_: str) -> None:
        self._wanted.pop(id_, None)
        if self._progress:
            self._reading.read("conversation")
        else:
            self._reading.looked_after()

    async def _publish(self) -> None:
        finished = False
        while not finished:
            batch, finished = await self._next_batch()
            await self._published(batch)

    async def _next_batch(self) -> tuple[list[Fresh | Gone], bool]:
        """Return what is ready to be published together, and whether nothing comes after it."""
        batch: list[Fresh | Gone] = []
        parts = 0
        item = await self._done.get()
        while item is not None:
            batch.append(item)
            parts += 0 if isinstance(item, Gone) else len(item.parts)
            if len(batch) >= _BATCH or parts >= _BATCH_PARTS or self._done.empty():
                return batch, False
            item = self._done.get_nowait()
        return batch, True

    async def _published(self, batch: list[Fresh | Gone]) -> None:
        fresh = [item for item in batch if not isinstance(item, Gone)]
        gone = [item for item in batch if isinstance(item, Gone)]
        if fresh:
            await self._reading.changes.apply(fresh)
        if gone:
            await went(self._reading, gone, shown=True)
        for item in fresh:
            await keep_ledger(self._reading, item)
            if item.event.id in self._retried:
                await self._reading.no_gap("conversation", item.event.id, *UNREAD_GAPS)
            self._settle(item.event.id)
        for lost in gone:
            self._settle(lost.id)


async def went(reading: Reading, gone: list[Gone], *, shown: bool = False) -> None:
    """Publish that conversations went, and close what was left to be read of them.

    One that a search has shown and that was never read is a gap until the next reconcile: its words were
    never seen. Of one that nobody has shown, nothing was expected: a deletion may name any.
    """
    await reading.changes.gone(gone)
    for lost in gone:
        await reading.no_gap("conversation", lost.id, "parts_cut_at_500", *UNREAD_GAPS)
        if lost.before is None and shown:
            await reading.gap("conversation", lost.id, "deleted_before_read")


async def keep_ledger(reading: Reading, item: Fresh) -> None:
    """Compare the parts held with the source's count, and name or close the gap (DESIGN §5.4)."""
    missing = (item.source_parts or 0) - len(item.all_parts())
    if missing > 0:
        await reading.gap("conversation", item.event.id, "parts_cut_at_500", missing)
    elif item.before is not None and (item.before.source_parts or 0) > len(item.before.parts):
        await reading.no_gap("conversation", item.event.id, "parts_cut_at_500")
