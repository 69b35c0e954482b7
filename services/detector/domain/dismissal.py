"""When a person's dismissal can be taken back, and what the signal is then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.book import SignalBook
    from services.detector.domain.occasion import OccasionRules
    from services.detector.domain.signal import Signal

TAKEN_BACK = "the dismissal was taken back"


def why_final(signal: Signal, rules: OccasionRules, now: datetime) -> str | None:
    """Return in a whole sentence why the signal cannot be open again; None where it can.

    It needs what it rested on, as far as that still stands, and an occasion that is not over: what nothing
    new was said of for so long would be closed as expired by itself.
    """
    if not signal.proofs:
        return "What this signal rested on is gone, so that it cannot be open again."
    if signal.rests_on_facts or signal.occurred_at is None:
        return None
    expiry = rules.expires_at(signal.slot, signal.occurred_at)
    if expiry is None or expiry > now:
        return None
    days = (expiry - signal.occurred_at).days
    return f"Its occasion is over, {days} days after the last sign, so that it cannot be open again."


def undismissed(book: SignalBook, signal: Signal, *, by: str) -> Signal:
    """Return the signal open again, under the next number of its subject and slot.

    So of two who store at once, one that opens another signal there and this one, the second is refused:
    no two have one number. The book must hold all signals of the subject and slot.
    """
    number = book.next_number(signal.subject, signal.slot)
    return replace(signal.reopened(at=book.now, by=by, note=TAKEN_BACK), number=number)
