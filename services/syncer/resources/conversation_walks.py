"""Walks over the search for conversations: open ones, closed ones, older ones, changed ones (DESIGN §5).

A row of a search shows that a conversation changed; the conversation itself, with all its parts, is read by
id, once. Rows with the time that was read before cost nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.conversation_row import row_version, shown_by
from services.syncer.domain.cursor import lookback_start
from services.syncer.domain.fields import identifier, rows, seconds
from services.syncer.domain.gap import REFUSED_GAPS, UNREAD_GAPS
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import DAY_SAFE_SECONDS, FUTURE_SAFE_SECONDS, Descending, Window
from services.syncer.errors import RequestRefusedError, SourceUnavailableError
from services.syncer.resources.conversation_fetch import Fetch
from services.syncer.resources.gap_turns import gaps_in_turn
from services.syncer.resources.paging import Pages, total_count
from services.syncer.resources.search_probe import probe_search

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def _is(field: str, operator: str, value: str | int) -> Query:
    return {"field": field, "operator": operator, "value": value}


def _call(query: Query, size: int, after: str | None) -> Call:
    body = {
        "query": query,
        "sort": {"field": "updated_at", "order": "descending"},
        "pagination": {"per_page": size} | ({"starting_after": after} if after else {}),
    }
    return Call(Read.CONVERSATION_SEARCH, body=body)


_OPEN_ONES: Query = {
    "operator": "OR",
    "value": [_is("state", "=", "open"), _is("state", "=", "snoozed")],
}


def closed_since(start: int, until: int | None = None) -> Query:
    """Return closed conversations changed since `start`, up to `until`; safe for any cut to days."""
    bounds = [_is("state", "=", "closed"), _is("updated_at", ">", max(start - DAY_SAFE_SECONDS, 0))]
    if until is not None:
        bounds.append(_is("updated_at", "<", until + FUTURE_SAFE_SECONDS))
    return {"operator": "AND", "value": bounds}


async def _feed_rows(
    reading: Reading, fetch: Fetch, answer: Answer, *, window: Window, walk: str | None
) -> list[dict[str, Any]]:
    """Queue the rows that need reading; return those that count."""
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


def _walk_of(reading: Reading, position: dict[str, Any]) -> str | None:
    """Return the mark of a run that must prove what is gone; a first run holds nothing that could be."""
    if reading.cursor("conversation").position is None:
        return None
    walk: str = position.setdefault("walk", f"{reading.run.run_id}:conversations")
    return walk


async def read_open(reading: Reading, state: StepState) -> bool:
    pages = Pages(state.position)
    start = lookback_start(reading.now(), reading.connection.lookback_days)

    async def feed(fetch: Fetch) -> bool:
        if pages.ended:
            return True
        first = pages.calls == 0
        answer = await pages.next(reading, lambda size, after: _call(_OPEN_ONES, size, after))
        if first:
            await _expect_all(reading, total_count(answer.body), closed_since(start))
        await _feed_rows(reading, fetch, answer, window=Window(0), walk=_walk_of(reading, state.position))
        pages.turn(answer)
        return pages.ended

    # When it began is remembered by the step alone, until the closed ones are read too; see `read_closed`.
    return await Fetch(reading, state.position).run(feed)


def walk_cut_short(reading: Reading) -> str | None:
    """Return why the walk over all conversations of this run ended unfinished; None where it did not."""
    walk = (step for step in reading.run.steps if step.name in {OPEN, CLOSED})
    return next((step.incomplete for step in walk if step.incomplete is not None), None)


async def _expect_all(reading: Reading, open_total: int | None, closed: Query) -> None:
    """Ask once how many closed ones there are, so that progress knows the whole from the beginning."""
    answer = await reading.intercom.read(_call(closed, 1, None))
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
        answer = await pages.next(reading, lambda size, after: _call(closed_since(start), size, after))
        await _feed_rows(reading, fetch, answer, window=Window(start), walk=_walk_of(reading, state.position))
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
        answer = await pages.next(reading, lambda size, after: _call(query, size, after))
        reading.expect("conversation", total_count(answer.body))
        await _feed_rows(reading, fetch, answer, window=Window(start), walk=None)
        pages.turn(answer)
        return pages.ended

    if not await Fetch(reading, state.position).run(feed):
        return False
    await reading.save_cursor(replace(cursor, covered_from=start))
    return True


async def read_changed(reading: Reading, state: StepState) -> bool:
    cursor = reading.cursor("conversation")
    if cursor.position is None:
        # The walk did not come to its end. Without a beginning this search would show everything there ever
        # was, whatever the lookback; the next run walks over all of it again.
        state.incomplete = walk_cut_short(reading)
        return True
    pages = Pages(state.position)
    window = reading.rules.window(cursor.position, exact=cursor.exact is True)
    order = Descending(state.position.get("last"), broken=state.position.get("disorder", False))
    # A cursor belongs to the question that it was given for, also when the search proves exact meanwhile.
    asked_after = state.position.setdefault("asked_after", window.asked_after())
    query = {"operator": "AND", "value": [_is("updated_at", ">", asked_after)]}

    async def feed(fetch: Fetch) -> bool:
        if pages.ended:
            # Last, so that what fails again holds up nothing that changed.
            if not state.position.get("gaps_fed"):
                await _feed_gaps(reading, fetch)
                state.position["gaps_fed"] = True
            return True
        answer = await pages.next(reading, lambda size, after: _call(query, size, after))
        conversations = await _feed_rows(reading, fetch, answer, window=window, walk=None)
        await _learn(reading, state.position, conversations)
        for row in conversations:
            order.saw(seconds(row.get("updated_at")))
        if reading.cursor("conversation").sorted is True and order.passed(window.low):
            pages.end()
        else:
            pages.turn(answer)
        state.position["last"], state.position["disorder"] = order.last, order.broken
        return False

    if not await Fetch(reading, state.position).run(feed):
        return False
    await reading.save_cursor(reading.cursor("conversation").advanced(pages.began_at))
    return True


async def _feed_gaps(reading: Reading, fetch: Fetch) -> None:
    """Try again what earlier runs could not read.

    What was refused stays so until somebody grants it: it is tried when a person asks, and by full walks.
    """
    walks_all = any(step.name == OPEN for step in reading.run.steps)
    everything = walks_all or reading.run.reason != "scheduled"
    for reason in UNREAD_GAPS:
        if reason in REFUSED_GAPS and not everything:
            continue
        ids = await gaps_in_turn(reading, "conversation", reason)
        known = await reading.fingerprints_of("conversation", ids)
        for id_ in ids:
            await fetch.want(id_, known.get(id_), retried=True)


async def _learn(reading: Reading, position: dict[str, Any], conversations: Sequence[dict[str, Any]]) -> None:
    """Find out once per workspace how its search reads times and orders.

    It only makes reading cheaper, so a probe that fails is left to the next run, and this one goes on.
    """
    cursor = reading.cursor("conversation")
    times = [when for row in conversations if (when := seconds(row.get("updated_at"))) is not None]
    if cursor.exact is not None or not times or position.get("probed"):
        return
    position["probed"] = True
    try:
        learned = await probe_search(reading, times)
    except (SourceUnavailableError, RequestRefusedError):
        return
    await reading.save_cursor(replace(cursor, exact=learned.exact, sorted=learned.sorted))
