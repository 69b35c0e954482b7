"""Companies: no search by change exists, so the whole list is walked by scroll, which is a lease (FACTS §8).

The scroll is the only walk that meets every company: the paged list leaves out companies without users
and ends at 10,000. One scroll may be open per workspace, other vendors' included; a foreign one is waited
out. It expires after an idle minute: 404 means start again, never "end", which is an empty page.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

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
from services.syncer.errors import ResourceMissingError, ScrollLostError, SourceUnavailableError
from services.syncer.resources.reading import Circumstances, Gone, Reading, Resource, Step
from services.syncer.resources.walk import sweep_absent
from shared.contracts.resources import CompanyChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.syncer.domain.fresh import Scope
    from services.syncer.domain.held import Held
    from services.syncer.domain.run import Hint, StepState


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
        await _next_page(reading, position)
    if not await sweep_absent(reading, state, "company", _became):
        return False
    cursor = reading.cursor("company")
    total = int(position["met"])
    reading.expect("company", total)
    await reading.save_cursor(
        replace(
            cursor.advanced(position["from"]),
            walked_at=position["from"],
            walk_calls=position["pages"],
            short=await reading.short_of("company", total),
        )
    )
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


def _start_again(position: dict[str, Any]) -> None:
    position["starts"] = position.get("starts", 0) + 1
    position.pop("scroll", None)


async def _apply(reading: Reading, found: list[Any], at: int, position: dict[str, Any]) -> None:
    by_id = {id_: row for row in found if isinstance(row, dict) and (id_ := identifier(row.get("id")))}
    known = await reading.held("company", list(by_id))
    events = {id_: parse(row, reading.scope, at) for id_, row in by_id.items()}
    await reading.changes.apply(
        [
            Fresh("company", event, seconds(by_id[id_].get("updated_at")), at, known.get(id_))
            for id_, event in events.items()
            if event is not None
        ]
    )
    await reading.mark("company", list(by_id), position["walk"])
    # A walk that started again meets the first ones again; only the furthest it came counts as done.
    position["met"] += len(by_id)
    reading.read("company", max(position["met"] - reading.run.count_of("company").done, 0))


async def _became(reading: Reading, id_: str, held: Held | None, *, force: bool = False) -> None:
    try:
        answer = await reading.intercom.read(Call(Read.COMPANY, id_))
    except ResourceMissingError:
        await reading.changes.gone([Gone("company", id_, held)])
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
