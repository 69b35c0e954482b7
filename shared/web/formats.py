"""How values are written for people: ages, numbers with units, counts with nouns, quotes with marks."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

_MINUTE = 60
_HOUR = 3_600
_DAY = 86_400
_JUST_NOW_SECONDS = 5
_DATE_AFTER_DAYS = 30
"""Beyond this an age in days says less than the date itself."""

_NARROW_SPACE = "\u202f"
MINUS = "\u2212"
"""The typographic sign, as wide as the digits it stands before."""
_CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def age_in_words(moment: datetime, now: datetime) -> str:
    """Return how long ago in one unit ("12 min"), a date beyond 30 days, or "in 5 min" for the future."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < _JUST_NOW_SECONDS:
        return "just now"
    if abs(seconds) >= _DATE_AFTER_DAYS * _DAY:
        return date_in_words(moment)
    length = duration(abs(seconds), units=1)
    return length if seconds > 0 else f"in {length}"


def date_in_words(moment: date) -> str:
    """Return the day, of a moment the one in UTC, as in "3 Mar 2026"."""
    day = moment.astimezone(UTC) if isinstance(moment, datetime) else moment
    return f"{day.day} {day:%b %Y}"


def exact_time(moment: datetime) -> str:
    """Return date and time in UTC to the second; a script rewrites it for the reader's zone."""
    return f"{date_in_words(moment)}, {moment.astimezone(UTC):%H:%M:%S} UTC"


def relative_time(
    moment: datetime | None, *, now: datetime, ago: bool = False, planned: bool = False, empty: str = "never"
) -> Markup:
    """Return a `time` element: the age in words, the exact time on hover and on focus.

    `ago` adds the word after an age, for use inside a sentence. What is `planned` and due has no age, which
    would read like the time that is left.
    """
    if moment is None:
        return Markup('<span class="muted">{}</span>').format(empty)
    words = age_in_words(moment, now)
    if planned and (now - moment).total_seconds() > -_JUST_NOW_SECONDS:
        words = "now"
    past = _JUST_NOW_SECONDS <= (now - moment).total_seconds() < _DATE_AFTER_DAYS * _DAY
    return Markup('<time class="time" datetime="{}" data-exact="{}" tabindex="0">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        exact_time(moment),
        f"{words} ago" if ago and past else words,
    )


def duration(seconds: float, units: int = 2) -> str:
    """Return a length of time in its largest one or two units, as in "3 min 20 s" or "2 days"."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for size, name in ((_DAY, "day"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            unit = pluralise(count, "day") if name == "day" else f"{count} {name}"
            parts.append(unit)
        elif parts:
            break
        if len(parts) == units:
            break
    return " ".join(parts) or "0 s"


def number(value: float, digits: int = 0) -> str:
    """Return a number with thousands set apart by commas."""
    return f"{value:,.{digits}f}"


def percent(share: float) -> str:
    """Return a share of one as whole per cent. Never says 100 before it is, nor 0 once it began."""
    whole = math.floor(share * 100)
    if whole == 0 and share > 0:
        whole = 1
    return f"{whole}{_NARROW_SPACE}%"


def money(amount: float | None, currency: str = "USD", empty: str = "unknown") -> str:
    """Return an amount without cents, with its currency's sign or code."""
    if amount is None:
        return empty
    sign = _CURRENCY_SIGNS.get(currency)
    figure = f"{abs(amount):,.0f}"
    minus = MINUS if amount < 0 else ""
    return f"{minus}{sign}{figure}" if sign else f"{minus}{figure} {currency}"


def pluralise(count: int, singular: str, plural: str | None = None) -> str:
    """Return the count with its noun: "1 signal", "1,204 signals"."""
    noun = singular if count == 1 else plural or f"{singular}s"
    return f"{count:,} {noun}"


def marked(text: str, spans: Iterable[tuple[int, int]]) -> Markup:
    """Return the text, escaped, with `text[start:end]` of every span inside `mark`.

    Spans are in characters; overlapping and touching ones become one, and what lies outside of the
    text is cut off, so that a wrong offset can spoil a mark but never the text.
    """
    pieces: list[Markup] = []
    position = 0
    for start, end in _merged(spans, len(text)):
        pieces.append(escape(text[position:start]))
        pieces.append(Markup("<mark>{}</mark>").format(text[start:end]))
        position = end
    pieces.append(escape(text[position:]))
    return Markup("").join(pieces)


def _merged(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for raw_start, raw_end in sorted(spans):
        start, end = max(0, raw_start), min(length, raw_end)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def address(text: str) -> Markup:
    """Return an e-mail address that a narrow column may break before its @, and nowhere within a word."""
    name, at, domain = text.rpartition("@")
    return Markup("{}<wbr>{}{}").format(name, at, domain) if name else escape(text)


def initials(name: str) -> str:
    """Return one or two capital letters for an avatar; "?" when the name has none."""
    letters = [word[0] for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]).upper() or "?"


def time_left(done: int, total: int, rate_per_second: float) -> timedelta | None:
    """Return how long the rest will take at this rate; None while that cannot be known."""
    if rate_per_second <= 0 or total <= 0:
        return None
    return timedelta(seconds=max(0, total - done) / rate_per_second)
