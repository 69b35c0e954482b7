"""Pages of companies: by scroll, which meets every company, or by list if no scroll can be opened.

One scroll may be open per workspace, including other vendors'; a foreign one is waited out. A scroll expires
after an idle minute: 404 means start again, never "end", which is an empty page (FACTS §8).

Every page has the same parameter, and requesting it moves the scroll on. So a page whose response was lost,
on the way, with the process that read it, or because what it held could not be published, is not sent again:
the scroll is drained, which closes it, and the walk starts over. Only a walk that kept every page proves that
it met everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.company import parse
from services.syncer.domain.cursor import asking_due
from services.syncer.domain.fields import identifier, record, rows, seconds, text
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.reads import Call, Read
from services.syncer.errors import (
    RequestRefusedError,
    ScrollLostError,
    ScrollTakenError,
    SourceUnavailableError,
)
from services.syncer.resources.paging import NumberedPages, total_count

if TYPE_CHECKING:
    from services.syncer.resources.reading import Reading

_MOST_REFUSALS = 5
"""Scrolls that were taken, or that broke, before the list is read instead."""

_LIST_PAGE = 60
"""What users of the list send (FACTS §5); a larger maximum is not documented."""


async def next_scrolled(reading: Reading, position: dict[str, Any]) -> None:
    parameter = position.get("scroll")
    try:
        answer = await reading.intercom.read(
            Call(Read.COMPANY_SCROLL, query={"scroll_param": parameter} if parameter else {})
        )
    except (ScrollTakenError, SourceUnavailableError) as error:
        _lost(position)
        if isinstance(error, ScrollTakenError) or error.overloaded:
            position["refusals"] = position.get("refusals", 0) + 1
        if position.get("refusals", 0) < _MOST_REFUSALS:
            raise
        _start_listing(reading, position)
        return
    except ScrollLostError as error:
        _start_again(reading, position)
        raise SourceUnavailableError(f"The company scroll is started again. {error}") from error
    if parameter is None:
        position.update({"from": answer.at, "pages": 0, "met": 0})
        position["walk"] = f"{reading.run.run_id}:companies:{position.get('starts', 0)}"
    companies = rows(answer.body["data"])
    following = text(answer.body.get("scroll_param"), 1_024)
    try:
        await _apply(reading, companies, answer.at, position)
    except Exception:
        # The bus or a store is away. Asking again brings the page after this one, which nobody has kept.
        _lost(position)
        raise
    position["pages"] += 1
    if not companies:
        _drained(reading, position)
    elif following is None:
        _start_again(reading, position)
        raise SourceUnavailableError("A scroll page came without its parameter; starting again.")
    else:
        position["scroll"] = following


def place_was_lost(position: dict[str, Any]) -> None:
    """Take note that the slice before this one did not save its place: it may have read pages since."""
    _lost(position)


def _lost(position: dict[str, Any]) -> None:
    position["page_lost"] = position.get("page_lost", False) or "scroll" in position


def _drained(reading: Reading, position: dict[str, Any]) -> None:
    """End the walk, or, when a page was lost on it, start over at once: nothing holds the scroll any more."""
    if not position.get("page_lost"):
        position["ended"] = True
        position.pop("scroll", None)
        return
    _start_again(reading, position)


def _start_listing(reading: Reading, position: dict[str, Any]) -> None:
    """Give up on the scroll for this run: most of the companies now are better than all of them never."""
    position.update({"listed": True, "pages": 0, "met": 0, "shown": 0})
    for key in ("from", "scroll"):
        position.pop(key, None)
    position["walk"] = f"{reading.run.run_id}:companies:listed"


async def next_listed(reading: Reading, position: dict[str, Any]) -> None:
    """Read a page of the list, which proves nothing: it leaves some out, and ends at 10,000."""
    pages = NumberedPages(position, largest=_LIST_PAGE)
    try:
        answer = await pages.next(
            reading, lambda size, page: Call(Read.COMPANY_LIST, query={"page": page, "per_page": size})
        )
    except RequestRefusedError:
        if pages.first:
            raise
        pages.end()  # Beyond the ten thousandth company.
        return
    listed = rows(answer.body["data"])
    await _apply(reading, listed, answer.at, position, repeated=pages.repeated)
    # Positions of an earlier version do not know it.
    position["shown"] = position.get("shown", 0) + max(len(listed) - pages.repeated, 0)
    position["told"] = total_count(answer.body)
    try:
        pages.turn(answer)
    except SourceUnavailableError:
        position.update(met=0, shown=0)
        raise


def listed_total(position: dict[str, Any]) -> int:
    """Return how many companies there are by the list, as far as it came and beyond where it ends."""
    unreached = (position.get("told") or 0) - position.get("shown", 0)
    return int(position["met"]) + max(int(unreached), 0)


def _start_again(reading: Reading, position: dict[str, Any]) -> None:
    """Begin at the top, after several starts by the list: a scroll may break at the same place each time."""
    position["starts"] = position.get("starts", 0) + 1
    for key in ("scroll", "page_lost", "doubted"):  # It meets the same ones again.
        position.pop(key, None)
    if position["starts"] >= _MOST_REFUSALS:
        _start_listing(reading, position)


async def _apply(
    reading: Reading, companies: list[Any], at: int, position: dict[str, Any], *, repeated: int = 0
) -> None:
    """Publish what changed among a page's rows, of which the first `repeated` went by already."""
    by_id = {id_: row for row in companies if isinstance(row, dict) and (id_ := identifier(row.get("id")))}
    known = await reading.fingerprints_of("company", list(by_id))
    fresh: list[Fresh] = []
    met: set[str] = set()
    for id_, row in by_id.items():
        before, updated_at = known.get(id_), seconds(row.get("updated_at"))
        if before is not None and before.gone:
            # Lists go on showing most of them for ever, so they are asked for as seldom as those that exist.
            back = asking_due(before.read_at, at, position.get("expected") or 0)
            if back or not before.proves_unchanged(updated_at):
                position.setdefault("doubted", []).append([id_, updated_at])
            continue
        met.add(id_)
        event = parse(row, reading.scope, at)
        if event is not None and (before is None or not before.read_since(at)):
            fresh.append(Fresh("company", event, updated_at, at, before))
    await reading.changes.apply(fresh)
    await reading.mark("company", list(by_id), position["walk"])
    position["met"] += len(met - {identifier(row.get("id")) for row in map(record, companies[:repeated])})
    # A walk that started again meets the first ones again; only the furthest it came counts as done.
    reading.read("company", max(position["met"] - reading.run.count_of("company").done, 0))
