"""What each update operator does at one place of a document; each mutates the document it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.timestamp import Timestamp

from deploy.local.documents.errors import BadValueError, CommandError, FailedToParseError, TypeMismatchError
from deploy.local.documents.keys import encode_key
from deploy.local.documents.paths import MISSING
from deploy.local.documents.query.clauses import is_operators, parse_field, parse_filter
from deploy.local.documents.query.operators import whole_number
from deploy.local.documents.query.sorting import parse_sort, sort_key
from deploy.local.documents.updates.numbers import add, is_number, multiply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bson.datetime_ms import DatetimeMS

    from deploy.local.documents.updates.targets import Target

Action = Any  # Callable[[Target], None]; built once per command from the operator's operand
Clock = Any  # Callable[[], DatetimeMS]


def set_value(operand: Any) -> Action:
    return lambda target: target.set(operand)


def unset(_: Any) -> Action:
    return lambda target: target.remove()


def _arithmetic(
    name: str, combine: Callable[[Any, Any], Any], start: Callable[[Any], Any]
) -> Callable[[Any], Action]:
    def build(operand: Any) -> Action:
        if not is_number(operand):
            raise TypeMismatchError(f"Cannot apply {name} with a value that is not a number: {operand!r}")

        def act(target: Target) -> None:
            value = target.get()
            if value is MISSING:
                target.set(start(operand))
                return
            if not is_number(value):
                raise TypeMismatchError(
                    f"Cannot apply {name} to a non-numeric value at {'.'.join(target.path)}: {value!r}"
                )
            result = combine(value, operand)
            if result is None:
                raise BadValueError(f"{name} at {'.'.join(target.path)} would overflow a 64-bit integer")
            target.set(result)

        return act

    return build


def _keep(prefer: Callable[[bytes, bytes], bool]) -> Callable[[Any], Action]:
    def build(operand: Any) -> Action:
        key = encode_key(operand)

        def act(target: Target) -> None:
            value = target.get()
            if value is MISSING or prefer(key, encode_key(value)):
                target.set(operand)

        return act

    return build


def current_date(operand: Any, now: Callable[[], DatetimeMS]) -> Action:
    if operand is True or operand is False or operand == {"$type": "date"}:
        return lambda target: target.set(now())
    if operand == {"$type": "timestamp"}:
        return lambda target: target.set(Timestamp(int(now()) // 1000, 1))
    raise BadValueError("$currentDate takes true or {$type: 'date'} or {$type: 'timestamp'}")


def _array_at(target: Target, name: str) -> list[Any] | None:
    """The array at the target; None where there is nothing, an error where there is something else."""
    value = target.get()
    if value is MISSING:
        return None
    if not isinstance(value, list):
        code = 2
        raise CommandError(
            f"The field '{'.'.join(target.path)}' must be an array for {name} but is {type(value).__name__}",
            code,
        )
    return value


_PUSH_MODIFIERS: Final = frozenset({"$each", "$slice", "$sort", "$position"})


def push(operand: Any) -> Action:
    if not (isinstance(operand, dict) and "$each" in operand):
        if is_operators(operand):
            raise BadValueError(f"$push has {next(iter(operand))} without $each")
        return lambda target: target.set([*(_array_at(target, "$push") or ()), operand])
    unknown = set(operand) - _PUSH_MODIFIERS
    if unknown:
        raise BadValueError(f"Unrecognized clause in $push: {min(unknown)}")
    items = operand["$each"]
    if not isinstance(items, list):
        raise BadValueError("The argument to $each in $push must be an array")
    position = _whole(operand, "$position")
    cut = _whole(operand, "$slice")
    order = _element_order(operand["$sort"]) if "$sort" in operand else None

    def act(target: Target) -> None:
        array = list(_array_at(target, "$push") or ())
        at = len(array) if position is None else position
        array[at:at] = items
        if order is not None:
            array.sort(key=order[0], reverse=order[1])
        if cut is not None:
            array = array[:cut] if cut >= 0 else array[cut:]
        target.set(array)

    return act


def _whole(operand: dict[str, Any], name: str) -> int | None:
    if name not in operand:
        return None
    number = whole_number(operand[name])
    if number is None or number != operand[name]:
        raise BadValueError(f"The value for {name} must be a whole number")
    return number


def _element_order(sort: Any) -> tuple[Callable[[Any], bytes], bool]:
    if isinstance(sort, dict) and sort:
        order = parse_sort(sort)
        return (lambda item: sort_key(item if isinstance(item, dict) else {}, order)), False
    if isinstance(sort, bool) or sort not in (1, -1):
        raise BadValueError("The $sort of $push must be 1, -1 or a document")
    return encode_key, sort == -1


def add_to_set(operand: Any) -> Action:
    items = [operand]
    if isinstance(operand, dict) and "$each" in operand:
        if set(operand) != {"$each"}:
            raise BadValueError(f"$addToSet takes only $each, not {min(set(operand) - {'$each'})}")
        items = operand["$each"]
        if not isinstance(items, list):
            raise TypeMismatchError("The argument to $each in $addToSet must be an array")
    elif is_operators(operand):
        raise BadValueError(f"$addToSet has an unknown modifier: {next(iter(operand))}")

    def act(target: Target) -> None:
        array = list(_array_at(target, "$addToSet") or ())
        known = {encode_key(item) for item in array}
        for item in items:
            key = encode_key(item)
            if key not in known:
                known.add(key)
                array.append(item)
        target.set(array)

    return act


def pop(operand: Any) -> Action:
    if isinstance(operand, bool) or operand not in (1, -1):
        raise FailedToParseError("$pop expects 1 or -1")

    def act(target: Target) -> None:
        array = _array_at(target, "$pop")
        if array:
            target.set(array[:-1] if operand == 1 else array[1:])

    return act


def pull(operand: Any) -> Action:
    if is_operators(operand):
        inner = tuple(parse_field(("value",), operand, 0, opens=False))

        def drops(item: Any) -> bool:
            return all(node.matches({"value": item}) for node in inner)
    elif isinstance(operand, dict):
        condition = parse_filter(operand)

        def drops(item: Any) -> bool:
            return isinstance(item, dict) and condition.matches(item)
    else:
        equal = tuple(parse_field(("value",), operand, 0, opens=False))

        def drops(item: Any) -> bool:
            return all(node.matches({"value": item}) for node in equal)

    return _dropping("$pull", drops)


def pull_all(operand: Any) -> Action:
    if not isinstance(operand, list):
        raise BadValueError("$pullAll requires an array argument")
    keys = {encode_key(item) for item in operand}
    return _dropping("$pullAll", lambda item: encode_key(item) in keys)


def _dropping(name: str, drops: Callable[[Any], bool]) -> Action:
    def act(target: Target) -> None:
        array = _array_at(target, name)
        if array is not None:
            kept = [item for item in array if not drops(item)]
            if len(kept) != len(array):
                target.set(kept)

    return act


OPERATORS: Final[Mapping[str, Callable[[Any], Action]]] = {
    "$set": set_value,
    "$setOnInsert": set_value,
    "$unset": unset,
    "$inc": _arithmetic("$inc", add, lambda operand: operand),
    "$mul": _arithmetic("$mul", multiply, lambda operand: multiply(operand, 0)),
    "$min": _keep(lambda new, old: new < old),
    "$max": _keep(lambda new, old: new > old),
    "$push": push,
    "$addToSet": add_to_set,
    "$pop": pop,
    "$pull": pull,
    "$pullAll": pull_all,
}
"""Operators that act on one place; $rename and $currentDate need more and are built by `compiled`."""

CREATING: Final = frozenset(
    {"$set", "$setOnInsert", "$inc", "$mul", "$min", "$max", "$push", "$addToSet", "$currentDate"}
)
"""Operators that make the documents on the way to their field."""
