"""What a filter's clauses say about one field, as intervals of its key: points, ranges, or nothing usable.

A bound is *exact* when every document inside it satisfies the clause, so that the clause need not be asked
again. Ranges stay inside one type bracket, as MongoDB's comparisons do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bson.code import Code
from bson.decimal128 import Decimal128
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.regex import Regex

from deploy.local.documents.keys import EMPTY_ARRAY, NUMBER, STRING, bracket, encode_key, invert
from deploy.local.documents.query.clauses import And, Clause, Or

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.documents.paths import Path

_LOWEST_NUMBER: Final = encode_key(float("-inf"))
_PLAIN_PATTERN: Final = re.compile(r"\^((?:[A-Za-z0-9 _@:/,;=&<>!'\"%#~-]|\\[.\-+/@_:])+)")


@dataclass(frozen=True, slots=True)
class Span:
    """All keys from those that start with ``low`` (or after them) up to those that start with ``high``."""

    low: bytes
    high: bytes
    low_open: bool = False
    high_open: bool = False

    def limits(self, prefix: bytes, direction: int) -> tuple[bytes, bytes]:
        """The half-open byte interval under a prefix, turned round for a descending field."""
        if direction > 0:
            low, low_after, high, high_after = self.low, self.low_open, self.high, not self.high_open
        else:
            low, low_after = invert(self.high), self.high_open
            high, high_after = invert(self.low), not self.low_open
        low, high = prefix + low, prefix + high
        return (after(low) if low_after else low), (after(high) if high_after else high)


@dataclass(frozen=True, slots=True)
class Bound:
    """One clause as seen by the planner.

    Attributes:
        clause: The clause of the filter that it comes from, or the alternatives that agree on it.
        points: Keys, where the field has to equal one of a few values.
        span: A range otherwise.
        exact: Whether staying inside proves the clause.
        excludes_missing: Whether a document without the field is outside, so that a sparse index serves.
    """

    clause: Clause | Or
    points: tuple[bytes, ...] | None
    span: Span | None
    exact: bool
    excludes_missing: bool


def after(prefix: bytes) -> bytes:
    """The first key after all that start with the prefix."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes((trimmed[-1] + 1,)) if trimmed else prefix + b"\xff" * 16


def bounds_of(node: And) -> Iterator[tuple[Path, Bound]]:
    """Yield what a conjunction proves about single fields, also in ``$and``, ``$or`` and ``$elemMatch``."""
    for child in node.children:
        if isinstance(child, And):
            yield from bounds_of(child)
        elif isinstance(child, Or):
            yield from _agreed_bounds(child)
        elif isinstance(child, Clause) and not child.negated:
            if child.inner is not None and isinstance(child.inner, And):
                yield from _element_bounds(child, child.inner)
            else:
                bound = _bound(child)
                if bound is not None:
                    yield child.path, bound


def _agreed_bounds(alternatives: Or) -> Iterator[tuple[Path, Bound]]:
    """What holds whichever alternative does: each one bounds the field, and together they leave no hole.

    So "before this moment, or at it and with a lower id", which asks for the next portion of a list, begins
    where that portion does. With a hole each alternative is better read by itself.
    """
    branches = [dict(bounds_of(branch)) for branch in alternatives.children if isinstance(branch, And)]
    if not branches or len(branches) < len(alternatives.children):
        return
    for path in branches[0]:
        if all(path in branch for branch in branches):
            bound = _joined(alternatives, [branch[path] for branch in branches])
            if bound is not None:
                yield path, bound


def _joined(alternatives: Or, bounds: list[Bound]) -> Bound | None:
    excludes_missing = all(bound.excludes_missing for bound in bounds)
    if all(bound.points is not None for bound in bounds):
        points = tuple(sorted({point for bound in bounds for point in bound.points or ()}))
        return Bound(alternatives, points, None, exact=False, excludes_missing=excludes_missing)
    spans = sorted(
        (
            span
            for bound in bounds
            for span in ([bound.span] if bound.span else [Span(key, key) for key in bound.points or ()])
        ),
        key=_low_end,
    )
    whole = spans[0]
    for span in spans[1:]:
        if _low_end(span) > _high_end(whole):
            return None
        if _high_end(span) > _high_end(whole):
            whole = Span(whole.low, span.high, whole.low_open, span.high_open)
    return Bound(alternatives, None, whole, exact=False, excludes_missing=excludes_missing)


def _low_end(span: Span) -> bytes:
    return span.limits(b"", 1)[0]


def _high_end(span: Span) -> bytes:
    return span.limits(b"", 1)[1]


def _element_bounds(outer: Clause, inner: And) -> Iterator[tuple[Path, Bound]]:
    for path, bound in bounds_of(inner):
        yield outer.path + path, Bound(outer, bound.points, bound.span, exact=False, excludes_missing=False)


def _bound(clause: Clause) -> Bound | None:
    if not clause.opens:
        return None
    if clause.operator == "$eq":
        return _points(clause, [clause.operand])
    if clause.operator == "$in" and not any(isinstance(item, Regex) for item in clause.operand):
        return _points(clause, clause.operand)
    if clause.operator in {"$gt", "$gte", "$lt", "$lte"}:
        return _range(clause)
    if clause.operator == "$regex":
        return _prefix(clause)
    return None


def _points(clause: Clause, values: list[Any]) -> Bound:
    keys: set[bytes] = set()
    exact = excludes_missing = True
    for value in values:
        keys.add(encode_key(value))
        if value is None:
            exact = excludes_missing = False
        elif isinstance(value, list):
            # An index holds an array by its elements; the whole array is only a key inside another array.
            exact = False
            keys.add(encode_key(value[0]) if value else EMPTY_ARRAY)
    return Bound(clause, tuple(sorted(keys)), None, exact, excludes_missing)


_NOT_RANGED: Final = (list, dict, Code, MinKey, MaxKey, Regex, type(None))


def _range(clause: Clause) -> Bound | None:
    value = clause.operand
    if isinstance(value, _NOT_RANGED) or _is_nan(value):
        return None
    key, kind = encode_key(value), bracket(value)
    lowest = _LOWEST_NUMBER if kind == NUMBER else kind
    span = {
        "$gt": Span(key, kind, low_open=True),
        "$gte": Span(key, kind),
        "$lt": Span(lowest, key, high_open=True),
        "$lte": Span(lowest, key),
    }[clause.operator]
    return Bound(clause, None, span, exact=True, excludes_missing=True)


def _is_nan(value: Any) -> bool:
    if isinstance(value, Decimal128):
        return value.to_decimal().is_nan()
    return isinstance(value, float) and value != value  # noqa: PLR0124 - NaN is the value unequal to itself


def _prefix(clause: Clause) -> Bound | None:
    """``^literal`` without options: all strings that begin so."""
    operand = clause.operand
    if clause.has_options:
        return None
    if isinstance(operand, Regex):
        if operand.flags & ~re.UNICODE or not isinstance(operand.pattern, str):
            return None
        operand = operand.pattern
    found = _PLAIN_PATTERN.match(operand)
    if found is None or "|" in operand:
        return None
    rest = operand[found.end() :]
    literal = found[1].replace("\\", "")
    if rest[:1] in {"*", "?", "{", "+"}:
        literal = literal[:-1]
    if not literal:
        return None
    key = STRING + literal.encode()
    return Bound(clause, None, Span(key, key), exact=False, excludes_missing=True)
