"""What each detector looks for, in a sentence with the numbers that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.web.formats import pluralise

if TYPE_CHECKING:
    from collections.abc import Mapping

_IN_CONVERSATIONS = "what customers write"

_LOOKS_FOR = {
    "low_ratings": "at least {least:rating} of {low} or lower, out of 5, within {recent_days:day}",
    "new_account": "an account opened within the last {fresh_days:day}",
    "renewal_date": "a renewal date within the next {ahead_days:day}",
    "seats_full": "{share:.0%} of the seats in use, in contracts of at least {least_seats:seat}",
    "shrinking": "{share:.0%} of the people gone within {within_days:day}, of at least {least_people}",
    "silence": "{quiet_days:day} without a sign of life, after {active_conversations:conversation} or more",
    "unanswered": "{least:open question} or more without an answer for {waiting_days:day}",
}


class _Count(int):
    """A number that is written with the noun of its format, as in `{days:day}`."""

    def __format__(self, noun: str) -> str:
        return pluralise(int(self), noun) if noun else str(int(self))


def looks_for(detector: str, parameters: Mapping[str, Any]) -> str:
    """Return what a detector looks for. One without numbers of its own reads what customers write."""
    counted = {name: _Count(value) if isinstance(value, int) else value for name, value in parameters.items()}
    return _LOOKS_FOR.get(detector, _IN_CONVERSATIONS).format_map(counted)
