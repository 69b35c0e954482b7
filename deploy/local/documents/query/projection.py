"""What a projection keeps of a document: inclusion or exclusion, $slice, $elemMatch, and computed fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.int64 import Int64

from deploy.local.documents.aggregation.expressions import compile_expression
from deploy.local.documents.errors import BadValueError, CommandError, UnsupportedError
from deploy.local.documents.paths import MISSING, as_mapping
from deploy.local.documents.query.clauses import Clause, parse_field
from deploy.local.documents.query.operators import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.local.documents.codec import Document

_FIND_OPERATORS: Final = frozenset({"$slice", "$elemMatch", "$meta"})
Tree = dict[str, Any]


class _Keep:
    """Marks a path that is kept (or removed) as it is."""


_LEAF: Final = _Keep()


def compile_projection(specification: Any, *, for_find: bool = True) -> Callable[[Document], Document] | None:
    """Turn a projection into a function; None where it changes nothing.

    Args:
        specification: The client's projection.
        for_find: Whether ``$slice`` and ``$elemMatch`` have the meaning that ``find`` gives them; in
            ``$project`` every operator is an expression.

    Raises `BadValueError` for a mix of inclusion and exclusion and for anything malformed.
    """
    if not specification:
        return None
    if not isinstance(specification, dict):
        raise BadValueError("a projection has to be a document")
    parts = _Parts(for_find=for_find)
    for path, value in specification.items():
        parts.add(path, value)
    return parts.build()


def keeps_whole_fields(specification: Any) -> bool:
    """Whether a projection only names fields to keep or to leave out, and never looks into one."""
    return isinstance(specification, dict) and all(
        "." not in path and _is_flag(value) for path, value in specification.items()
    )


class _Parts:
    def __init__(self, *, for_find: bool) -> None:
        self._for_find = for_find
        self._tree: Tree = {}
        self._including: bool | None = None
        self._id: bool | None = None
        self._late: list[tuple[tuple[str, ...], Callable[[Document, Document], Any]]] = []

    def add(self, path: str, value: Any) -> None:
        _check_path(path)
        parts = tuple(path.split("."))
        if value == {}:
            raise CommandError(
                "An empty sub-projection is not a valid value. Found empty object at path", 51270
            )
        if isinstance(value, dict) and not next(iter(value)).startswith("$"):
            for name, inner in value.items():
                self.add(f"{path}.{name}", inner)
        elif _is_flag(value):
            self._flag(path, parts, keep=bool(value))
        elif self._for_find and isinstance(value, dict) and next(iter(value)) in _FIND_OPERATORS:
            self._find_operator(path, parts, value)
        else:
            self._mode(path, keep=True)
            self._late.append((parts, _computed(compile_expression(value))))

    def _flag(self, path: str, parts: tuple[str, ...], *, keep: bool) -> None:
        if path == "_id":
            self._id = keep
            return
        self._mode(path, keep=keep)
        _plant(self._tree, parts, path)

    def _mode(self, path: str, *, keep: bool) -> None:
        if self._including is not None and self._including != keep:
            kind = "inclusion" if keep else "exclusion"
            other = "exclusion" if keep else "inclusion"
            code = 31253 if keep else 31254
            raise CommandError(f"Cannot do {kind} on field {path} in {other} projection", code)
        self._including = keep

    def _find_operator(self, path: str, parts: tuple[str, ...], value: Document) -> None:
        ((name, operand),) = value.items() if len(value) == 1 else ((None, None),)
        if name == "$slice":
            # $slice alone keeps all other fields; beside an inclusion it keeps its own field as well.
            self._late.append((parts, _sliced(path, parts, _slicer(operand))))
        elif name == "$elemMatch":
            self._mode(path, keep=True)
            self._late.append((parts, _first_element(parts, operand)))
        else:
            raise UnsupportedError(f"the projection {name or 'with several operators'}")

    def build(self) -> Callable[[Document], Document]:
        including = self._including
        if including is None:
            # Only _id (and perhaps $slice) was named: {_id: 1} includes, everything else excludes.
            including = self._id is True and not self._late
        tree = dict(self._tree)
        if including and self._id is not False:
            tree = {"_id": _LEAF, **tree}
        elif not including and self._id is False:
            tree["_id"] = _LEAF
        late = tuple(self._late)
        cut = _include if including else _exclude

        def project(document: Document) -> Document:
            result = cut(document, tree)
            for parts, compute in late:
                value = compute(document, result)
                if value is not MISSING:
                    set_computed(result, parts, value)
            return result

        return project


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool | int | float | Int64)


def _check_path(path: str) -> None:
    if not path or path.startswith(("$", ".")) or path.endswith(".") or ".." in path:
        raise BadValueError(f"a projection cannot name the path {path!r}")
    if path.endswith(".$") or ".$." in path:
        raise UnsupportedError(f"the positional projection {path!r}", "use $elemMatch")


def _plant(tree: Tree, parts: tuple[str, ...], path: str) -> None:
    for part in parts[:-1]:
        branch = tree.setdefault(part, {})
        if branch is _LEAF:
            raise CommandError(f"Path collision at {path}", 31249)
        tree = branch
    if parts[-1] in tree:
        raise CommandError(f"Path collision at {path}", 31250)
    tree[parts[-1]] = _LEAF


def _include(document: Mapping[str, Any], tree: Tree) -> Document:
    result: Document = {}
    for name, value in document.items():
        branch = tree.get(name)
        if branch is _LEAF:
            result[name] = value
        elif branch is not None:
            kept = _include_value(value, branch)
            if kept is not MISSING:
                result[name] = kept
    return result


def _include_value(value: Any, tree: Tree) -> Any:
    value = as_mapping(value)
    if isinstance(value, dict):
        return _include(value, tree)
    if isinstance(value, list):
        kept = (_include_value(item, tree) for item in value)
        return [item for item in kept if item is not MISSING]
    return MISSING


def _exclude(document: Mapping[str, Any], tree: Tree) -> Document:
    result: Document = {}
    for name, value in document.items():
        branch = tree.get(name)
        if branch is None:
            result[name] = value
        elif branch is not _LEAF:
            result[name] = _exclude_value(value, branch)
    return result


def _exclude_value(value: Any, tree: Tree) -> Any:
    inner = as_mapping(value)
    if isinstance(inner, dict):
        return _exclude(inner, tree)
    if isinstance(inner, list):
        return [_exclude_value(item, tree) for item in inner]
    return value


def _computed(evaluate: Callable[[Document], Any]) -> Callable[[Document, Document], Any]:
    return lambda source, _: evaluate(source)


def set_computed(document: Document, parts: tuple[str, ...], value: Any) -> None:
    """Put a computed value at a path, making documents on the way and going into each element of arrays."""
    name = parts[0]
    if len(parts) == 1:
        document[name] = value
        return
    inner = document.get(name, MISSING)
    if isinstance(inner, list):
        document[name] = [_with_computed(item, parts[1:], value) for item in inner]
    else:
        document[name] = _with_computed(inner, parts[1:], value)


def _with_computed(item: Any, parts: tuple[str, ...], value: Any) -> Any:
    if isinstance(item, list):
        return [_with_computed(inner, parts, value) for inner in item]
    copy = dict(item) if isinstance(item, dict) else {}
    set_computed(copy, parts, value)
    return copy


def _slicer(operand: Any) -> Callable[[list[Any]], list[Any]]:
    if isinstance(operand, list) and len(operand) == 2:  # noqa: PLR2004 - skip and limit
        skip, limit = (whole_number(item) for item in operand)
        if skip is None or limit is None or limit <= 0:
            raise BadValueError("$slice needs a number, or a skip and a positive limit")
        return lambda array: _window(array, skip, limit)
    number = whole_number(operand)
    if number is None:
        raise BadValueError("$slice needs a number, or a skip and a positive limit")
    return lambda array: array[:number] if number >= 0 else array[number:]


def _window(array: list[Any], skip: int, limit: int) -> list[Any]:
    start = skip if skip >= 0 else max(len(array) + skip, 0)
    return array[start : start + limit]


def _sliced(
    path: str, parts: tuple[str, ...], cut: Callable[[list[Any]], list[Any]]
) -> Callable[[Document, Document], Any]:
    if len(parts) > 1:
        raise UnsupportedError(f"$slice on the dotted path {path!r} in a projection")

    def compute(source: Document, _: Document) -> Any:
        value = source.get(parts[0], MISSING)
        return cut(value) if isinstance(value, list) else value

    return compute


def _first_element(parts: tuple[str, ...], operand: Any) -> Callable[[Document, Document], Any]:
    if len(parts) > 1:
        raise BadValueError("Cannot use $elemMatch projection on a nested field")
    (clause,) = parse_field(parts, {"$elemMatch": operand}, 0)

    def compute(source: Document, _: Document) -> Any:
        array = source.get(parts[0], MISSING)
        if not isinstance(array, list) or not isinstance(clause, Clause):
            return MISSING
        return next(([item] for item in array if clause.test([item])), MISSING)

    return compute
