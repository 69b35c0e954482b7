"""Working on many, one of whom may be such that no work can stand it: all others have their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.use_cases.accounts import Accounts

T = TypeVar("T")

_LOG = structlog.get_logger(__name__)


async def all_but_culprits(
    items: Sequence[T],
    step: Callable[[Sequence[T]], Awaitable[object]],
    complain: Callable[[T], None],
) -> list[T]:
    """Have `step` do its work for these, but for those with whom it fails; return the latter.

    `step` may be called several times with the same ones. `complain` is called while the error is handled.

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
            complain(items[0])
            return [items[0]]
    else:
        return []
    half = len(items) // 2
    first = await all_but_culprits(items[:half], step, complain)
    return first + await all_but_culprits(items[half:], step, complain)


async def review_all_but_culprits(
    accounts: Accounts,
    organization_id: str,
    subjects: Sequence[Subject],
    *,
    known_before: datetime | None = None,
    changed: bool = True,
) -> tuple[int, list[Subject]]:
    """Review these subjects; return how many signals changed, and with whom it failed, which is logged.

    `changed` as `Accounts.review` has it.

    Raises:
        TransientError: something is away; it is no subject's fault.
    """
    count = 0

    async def review(some: Sequence[Subject]) -> None:
        nonlocal count
        count += await accounts.review(organization_id, some, known_before=known_before, changed=changed)

    def complain(one: Subject) -> None:
        _LOG.exception("a customer could not be reviewed", subject=one.key)

    culprits = await all_but_culprits(subjects, review, complain)
    return count, culprits
