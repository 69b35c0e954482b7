"""A filter as a tree of clauses that can be asked about documents, and that the planner can read.

Only what is understood exactly is accepted: an unknown operator is refused by name, because a filter that
is answered approximately deletes or updates the wrong documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bson.regex import Regex

from deploy.local.documents.aggregation.expressions import compile_expression
from deploy.local.documents.aggregation.values import is_true
from deploy.local.documents.errors import BadValueError, UnsupportedError
from deploy.local.documents.paths import MISSING, Path, as_mapping, leaves, split, walk
from deploy.local.documents.query import operators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploy.local.documents.codec import Document

MAX_DEPTH: Final = 100
"""Nesting of a filter; BSON itself allows about as much, and Python's stack must not decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """One operator on one path.

    Attributes:
        path: The field's dotted path, split.
        operator: ``$eq``, ``$gt``, … as in the query language.
        operand: What the client gave.
        test: The question asked of one value.
        opens: Whether arrays that end the path are also asked element by element.
        negated: Whether the clause holds when no value passes the test.
        inner: For ``$elemMatch`` on documents, the filter that an element must satisfy.
        has_options: For ``$regex``, whether ``$options`` stand beside it.
    """

    path: Path
    operator: str
    operand: Any
    test: Callable[[Any], bool]
    opens: bool = True
    negated: bool = False
    inner: Node | None = None
    has_options: bool = False

    def matches(self, document: Document) -> bool:
        values = leaves(document, self.path) if self.opens else walk(document, self.path)
        test = self.test
        for value in values:
            if test(value):
                return not self.negated
        return self.negated


@dataclass(frozen=True, slots=True, eq=False)
class And:
    children: tuple[Node, ...]

    def matches(self, document: Document) -> bool:
        return all(child.matches(document) for child in self.children)


@dataclass(frozen=True, slots=True, eq=False)
class Or:
    children: tuple[Node, ...]

    def matches(self, document: Document) -> bool:
        return any(child.matches(document) for child in self.children)


@dataclass(frozen=True, slots=True, eq=False)
class Nor:
    children: tuple[Node, ...]

    def matches(self, document: Document) -> bool:
        return not any(child.matches(document) for child in self.children)


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """``$expr``: an aggregation expression that must be true."""

    evaluate: Callable[[Document], Any]

    def matches(self, document: Document) -> bool:
        return is_true(self.evaluate(document))


Node = Clause | And | Or | Nor | Computed

_ELSEWHERE: Final = frozenset(
    {"$where", "$text", "$jsonSchema", "$sampleRate", "$geoWithin", "$geoIntersects", "$near", "$nearSphere"}
    | {"$bitsAllClear", "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet", "$rand", "$function", "$alwaysTrue"}
)


def parse_filter(document: Any, depth: int = 0) -> And:
    """Turn a filter into a tree; raises `BadValueError` or `UnsupportedError`, naming the operator."""
    if not isinstance(document, dict):
        raise BadValueError("a filter has to be a document")
    if depth > MAX_DEPTH:
        raise BadValueError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    return And(
        tuple(node for name, operand in document.items() for node in _parse_entry(name, operand, depth))
    )


def _parse_entry(name: str, operand: Any, depth: int) -> Iterator[Node]:
    if not name.startswith("$"):
        yield from parse_field(split(name), operand, depth)
    elif name in _COMBINATIONS:
        if not isinstance(operand, list) or not operand:
            raise BadValueError(f"{name} must be a nonempty array")
        children = tuple(parse_filter(item, depth + 1) for item in operand)
        if name == "$and":
            yield from children
        else:
            yield _COMBINATIONS[name](children)
    elif name == "$expr":
        yield Computed(compile_expression(operand))
    elif name != "$comment":
        if name in _ELSEWHERE:
            raise UnsupportedError(f"the query operator {name}")
        raise BadValueError(f"unknown top level operator: {name}")


_COMBINATIONS: Final[Mapping[str, Callable[[tuple[Node, ...]], Node]]] = {"$and": And, "$or": Or, "$nor": Nor}


def is_operators(operand: Any) -> bool:
    """Whether a document is a set of operators, by its first name, as MongoDB decides it."""
    return isinstance(operand, dict) and bool(operand) and next(iter(operand)).startswith("$")


def parse_field(path: Path, operand: Any, depth: int, *, opens: bool = True) -> Iterator[Node]:
    """Yield the nodes for one field of a filter: operators, a pattern, or a value to be equal to."""
    if is_operators(operand):
        for name, argument in operand.items():
            yield from _parse_operator(path, name, argument, operand, depth, opens=opens)
    elif isinstance(operand, Regex):
        yield Clause(path, "$regex", operand, operators.regex(operand), opens)
    else:
        yield Clause(path, "$eq", operand, operators.equals(operand), opens)


_SIMPLE: Final[Mapping[str, Callable[[Any], Callable[[Any], bool]]]] = {
    "$eq": operators.equals,
    "$gt": operators.compares(accept_less=False, accept_equal=False),
    "$gte": operators.compares(accept_less=False, accept_equal=True),
    "$lt": operators.compares(accept_less=True, accept_equal=False),
    "$lte": operators.compares(accept_less=True, accept_equal=True),
    "$in": operators.one_of,
    "$type": operators.has_type,
    "$mod": operators.modulo,
}


def _parse_operator(  # noqa: C901, PLR0912 - one branch per operator that is not a plain test
    path: Path, name: str, operand: Any, siblings: Document, depth: int, *, opens: bool
) -> Iterator[Node]:
    if name in _SIMPLE:
        yield Clause(path, name, operand, _SIMPLE[name](operand), opens)
    elif name == "$ne":
        if isinstance(operand, Regex):
            raise BadValueError("Can't have regex as arg to $ne.")
        yield Clause(path, name, operand, operators.equals(operand), opens, negated=True)
    elif name == "$nin":
        yield Clause(path, name, operand, operators.one_of(operand), opens, negated=True)
    elif name == "$exists":
        yield Clause(path, name, operand, _is_present, opens=False, negated=not is_true(operand))
    elif name == "$regex":
        options = _regex_options(siblings)
        test = operators.regex(operand, options)
        yield Clause(path, name, operand, test, opens, has_options=bool(options))
    elif name == "$options":
        if "$regex" not in siblings:
            raise BadValueError("$options needs a $regex")
    elif name == "$size":
        yield _parse_size(path, operand)
    elif name == "$all":
        yield _parse_all(path, operand, depth, opens=opens)
    elif name == "$elemMatch":
        yield _parse_element(path, operand, depth)
    elif name == "$not":
        yield _parse_not(path, operand, depth, opens=opens)
    elif name in _ELSEWHERE:
        raise UnsupportedError(f"the query operator {name}")
    else:
        raise BadValueError(f"unknown operator: {name}")


def _is_present(value: Any) -> bool:
    return value is not MISSING


def _regex_options(siblings: Document) -> str:
    options = siblings.get("$options", "")
    if not isinstance(options, str):
        raise BadValueError("$options has to be a string")
    return options


def _parse_size(path: Path, operand: Any) -> Clause:
    size = operators.whole_number(operand)
    if size is None or size != operand or size < 0:
        raise BadValueError("$size needs a non-negative whole number")
    return Clause(
        path, "$size", operand, lambda value: isinstance(value, list) and len(value) == size, opens=False
    )


def _parse_all(path: Path, operand: Any, depth: int, *, opens: bool) -> Node:
    if not isinstance(operand, list):
        raise BadValueError("$all needs an array")
    if not operand:
        return Or(())
    nodes: list[Node] = []
    for item in operand:
        if is_operators(item):
            if list(item) != ["$elemMatch"]:
                raise BadValueError("no $ expressions in $all")
            nodes.append(_parse_element(path, item["$elemMatch"], depth))
        else:
            nodes += parse_field(path, item, depth, opens=opens)
    return And(tuple(nodes))


def _parse_not(path: Path, operand: Any, depth: int, *, opens: bool) -> Node:
    if not isinstance(operand, Regex) and not is_operators(operand):
        raise BadValueError("$not needs a regex or a document with operators")
    return Nor((And(tuple(parse_field(path, operand, depth + 1, opens=opens))),))


def _parse_element(path: Path, operand: Any, depth: int) -> Clause:
    if not isinstance(operand, dict):
        raise BadValueError("$elemMatch needs an Object")
    if depth > MAX_DEPTH:
        raise BadValueError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    inner: And
    if is_operators(operand) and next(iter(operand)) not in {*_COMBINATIONS, "$expr", "$comment"}:
        inner = And(tuple(parse_field(("value",), operand, depth + 1, opens=False)))
        accepts = _value_test(inner)
        return Clause(path, "$elemMatch", operand, _any_element(accepts), opens=False)
    inner = parse_filter(operand, depth + 1)
    return Clause(path, "$elemMatch", operand, _any_element(_document_test(inner)), opens=False, inner=inner)


def _value_test(inner: And) -> Callable[[Any], bool]:
    return lambda item: inner.matches({"value": item})


def _document_test(inner: And) -> Callable[[Any], bool]:
    def test(item: Any) -> bool:
        candidate = as_mapping(item)
        if isinstance(candidate, list):
            candidate = {str(index): element for index, element in enumerate(candidate)}
        return isinstance(candidate, dict) and inner.matches(candidate)

    return test


def _any_element(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and any(accepts(item) for item in value)


def matched_element(node: Node, document: Document, array_path: Path) -> int | None:
    """The position that ``$`` stands for: the first element of the array that a clause of the filter accepts.

    Where several clauses look into the same array, the last one decides, as in MongoDB.
    """
    found: int | None = None
    if isinstance(node, And | Or):
        for child in node.children:
            position = matched_element(child, document, array_path)
            found = position if position is not None else found
    elif isinstance(node, Clause) and not node.negated and node.path[: len(array_path)] == array_path:
        for array in walk(document, array_path):
            if isinstance(array, list):
                return next((at for at, item in enumerate(array) if _accepts(node, item, array_path)), None)
    return found


def _accepts(clause: Clause, item: Any, array_path: Path) -> bool:
    rest = clause.path[len(array_path) :]
    if not rest:
        return clause.test([item] if clause.operator == "$elemMatch" else item)
    if rest[0].isdigit():
        return False
    element = as_mapping(item)
    if not isinstance(element, dict):
        return False
    return Clause(rest, clause.operator, clause.operand, clause.test, clause.opens).matches(element)


def equality_fields(node: And) -> Iterator[tuple[Path, Any]]:
    """What an upsert copies from the filter: the fields that it holds equal to one value."""
    for child in node.children:
        if isinstance(child, And):
            yield from equality_fields(child)
        elif isinstance(child, Or) and len(child.children) == 1 and isinstance(child.children[0], And):
            yield from equality_fields(child.children[0])
        elif isinstance(child, Clause):
            if child.operator == "$eq" and child.opens:
                yield child.path, child.operand
            elif (
                child.operator == "$in"
                and len(child.operand) == 1
                and not isinstance(child.operand[0], Regex)
            ):
                yield child.path, child.operand[0]
