"""Users and leads: listed whole at first and when reconciling, searched by change in between."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.contact import companies_of, parse
from services.syncer.domain.fields import identifier, record, rows, seconds
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import Descending, Window
from services.syncer.errors import ContactMergedError, ResourceMissingError
from services.syncer.resources.paging import Pages, next_page, total_count
from services.syncer.resources.reading import Gone, Reading, Resource, Step
from services.syncer.resources.walk import sweep_absent

if TYPE_CHECKING:
    from services.syncer.domain.held import Held
    from services.syncer.domain.run import Hint, StepState
    from services.syncer.ports import Answer

_COMPANY_PAGE = 60
_MOST_COMPANY_PAGES = 40
"""1,000 companies per contact are allowed (FACTS §8); a list that goes on far longer goes in a circle."""


async def completed(reading: Reading, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its whole lists: ten entries are embedded at most, see `has_more` (FACTS §7)."""
    id_ = identifier(row.get("id"))
    if record(row.get("tags")).get("has_more") is True:
        answer = await reading.intercom.read(Call(Read.CONTACT_TAGS, id_))
        row = {**row, "tags": {"data": rows(answer.body.get("data"))}}
    if record(row.get("companies")).get("has_more") is True:
        row = {**row, "companies": {"data": await _all_companies(reading, id_)}}
    return row


async def _all_companies(reading: Reading, id_: str | None) -> list[Any]:
    found: list[Any] = []
    page: int | None = 1
    for _ in range(_MOST_COMPANY_PAGES):
        answer = await reading.intercom.read(
            Call(Read.CONTACT_COMPANIES, id_, {"page": page or 1, "per_page": _COMPANY_PAGE})
        )
        found += companies_of(answer.body)
        page = next_page(answer.body)
        if page is None:
            break
    return found


async def _apply(reading: Reading, found: list[Any], at: int, *, walk: str | None) -> None:
    """Publish what changed among rows; rows that prove to be known cost nothing."""
    by_id = {id_: row for row in found if isinstance(row, dict) and (id_ := identifier(row.get("id")))}
    known = await reading.held("contact", list(by_id))
    fresh: list[Fresh] = []
    for id_, row in by_id.items():
        before = known.get(id_)
        cut = any(record(row.get(name)).get("has_more") is True for name in ("tags", "companies"))
        if cut and before is not None and before.proves_unchanged(seconds(row.get("updated_at"))):
            continue
        item = await _fresh(reading, row, at, before)
        if item is not None:
            fresh.append(item)
    await reading.changes.apply(fresh)
    if walk is not None:
        await reading.mark("contact", list(by_id), walk)
    reading.read("contact", len(by_id))


async def _fresh(
    reading: Reading, row: dict[str, Any], at: int, before: Held | None, *, force: bool = False
) -> Fresh | None:
    event = parse(await completed(reading, row), reading.scope, at)
    if event is None:
        return None
    return Fresh("contact", event, seconds(row.get("updated_at")), at, before, force=force)


async def _walk_all(reading: Reading, state: StepState) -> bool:
    pages = Pages(state.position)
    walk = state.position.setdefault("walk", f"{reading.run.run_id}:{state.name}")
    while not pages.ended:
        if not reading.time_left():
            return False
        answer = await pages.next(reading, _list_call)
        state.position["total"] = total_count(answer.body)
        reading.expect("contact", state.position["total"])
        await _apply(reading, rows(answer.body["data"]), answer.at, walk=walk)
        pages.turn(answer)
    if not await sweep_absent(reading, state, "contact", _became):
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
    window = Window.since(cursor.position or 0, overlap_seconds=reading.rules.overlap_seconds)
    order = Descending(state.position.get("last"), broken=state.position.get("disorder", False))

    def call(size: int, after: str | None) -> Call:
        return Call(Read.CONTACT_SEARCH, body=search_body("updated_at", window.asked_after(), size, after))

    while not pages.ended:
        if not reading.time_left():
            return False
        answer = await pages.next(reading, call)
        found = [row for row in rows(answer.body["data"]) if isinstance(row, dict)]
        for row in found:
            order.saw(seconds(row.get("updated_at")))
        recent = [row for row in found if window.holds(seconds(row.get("updated_at")))]
        await _apply(reading, recent, answer.at, walk=None)
        pages.turn(answer)
        state.position["last"], state.position["disorder"] = order.last, order.broken
        if order.passed(window.low):
            pages.end()
    await reading.save_cursor(cursor.advanced(pages.began_at))
    return True


def search_body(field: str, after_value: int, size: int, after: str | None) -> dict[str, Any]:
    """Return a search for changes, newest first. Each page repeats the whole body (FACTS §5)."""
    return {
        "query": {"operator": "AND", "value": [{"field": field, "operator": ">", "value": after_value}]},
        "sort": {"field": field, "order": "descending"},
        "pagination": {"per_page": size} | ({"starting_after": after} if after else {}),
    }


async def _became(reading: Reading, id_: str, held: Held | None, *, force: bool = False) -> None:
    """Ask for one contact, and publish what became of it: it changed, was merged, or is gone."""
    try:
        answer: Answer = await reading.intercom.read(Call(Read.CONTACT, id_))
    except ContactMergedError as merged:
        await reading.changes.gone(
            [Gone("contact", id_, held)], reason="merged", successor_id=merged.successor_id
        )
        if merged.successor_id is not None and merged.successor_id != id_:
            await _successor(reading, merged.successor_id)
    except ResourceMissingError:
        await reading.changes.gone([Gone("contact", id_, held)])
    else:
        item = await _fresh(reading, dict(answer.body), answer.at, held, force=force)
        if item is not None:
            await reading.changes.apply([item])


async def _successor(reading: Reading, id_: str) -> None:
    """Read the surviving contact at once: it took over the other one's companies and tags."""
    held = (await reading.held("contact", [id_])).get(id_)
    try:
        answer = await reading.intercom.read(Call(Read.CONTACT, id_))
    except (ContactMergedError, ResourceMissingError):
        return  # Merged on or deleted meanwhile: its own hint or the next reconcile tells.
    item = await _fresh(reading, dict(answer.body), answer.at, held)
    if item is not None:
        await reading.changes.apply([item])


async def _read_one(reading: Reading, hint: Hint) -> None:
    held = (await reading.held("contact", [hint.id])).get(hint.id)
    await _became(reading, hint.id, held, force=hint.force)
    reading.read("contact")


RESOURCE = Resource(
    "contact",
    order=50,
    steps=(
        Step("contacts:all", "contact", frozenset({"initial", "reconcile"}), _walk_all),
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
