"""What a proven full walk did not meet may be gone; each one is requested by id before that is published."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from services.syncer.errors import (
    PermissionMissingError,
    PlanRestrictedError,
    RequestRefusedError,
    SlowDownError,
    SourceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.run import StepState
    from services.syncer.resources.reading import Reading
    from shared.contracts.sync import ResourceType

_AT_ONCE = 50
"""Asked for side by side; the throttle lets as many go as the source bears."""


_MOST_ATTEMPTS = 6
"""Tries in a row without any answer until the few that are left become gaps by name."""

_FEW = 10
"""So many at most; where more are left, it is the source that does not answer, and not these."""


class Became(Protocol):
    """Asks the source for one resource and publishes what became of it."""

    async def __call__(self, reading: Reading, id_: str, before: Fingerprint | None) -> None: ...


async def sweep_absent(
    reading: Reading,
    state: StepState,
    resource: ResourceType,
    became: Became,
    *,
    changed_since: int | None = None,
    named: Collection[str] = (),
) -> bool:
    """Request what is known and was not met by the walk in the position; return whether all is done.

    Rows that move between pages can be missed although they exist (FACTS §5), so absence alone proves
    nothing. `changed_since` leaves out what is closed and older, if the walk did not go that far. `named` are
    the reasons for which single resources may become gaps by name: those that later runs try again.

    Keys of the position: `swept` (the id up to which everything was looked through once, since what was met
    has to be looked at as well), `left` (whether some of them failed, so that everything is looked through
    once more).
    """
    position = state.position
    walk = position["walk"]
    while reading.time_left():
        absent = await reading.fingerprints.unseen(
            reading.connection.key,
            resource,
            walk=walk,
            after=position.get("swept", ""),
            limit=_AT_ONCE,
            changed_since=changed_since,
        )
        if not absent:
            position.pop("swept", None)
            if position.pop("left", False):
                continue
            return True
        failed = await asked_for(
            reading,
            state,
            resource,
            became,
            {fingerprint.id: fingerprint for fingerprint in absent},
            named=named,
        )
        # Marked as met, so that after a failure only what is left is requested again.
        await reading.mark(
            resource, [fingerprint.id for fingerprint in absent if fingerprint.id not in failed], walk
        )
        failures = list(failed.values())
        if not any(isinstance(failure, SlowDownError) for failure in failures):
            position["swept"] = absent[-1].id
            position["left"] = bool(failures) or position.get("left", False)
        if failures:
            raise failures[0]
    return False


async def asked_for(
    reading: Reading,
    state: StepState,
    resource: ResourceType,
    became: Became,
    asked: Mapping[str, Fingerprint | None],
    *,
    named: Collection[str],
) -> dict[str, BaseException]:
    """Ask for some resources by their ids; return those that have to be asked for again, with the reason.

    A few that are refused, or did not answer often enough while nothing else did, become gaps of their own
    for the reasons `named`, and are done with.
    """
    useful = reading.useful_answers
    outcomes = await asyncio.gather(
        *(became(reading, id_, before) for id_, before in asked.items()), return_exceptions=True
    )
    failed = {id_: outcome for id_, outcome in zip(asked, outcomes, strict=True) if outcome is not None}
    if len(failed) == len(asked):
        # A response with another resource, or without its lists, counts as a failure too.
        reading.in_vain(since=useful)
    for id_, reason in _gaps(failed, state.failures + 1, named).items():
        await reading.gap(resource, id_, reason)
        del failed[id_]
    return failed


def _gaps(failed: Mapping[str, BaseException], attempts: int, named: Collection[str]) -> dict[str, str]:
    """Return those that are gaps of their own, by id with the reason: refused, or silent for long enough."""
    reasons: dict[str, str] = {}
    silent: list[str] = []
    for id_, failure in failed.items():
        match failure:
            case PermissionMissingError():
                reasons[id_] = "permission_missing"
            case PlanRestrictedError():
                reasons[id_] = "plan_restricted"
            case SourceUnavailableError() | RequestRefusedError():
                silent.append(id_)
    if attempts >= _MOST_ATTEMPTS and len(silent) <= _FEW:
        reasons |= dict.fromkeys(silent, "still_lagging")
    return {id_: reason for id_, reason in reasons.items() if reason in named}
