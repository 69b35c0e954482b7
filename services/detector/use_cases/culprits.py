"""Reviewing many subjects, one of whom may be such that no review can stand it: all others have a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from shared.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.use_cases.accounts import Accounts

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many signals changed, and with whom the review failed."""

    signals: int = 0
    culprits: tuple[Subject, ...] = ()


async def review_all_but_culprits(
    accounts: Accounts,
    organization_id: str,
    subjects: Sequence[Subject],
    *,
    known_before: datetime | None = None,
) -> Reviewed:
    """Review these subjects, but for those with whom that fails; each of these is logged.

    Raises:
        TransientError: something is away; it is no subject's fault.
    """
    if not subjects:
        return Reviewed()
    try:
        return Reviewed(await accounts.review(organization_id, subjects, known_before=known_before))
    except TransientError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is about one subject, all others come to their turn
        if len(subjects) == 1:
            _LOG.exception("a customer could not be reviewed", subject=subjects[0].key)
            return Reviewed(culprits=(subjects[0],))
    half = len(subjects) // 2
    first, second = [
        await review_all_but_culprits(accounts, organization_id, some, known_before=known_before)
        for some in (subjects[:half], subjects[half:])
    ]
    return Reviewed(first.signals + second.signals, first.culprits + second.culprits)
