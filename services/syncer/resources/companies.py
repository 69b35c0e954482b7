"""Companies: no search by change exists, so the whole list is walked by scroll, which is a lease (FACTS §8).

The scroll is the only walk that meets every company: the paged list leaves out companies without users
and ends at 10,000. One scroll may be open per workspace, other vendors' included; a foreign one is waited
out. It expires after an idle minute: 404 means start again, never "end", which is an empty page.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.cursor import asking_due
from services.syncer.domain.fields import (
    attributes,
    count,
    identifier,
    integer,
    moment,
    number,
    record,
    rows,
    seconds,
    tag_ids,
    text,
)
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.moments import observed
from services.syncer.domain.reads import Call, Read
from services.syncer.domain.version import version_of
from services.syncer.errors import (
    RequestRefusedError,
    ResourceMissingError,
    ScrollLostError,
    ScrollTakenError,
    SourceUnavailableError,
)
from services.syncer.resources.paging import NumberedPages
from services.syncer.resources.reading import Circumstances, Gone, Reading, Resource, Step
from services.syncer.resources.walk import sweep_absent
from shared.contracts.resources import CompanyChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.fresh import Scope
    from services.syncer.domain.held import Held
    from services.syncer.domain.run import Hint, StepState


_MOST_REFUSALS = 5
"""Scrolls that were taken or broke, a minute apart, before the list is read instead."""

_LIST_PAGE = 60
"""What users of the list send (FACTS §5); a larger maximum is not documented."""


def parse(row: Mapping[str, Any], scope: Scope, at: int) -> CompanyChanged | None:
    """Return the company in a row or an answer, or None when it has no id."""
    id_ = identifier(row.get("id"))
    if id_ is None:
        return None
    content: dict[str, Any] = {
        "company_id": text(row.get("company_id")),
        "name": text(row.get("name")),
        "plan": text(record(row.get("plan")).get("name")) or text(row.get("plan")),
        "monthly_spend": number(row.get("monthly_spend")),
        "user_count": count(row.get("user_count")),
        "session_count": count(row.get("session_count")),
        "size": integer(row.get("size")),
        "website": text(row.get("website")),
        "industry": text(row.get("industry")),
        "tag_ids": tuple(sorted(tag_ids(row))),
        "created_at": moment(row.get("created_at")),
        "remote_created_at": moment(row.get("remote_created_at")),
        "updated_at": moment(row.get("updated_at")),
        "last_request_at": moment(row.get("last_request_at")),
        "custom_attributes": attributes(row.get("custom_attributes")),
    }
    return CompanyChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of("company", content),
        observed_at=observed(at),
        **content,
    )


async def _walk(reading: Reading, state: StepState) -> bool:
    position = state.position
    if "expected" not in position:
        position["expected"] = await _expect(reading)
    while not position.get("ended"):
        if not reading.time_left():
            return False
        await (_next_listed(reading, position) if "listed" in position else _next_page(reading, position))
    if "listed" in position:
        await reading.gap("company", None, "still_lagging")
    elif not await _prove_absent(reading, state):
        return False
    cursor = reading.cursor("company")
    total = int(position["met"])
    reading.all_met("company")
    await reading.save_cursor(
        replace(
            cursor.advanced(position["from"]),
            walked_at=position["from"],
            walk_calls=position["pages"],
            short=await reading.short_of("company", total),
        )
    )
    return True


async def _prove_absent(reading: Reading, state: StepState) -> bool:
    """After a walk that met everything: find out what is gone. Tells whether that is done."""
    position = state.position
    if not await _ask_for_doubted(reading, position):
        return False
    if "asking" not in position:
        position["asking"] = await _asks_for_each(reading)
        if position["asking"]:
            position["walk"] = f"{reading.run.run_id}:companies:asked"
    if not await sweep_absent(reading, state, "company", _became):
        return False
    if position["asking"]:
        await reading.save_cursor(replace(reading.cursor("company"), asked_at=position["from"]))
    await reading.no_gap("company", None, "still_lagging")
    return True


async def _expect(reading: Reading) -> int | None:
    """Return about how many there will be, which the scroll itself never tells."""
    total = await reading.held_count("company") or None
    if total is None:
        # Asked before the scroll is opened: while it is open, nothing else is called.
        answer = await reading.intercom.read(Call(Read.COMPANY_LIST, query={"page": 1, "per_page": 1}))
        total = count(answer.body.get("total_count"))
    reading.expect("company", total)
    return total


async def _next_page(reading: Reading, position: dict[str, Any]) -> None:
    parameter = position.get("scroll")
    try:
        answer = await reading.intercom.read(
            Call(Read.COMPANY_SCROLL, query={"scroll_param": parameter} if parameter else {})
        )
    except (ScrollTakenError, SourceUnavailableError) as error:
        if isinstance(error, ScrollTakenError) or error.overloaded:
            position["refusals"] = position.get("refusals", 0) + 1
        if position.get("refusals", 0) < _MOST_REFUSALS:
            raise
        _start_listing(reading, position)
        return
    except ScrollLostError as error:
        _start_again(position)
        raise SourceUnavailableError(f"The company scroll is started again. {error}") from error
    if parameter is None:
        position.update({"from": answer.at, "pages": 0, "met": 0})
        position["walk"] = f"{reading.run.run_id}:companies:{position.get('starts', 0)}"
    found = rows(answer.body["data"])
    following = text(answer.body.get("scroll_param"), 1_024)
    await _apply(reading, found, answer.at, position)
    position["pages"] += 1
    if not found:
        position["ended"] = True
        position.pop("scroll", None)
    elif following is None:
        _start_again(position)
        raise SourceUnavailableError("A scroll page came without its parameter; starting again.")
    else:
        position["scroll"] = following


def _start_listing(reading: Reading, position: dict[str, Any]) -> None:
    """Give up on the scroll for this run: most of the companies now are better than all of them never."""
    position.update({"listed": True, "pages": 0, "met": 0})
    for key in ("from", "scroll"):
        position.pop(key, None)
    position["walk"] = f"{reading.run.run_id}:companies:listed"


async def _next_listed(reading: Reading, position: dict[str, Any]) -> None:
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
    await _apply(reading, rows(answer.body["data"]), answer.at, position)


def _start_again(position: dict[str, Any]) -> None:
    position["starts"] = position.get("starts", 0) + 1
    position.pop("scroll", None)


async def _apply(reading: Reading, found: list[Any], at: int, position: dict[str, Any]) -> None:
    by_id = {id_: row for row in found if isinstance(row, dict) and (id_ := identifier(row.get("id")))}
    known = await reading.held("company", list(by_id))
    fresh: list[Fresh] = []
    for id_, row in by_id.items():
        event, before = parse(row, reading.scope, at), known.get(id_)
        if before is not None and before.gone:
            if not before.proves_unchanged(seconds(row.get("updated_at"))):
                position.setdefault("doubted", []).append([id_, seconds(row.get("updated_at"))])
        elif event is not None:
            fresh.append(Fresh("company", event, seconds(row.get("updated_at")), at, before))
    await reading.changes.apply(fresh)
    await reading.mark("company", list(by_id), position["walk"])
    # A walk that started again meets the first ones again; only the furthest it came counts as done.
    position["met"] += len(fresh)
    reading.read("company", max(position["met"] - reading.run.count_of("company").done, 0))


async def _asks_for_each(reading: Reading) -> bool:
    """Tell whether to ask for each company by its id: lists go on showing deleted ones (FACTS §8)."""
    cursor = reading.cursor("company")
    if cursor.position is None:
        return False
    due = asking_due(cursor.asked_at or cursor.position, reading.now(), await reading.held_count("company"))
    return due or reading.run.reason == "reconcile"


async def _ask_for_doubted(reading: Reading, position: dict[str, Any]) -> bool:
    """Ask for companies that were deleted and are shown with a new time; once the scroll is closed."""
    doubted: list[list[Any]] = position.get("doubted", [])
    while doubted:
        if not reading.time_left():
            return False
        id_, shown_at = doubted[-1]
        held = (await reading.held("company", [id_])).get(id_)
        await _became(reading, id_, held, shown_at=shown_at)
        doubted.pop()
    return True


async def _became(
    reading: Reading, id_: str, held: Held | None, *, force: bool = False, shown_at: int | None = None
) -> None:
    try:
        answer = await reading.intercom.read(Call(Read.COMPANY, id_))
    except ResourceMissingError:
        await reading.changes.gone([Gone("company", id_, held, shown_at)])
        return
    event = parse(answer.body, reading.scope, answer.at)
    if event is not None:
        updated_at = seconds(answer.body.get("updated_at"))
        await reading.changes.apply([Fresh("company", event, updated_at, answer.at, held, force=force)])


async def _read_one(reading: Reading, hint: Hint) -> None:
    held = (await reading.held("company", [hint.id])).get(hint.id)
    await _became(reading, hint.id, held, force=hint.force)
    reading.read("company")


def _wanted(circumstances: Circumstances) -> bool:
    return not circumstances.patient or circumstances.cursor("company").walk_due(circumstances.now)


RESOURCE = Resource(
    "company",
    order=40,
    steps=(
        Step(
            "companies",
            "company",
            frozenset({"initial", "incremental", "reconcile"}),
            _walk,
            wanted=_wanted,
        ),
    ),
    read_one=_read_one,
)
