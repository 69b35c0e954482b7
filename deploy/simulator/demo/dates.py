"""Days and months in the languages that customers write in; English when none is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SATURDAY = 5
MONTHS_IN_YEAR = 12
NOON = 12
EVENING = 18

_MONTHS = {
    "": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_WEEKDAYS = {
    "": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
_DAY_AND_MONTH = {"": "{} {}", "de": "{}. {}", "fr": "{} {}", "es": "{} de {}"}
_WITH_YEAR = {"": "{} {}", "de": "{} {}", "fr": "{} {}", "es": "{} de {}"}
_MAIL = {"": "{}, {} at {}", "de": "{}, {} um {}", "fr": "{} {} à {}", "es": "{}, {} a las {}"}


def month(moment: datetime, language: str = "") -> str:
    return _MONTHS[language].split()[moment.month - 1]


def weekday(moment: datetime, language: str = "") -> str:
    return _WEEKDAYS[language].split()[moment.weekday()]


def day_and_month(moment: datetime, language: str = "") -> str:
    return _DAY_AND_MONTH[language].format(moment.day, month(moment, language))


def whole_date(moment: datetime, language: str = "") -> str:
    return _WITH_YEAR[language].format(day_and_month(moment, language), moment.year)


def mail_date(at: int, language: str = "") -> str:
    """As mail programs put it above what they quote."""
    moment = datetime.fromtimestamp(at, UTC)
    name = weekday(moment, language)
    shown = name[:3] if not language else name
    return _MAIL[language].format(shown, day_and_month(moment, language), f"{moment:%H:%M}")


def reckoned(what: str, offset: int, moment: datetime, language: str = "") -> str:
    """`date`, `weekday`, `month` or `year`, that many of them (days for the first two) from `moment`.

    `greeting` is what one says at that time of day, in English.
    """
    if what == "greeting":
        return (
            "Good morning"
            if moment.hour < NOON
            else "Good afternoon"
            if moment.hour < EVENING
            else "Good evening"
        )
    if what == "year":
        return str(moment.year + offset)
    if what == "month":
        number = (moment.month - 1 + offset) % MONTHS_IN_YEAR + 1
        return month(moment.replace(day=1, month=number), language)
    day = moment + timedelta(days=offset)
    # Nobody makes an appointment for the weekend.
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1 if offset >= 0 else -1)
    return weekday(day, language) if what == "weekday" else day_and_month(day, language)
