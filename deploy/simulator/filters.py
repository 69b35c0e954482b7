"""Search queries: what may be asked, and what it means to match.

The rules are those of FACTS §6: one filter or a group, two levels, fifteen filters in a group, the operators
that each kind of field takes, and dates that may be cut to the day before they are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal

import orjson

from deploy.simulator.responses import ApiError

MOST_FILTERS = 15
DEEPEST_LEVEL = 2
LONGEST_LIST = 500
FIRST_MOMENT, LAST_MOMENT = -(2**62), 2**62
EVER = (FIRST_MOMENT, LAST_MOMENT)

Kind = Literal["text", "number", "date", "boolean", "list", "words"]
Bounds = tuple[int, int]
Test = Callable[[Any], bool]

TEXT_OPERATORS = frozenset({"=", "!=", "IN", "NIN", "~", "!~", "^", "$"})
ORDERED_TEXT_OPERATORS = TEXT_OPERATORS | {"<", ">"}
"""Of ids: a connector in wide use pages through conversations by `id >` (FACTS, source TAP)."""

NUMBER_OPERATORS = frozenset({"=", "!=", "IN", "NIN", ">", "<", ">=", "<="})
OPERATORS: dict[Kind, frozenset[str]] = {
    "text": TEXT_OPERATORS,
    "words": TEXT_OPERATORS,
    "number": NUMBER_OPERATORS,
    "date": frozenset({"=", "!=", ">", "<", ">=", "<="}),
    "boolean": frozenset({"=", "!="}),
    "list": frozenset({"=", "!=", "IN", "NIN"}),
}


@dataclass(frozen=True)
class Field:
    """A field that can be searched: how to read it, its kind, and whether a summary knows it too."""

    read: Callable[[Any], Any]
    kind: Kind
    light: bool = False
    operators: frozenset[str] | None = None

    def allows(self, operator: str) -> bool:
        return operator in (OPERATORS[self.kind] if self.operators is None else self.operators)


@dataclass(frozen=True)
class Dates:
    """How dates are compared: cut to a day of `zone` (None: exact seconds), `inclusive` for or-equal."""

    zone: tzinfo | None = None
    inclusive: bool = False

    def span(self, value: int) -> tuple[int, int]:
        """First and last second that count as the value itself."""
        if self.zone is None:
            return value, value
        try:
            start = datetime.fromtimestamp(value, self.zone).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            following = (start + timedelta(days=1)).replace(tzinfo=self.zone)
            return int(start.timestamp()), int(following.timestamp()) - 1
        except (ValueError, OverflowError, OSError) as error:
            raise ApiError(400, "invalid_value", f"{value} is not a time") from error

    def bounds(self, operator: str, value: int) -> Bounds:
        """Smallest and largest time that matches; `!=` has none and gets all."""
        first, last = self.span(value)
        inclusive = self.inclusive
        return {
            ">": (first if inclusive else last + 1, LAST_MOMENT),
            ">=": (first, LAST_MOMENT),
            "<": (FIRST_MOMENT, last if inclusive else first - 1),
            "<=": (FIRST_MOMENT, last),
            "=": (first, last),
        }.get(operator, EVER)


@dataclass(frozen=True)
class Vocabulary:
    """The searchable fields of one endpoint and how its dates compare; `custom_attributes.X` comes on top."""

    fields: dict[str, Field]
    dates: Dates
    custom: Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Filter:
    """A compiled query (see `indexes.Predicate`)."""

    key: str
    light: bool
    only_bounds: bool
    times: dict[str, Bounds]
    matches: Test

    def bounds(self, field: str) -> Bounds:
        return self.times.get(field, EVER)


EVERYTHING = Filter("", light=True, only_bounds=True, times={}, matches=lambda _: True)


def compile_query(query: object, vocabulary: Vocabulary) -> Filter:
    """Turn a query into a filter.

    Raises:
        ApiError: 400 `invalid_field` for an unknown field, `data_invalid` for a bad operator or shape,
            `invalid_value` for a value of the wrong type, `parameter_invalid` over the limits.
    """
    compiled = _compile(query, vocabulary, level=1)
    dates = (vocabulary.dates.zone, vocabulary.dates.inclusive)
    # The key holds how dates compare, so that a switch thrown meanwhile does not find an old count.
    key = orjson.dumps([str(dates), query], option=orjson.OPT_SORT_KEYS).decode()
    return Filter(key, compiled.light, compiled.only_bounds, compiled.times, compiled.matches)


def _compile(query: object, vocabulary: Vocabulary, level: int) -> Filter:
    if not isinstance(query, dict) or "operator" not in query:
        raise ApiError(400, "data_invalid", "query must be a filter or a group of filters")
    if query["operator"] in ("AND", "OR"):
        return _group(query["operator"], query.get("value"), vocabulary, level)
    return _single(query, vocabulary)


def _group(operator: str, members: object, vocabulary: Vocabulary, level: int) -> Filter:
    if level > DEEPEST_LEVEL:
        raise ApiError(400, "parameter_invalid", f"queries can be nested {DEEPEST_LEVEL} levels deep at most")
    if not isinstance(members, list) or not members:
        raise ApiError(400, "data_invalid", f"the value of {operator} must be a list of filters")
    if len(members) > MOST_FILTERS:
        raise ApiError(400, "parameter_invalid", f"a group can hold {MOST_FILTERS} filters at most")
    parts = [_compile(member, vocabulary, level + 1) for member in members]
    tests = [part.matches for part in parts]
    light = all(part.light for part in parts)
    if operator == "OR" and len(parts) > 1:
        return Filter(
            "", light, only_bounds=False, times={}, matches=lambda thing: any(t(thing) for t in tests)
        )
    times: dict[str, Bounds] = {}
    for part in parts:
        for field, (low, high) in part.times.items():
            known_low, known_high = times.get(field, EVER)
            times[field] = (max(low, known_low), min(high, known_high))
    bounded = all(part.only_bounds for part in parts)
    return Filter("", light, bounded, times, lambda thing: all(t(thing) for t in tests))


def _single(query: dict[str, Any], vocabulary: Vocabulary) -> Filter:
    name, operator, value = query.get("field"), query["operator"], query.get("value")
    if not isinstance(name, str):
        raise ApiError(400, "data_invalid", "a filter needs a field")
    field = vocabulary.fields.get(name) or _custom_field(name, value, vocabulary)
    if not isinstance(operator, str) or not field.allows(operator):
        raise ApiError(400, "data_invalid", f"{operator} cannot be used with {name}", field=name)
    if field.kind == "date":
        return _date(name, field, operator, value, vocabulary.dates)
    return Filter("", field.light, only_bounds=False, times={}, matches=_test(name, field, operator, value))


def _custom_field(name: str, value: object, vocabulary: Vocabulary) -> Field:
    """`custom_attributes.X`, compared as the kind that the value has."""
    if not name.startswith("custom_attributes."):
        raise ApiError(400, "invalid_field", f"{name} is not a field that can be searched", field=name)
    attribute = name.removeprefix("custom_attributes.")
    kind: Kind = "text"
    if isinstance(value, bool):
        kind = "boolean"
    elif isinstance(value, int | float):
        kind = "number"
    return Field(lambda thing: vocabulary.custom(thing).get(attribute), kind)


def _date(name: str, field: Field, operator: str, value: object, dates: Dates) -> Filter:
    number = _number(name, value)
    read = field.read
    if operator == "!=":
        first, last = dates.span(number)

        def differs(thing: Any) -> bool:
            found = read(thing)
            return found is None or not first <= found <= last

        return Filter("", field.light, only_bounds=False, times={}, matches=differs)
    low, high = dates.bounds(operator, number)

    def within(thing: Any) -> bool:
        found = read(thing)
        return found is not None and low <= found <= high

    indexed = name in ("updated_at", "created_at")
    return Filter("", field.light, indexed, {name: (low, high)} if indexed else {}, within)


def _test(name: str, field: Field, operator: str, value: object) -> Test:
    if operator in ("IN", "NIN"):
        if not isinstance(value, list) or not 0 < len(value) <= LONGEST_LIST:
            raise ApiError(400, "invalid_value", f"{operator} takes a list of values", field=name)
        tests = [_one_test(name, field, "=", each) for each in value]
        wanted = operator == "IN"
        return lambda thing: any(test(thing) for test in tests) is wanted
    return _one_test(name, field, operator, value)


def _one_test(name: str, field: Field, operator: str, value: object) -> Test:
    read = field.read
    if field.kind == "number":
        return _number_test(read, operator, None if value is None else _number(name, value))
    if field.kind == "boolean":
        return _equal(read, operator, _boolean(name, value))
    if value is not None and not isinstance(value, str | int | float):
        raise ApiError(400, "invalid_value", f"{name} takes a string", field=name)
    if field.kind == "list":
        member = str(value)
        contained = operator == "="
        return lambda thing: (member in read(thing)) is contained
    return _text_test(read, operator, value, words=field.kind == "words")


def _equal(read: Callable[[Any], Any], operator: str, value: object) -> Test:
    if operator == "=":
        return lambda thing: bool(read(thing) == value)
    return lambda thing: bool(read(thing) != value)


def _number_test(read: Callable[[Any], Any], operator: str, value: int | None) -> Test:
    if value is None or operator in ("=", "!="):
        return _equal(read, operator, value)
    compare: dict[str, Callable[[Any], bool]] = {
        ">": lambda found: found > value,
        "<": lambda found: found < value,
        ">=": lambda found: found >= value,
        "<=": lambda found: found <= value,
    }
    test = compare[operator]

    def compared(thing: Any) -> bool:
        found = read(thing)
        return found is not None and test(found)

    return compared


def _text_test(read: Callable[[Any], Any], operator: str, value: object, *, words: bool) -> Test:
    if value is None:
        return _equal(read, operator, None)
    wanted = str(value).casefold()

    def text(thing: Any) -> str:
        found = read(thing)
        return "" if found is None else str(found).casefold()

    tests: dict[str, Test] = {
        # Message bodies match word by word, so a phrase never does (FACTS §6).
        "~": (lambda t: wanted in text(t).split()) if words else (lambda t: wanted in text(t)),
        "^": lambda t: text(t).startswith(wanted),
        "$": lambda t: text(t).endswith(wanted),
        "=": lambda t: text(t) == wanted,
        "<": lambda t: text(t) < wanted,
        ">": lambda t: text(t) > wanted,
    }
    tests["!~"] = lambda t: not tests["~"](t)
    tests["!="] = lambda t: not tests["="](t)
    return tests[operator]


def _number(name: str, value: object) -> int:
    """Numbers may come as strings: the vendor's own example does that (FACTS §6)."""
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return int(value)
    except (ValueError, OverflowError):
        pass
    raise ApiError(400, "invalid_value", f"{name} takes a number", field=name)


def _boolean(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ApiError(400, "invalid_value", f"{name} takes true or false", field=name)
