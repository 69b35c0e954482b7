"""Conversations: how they are read in full, by change and by hint, and how deletions are found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.conversation import fresh_conversation
from services.syncer.domain.cursor import lookback_start
from services.syncer.domain.fields import identifier, integer, rows, seconds
from services.syncer.domain.gap import UNREAD_GAPS
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import Descending
from services.syncer.errors import ResourceMissingError, SourceUnavailableError
from services.syncer.resources.conversation_audit import audit, audit_wanted
from services.syncer.resources.conversation_changes import read_changed
from services.syncer.resources.conversation_fetch import keep_ledger, went
from services.syncer.resources.conversation_walks import (
    ABSENT,
    CLOSED,
    OPEN,
    read_closed,
    read_older,
    read_open,
    walk_cut_short,
    walk_mark,
    walked,
)
from services.syncer.resources.paging import NumberedPages
from services.syncer.resources.reading import Circumstances, Gone, Reading, Resource, Step
from services.syncer.resources.walk import sweep_absent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.fresh import Fresh
    from services.syncer.domain.run import Hint, RunKind, StepState

_DELETED_PAGE = 60
"""Intercom's maximum for the list of deleted conversations (FACTS §5)."""


async def _read_deleted(reading: Reading, state: StepState) -> bool:
    """Ask which conversations were deleted since the last time, newest first.

    Whether the list is ordered by deletions or by ids, its description leaves open. So it is read to its end
    unless times are seen to fall where ids do not.
    """
    cursor = reading.cursor("conversation")
    low = max((cursor.deleted_from or 0) - reading.rules.overlap_seconds, 0)
    pages = NumberedPages(state.position, largest=_DELETED_PAGE)
    times, ids = _watched(state.position, "times"), _watched(state.position, "ids")

    def call(size: int, page: int) -> Call:
        return Call(Read.CONVERSATIONS_DELETED, query={"page": page, "per_page": size, "order": "desc"})

    while not pages.ended:
        if not reading.time_left():
            return False
        answer = await pages.next(reading, call)
        conversations = [row for row in rows(answer.body["conversations"]) if isinstance(row, dict)]
        await _apply_deleted(reading, conversations)
        for row in conversations:
            times.saw(seconds(row.get("deleted_at")))
            ids.saw(integer(row.get("id")))
        if times.passed(low) and ids.broken:
            pages.end()
        else:
            pages.turn(answer)
        state.position.update(times=[times.last, times.broken], ids=[ids.last, ids.broken])
    await reading.save_cursor(replace(cursor, deleted_from=max(pages.began_at, cursor.deleted_from or 0)))
    return True


def _watched(position: dict[str, Any], name: str) -> Descending:
    last, broken = position.get(name, (None, False))
    return Descending(last, broken=broken)


async def _apply_deleted(reading: Reading, conversations: Sequence[dict[str, Any]]) -> None:
    ids = [id_ for row in conversations if (id_ := identifier(row.get("id"))) is not None]
    before = await reading.fingerprints_of("conversation", ids)
    # Unknown conversations have published nothing that could be deleted.
    known = [id_ for id_ in ids if id_ in before and not before[id_].gone]
    await went(reading, [Gone("conversation", id_, before[id_]) for id_ in known])


async def _sweep(reading: Reading, state: StepState) -> bool:
    """After a full walk: ask for held conversations inside its scope that it did not meet."""
    state.incomplete = walk_cut_short(reading)
    if state.incomplete is not None:
        return True  # What an unfinished walk did not meet, it may just not have come to.
    state.position.setdefault("walk", walk_mark(reading))
    start = lookback_start(reading.now(), reading.connection.lookback_days)
    if not await sweep_absent(
        reading, state, "conversation", _became, changed_since=start, named=UNREAD_GAPS
    ):
        return False
    # Everything that exists was just walked over, so earlier deletions concern nothing that is known.
    await reading.no_gaps_before_run("conversation", "deleted_before_read")
    await walked(reading)
    return True


async def _became(
    reading: Reading, id_: str, before: Fingerprint | None, *, hint: Hint | None = None
) -> None:
    force = hint is not None and hint.force
    try:
        answer = await reading.intercom.read(Call(Read.CONVERSATION, id_))
    except ResourceMissingError:
        await went(reading, [Gone("conversation", id_, before)])
        return
    fresh = fresh_conversation(answer.body, reading.scope, answer.at, before, force=force)
    if fresh is None or fresh.event.id != id_:
        raise SourceUnavailableError(f"/conversations/{id_} answered with something that is not it.")
    lost = _out_of_reach(hint, before, fresh)
    if lost is not None and before is not None:
        await reading.changes.part_gone(before, lost)
        fresh = fresh_conversation(
            answer.body, reading.scope, answer.at, before.without_part(lost), force=force
        )
    if fresh is not None:
        await reading.changes.apply([fresh])
        await keep_ledger(reading, fresh)


def _out_of_reach(hint: Hint | None, before: Fingerprint | None, fresh: Fresh | None) -> str | None:
    """Return the redacted part that an answer does not reach back to, if it is held.

    What became of it cannot be read, but that its words went is known: it is taken back.
    """
    part = hint.redacted_part if hint is not None else None
    if part is None or before is None or fresh is None or part not in before.parts:
        return None
    return None if any(each.id == part for each in fresh.parts) else part


async def _read_one(reading: Reading, hint: Hint) -> None:
    before = (await reading.fingerprints_of("conversation", [hint.id])).get(hint.id)
    await _became(reading, hint.id, before, hint=hint)
    reading.read("conversation")


def _longer_lookback(circumstances: Circumstances) -> bool:
    covered = circumstances.cursor("conversation").covered_from
    wanted = lookback_start(circumstances.now, circumstances.connection.lookback_days)
    return covered is not None and wanted < covered


def _deleted_due(circumstances: Circumstances) -> bool:
    heard = circumstances.cursor("conversation").deleted_from
    pause = circumstances.rules.deleted_poll_seconds
    return not circumstances.patient or heard is None or circumstances.now - heard >= pause


_FULL: frozenset[RunKind] = frozenset({"initial", "reconcile"})
_ALL: frozenset[RunKind] = frozenset({"initial", "incremental", "reconcile"})

RESOURCE = Resource(
    "conversation",
    order=60,
    steps=(
        Step(OPEN, "conversation", _FULL, read_open, of_walk=True),
        Step(CLOSED, "conversation", _FULL, read_closed, after=(OPEN,), of_walk=True),
        Step(
            "conversations:older",
            "conversation",
            frozenset({"incremental"}),
            read_older,
            wanted=_longer_lookback,
        ),
        Step(
            "conversations:changed",
            "conversation",
            _ALL,
            read_changed,
            after=(CLOSED, "contacts:all"),
        ),
        Step(
            "conversations:deleted",
            "conversation",
            _ALL,
            _read_deleted,
            after=(CLOSED, "conversations:changed"),
            wanted=_deleted_due,
            aspect="deletions",
        ),
        Step(
            ABSENT,
            "conversation",
            frozenset({"reconcile"}),
            _sweep,
            after=(CLOSED, "conversations:deleted"),
            of_walk=True,
        ),
        Step(
            "conversations:audit",
            "conversation",
            frozenset({"reconcile"}),
            audit,
            after=("conversations:changed", ABSENT),
            wanted=audit_wanted,
        ),
    ),
    read_one=_read_one,
)
