"""Lists that arrive whole in one response: what is missing is gone (admins, teams, tags; FACTS §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.cursor import Cursor
from services.syncer.domain.fields import rows
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.reads import Call
from services.syncer.errors import SourceUnavailableError
from services.syncer.resources.reading import Gone, Resource, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.syncer.domain.fresh import Scope
    from services.syncer.domain.reads import Read
    from services.syncer.domain.run import Hint, StepState
    from services.syncer.resources.reading import Reading
    from shared.contracts.resources import ResourceEvent
    from shared.contracts.sync import ResourceType

    Parse = Callable[[Any, Scope, int], ResourceEvent | None]

_MOST = 50_000
"""Resources of one list that are compared at once; tags are the longest, and none has this many."""


def whole_list(
    resource: ResourceType, read: Read, parse: Parse, *, order: int, never_empty: bool = False
) -> Resource:
    """Return a resource that is read by one call.

    Args:
        resource: its type.
        read: the call.
        parse: turns a row into its event, or None when the row cannot be used.
        order: see `Resource`.
        never_empty: an empty list is an answer gone wrong, not a workspace without any.
    """
    ((key, _),) = read.value.expects

    async def read_all(reading: Reading) -> None:
        # Asked for before the list: of what another reader adds meanwhile, an older list proves nothing.
        before = {
            fingerprint.id: fingerprint
            for fingerprint in await reading.fingerprints.unseen(
                reading.connection.key, resource, walk="", after="", limit=_MOST
            )
        }
        useful = reading.useful_answers
        answer = await reading.intercom.read(Call(read))
        listed = rows(answer.body[key])
        if never_empty and not listed:
            reading.in_vain(since=useful)
            raise SourceUnavailableError(f"{read.value.path} answered with an empty list, which cannot be.")
        events = [event for row in listed if (event := parse(row, reading.scope, answer.at)) is not None]
        await reading.changes.apply(
            [Fresh(resource, event, None, answer.at, before.get(event.id)) for event in events]
        )
        here = {event.id for event in events}
        if len(events) == len(listed):
            # Only a list that was understood completely proves that the others are gone.
            absent = [
                Gone(resource, id_, fingerprint) for id_, fingerprint in before.items() if id_ not in here
            ]
            await reading.changes.gone(absent, reason="absent")
        reading.expect(resource, len(events))
        reading.read(resource, len(events))
        known = reading.cursor(resource)
        await reading.save_cursor(
            Cursor(resource, known.position, walked_at=answer.at, short=len(listed) - len(events)).advanced(
                answer.at
            )
        )

    async def advance(reading: Reading, _state: StepState) -> bool:
        await read_all(reading)
        return True

    async def read_one(reading: Reading, _hint: Hint) -> None:
        await read_all(reading)

    step = Step(f"{resource}s", resource, frozenset({"initial", "incremental", "reconcile"}), advance)
    return Resource(resource, order, (step,), read_one)
