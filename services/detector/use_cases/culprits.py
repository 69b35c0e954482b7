"""Works through many items and isolates the ones that fail because of a defect, so that the rest proceed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence, Sized

T = TypeVar("T")

_LOG = structlog.get_logger(__name__)

Work = Literal[
    "review",
    "removal",
    "health",
    "expiry",
    "recount",
    "people",
    "rereading",
    "redetection",
    "asking_anew",
    "matching",
    "list",
    "company",
    "contact",
    "question",
]
"""The kinds of work that an item may be left out of; a closed set, since it is a metric's label."""

WORKS: Final[tuple[Work, ...]] = get_args(Work)

_COMPLAINTS: Final[Mapping[Work, tuple[str, str]]] = {
    "review": ("a customer could not be reviewed", "subject"),
    "removal": ("what a removal left could not be looked for", "connection_id"),
    "health": ("a customer could not be measured", "customer_id"),
    "expiry": ("a signal could not be expired", "signal_id"),
    "recount": ("what follows from a signal could not be counted", "signal_id"),
    "people": ("a person's conversations could not be counted", "contact"),
    "rereading": ("a conversation could not be read again", "conversation"),
    "redetection": ("a conversation could not be compared", "conversation"),
    "asking_anew": ("a connection could not be asked about newer detectors", "connection_id"),
    "matching": ("a company could not be matched", "company"),
    "list": ("a customer could not be matched", "customer_id"),
    "company": ("a company could not be followed", "company"),
    "contact": ("a contact could not be followed", "contact"),
    "question": ("a question to the language model could not be dealt with", "question_id"),
}
"""For each kind of work, the log message and the field that holds the key of the item left out."""


def _uncounted(_: Work) -> None:
    """Count nothing, for tests and tools without metrics."""


class Culprits:
    """Runs work on many items and leaves out those that make it fail; each is logged and counted."""

    def __init__(self, count: Callable[[Work], None] = _uncounted) -> None:
        self._count = count

    async def left_out(
        self,
        work: Work,
        organization_id: str,
        items: Sequence[T],
        step: Callable[[Sequence[T]], Awaitable[object]],
        key: Callable[[T], str] = str,
    ) -> list[T]:
        """Run `step` on these items except those that make it fail; return the latter.

        `step` may be called several times with the same items. `key` gives an item's name for the log.

        Raises:
            TransientError: a dependency is unavailable, which is no item's fault.
        """
        if not items:
            return []
        try:
            await step(items)
        except TransientError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is about one of them, all others come to their turn
            if len(items) == 1:
                message, name = _COMPLAINTS[work]
                _LOG.exception(message, organization_id=organization_id, **{name: key(items[0])})
                self._count(work)
                return [items[0]]
        else:
            return []
        half = len(items) // 2
        first = await self.left_out(work, organization_id, items[:half], step, key)
        return first + await self.left_out(work, organization_id, items[half:], step, key)


def is_ours(culprits: Sized, items: Sized) -> bool:
    """Return whether every one of several items failed, which means that the fault is not theirs.

    Work that skips failing items for good must not skip these, or one defect would make it skip everything.
    """
    return len(culprits) == len(items) > 1
