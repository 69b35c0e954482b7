"""A signal as every page shows it: one card, the same everywhere (PAGES, Frame)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from shared.web.formats import date_in_words
from shared.web.shapes import KIND_LOOKS, KindLook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shared.contracts.signals import Direction, SignalKind

_TOLD_LATER = timedelta(days=1)
"""As long as a first sync or quiet hours may take is no news to anybody."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

OVER_WORDS: Mapping[str, str] = {
    "resolved": "settled",
    "withdrawn": "no longer holds",
    "evidence_gone": "words gone",
    "dismissed": "dismissed",
    "expired": "ran out",
    "merged": "joined with another",
}
"""Why a signal is over, by the contract's reason: the word that its card shows, in a list as in the inbox."""


@dataclass(frozen=True, slots=True)
class SignalCard:
    """What the macro `signal_card` shows.

    Attributes:
        url: where the card opens.
        title: one line; shown where there is no quote, and read out before it.
        confidence: calibrated, 0 to 1.
        at: when the newest evidence was said; the card shows its age.
        told_at: when somebody was told of it, in a list of what was told: the card shows the age of that, and
            the day of what was said where that was a day or more before.
        who: who said it, with their role if known.
        direction: where a mood turned; other kinds have none.
        owner: the account's owner; the macro writes "you" where it equals the reader's address.
        others: how many signs of this signal there are beside the one that is shown.
        state: a word such as "cleared", shown when it is not simply open.
        unread: marks the card in an inbox.
    """

    url: str
    kind: SignalKind
    title: str
    confidence: float
    at: datetime
    explicit: bool | None = None
    direction: Direction | None = None
    customer_name: str | None = None
    customer_url: str | None = None
    quote: str | None = None
    who: str | None = None
    owner: str | None = None
    others: int = 0
    state: str | None = None
    unread: bool = False
    told_at: datetime | None = None

    @property
    def look(self) -> KindLook:
        return KIND_LOOKS[self.kind]

    @property
    def told_later(self) -> bool:
        """Whether somebody was told so long after it was said that one age does not stand for both."""
        return self.told_at is not None and self.told_at - self.at >= _TOLD_LATER

    @property
    def qualifier(self) -> str | None:
        """Explicit notice and implied risk are kept apart, and moods by where they turned."""
        if self.direction is not None:
            return "better" if self.direction == "up" else "worse"
        if self.explicit is None:
            return None
        return "explicit" if self.explicit else "implied"


def fact_reason(reason: str) -> str:
    """Return why an account fact matters, as a sentence begins."""
    return reason[:1].upper() + reason[1:]


def fact_value(name: str, value: str, reason: str) -> str | None:
    """Return what an account fact's value adds to its reason, as in "user count: 4"; None where nothing.

    A day is written as days are.
    """
    words = date_in_words(date.fromisoformat(value)) if _is_day(value) else value
    if not words or re.search(rf"(?<!\w){re.escape(words)}(?!\w)", reason):
        return None
    return f"{name.replace('_', ' ')}: {words}"


def fact_in_words(name: str, value: str, reason: str) -> str:
    """Return an account fact in one line, as in "Fell from 40 within 90 days (user count: 4)"."""
    more = fact_value(name, value, reason)
    return f"{fact_reason(reason)} ({more})" if more else fact_reason(reason)


def _is_day(value: str) -> bool:
    if not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
