"""Users and leads: listed whole at first and when reconciling, searched by change in between."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.contact import companies_of, cut_lists, parse
from services.syncer.domain.conversation_row import Shown
from services.syncer.domain.fields import MOST_REFERENCES, identifier, identifiers, record, rows, seconds
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import Descending
from services.syncer.errors import (
    ContactMergedError,
    RequestRefusedError,
    ResourceMissingError,
    SlowDownError,
    SourceUnavailableError,
)
from services.syncer.resources.gap_turns import gaps_one_by_one
from services.syncer.resources.paging import NumberedPages, Pages, total_count
from services.syncer.resources.reading import Gone, Reading, Resource, Step
from services.syncer.resources.walk import sweep_absent

if TYPE_CHECKING:
    from services.syncer.domain.held import Held
    from services.syncer.domain.run import Hint, StepState
    from services.syncer.ports import Answer

_COMPANY_PAGE = 60
_MOST_REMEMBERED = 20
"""Contacts whose lists are remembered until their page is done."""

_MOST_ATTEMPTS = 4
"""Slices that try one contact's own lists until it becomes a named gap, which later runs try again."""


async def completed(reading: Reading, row: dict[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its whole lists: ten entries are embedded at most, see `has_more` (FACTS §7).

    `memory` keeps what was read of the lists on a page, so that a budget which is spent in the middle of them
    does not make the next slice begin them anew, and the one after it, for ever.
    """
    id_ = identifier(row.get("id"))
    name = f"{id_} {row.get('updated_at')}"
    while len(memory) >= _MOST_REMEMBERED and name not in memory:
        memory.pop(next(iter(memory)))
    if record(row.get("tags")).get("has_more") is True:
        kept = memory.setdefault(name, {})
        if "tags" not in kept:
            answer = await reading.intercom.read(Call(Read.CONTACT_TAGS, id_))
            kept["tags"] = list(identifiers(answer.body.get("data")))
        row = {**row, "tags": {"data": kept["tags"]}}
    if record(row.get("companies")).get("has_more") is True:
        companies = await _all_companies(reading, id_, memory.setdefault(name, {}))
        row = {**row, "companies": {"data": companies}}
    return row


async def _all_companies(reading: Reading, id_: str | None, kept: dict[str, Any]) -> list[str]:
    """Read the list page by page, by ever smaller pages where the source breaks on large ones.

    Raises SourceUnavailableError when the list does not come to an end, or has more than a record holds: that
    is twice what Intercom allows (FACTS §8), and part of it would look like all of it.
    """
    found: list[str] = kept.setdefault("companies", [])
    pages = NumberedPages(kept.setdefault("pages", {}), largest=_COMPANY_PAGE)
    while not pages.ended:
        try:
            answer = await pages.next(
                reading,
                lambda size, page: Call(Read.CONTACT_COMPANIES, id_, {"page": page, "per_page": size}),
            )
        except SourceUnavailableError as error:
            if not error.overloaded or not pages.may_shrink:
                raise
            continue
        met = set(found)
        here = [one for one in identifiers(companies_of(answer.body)) if one not in met]
        found += here
        try:
            pages.turn(answer)
        except SourceUnavailableError:
            del kept["companies"], kept["pages"]
            raise
        if len(found) > MOST_REFERENCES:
            del kept["companies"], kept["pages"]
            raise SourceUnavailableError(f"/contacts/{id_} has more than {MOST_REFERENCES} companies.")
        if not (here or pages.ended):
            del kept["companies"], kept["pages"]
            raise SourceUnavailableError(f"/contacts/{id_}/companies goes on and leads nowhere.")
    return found


async def _apply(
    reading: Reading, position: dict[str, Any], found: list[Any], at: int, *, walk: str | None
) -> None:
    """Publish what changed among rows; rows that prove to be known cost nothing.

    Raises SourceUnavailableError when the lists of a contact could not be read, after all others of the page
    were published; one that fails again and again becomes a gap, so that it does not hold up the rest.
    """
    by_id = {id_: row for row in found if isinstance(row, dict) and (id_ := identifier(row.get("id")))}
    known = await reading.held("contact", list(by_id))
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


def _says_nothing(reading: Reading, row: dict[str, Any], before: Held, at: int, *, walked: bool) -> bool:
    """Tell whether a row is older than what is held, or would cost calls to say the same again.

    A walk over all looks at what a row shows of cut lists; a search for changes looks at its time alone.
    """
    if walked and before.may_be_back(at, reading.rules.overlap_seconds):
        return False
    updated_at, cut = seconds(row.get("updated_at")), cut_lists(row)
    if not before.proves_unchanged(updated_at, cut if walked else None):
        return False
    if before.gone or updated_at != before.updated_at:
        return True
    # Lists that are whole cost nothing to compare; of cut ones it has to be known what the row showed.
    return cut is not None and (before.row is not None or not walked)


async def _failed(reading: Reading, failed: dict[str, int], id_: str, error: Exception) -> Exception | None:
    """Count a failure; return it, or None when this contact failed so often that it is a named gap now."""
    failed[id_] = failed.get(id_, 0) + 1
    if failed[id_] < _MOST_ATTEMPTS:
        return error
    await reading.gap("contact", id_, "still_lagging")
    return None


async def _listed(
    reading: Reading, id_: str, row: dict[str, Any], at: int, before: Held | None, memory: dict[str, Any]
) -> Fresh | None:
    """Return what a row says of a contact, or None where it says nothing, or has been looked after."""
    if before is not None and before.gone:
        await _became(reading, id_, before, shown_at=seconds(row.get("updated_at")))
        return None
    try:
        return await _fresh(reading, row, at, before, memory=memory)
    except (ContactMergedError, ResourceMissingError):
        # It went between its row and its lists: the address it has left tells what became of it.
        await _became(reading, id_, before)
        return None


async def _fresh(
    reading: Reading,
    row: dict[str, Any],
    at: int,
    before: Held | None,
    *,
    force: bool = False,
    memory: dict[str, Any] | None = None,
) -> Fresh | None:
    """Return the contact.

    With a memory it is a row of a list, which shows what its index knows: that may not be the last state of
    its second yet.
    """
    event = parse(await completed(reading, row, {} if memory is None else memory), reading.scope, at)
    if event is None:
        return None
    updated_at, cut = seconds(row.get("updated_at")), cut_lists(row)
    return Fresh(
        "contact",
        event,
        updated_at,
        at,
        before,
        row=cut,
        shown=None if memory is None or cut is None else Shown(cut, updated_at),
        force=force,
        lag_seconds=0 if memory is None else reading.rules.overlap_seconds,
    )


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
    if not await sweep_absent(reading, state, "contact", _became, named=["still_lagging"]):
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
        found = [row for row in rows(answer.body["data"]) if isinstance(row, dict)]
        for row in found:
            order.saw(seconds(row.get("updated_at")))
        recent = [row for row in found if window.holds(seconds(row.get("updated_at")))]
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
        held = (await reading.held("contact", [id_])).get(id_)
        with suppress(SourceUnavailableError, RequestRefusedError):
            await _became(reading, id_, held)
            await reading.no_gap("contact", id_, "still_lagging")


def search_body(field: str, after_value: int, size: int, after: str | None) -> dict[str, Any]:
    """Return a search for changes, newest first. Each page repeats the whole body (FACTS §5)."""
    return {
        "query": {"operator": "AND", "value": [{"field": field, "operator": ">", "value": after_value}]},
        "sort": {"field": field, "order": "descending"},
        "pagination": {"per_page": size} | ({"starting_after": after} if after else {}),
    }


async def _became(
    reading: Reading, id_: str, held: Held | None, *, force: bool = False, shown_at: int | None = None
) -> None:
    """Ask for one contact, and publish what became of it: it changed, was merged, or is gone."""
    try:
        answer: Answer = await reading.intercom.read(Call(Read.CONTACT, id_))
    except ContactMergedError as merged:
        await reading.changes.gone(
            [Gone("contact", id_, held, shown_at)], reason="merged", successor_id=merged.successor_id
        )
        if merged.successor_id is not None and merged.successor_id != id_:
            await _successor(reading, merged.successor_id)
    except ResourceMissingError:
        await reading.changes.gone([Gone("contact", id_, held, shown_at)])
    else:
        await _is_there(reading, id_, answer, held, force=force)


async def _is_there(reading: Reading, id_: str, answer: Answer, held: Held | None, *, force: bool) -> None:
    """Publish a contact whose own address answered: it exists, whatever becomes of its lists."""
    try:
        item = await _fresh(reading, dict(answer.body), answer.at, held, force=force)
    except (ContactMergedError, ResourceMissingError) as missing:
        # Should it have gone since, its own address says so when it is asked again.
        raise SourceUnavailableError(
            f"/contacts/{id_} is there and its lists are not. {missing}"
        ) from missing
    if item is None or item.event.id != id_:
        raise SourceUnavailableError(f"/contacts/{id_} answered with something that is not it.")
    await reading.changes.apply([item])


async def _successor(reading: Reading, id_: str) -> None:
    """Read the surviving contact at once: it took over the other one's companies and tags."""
    held = (await reading.held("contact", [id_])).get(id_)
    try:
        answer = await reading.intercom.read(Call(Read.CONTACT, id_))
        item = await _fresh(reading, dict(answer.body), answer.at, held)
    except (ContactMergedError, ResourceMissingError):
        return  # Merged on or deleted meanwhile: its own hint or the next reconcile tells.
    if item is None or item.event.id != id_:
        raise SourceUnavailableError(f"/contacts/{id_} answered with something that is not it.")
    await reading.changes.apply([item])


async def _read_one(reading: Reading, hint: Hint) -> None:
    held = (await reading.held("contact", [hint.id])).get(hint.id)
    await _became(reading, hint.id, held, force=hint.force)
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
