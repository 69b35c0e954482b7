"""Working on many, one of whom may be such that no work can stand it: all others have their turn."""

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
"""What somebody may be left out of; a closed set, since it is a label of a metric."""

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
"""By work what the log says, and under which name it has the key of whom it is about."""


def _uncounted(_: Work) -> None:
    """Count nowhere, as tests and tools do that have no metrics."""


class Culprits:
    """Has work done for many, and leaves out with whom it fails; each is logged, and counted by `count`."""

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
        """Have `step` do its work for these, but for those with whom it fails; return the latter.

        `step` may be called several times with the same ones. `key` names one in the log.

        Raises:
            TransientError: something is away; it is nobody's fault.
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
    """Return whether it failed with every one of several: then the fault is not theirs.

    Whoever passes culprits over for good does not pass these, or one defect would have it pass everybody.
    """
    return len(culprits) == len(items) > 1
