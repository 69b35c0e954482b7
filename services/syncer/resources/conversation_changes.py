"""Conversations that changed since a time, by search, and those that earlier runs could not read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import seconds
from services.syncer.domain.gap import REFUSED_GAPS, UNREAD_GAPS
from services.syncer.domain.window import Descending
from services.syncer.errors import RequestRefusedError, SourceUnavailableError
from services.syncer.resources.conversation_fetch import Fetch
from services.syncer.resources.conversation_walks import (
    OPEN,
    condition,
    feed_rows,
    search_call,
    walk_cut_short,
)
from services.syncer.resources.gap_turns import gaps_in_turn
from services.syncer.resources.paging import Pages
from services.syncer.resources.search_probe import probe_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.syncer.domain.run import StepState
    from services.syncer.resources.reading import Reading


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
    query = {"operator": "AND", "value": [condition("updated_at", ">", asked_after)]}

    async def feed(fetch: Fetch) -> bool:
        if pages.ended:
            # Last, so that what fails again holds up nothing that changed.
            if not state.position.get("gaps_fed"):
                await _feed_gaps(reading, fetch)
                state.position["gaps_fed"] = True
            return True
        answer = await pages.next(reading, lambda size, after: search_call(query, size, after))
        conversations = await feed_rows(reading, fetch, answer, window=window, walk=None)
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
