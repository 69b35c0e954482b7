"""Date functions of expressions: parts, formats, truncation, arithmetic, each in UTC or a named time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bson.datetime_ms import DatetimeMS
from bson.objectid import ObjectId
from bson.timestamp import Timestamp

from deploy.local.documents.aggregation.values import ExpressionError, is_nothing
from deploy.local.documents.query.operators import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)?")
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MILLISECONDS: Final[Mapping[str, int]] = {
    "millisecond": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
}
_MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "year": 12}


def to_datetime(value: Any, zone: Any = None) -> datetime:
    """A BSON date, or what carries one, as an aware datetime; raises `ExpressionError` for others."""
    if isinstance(value, ObjectId):
        moment = value.generation_time
    elif isinstance(value, Timestamp):
        moment = value.as_datetime()
    elif isinstance(value, DatetimeMS):
        try:
            moment = _EPOCH + timedelta(milliseconds=int(value))
        except OverflowError as error:
            raise ExpressionError("cannot work with a date outside the years 1 to 9999", 5) from error
    else:
        raise ExpressionError(f"can't convert from {type(value).__name__} to Date", 16006)
    return moment.astimezone(_zone(zone))


def to_bson(moment: datetime) -> DatetimeMS:
    return DatetimeMS((moment - _EPOCH) // timedelta(milliseconds=1))


def _zone(name: Any) -> tzinfo:
    if is_nothing(name):
        return UTC
    if not isinstance(name, str):
        raise ExpressionError("needs a time zone that is a string", 40517)
    if name in {"UTC", "GMT", "Z"}:
        return UTC
    found = _OFFSET.fullmatch(name)
    if found:
        size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(size if found[1] == "+" else -size)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ExpressionError(f"has an unrecognized time zone identifier: {name!r}", 40485) from error


PARTS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "$year": lambda moment: moment.year,
    "$month": lambda moment: moment.month,
    "$dayOfMonth": lambda moment: moment.day,
    "$hour": lambda moment: moment.hour,
    "$minute": lambda moment: moment.minute,
    "$second": lambda moment: moment.second,
    "$millisecond": lambda moment: moment.microsecond // 1000,
    "$dayOfYear": lambda moment: moment.timetuple().tm_yday,
    "$dayOfWeek": lambda moment: moment.isoweekday() % 7 + 1,
    "$isoDayOfWeek": lambda moment: moment.isoweekday(),
    "$isoWeek": lambda moment: moment.isocalendar().week,
    "$isoWeekYear": lambda moment: moment.isocalendar().year,
    "$week": lambda moment: int(moment.strftime("%U")),
}


def part_of(part: Callable[[datetime], int], value: Any, zone: Any) -> int | None:
    return None if is_nothing(value) else part(to_datetime(value, zone))


def iso_format(value: DatetimeMS) -> str:
    return _format(to_datetime(value), "%Y-%m-%dT%H:%M:%S.%LZ")


def _format(moment: datetime, pattern: str) -> str:
    offset = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "+" if offset >= 0 else "-"
    iso = moment.isocalendar()
    values = {
        "Y": f"{moment.year:04}", "m": f"{moment.month:02}", "d": f"{moment.day:02}",
        "H": f"{moment.hour:02}",
        "M": f"{moment.minute:02}", "S": f"{moment.second:02}", "L": f"{moment.microsecond // 1000:03}",
        "j": f"{moment.timetuple().tm_yday:03}", "w": str(moment.isoweekday() % 7 + 1), "u": str(iso.weekday),
        "V": f"{iso.week:02}", "G": f"{iso.year:04}", "U": moment.strftime("%U"), "%": "%",
        "z": f"{sign}{abs(offset) // 60:02}{abs(offset) % 60:02}", "Z": str(offset),
    }  # fmt: skip

    def replace(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ExpressionError(f"has an invalid format character '%{found[1]}'", 18536)
        return values[found[1]]

    return re.sub(r"%(.?)", replace, pattern)


def _to_string(
    date: Any,
    format: Any = "%Y-%m-%dT%H:%M:%S.%LZ",  # noqa: A002 - the argument's name in MongoDB
    timezone: Any = None,
    onNull: Any = None,  # noqa: N803 - the argument's name in MongoDB
) -> Any:
    if is_nothing(date):
        return onNull
    if not isinstance(format, str):
        raise ExpressionError("needs a format that is a string", 18533)
    return _format(to_datetime(date, timezone), format)


def _truncate(
    date: Any,
    unit: Any,
    binSize: Any = 1,  # noqa: N803 - the argument's name in MongoDB
    timezone: Any = None,
    startOfWeek: Any = "sunday",  # noqa: N803 - the argument's name in MongoDB
) -> Any:
    if is_nothing(date) or is_nothing(unit):
        return None
    size = whole_number(binSize)
    if size is None or size < 1:
        raise ExpressionError("needs a binSize above zero", 5439018)
    moment = to_datetime(date, timezone)
    zone = moment.tzinfo
    _require_unit(unit)
    if unit in _MILLISECONDS:
        start = datetime(2000, 1, 1, tzinfo=zone)
        step = timedelta(milliseconds=_MILLISECONDS[unit] * size)
        return to_bson(start.astimezone(UTC) + (moment - start.astimezone(UTC)) // step * step)
    local = moment.replace(tzinfo=None)
    if unit in _MONTHS:
        step_months = _MONTHS[unit] * size
        months = (local.year - 2000) * 12 + local.month - 1
        return to_bson(_first_of(2000 * 12 + months // step_months * step_months).replace(tzinfo=zone))
    days = {"day": size, "week": 7 * size}.get(unit)
    if days is None:
        raise ExpressionError(f"has an unknown time unit value: {unit}", 9)
    start = datetime(2000, 1, 1)  # noqa: DTZ001 - a local calendar day; its zone is put back below
    if unit == "week":
        start += timedelta(days=(_weekday(startOfWeek) - start.weekday()) % 7)
    elapsed = (local - start) // timedelta(days=days) * days
    return to_bson((start + timedelta(days=elapsed)).replace(tzinfo=zone))


def _require_unit(unit: Any) -> None:
    if not isinstance(unit, str):
        raise ExpressionError("needs a unit that is a string", 5439013)


def _weekday(name: Any) -> int:
    wanted = str(name).lower()
    for number, weekday in enumerate(_WEEKDAYS):
        if wanted in {weekday, weekday[:3]}:
            return number
    raise ExpressionError(f"has an unknown day of week value: {name}", 9)


def _first_of(months: int) -> datetime:
    return datetime(months // 12, months % 12 + 1, 1)  # noqa: DTZ001 - a local calendar day


def _shifted(sign: int) -> Callable[..., Any]:
    def shift(startDate: Any, unit: Any, amount: Any, timezone: Any = None) -> Any:  # noqa: N803 - MongoDB's name
        if is_nothing(startDate) or is_nothing(unit) or is_nothing(amount):
            return None
        number = whole_number(amount)
        if number is None:
            raise ExpressionError("needs a whole amount", 5166405)
        _require_unit(unit)
        moment = to_datetime(startDate, timezone)
        if unit in _MILLISECONDS:
            return to_bson(
                moment.astimezone(UTC) + timedelta(milliseconds=sign * number * _MILLISECONDS[unit])
            )
        if unit in {"day", "week"}:
            return to_bson(moment + timedelta(days=sign * number * (7 if unit == "week" else 1)))
        if unit not in _MONTHS:
            raise ExpressionError(f"has an unknown time unit value: {unit}", 9)
        months = moment.year * 12 + moment.month - 1 + sign * number * _MONTHS[unit]
        following = _first_of(months + 1)
        last_day = (following - timedelta(days=1)).day
        return to_bson(
            moment.replace(year=months // 12, month=months % 12 + 1, day=min(moment.day, last_day))
        )

    return shift


def _difference(
    startDate: Any,  # noqa: N803 - the argument's name in MongoDB
    endDate: Any,  # noqa: N803 - the argument's name in MongoDB
    unit: Any,
    timezone: Any = None,
    startOfWeek: Any = "sunday",  # noqa: N803 - the argument's name in MongoDB
) -> Any:
    """How many boundaries of the unit lie between the dates."""
    if is_nothing(startDate) or is_nothing(endDate) or is_nothing(unit):
        return None
    _require_unit(unit)
    start, end = to_datetime(startDate, timezone), to_datetime(endDate, timezone)
    if unit in _MILLISECONDS:
        step = timedelta(milliseconds=_MILLISECONDS[unit])
        return (end - _EPOCH) // step - (start - _EPOCH) // step
    if unit in _MONTHS:
        size = _MONTHS[unit]
        return (end.year * 12 + end.month - 1) // size - (start.year * 12 + start.month - 1) // size
    if unit == "day":
        return end.toordinal() - start.toordinal()
    if unit == "week":
        first = _weekday(startOfWeek) + 1
        return (end.toordinal() - first) // 7 - (start.toordinal() - first) // 7
    raise ExpressionError(f"has an unknown time unit value: {unit}", 9)


_ZONE: Final = frozenset({"timezone"})
_SHIFT: Final = (frozenset({"startDate", "unit", "amount"}), _ZONE)

NAMED: Final[Mapping[str, tuple[frozenset[str], frozenset[str], Callable[..., Any]]]] = {
    "$dateToString": (frozenset({"date"}), frozenset({"format", "timezone", "onNull"}), _to_string),
    "$dateTrunc": (frozenset({"date", "unit"}), frozenset({"binSize", "timezone", "startOfWeek"}), _truncate),
    "$dateAdd": (*_SHIFT, _shifted(1)),
    "$dateSubtract": (*_SHIFT, _shifted(-1)),
    "$dateDiff": (frozenset({"startDate", "endDate", "unit"}), _ZONE | {"startOfWeek"}, _difference),
}
"""Name to required and optional arguments, and the function."""
