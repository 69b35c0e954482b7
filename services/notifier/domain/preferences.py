"""What one person wants to be told, and when they want quiet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.contracts.signals import SignalKind  # noqa: TC001 - the repository validates stored documents by it

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts.signals import SignalDetected


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of each day, by the wall clock of `zone`. It may pass midnight.

    Raises:
        ValueError: the zone is unknown, the span is empty, or a time has a UTC offset of its own.
    """

    start: time
    end: time
    zone: str

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            # It could not be compared with the clock on the wall, and each signal for this person would fail.
            raise ValueError("Give times of day without an offset; the time zone has it.")
        if self.start == self.end:
            raise ValueError("Quiet hours need an end that differs from their start.")
        zone_of(self.zone)

    def ends_at(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours in force at `moment` end (UTC), or None if there are none.

        An end that is skipped or repeated on a day of changing clocks falls on its first occurrence.
        """
        zone = zone_of(self.zone)
        local = moment.astimezone(zone)
        over_midnight = self.start > self.end
        wall = local.time()
        after_start, before_end = wall >= self.start, wall < self.end
        quiet = (after_start or before_end) if over_midnight else (after_start and before_end)
        if not quiet:
            return None
        day = local.date() + timedelta(days=1) if over_midnight and after_start else local.date()
        end = datetime.combine(day, self.end, tzinfo=zone).astimezone(UTC)
        # In an hour that the clocks repeat, the first occurrence of the end may have passed already.
        return (
            end
            if end > moment
            else datetime.combine(day, self.end, tzinfo=zone).replace(fold=1).astimezone(UTC)
        )


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name in the time zone database. Raises ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name[:80]!r} is no time zone; give one such as Europe/Berlin.") from error


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's preferences. They narrow what rules send to the person; they never widen it.

    Attributes:
        kinds: what to be told; empty means everything.
        quiet: e-mail waits for its end; the inbox, which makes no sound, does not.
    """

    organization_id: str
    user_id: str
    email: str
    kinds: tuple[SignalKind, ...] = ()
    minimum_confidence: float = 0.0
    quiet: QuietHours | None = None

    def wants(self, signal: SignalDetected) -> bool:
        return (not self.kinds or signal.kind in self.kinds) and signal.confidence >= self.minimum_confidence


def mail_due(wishes: Sequence[Preferences], signal: SignalDetected, now: datetime) -> datetime | None:
    """Return when mail about a signal may go to an address, by everybody who signs in with it; None: never.

    Several people may sign in with one address. None of them withholds from the others what they want, or
    delays it: unwanted mail can be left unread, and mail that never came cannot be read.
    """
    if wishes and not any(wish.wants(signal) for wish in wishes):
        return None
    return quiet_until(wishes, signal, now) or now


def quiet_until(wishes: Sequence[Preferences], signal: SignalDetected, now: datetime) -> datetime | None:
    """Return when the first person at an address who wants the signal may be disturbed; None for now.

    If none of them wants it any more, all their quiet hours apply.
    """
    asking = [wish for wish in wishes if wish.wants(signal)] or wishes
    ends = [preferences.quiet.ends_at(now) if preferences.quiet else None for preferences in asking]
    moments = [end for end in ends if end is not None]
    return min(moments) if moments and len(moments) == len(ends) else None
