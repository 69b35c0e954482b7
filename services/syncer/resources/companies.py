"""Companies: there is no search by change, so the whole list is walked, as often as its cost allows.

Lists continue to show deleted companies (FACTS §8), so each company is also requested by its id once in a
while.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.company import parse
from services.syncer.domain.cursor import asking_due
from services.syncer.domain.fields import count, seconds
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.reads import Call, Read
from services.syncer.errors import (
    RequestRefusedError,
    ResourceMissingError,
    SourceUnavailableError,
)
from services.syncer.resources.company_pages import (
    listed_total,
    next_listed,
    next_scrolled,
    place_was_lost,
)
from services.syncer.resources.gap_turns import gaps_one_by_one
from services.syncer.resources.reading import Circumstances, Gone, Reading, Resource, Step
from services.syncer.resources.walk import asked_for, sweep_absent

if TYPE_CHECKING:
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.run import Hint, StepState

_AT_ONCE = 50
"""Companies that were deleted and are shown again, asked for side by side."""

_NAMED = ("still_lagging",)
"""Gaps of one company. A refusal is all companies': reading one by its id is a permission (FACTS §2)."""


async def _walk(reading: Reading, state: StepState) -> bool:
    position = state.position
    if state.resumed:
        place_was_lost(position)
    if "expected" not in position:
        position["expected"] = await _expect(reading)
    while not position.get("ended"):
        if not reading.time_left():
            return False
        await (next_listed(reading, position) if "listed" in position else next_scrolled(reading, position))
    if "listed" in position:
        state.incomplete = "still_lagging"
        short = await reading.short_of("company", listed_total(position))
    elif await _prove_absent(reading, state):
        short = 0  # Everything that it met is held, or named by a gap.
    else:
        return False
    cursor = reading.cursor("company")
    reading.all_met("company")
    await reading.save_cursor(
        replace(
            cursor.advanced(position["from"]),
            walked_at=position["from"],
            walk_calls=position["pages"],
            short=short,
        )
    )
    return True


async def _prove_absent(reading: Reading, state: StepState) -> bool:
    """After a walk that met everything, find out what is deleted. Return whether that is finished."""
    position = state.position
    if not await _ask_for_doubted(reading, state):
        return False
    if not position.get("gaps_read"):
        await _read_gaps(reading)
        position["gaps_read"] = True
    if "asking" not in position:
        position["asking"] = await _asks_for_each(reading)
        if position["asking"]:
            position["walk"] = f"{reading.run.run_id}:companies:asked"
    if not await sweep_absent(reading, state, "company", _became, named=_NAMED):
        return False
    if position["asking"]:
        await reading.save_cursor(replace(reading.cursor("company"), asked_at=position["from"]))
    return True


async def _expect(reading: Reading) -> int | None:
    """Return about how many there will be, which the scroll itself never says."""
    total = await reading.known_count("company") or None
    if total is None:
        # Asked before the scroll is opened: while it is open, nothing else is called.
        answer = await reading.intercom.read(Call(Read.COMPANY_LIST, query={"page": 1, "per_page": 1}))
        total = count(answer.body.get("total_count"))
    reading.expect("company", total)
    return total


async def _asks_for_each(reading: Reading) -> bool:
    """Tell whether to ask for each company by its id: lists go on showing deleted ones (FACTS §8)."""
    cursor = reading.cursor("company")
    if cursor.position is None:
        return False
    due = asking_due(cursor.asked_at or cursor.position, reading.now(), await reading.known_count("company"))
    return due or reading.run.reason == "reconcile"


async def _ask_for_doubted(reading: Reading, state: StepState) -> bool:
    """Ask for companies that were deleted and are shown with a new time; once the scroll is closed."""
    doubted: list[list[Any]] = state.position.get("doubted", [])
    while doubted:
        if not reading.time_left():
            return False
        asked = dict(doubted[-_AT_ONCE:])
        known = await reading.fingerprints_of("company", list(asked))

        async def became(
            reading: Reading, id_: str, before: Fingerprint | None, shown: dict[str, Any] = asked
        ) -> None:
            await _became(reading, id_, before, shown_at=shown[id_])

        failed = await asked_for(
            reading, state, "company", became, {id_: known.get(id_) for id_ in asked}, named=_NAMED
        )
        doubted[-_AT_ONCE:] = [entry for entry in doubted[-_AT_ONCE:] if entry[0] in failed]
        for failure in failed.values():
            raise failure
    return True


async def _read_gaps(reading: Reading) -> None:
    """Try again, one by one, what earlier walks could not ask for; what fails again stays a gap."""
    async for id_ in gaps_one_by_one(reading, "company", "still_lagging"):
        before = (await reading.fingerprints_of("company", [id_])).get(id_)
        with suppress(SourceUnavailableError, RequestRefusedError):
            await _became(reading, id_, before)
            await reading.no_gap("company", id_, "still_lagging")


async def _became(
    reading: Reading,
    id_: str,
    before: Fingerprint | None,
    *,
    force: bool = False,
    shown_at: int | None = None,
) -> None:
    """Request one company, and publish the result.

    Raises SourceUnavailableError if the response is another company, which says nothing about this one.
    """
    try:
        answer = await reading.intercom.read(Call(Read.COMPANY, id_))
    except ResourceMissingError:
        await reading.changes.gone([Gone("company", id_, before, shown_at)])
        return
    event = parse(answer.body, reading.scope, answer.at)
    if event is None or event.id != id_:
        raise SourceUnavailableError(f"/companies/{id_} answered with something that is not it.")
    updated_at = seconds(answer.body.get("updated_at"))
    await reading.changes.apply([Fresh("company", event, updated_at, answer.at, before, force=force)])


async def _read_one(reading: Reading, hint: Hint) -> None:
    before = (await reading.fingerprints_of("company", [hint.id])).get(hint.id)
    await _became(reading, hint.id, before, force=hint.force)
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
