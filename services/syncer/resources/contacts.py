"""Users and leads: listed completely at first and when reconciling, searched by change in between."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.contact import cut_lists
from services.syncer.domain.fields import identifier, rows, seconds
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import Descending
from services.syncer.errors import (
    ContactMergedError,
    RequestRefusedError,
    ResourceMissingError,
    SlowDownError,
    SourceUnavailableError,
)
from services.syncer.resources.contact_by_id import became
from services.syncer.resources.contact_rows import fresh_contact
from services.syncer.resources.gap_turns import gaps_one_by_one
from services.syncer.resources.paging import Pages, total_count
from services.syncer.resources.reading import Reading, Resource, Step
from services.syncer.resources.walk import sweep_absent

if TYPE_CHECKING:
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.fresh import Fresh
    from services.syncer.domain.run import Hint, StepState

_MOST_ATTEMPTS = 4
"""Slices that try one contact's own lists until it becomes a named gap, which later runs try again."""


async def _apply(
    reading: Reading, position: dict[str, Any], contacts: list[Any], at: int, *, walk: str | None
) -> None:
    """Publish what changed among rows; rows that prove to be known cost nothing.

    Raises SourceUnavailableError when the lists of a contact could not be read, after all others of the page
    were published; one that fails again and again becomes a gap, so that it does not hold up the rest.
    """
    by_id = {id_: row for row in contacts if isinstance(row, dict) and (id_ := identifier(row.get("id")))}
    known = await reading.fingerprints_of("contact", list(by_id))
    failed: dict[str, int] = position.setdefault("failed", {})
    fresh: list[Fresh] = []
    failure: Exception | None = None
    for id_, row in by_id.items():
        before = known.get(id_)
        if before is not None and _says_nothing(reading, row, before, at, walked=walk is not None):
            continue
        if failed.get(id_, 0) >= _MOST_ATTEMPTS:
            continue  # It is a named gap by now.
        try:
            item = await _listed(reading, id_, row, at, before, position.setdefault("lists", {}))
        except (SourceUnavailableError, RequestRefusedError) as error:
            failure = await _failed(reading, failed, id_, error) or failure
            if not reading.time_left():
                failure = error  # Calls that end with their timeout take long; the page comes again.
                break
        except SlowDownError as error:
            failure = error
            break
        else:
            fresh += [] if item is None else [item]
    await reading.changes.apply(fresh)
    if walk is not None:
        await reading.mark("contact", list(by_id), walk)
    if failure is not None:
        raise failure
    reading.read("contact", len(by_id))


def _says_nothing(
    reading: Reading, row: dict[str, Any], before: Fingerprint, at: int, *, walked: bool
) -> bool:
    """Tell whether a row is older than what is held, or would cost calls to say the same again.

    A walk over all looks at what a row shows of cut lists; a search for changes looks at its time alone.
    """
    if before.read_since(at):
        return True
    if walked and before.may_be_back(at, reading.rules.overlap_seconds):
        return False
    updated_at, cut = seconds(row.get("updated_at")), cut_lists(row)
    if not before.proves_unchanged(updated_at, cut if walked else None):
        return False
    if before.gone or updated_at != before.updated_at:
        return True
    # Complete lists cost nothing to compare; of truncated ones, what the row showed must be known.
    return cut is not None and (before.row is not None or not walked)


async def _failed(reading: Reading, failed: dict[str, int], id_: str, error: Exception) -> Exception | None:
    """Count a failure; return it, or None when this contact failed so often that it is a named gap now."""
    failed[id_] = failed.get(id_, 0) + 1
    if failed[id_] < _MOST_ATTEMPTS:
        return error
    await reading.gap("contact", id_, "still_lagging")
    return None


async def _listed(
    reading: Reading,
    id_: str,
    row: dict[str, Any],
    at: int,
    before: Fingerprint | None,
    memory: dict[str, Any],
) -> Fresh | None:
    """Return what a row says of a contact, or None where it says nothing, or has been looked after."""
    if before is not None and before.gone:
        await became(reading, id_, before, shown_at=seconds(row.get("updated_at")))
        return None
    try:
        return await fresh_contact(reading, row, at, before, memory=memory)
    except (ContactMergedError, ResourceMissingError):
        # It was deleted or merged between its row and its lists; requesting it by id shows which.
        await became(reading, id_, before)
        return None


async def _walk_all(reading: Reading, state: StepState) -> bool:
    pages = Pages(state.position)
    walk = state.position.setdefault("walk", f"{reading.run.run_id}:{state.name}")
    while not pages.ended:
        if not reading.time_left():
            return False
        answer = await pages.next(reading, _list_call)
        state.position["total"] = total_count(answer.body)
        reading.expect("contact", state.position["total"])
        await _apply(reading, state.position, rows(answer.body["data"]), answer.at, walk=walk)
        pages.turn(answer)
        state.position.pop("lists", None)
    if not await sweep_absent(reading, state, "contact", became, named=["still_lagging"]):
        return False
    cursor = reading.cursor("contact")
    await reading.save_cursor(
        replace(
            cursor.advanced(cursor.position or pages.began_at),
            walked_at=pages.began_at,
            walk_calls=pages.calls,
            short=await reading.short_of("contact", state.position.get("total")),
        )
    )
    return True


def _list_call(size: int, after: str | None) -> Call:
    return Call(Read.CONTACTS, query={"per_page": size} | ({"starting_after": after} if after else {}))


async def _walk_changed(reading: Reading, state: StepState) -> bool:
    pages = Pages(state.position)
    cursor = reading.cursor("contact")
    window = reading.rules.window(cursor.position)
    order = Descending(state.position.get("last"), broken=state.position.get("disorder", False))

    def call(size: int, after: str | None) -> Call:
        return Call(Read.CONTACT_SEARCH, body=search_body("updated_at", window.asked_after(), size, after))

    if not state.position.get("gaps_read"):
        await _read_gaps(reading)
        state.position["gaps_read"] = True
    while not pages.ended:
        if not reading.time_left():
            return False
        answer = await pages.next(reading, call)
        contacts = [row for row in rows(answer.body["data"]) if isinstance(row, dict)]
        for row in contacts:
            order.saw(seconds(row.get("updated_at")))
        recent = [row for row in contacts if window.holds(seconds(row.get("updated_at")))]
        await _apply(reading, state.position, recent, answer.at, walk=None)
        if order.passed(window.low):
            pages.end()
        else:
            pages.turn(answer)
        state.position.pop("lists", None)
        state.position["last"], state.position["disorder"] = order.last, order.broken
    await reading.save_cursor(reading.cursor("contact").advanced(pages.began_at))
    return True


async def _read_gaps(reading: Reading) -> None:
    """Try again, one by one, what earlier runs could not read; what fails again stays a gap."""
    async for id_ in gaps_one_by_one(reading, "contact", "still_lagging"):
        before = (await reading.fingerprints_of("contact", [id_])).get(id_)
        with suppress(SourceUnavailableError, RequestRefusedError):
            await became(reading, id_, before)
            await reading.no_gap("contact", id_, "still_lagging")


def search_body(field: str, after_value: int, size: int, after: str | None) -> dict[str, Any]:
    """Return a search for changes, newest first. Each page repeats the whole body (FACTS §5)."""
    return {
        "query": {"operator": "AND", "value": [{"field": field, "operator": ">", "value": after_value}]},
        "sort": {"field": field, "order": "descending"},
        "pagination": {"per_page": size} | ({"starting_after": after} if after else {}),
    }


async def _read_one(reading: Reading, hint: Hint) -> None:
    before = (await reading.fingerprints_of("contact", [hint.id])).get(hint.id)
    await became(reading, hint.id, before, force=hint.force)
    reading.read("contact")


RESOURCE = Resource(
    "contact",
    order=50,
    steps=(
        Step("contacts:all", "contact", frozenset({"initial", "reconcile"}), _walk_all, of_walk=True),
        Step(
            "contacts:changed",
            "contact",
            frozenset({"initial", "incremental", "reconcile"}),
            _walk_changed,
            # On a first run this is the catch-up: what changed while everything else was read.
            after=("contacts:all", "conversations:closed"),
        ),
    ),
    read_one=_read_one,
)
