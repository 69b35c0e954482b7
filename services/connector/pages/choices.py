"""What is chosen before the first sync, as a form has it: told as it was typed, and held to its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, get_args

from fastapi import Form

from services.connector.errors import SettingRefused
from shared.contracts.connections import LONGEST_LOOKBACK_DAYS, ConnectionSettings

if TYPE_CHECKING:
    from typing import Self

_MATCHING = get_args(ConnectionSettings.model_fields["match_companies_by_name"].annotation)


@dataclass(frozen=True, slots=True)
class Choices:
    """The fields under "What to read" as they were typed, which may be nonsense."""

    lookback_days: str
    lifecycle_events: bool
    match_companies_by_name: str

    @classmethod
    def of(cls, settings: ConnectionSettings) -> Self:
        """Return what a form shows for settings that hold."""
        return cls(str(settings.lookback_days), settings.lifecycle_events, settings.match_companies_by_name)

    def settings(self) -> ConnectionSettings:
        """Return the settings that are chosen here; all others are left unset.

        Raises:
            SettingRefused: a field is out of its bounds; the message says what it may be.
        """
        days = self.lookback_days.strip()
        # Digits alone: what else Python takes for a number ("1_0", "+5") nobody means.
        if not (days.isascii() and days.isdecimal() and int(days) <= LONGEST_LOOKBACK_DAYS):
            raise SettingRefused(
                f"Lookback has to be a whole number of days from 0 to {LONGEST_LOOKBACK_DAYS:,}. Nothing was"
                " connected.",
                field="lookback_days",
            )
        if self.match_companies_by_name not in _MATCHING:
            raise SettingRefused(
                "Choose from the list how companies are matched. Nothing was connected.",
                field="match_companies_by_name",
            )
        return ConnectionSettings.model_validate(
            {
                "lookback_days": int(days),
                "lifecycle_events": self.lifecycle_events,
                "match_companies_by_name": self.match_companies_by_name,
            }
        )


def choices(
    lookback_days: Annotated[str | None, Form(max_length=32)] = None,
    match_companies_by_name: Annotated[str | None, Form(max_length=32)] = None,
    lifecycle_events: Annotated[str | None, Form(max_length=8)] = None,
) -> Choices | None:
    """Return what a form brings; None where it has no such fields, as one that reconnects."""
    if lookback_days is None and match_companies_by_name is None:
        return None
    return Choices(lookback_days or "", lifecycle_events is not None, match_companies_by_name or "")


def settings_of(chosen: Choices | None) -> ConnectionSettings | None:
    """Return the settings that were chosen; None where nothing was. Raises SettingRefused."""
    return None if chosen is None else chosen.settings()
