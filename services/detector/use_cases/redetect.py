"""Shows what newer detectors would change in stored conversations, for an administrator to decide.

Words that arrive are read by the present detectors at once, since a process has no others. Stored
conversations keep their earlier results until somebody switches the newer detectors on. The mirror is then
read again as it is after any switch, and nobody is alerted to what was said before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from services.detector.domain.fingerprint import changes_between, same_switch
from services.detector.domain.redetection import Difference, Redetection
from services.detector.errors import InvalidRequestError, NotFoundError
from services.detector.use_cases.culprits import is_ours

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from services.detector.domain.fingerprint import VersionChange
    from services.detector.domain.mirror import ConnectionView, Progress
    from services.detector.domain.redetection import Example, State
    from services.detector.ports import Connections, Mirror, Redetections, Rereads
    from services.detector.use_cases.compare_conversations import CompareConversations
    from services.detector.use_cases.culprits import Culprits
    from services.detector.use_cases.read_conversations import ReadConversations
    from services.detector.use_cases.reread import Reread
    from shared.clock import Clock

Asking = Literal["ask", "automatic"]

_SLICE = 50
"""Conversations in a slice: well below a second of work, so that new records never wait long."""

_LEASE_SECONDS = 60.0
"""A slice takes a second; the slice of a replica that died becomes free after this long."""


@dataclass(frozen=True)
class Preview:
    """A redetection as people see it: the detectors that differ, and the examples whose words still exist."""

    redetection: Redetection
    workspace_name: str
    changes: tuple[VersionChange, ...]
    quotes: tuple[tuple[Example, str], ...] = ()


class Redetect:
    """Compares newer detectors' results with the stored ones in slices, and carries out the decision."""

    def __init__(
        self,
        *,
        redetections: Redetections,
        rereads: Rereads,
        reread: Reread,
        reader: ReadConversations,
        comparison: CompareConversations,
        mirror: Mirror,
        connections: Connections,
        culprits: Culprits,
        clock: Clock,
        owner: str,
        asking: Asking,
    ) -> None:
        self._redetections = redetections
        self._rereads = rereads
        self._reread = reread
        self._reader = reader
        self._comparison = comparison
        self._mirror = mirror
        self._connections = connections
        self._culprits = culprits
        self._clock = clock
        self._owner = owner
        self._asking = asking

    @property
    def asks(self) -> bool:
        """Return whether newer detectors wait for a person's decision at all."""
        return self._asking == "ask"

    async def ask(
        self, view: ConnectionView, *, again: bool = False, known_before: datetime | None = None
    ) -> None:
        """Request a re-read if what is stored comes from other detectors or another switch.

        A person is asked first if nothing but the detectors changed, and an earlier reading was completed: a
        connection's first reading has nothing to compare with, and whoever turns the switch has decided
        already.
        """
        last = await self._last_reread(view)
        present = self._reader.fingerprint(lifecycle=view.lifecycle_events)
        if last is None:
            await self._reread.ask(view, again=again, known_before=known_before)
        elif again or not self.asks or not _is_question(last, present):
            unfinished = last.known_before if last.finished_at is None else None
            await self._reread.ask(
                view, again=again, known_before=known_before or unfinished, replaces=last.fingerprint
            )
        elif last.fingerprint != present:
            total = 0
            if view.workspace_id:
                total = await self._mirror.count_conversations(view.organization_id, view.workspace_id)
            await self._redetections.ask(
                Redetection(
                    connection_id=view.connection_id,
                    organization_id=view.organization_id,
                    before=last.fingerprint,
                    fingerprint=present,
                    started_at=self._clock.now(),
                    total=total,
                )
            )

    async def work(self) -> bool:
        """Compare one slice; return whether there was one.

        A process that dies during a slice leaves the cursor and the counts of the slice before, so the slice
        is compared again and counted once. A conversation that cannot be compared is logged and left out. If
        none of a slice can be compared, the slice is retried when its lease expires.
        """
        ours = {self._reader.fingerprint(lifecycle=lifecycle) for lifecycle in (True, False)}
        claimed = await self._redetections.claim(self._owner, self._clock.now(), _LEASE_SECONDS, ours)
        if claimed is None:
            return False
        view = await self._connections.get(claimed.organization_id, claimed.connection_id)
        if view is None:
            # The removal of its data was ordered while this was being requested.
            await self._redetections.remove(claimed.organization_id, claimed.connection_id)
            return True
        present = self._reader.fingerprint(lifecycle=view.lifecycle_events)
        last = await self._last_reread(view)
        if last is not None and last.fingerprint == claimed.fingerprint:
            await self._redetections.decide(claimed, "switched_on", "", self._clock.now())
            return True
        if claimed.fingerprint != present:
            # It is for another state of the switch. Its lease is left to expire, so that others come first.
            return False
        await self._compare(claimed, view)
        return True

    async def _compare(self, claimed: Redetection, view: ConnectionView) -> None:
        organization_id = claimed.organization_id
        keys: list[str] = []
        if view.workspace_id is not None:
            keys = await self._mirror.keys_after(organization_id, view.workspace_id, claimed.cursor, _SLICE)
        difference = Difference()

        async def compare(some: Sequence[str]) -> None:
            nonlocal difference
            here = await self._comparison.compare(organization_id, some)
            difference = difference.joined(await self._noted(organization_id, here))

        if is_ours(await self._culprits.left_out("redetection", organization_id, keys, compare), keys):
            return
        done = claimed.done + len(keys)
        after = replace(
            claimed,
            cursor=keys[-1] if keys else claimed.cursor,
            done=done,
            total=max(claimed.total, done),
            difference=claimed.difference.joined(difference),
        )
        now = self._clock.now()
        if len(keys) == _SLICE:
            await self._redetections.advance(after, self._owner, cursor=claimed.cursor, now=now)
            return
        state: State = "ready"
        if after.difference.changes_nothing:
            # There is no difference, so there is nothing to decide.
            state = "switched_on"
            await self._reread.ask(view, replaces=claimed.before)
        after = replace(after, state=state, ready_at=now, decided_at=now if state == "switched_on" else None)
        await self._redetections.advance(after, self._owner, cursor=claimed.cursor, now=now)

    async def previews(self, organization_id: str) -> list[Preview]:
        """Return the redetections that are under way or undecided, by connection."""
        return [
            await self._preview(view, redetection)
            for view, redetection in await self._undecided(organization_id)
        ]

    async def preview(self, organization_id: str, redetection_id: str) -> Preview:
        """Return one redetection. Raises NotFoundError once it is decided or replaced."""
        return await self._preview(*await self._find(organization_id, redetection_id))

    async def waits_for_decision(self, organization_id: str) -> bool:
        return any(redetection.state == "ready" for _, redetection in await self._undecided(organization_id))

    async def switch_on(self, organization_id: str, redetection_id: str, *, by: str) -> Preview:
        """Switch the newer detectors on: the mirror is read again in the background.

        A redetection that was declined may be switched on later.

        Raises:
            NotFoundError: it is over, or is another version's by now.
            InvalidRequestError: the comparison is not complete yet.
        """
        view, one = await self._find(organization_id, redetection_id)
        _expect_read(one)
        await self._reread.ask(view, replaces=one.before)
        return await self._decide(view, one, "switched_on", by)

    async def keep(self, organization_id: str, redetection_id: str, *, by: str) -> Preview:
        """Keep the stored results as they are. Raises what `switch_on` raises."""
        view, one = await self._find(organization_id, redetection_id)
        _expect_read(one)
        return await self._decide(view, one, "refused", by)

    async def _decide(self, view: ConnectionView, one: Redetection, state: State, by: str) -> Preview:
        now = self._clock.now()
        await self._redetections.decide(one, state, by, now)
        return await self._preview(view, replace(one, state=state, decided_by=by, decided_at=now))

    async def _last_reread(self, view: ConnectionView) -> Progress | None:
        latest = await self._rereads.latest(view.organization_id)
        return next((progress for progress in latest if progress.connection_id == view.connection_id), None)

    async def _undecided(self, organization_id: str) -> list[tuple[ConnectionView, Redetection]]:
        """Return the redetections made by exactly the present detectors that are not switched on."""
        views = {view.connection_id: view for view in await self._connections.all_of(organization_id)}
        counting = {
            progress.connection_id: progress.fingerprint
            for progress in await self._rereads.latest(organization_id)
        }
        return [
            (views[redetection.connection_id], redetection)
            for redetection in await self._redetections.of(organization_id)
            if redetection.connection_id in views
            and redetection.fingerprint != counting.get(redetection.connection_id)
            and redetection.fingerprint
            == self._reader.fingerprint(lifecycle=views[redetection.connection_id].lifecycle_events)
        ]

    async def _find(self, organization_id: str, redetection_id: str) -> tuple[ConnectionView, Redetection]:
        for view, redetection in await self._undecided(organization_id):
            if redetection.redetection_id == redetection_id:
                return view, redetection
        raise NotFoundError("There is nothing to decide here any more. Detection settings show what counts.")

    async def _preview(self, view: ConnectionView, one: Redetection) -> Preview:
        texts = await self._texts(one.organization_id, one.difference.examples)
        quotes = tuple(
            (example, quote)
            for example in one.difference.examples
            if (quote := example.quoted_from(texts.get((example.conversation_key, example.part_id), "")))
        )
        changes = changes_between(one.before, one.fingerprint)
        return Preview(one, view.workspace_name, changes, quotes)

    async def _noted(self, organization_id: str, found: Difference) -> Difference:
        """Return the difference with digests of its examples' words added."""
        texts = await self._texts(organization_id, found.examples)
        examples = (
            example.noting(texts.get((example.conversation_key, example.part_id), ""))
            for example in found.examples
        )
        return replace(found, examples=tuple(examples))

    async def _texts(self, organization_id: str, examples: Collection[Example]) -> dict[tuple[str, str], str]:
        keys = {example.conversation_key for example in examples}
        parts = await self._mirror.parts(organization_id, keys)
        return {
            (key, part.id): part.text for key, mine in parts.items() for part in mine if not part.redacted
        }


def _is_question(last: Progress, present: str) -> bool:
    return last.finished_at is not None and same_switch(last.fingerprint, present)


def _expect_read(one: Redetection) -> None:
    if one.state == "reading":
        raise InvalidRequestError("What would change is still being worked out. Decide when it is known.")
