"""Stores in memory that pass the same suite as those over MongoDB's protocol, and a rig around them."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.adapters.mongo_runs import MOST_HINTS
from services.syncer.adapters.run_documents import (
    ACTIVE,
    IDLE,
    INTERRUPTED,
    STOPPED,
    claimed_run,
    fresh_counters,
    hint_documents,
    intent_documents,
    intents_of,
    new_document,
    progress_of,
)
from services.syncer.domain.connection import Barrier
from services.syncer.domain.gap import gap_name
from services.syncer.domain.run import LONGEST_WAIT, strongest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.syncer.domain.connection import Connection, ConnectionKey
    from services.syncer.domain.cursor import Cursor
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.run import Hint, Intent, Lane, Run
    from shared.contracts.sync import Gap, GapAspect, ResourceType, SyncReason


class MemoryConnections:
    def __init__(self) -> None:
        self.kept: dict[ConnectionKey, Connection] = {}
        self.barriers: dict[ConnectionKey, Barrier] = {}

    async def keep(self, connection: Connection) -> bool:
        known = self.kept.get(connection.key)
        if connection.key in self.barriers:
            return False
        if known is not None and known.revision >= connection.revision:
            return False
        verified = known.verified_revision if known is not None else None
        self.kept[connection.key] = replace(connection, verified_revision=verified)
        return True

    async def get(self, key: ConnectionKey) -> Connection | None:
        return self.kept.get(key)

    async def verified(self, key: ConnectionKey, revision: int) -> None:
        known = self.kept.get(key)
        if known is not None and known.revision == revision:
            self.kept[key] = replace(known, verified_revision=revision)

    async def bar(self, key: ConnectionKey, workspace_id: str | None = None) -> None:
        before = self.barriers.get(key)
        self.barriers[key] = Barrier(key, workspace_id or (before.workspace_id if before else None))

    async def barred(self, key: ConnectionKey) -> Barrier | None:
        return self.barriers.get(key)

    async def forget(self, key: ConnectionKey) -> int:
        return 1 if self.kept.pop(key, None) is not None else 0


class MemoryCursors:
    def __init__(self) -> None:
        self.kept: dict[ConnectionKey, dict[ResourceType, Cursor]] = {}

    async def all(self, key: ConnectionKey) -> dict[ResourceType, Cursor]:
        return dict(self.kept.get(key, {}))

    async def save(self, key: ConnectionKey, cursor: Cursor) -> None:
        self.kept.setdefault(key, {})[cursor.resource] = cursor

    async def forget(self, key: ConnectionKey) -> int:
        return len(self.kept.pop(key, {}))


class MemoryGaps:
    def __init__(self) -> None:
        self.kept: dict[ConnectionKey, dict[str, Gap]] = {}

    async def open(self, key: ConnectionKey, gap: Gap) -> None:
        mine = self.kept.setdefault(key, {})
        name = gap_name(gap.resource, gap.id, gap.reason, gap.aspect)
        since = mine[name].since if name in mine else gap.since
        mine[name] = gap.model_copy(update={"since": since})

    async def close(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        id_: str | None,
        reasons: Sequence[str],
        *,
        aspect: GapAspect | None = None,
    ) -> None:
        for reason in reasons:
            self.kept.get(key, {}).pop(gap_name(resource, id_, reason, aspect), None)

    async def close_all(
        self, key: ConnectionKey, resource: ResourceType, reason: str, *, known_before: datetime
    ) -> None:
        self.kept[key] = {
            name: gap
            for name, gap in self.kept.get(key, {}).items()
            if (gap.resource, gap.reason) != (resource, reason) or gap.since >= known_before
        }

    async def listed(
        self,
        key: ConnectionKey,
        *,
        limit: int,
        resource: ResourceType | None = None,
        reason: str | None = None,
        after: str = "",
    ) -> list[Gap]:
        found = [
            gap
            for _, gap in sorted(self.kept.get(key, {}).items())
            if resource in {None, gap.resource} and reason in {None, gap.reason}
            if not after or (gap.id is not None and gap.id > after)
        ]
        return found[:limit]

    async def whole(self, key: ConnectionKey) -> list[Gap]:
        return [gap for _, gap in sorted(self.kept.get(key, {}).items()) if gap.id is None]

    async def count(self, key: ConnectionKey) -> int:
        return len(self.kept.get(key, {}))

    async def forget(self, key: ConnectionKey) -> int:
        return len(self.kept.pop(key, {}))


class MemoryFingerprints:
    def __init__(self) -> None:
        self.kept: dict[ConnectionKey, dict[tuple[str, str], Fingerprint]] = {}
        self.walks: dict[tuple[ConnectionKey, str, str], str] = {}

    async def of(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]
    ) -> dict[str, Fingerprint]:
        mine = self.kept.get(key, {})
        return {id_: mine[resource, id_] for id_ in ids if (resource, id_) in mine}

    async def store(
        self, key: ConnectionKey, records: Sequence[Fingerprint], *, writer: str
    ) -> list[Fingerprint]:
        mine = self.kept.setdefault(key, {})
        lost: list[Fingerprint] = []
        for record in records:
            known = mine.get((record.resource, record.id))
            if (known.revision if known is not None else 0) != record.revision:
                lost.append(record)
                continue
            mine[record.resource, record.id] = replace(record, revision=record.revision + 1)
        return lost

    async def mark(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str], *, walk: str
    ) -> None:
        for id_ in ids:
            self.walks[key, resource, id_] = walk

    async def unseen(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        *,
        walk: str,
        after: str,
        limit: int,
        changed_since: int | None = None,
    ) -> list[Fingerprint]:
        found = sorted(
            (
                held
                for (kind, id_), held in self.kept.get(key, {}).items()
                if kind == resource
                and id_ > after
                and self.walks.get((key, kind, id_)) != walk
                and not held.gone
                and (changed_since is None or held.open or (held.updated_at or 0) >= changed_since)
            ),
            key=lambda held: held.id,
        )
        return found[:limit]

    async def lively(
        self, key: ConnectionKey, *, after: str, changed_since: int, limit: int
    ) -> list[Fingerprint]:
        found = sorted(
            (
                held
                for (kind, id_), held in self.kept.get(key, {}).items()
                if kind == "conversation"
                and id_ > after
                and not held.gone
                and (held.open or (held.updated_at or 0) >= changed_since)
            ),
            key=lambda held: held.id,
        )
        return found[:limit]

    async def forget(self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]) -> int:
        mine = self.kept.get(key, {})
        for id_ in ids:
            self.walks.pop((key, resource, id_), None)
        return sum(1 for id_ in ids if mine.pop((resource, id_), None) is not None)

    async def release(self, key: ConnectionKey, records: Sequence[Fingerprint]) -> list[Fingerprint]:
        mine = self.kept.setdefault(key, {})
        lost: list[Fingerprint] = []
        for record in records:
            known = mine.get((record.resource, record.id))
            if known is None:
                continue
            if known.revision != record.revision:
                lost.append(record)
                continue
            await self.forget(key, record.resource, [record.id])
        return lost

    async def count(self, key: ConnectionKey, resource: ResourceType) -> int:
        return sum(
            1 for (kind, _), held in self.kept.get(key, {}).items() if kind == resource and not held.gone
        )

    async def some(self, key: ConnectionKey, *, limit: int) -> list[Fingerprint]:
        return list(self.kept.get(key, {}).values())[:limit]

    async def everything(
        self, key: ConnectionKey, *, after: Fingerprint | None, limit: int
    ) -> list[Fingerprint]:
        place = (after.resource, after.id) if after is not None else ("", "")
        mine = self.kept.get(key, {})
        return [mine[one] for one in sorted(mine) if one > place][:limit]


class MemoryRuns:
    """Runs as documents in a dictionary, copied in and out so that nothing is shared by accident."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    async def request(
        self,
        key: ConnectionKey,
        *,
        request_id: str,
        reason: SyncReason,
        now: datetime,
        traceparent: str | None = None,
    ) -> None:
        document = self._document(key, "main", now)
        if request_id in document["requests"]:
            return
        document["requests"].append(request_id)
        if document["state"] == ACTIVE:
            if reason not in document["again"]:
                document["again"].append(reason)
            document["asked"] += 1
            return
        if document["state"] != INTERRUPTED or reason == "reconcile":
            document.update(planned=False, steps=[], counts={})
        elif document["reason"] == "reconcile":
            reason = "reconcile"
        document.update(fresh_counters(request_id, reason, now, traceparent), state=ACTIVE, wake_at=now)
        document["fence"] += 1

    async def hint(
        self,
        key: ConnectionKey,
        hints: Sequence[Hint],
        *,
        request_id: str,
        now: datetime,
        traceparent: str | None = None,
    ) -> bool:
        document = self._document(key, "hints", now)
        if request_id in document["requests"]:
            return True
        if len(document["hints"]) >= MOST_HINTS:
            return False
        document["requests"].append(request_id)
        document["hints"] += hint_documents(hints)
        if document["state"] != ACTIVE:
            document.update(fresh_counters(request_id, "hint", now, traceparent), state=ACTIVE, wake_at=now)
            document["fence"] += 1
        else:
            document["asked"] += 1
        return True

    async def claim(self, lane: Lane, *, now: datetime, until: datetime) -> Run | None:
        due = [
            document
            for document in self.documents.values()
            if document["lane"] == lane
            and document["state"] == ACTIVE
            and not now < document["wake_at"] <= now + LONGEST_WAIT
        ]
        if not due:
            return None
        document = min(due, key=lambda found: found["wake_at"])
        run = claimed_run(copy.deepcopy(document))
        document.update(wake_at=until, owned=True, saved=False, fence=document["fence"] + 1)
        run.bring_forward(now)
        return run

    async def renew(self, run: Run, *, until: datetime) -> bool:
        return self._own(run, {"wake_at": until})

    async def intend(self, run: Run, intents: Sequence[Intent], *, slot: int) -> bool:
        document = self.documents.get(run.key.document_id(run.lane))
        noted = document["intents"] if document is not None else {}
        return self._own(run, {"intents": {**noted, str(slot): intent_documents(intents)}})

    async def intended(self, key: ConnectionKey) -> list[Intent]:
        documents = (self.documents.get(key.document_id(lane)) for lane in ("main", "hints"))
        return [intent for document in documents if document is not None for intent in intents_of(document)]

    async def checkpoint(self, run: Run, *, wake_at: datetime, done_hints: Sequence[str] = ()) -> bool:
        return self._own(run, {**progress_of(run), "wake_at": wake_at, "owned": False}, done_hints)

    async def finish(
        self, run: Run, *, interrupted: bool, now: datetime, done_hints: Sequence[str] = ()
    ) -> bool:
        if not self._own(run, {**progress_of(run), "owned": False}, done_hints):
            return False
        document = self.documents[run.key.document_id(run.lane)]
        if interrupted and document["asked"] == run.asked:
            document["state"] = INTERRUPTED
        elif interrupted:
            document.update(fresh_counters(document["requests"][-1], run.reason, now, None), wake_at=now)
        elif document["again"] or document["hints"]:
            reason = strongest(document["again"]) if document["again"] else run.reason
            document.update(
                fresh_counters(document["requests"][-1], reason, now, None),
                planned=False,
                steps=[],
                counts={},
                again=[],
                wake_at=now,
                saved=True,
            )
        else:
            document["state"] = IDLE
        return True

    async def resume_hints(self, key: ConnectionKey, *, now: datetime) -> None:
        document = self.documents.get(key.document_id("hints"))
        if document is not None and document["state"] == INTERRUPTED and document["hints"]:
            document.update(state=ACTIVE, wake_at=now, attempts=0, tried=[])

    async def stop(self, key: ConnectionKey) -> None:
        for lane in ("main", "hints"):
            document = self.documents.get(key.document_id(lane))
            if document is not None and document["state"] in {ACTIVE, IDLE}:
                document.update(state=STOPPED, again=[], hints=[])

    async def leased(self, key: ConnectionKey, *, now: datetime) -> bool:
        return any(
            document["owned"] and now < document["wake_at"] <= now + LONGEST_WAIT
            for lane in ("main", "hints")
            if (document := self.documents.get(key.document_id(lane))) is not None
        )

    async def released(self, run: Run) -> None:
        document = self.documents.get(run.key.document_id(run.lane))
        if document is not None and document["fence"] == run.fence:
            document["owned"] = False

    async def forget(self, key: ConnectionKey) -> int:
        return sum(
            1 for lane in ("main", "hints") if self.documents.pop(key.document_id(lane), None) is not None
        )

    def _document(self, key: ConnectionKey, lane: Lane, now: datetime) -> dict[str, Any]:
        made = {**new_document(key, lane, now), "organization_id": key.organization_id}
        return self.documents.setdefault(
            key.document_id(lane), {**fresh_counters("none", "scheduled", now, None), **made}
        )

    def _own(self, run: Run, changes: dict[str, Any], done_hints: Sequence[str] = ()) -> bool:
        document = self.documents.get(run.key.document_id(run.lane))
        if document is None or document["fence"] != run.fence or document["state"] != ACTIVE:
            return False
        document.update(copy.deepcopy(changes))
        document["hints"] = [hint for hint in document["hints"] if hint["key"] not in done_hints]
        return True
