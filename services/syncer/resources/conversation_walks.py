"""Walks over the search for conversations: open ones, closed ones, older ones (DESIGN §5).

A row of a search shows that a conversation changed; the conversation itself, with all its parts, is read by
id, once. Rows with the time that was read before cost nothing. What changed since a time is asked for in
`conversation_changes`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.conversation_row import row_version, shown_by
from services.syncer.domain.cursor import lookback_start
from services.syncer.domain.fields import identifier, rows, seconds
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import DAY_SAFE_SECONDS, FUTURE_SAFE_SECONDS, Window
from services.syncer.errors import RequestRefusedError, SourceUnavailableError
from services.syncer.resources.conversation_fetch import Fetch
from services.syncer.resources.paging import Pages, total_count

if TYPE_CHECKING:
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.run import StepState
    from services.syncer.ports import Answer
    from services.syncer.resources.reading import Reading

Query = dict[str, Any]

OPEN = "conversations:open"
CLOSED = "conversations:closed"
"""The two steps of a walk over all conversations; where both came to their end, changes are asked for from
there on."""

ABSENT = "conversations:absent"
"""The step that asks for what a walk did not meet; a first walk has none."""


_MOST_COUNTS = 3
"""Times to ask how many closed conversations there are, until progress goes without."""


def condition(field: str, operator: str, value: str | int) -> Query:
    return {"field": field, "operator": operator, "value": value}


def search_call(query: Query, size: int, after: str | None) -> Call:
    body = {
        "query": query,
        "sort": {"field": "updated_at", "order": "descending"},
        "pagination": {"per_page": size} | ({"starting_after": after} if after else {}),
    }
    return Call(Read.CONVERSATION_SEARCH, body=body)


_OPEN_ONES: Query = {
    "operator": "OR",
    "value": [condition("state", "=", "open"), condition("state", "=", "snoozed")],
}


def closed_since(start: int, until: int | None = None) -> Query:
    """Return closed conversations changed since `start`, up to `until`; safe for any cut to days."""
    bounds = [
        condition("state", "=", "closed"),
        condition("updated_at", ">", max(start - DAY_SAFE_SECONDS, 0)),
    ]
    if until is not None:
        bounds.append(condition("updated_at", "<", until + FUTURE_SAFE_SECONDS))
    return {"operator": "AND", "value": bounds}


async def feed_rows(
    reading: Reading, fetch: Fetch, answer: Answer, *, window: Window, walk: str | None
) -> list[dict[str, Any]]:
    """Queue the rows inside the window that need reading; return all rows of the page."""
    conversations = [row for row in rows(answer.body["conversations"]) if isinstance(row, dict)]
    counted = {
        id_: row
        for row in conversations
        if (id_ := identifier(row.get("id"))) and window.holds(seconds(row.get("updated_at")))
    }
    known = await reading.fingerprints_of("conversation", list(counted))
    if walk is not None:
        await reading.mark("conversation", list(counted), walk)
    unchanged = 0
    for id_, row in counted.items():
        before = known.get(id_)
        if before is not None and _says_nothing(reading, row, before, answer.at, walked=walk is not None):
            unchanged += 1
        else:
            await fetch.want(id_, before, row=shown_by(row))
    reading.read("conversation", unchanged)
    return conversations


def _says_nothing(
    reading: Reading, row: dict[str, Any], before: Fingerprint, at: int, *, walked: bool
) -> bool:
    """Tell whether a row needs no reading.

    A walk over all looks at what its rows show; a search for changes sees only what has a new time.
    """
    updated_at = seconds(row.get("updated_at"))
    if not walked:
        return before.proves_unchanged(updated_at)
    if before.may_be_back(at, reading.rules.overlap_seconds):
        return False
    return before.proves_unchanged(updated_at, row_version(row))


def walk_mark(reading: Reading) -> str:
    """Return the mark of what this run's walk over all conversations has met.

    It is kept with the walk's first step, since a run goes on under a new name after an interruption.
    """
    position = next(step.position for step in reading.run.steps if step.name == OPEN)
    mark: str = position.setdefault("walk", f"{reading.run.run_id}:conversations")
    return mark


def _mark_of(reading: Reading) -> str | None:
    """Return the mark of a run that must prove what is gone; a first run holds nothing that could be."""
    return None if reading.cursor("conversation").position is None else walk_mark(reading)


async def read_open(reading: Reading, state: StepState) -> bool:
    pages = Pages(state.position)
    start = lookback_start(reading.now(), reading.connection.lookback_days)

    async def feed(fetch: Fetch) -> bool:
        if pages.ended:
            return True
        answer = await pages.next(reading, lambda size, after: search_call(_OPEN_ONES, size, after))
        await _expect_all(reading, state.position, total_count(answer.body), closed_since(start))
        await feed_rows(reading, fetch, answer, window=Window(0), walk=_mark_of(reading))
        pages.turn(answer)
        return pages.ended

    # When it began is remembered by the step alone, until the closed ones are read too; see `read_closed`.
    return await Fetch(reading, state.position).run(feed)


def walk_cut_short(reading: Reading) -> str | None:
    """Return why the walk over all conversations of this run ended unfinished; None where it did not."""
    walk = (step for step in reading.run.steps if step.name in {OPEN, CLOSED})
    return next((step.incomplete for step in walk if step.incomplete is not None), None)


async def _expect_all(
    reading: Reading, position: dict[str, Any], open_total: int | None, closed: Query
) -> None:
    """Ask once how many closed ones there are, so that progress knows the whole from the beginning.

    Nothing else depends on it, so that after some failures the walk goes on without. Key of the position:
    `counts` (how often it was asked; at its most once it is known).
    """
    asked = position.get("counts", 0)
    if asked >= _MOST_COUNTS:
        return
    try:
        answer = await reading.intercom.read(search_call(closed, 1, None))
    except (SourceUnavailableError, RequestRefusedError):
        position["counts"] = asked + 1
        if asked + 1 < _MOST_COUNTS:
            raise
        return
    position["counts"] = _MOST_COUNTS
    closed_total = total_count(answer.body)
    if open_total is not None and closed_total is not None:
        reading.expect("conversation", open_total + closed_total)


async def read_closed(reading: Reading, state: StepState) -> bool:
    pages = Pages(state.position)
    start = state.position.setdefault(
        "start", lookback_start(reading.now(), reading.connection.lookback_days)
    )

    async def feed(fetch: Fetch) -> bool:
        if pages.ended:
            return True
        answer = await pages.next(reading, lambda size, after: search_call(closed_since(start), size, after))
        await feed_rows(reading, fetch, answer, window=Window(start), walk=_mark_of(reading))
        pages.turn(answer)
        return pages.ended

    if not await Fetch(reading, state.position).run(feed):
        return False
    if walk_cut_short(reading) is not None:
        return True  # It counts as a walk over all only with both of its halves: the next run begins anew.
    cursor = reading.cursor("conversation")
    opened = Pages(next(step.position for step in reading.run.steps if step.name == OPEN))
    reading.all_met("conversation")
    covered = start if cursor.covered_from is None else min(start, cursor.covered_from)
    await reading.save_cursor(
        replace(
            cursor.advanced(cursor.position or opened.began_at),
            covered_from=covered,
            deleted_from=cursor.deleted_from or opened.began_at,
            # What could not be read is named by a gap each; see `Reports`.
            short=0,
        )
    )
    if all(step.name != ABSENT for step in reading.run.steps):
        await walked(reading)
    return True


async def walked(reading: Reading) -> None:
    """Remember that all conversations were walked over: met, and asked for where they were not."""
    opened, closed = (
        Pages(step.position) for name in (OPEN, CLOSED) for step in reading.run.steps if step.name == name
    )
    await reading.save_cursor(
        replace(
            reading.cursor("conversation"),
            walked_at=opened.began_at,
            walk_calls=opened.calls + closed.calls,
        )
    )


async def read_older(reading: Reading, state: StepState) -> bool:
    """Read what a longer lookback adds, and nothing that is held already."""
    pages = Pages(state.position)
    cursor = reading.cursor("conversation")
    start = state.position.setdefault(
        "start", lookback_start(reading.now(), reading.connection.lookback_days)
    )
    query = closed_since(start, cursor.covered_from)

    async def feed(fetch: Fetch) -> bool:
        if pages.ended:
            return True
        answer = await pages.next(reading, lambda size, after: search_call(query, size, after))
        reading.expect("conversation", total_count(answer.body))
        await feed_rows(reading, fetch, answer, window=Window(start), walk=None)
        pages.turn(answer)
        return pages.ended

    if not await Fetch(reading, state.position).run(feed):
        return False
    await reading.save_cursor(replace(cursor, covered_from=start))
    return True
