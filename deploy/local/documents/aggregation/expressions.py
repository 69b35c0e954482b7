"""Aggregation expressions: field paths, variables, literals and operators, compiled once per command.

An expression becomes a function of the variables in reach; ``CURRENT`` and ``ROOT`` are among them. An
operator that is not known is refused by name when the pipeline is read, before any document is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.aggregation import arrays, comparisons, dates, numbers, strings
from deploy.local.documents.aggregation.values import ExpressionError, is_true
from deploy.local.documents.errors import CommandError, UnsupportedError
from deploy.local.documents.paths import MISSING, as_mapping, split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.local.documents.codec import Document

__all__ = ["compile_expression", "is_true"]

Scope = dict[str, Any]
Evaluate = Any  # Callable[[Scope], Any]; a plain alias keeps the signatures below readable

_FUNCTIONS: Final[Mapping[str, tuple[int, int, Callable[..., Any]]]] = {
    **comparisons.FUNCTIONS,
    **numbers.FUNCTIONS,
    **strings.FUNCTIONS,
    **arrays.FUNCTIONS,
}
_NAMED: Final[Mapping[str, tuple[frozenset[str], frozenset[str], Callable[..., Any]]]] = {
    **dates.NAMED,
    **strings.NAMED,
}


def compile_expression(expression: Any) -> Callable[[Document], Any]:
    """Turn an expression into a function of one document; `MISSING` stands for no value at all."""
    if not isinstance(expression, str | dict | list):
        return lambda _: expression
    if isinstance(expression, str) and _is_own_field(expression):
        name = expression[1:]
        return lambda document: document.get(name, MISSING)
    evaluate = _compile(expression)
    return lambda document: evaluate({"ROOT": document, "CURRENT": document})


def _is_own_field(expression: str) -> bool:
    """Whether an expression is a field of the document itself, which most are: it needs no scope."""
    return len(expression) > 1 and expression[0] == "$" and expression[1] != "$" and "." not in expression


def _compile(expression: Any) -> Evaluate:
    if isinstance(expression, str) and expression.startswith("$"):
        return _compile_path(expression)
    if isinstance(expression, dict):
        return _compile_document(expression)
    if isinstance(expression, list):
        items = [_compile(item) for item in expression]
        return lambda scope: [_or_null(item(scope)) for item in items]
    return lambda _: expression


def _or_null(value: Any) -> Any:
    return None if value is MISSING else value


def _compile_path(expression: str) -> Evaluate:
    if expression.startswith("$$"):
        name, _, rest = expression[2:].partition(".")
        if name == "REMOVE":
            return lambda _: MISSING
        if name in {"NOW", "CLUSTER_TIME", "DESCEND", "PRUNE", "KEEP", "USER_ROLES"}:
            raise UnsupportedError(f"the variable $${name}", "send the value itself")
        path = split(rest) if rest else ()
        return lambda scope: follow(_variable(scope, name), path)
    path = split(expression[1:])
    if not all(path):
        raise CommandError(f"'{expression}' is not a valid field path", 16872)
    if len(path) == 1:
        (single,) = path
        return lambda scope: _field(scope["CURRENT"], single)
    return lambda scope: follow(scope["CURRENT"], path)


def _variable(scope: Scope, name: str) -> Any:
    if name not in scope:
        raise CommandError(f"Use of undefined variable: {name}", 17276)
    return scope[name]


def _field(value: Any, name: str) -> Any:
    value = as_mapping(value)
    return value.get(name, MISSING) if isinstance(value, dict) else follow(value, (name,))


def follow(value: Any, path: tuple[str, ...], at: int = 0) -> Any:
    """The value at a path as expressions see it: an array on the way gives what its elements have."""
    while at < len(path):
        value = as_mapping(value)
        if isinstance(value, list):
            found = (follow(item, path, at) for item in value if isinstance(as_mapping(item), dict | list))
            return [item for item in found if item is not MISSING]
        if not isinstance(value, dict):
            return MISSING
        value = value.get(path[at], MISSING)
        at += 1
    return value


def _compile_document(expression: Document) -> Evaluate:
    first = next(iter(expression), "")
    if not first.startswith("$"):
        fields = {name: _compile(value) for name, value in expression.items()}

        def build(scope: Scope) -> Document:
            values = ((name, evaluate(scope)) for name, evaluate in fields.items())
            return {name: value for name, value in values if value is not MISSING}

        return build
    if len(expression) != 1:
        raise CommandError(
            f"an expression must have exactly one operator, found: {', '.join(expression)}", 15983
        )
    return _compile_operator(first, expression[first])


def _compile_operator(name: str, operand: Any) -> Evaluate:
    special = _SPECIAL.get(name)
    if special is not None:
        return special(operand)
    if name in _NAMED:
        return _compile_named(name, operand)
    if name in _FUNCTIONS:
        return _compile_function(name, operand)
    if name in dates.PARTS:
        return _compile_date_part(name, operand)
    raise UnsupportedError(f"the expression operator {name}")


def _compile_function(name: str, operand: Any) -> Evaluate:
    least, most, function = _FUNCTIONS[name]
    arguments = operand if isinstance(operand, list) else [operand]
    if not least <= len(arguments) <= most:
        wanted = f"exactly {least}" if least == most else f"{least} to {most}"
        raise CommandError(
            f"Expression {name} takes {wanted} arguments. {len(arguments)} were passed in.", 16020
        )
    compiled = [_compile(argument) for argument in arguments]
    if len(compiled) == 1:
        (only,) = compiled
        return _guarded(name, lambda scope: function(only(scope)))
    return _guarded(name, lambda scope: function(*[argument(scope) for argument in compiled]))


def _guarded(name: str, evaluate: Evaluate) -> Evaluate:
    def run(scope: Scope) -> Any:
        try:
            return evaluate(scope)
        except ExpressionError as error:
            raise CommandError(f"{name} {error}", error.code) from error

    return run


def _arguments(name: str, operand: Any, required: frozenset[str], optional: frozenset[str]) -> dict[str, Any]:
    if not isinstance(operand, dict):
        raise CommandError(f"{name} only supports an object as its argument", 9)
    unknown = set(operand) - required - optional
    if unknown:
        raise UnsupportedError(f"the argument {min(unknown)!r} of {name}")
    missing = required - set(operand)
    if missing:
        raise CommandError(f"Missing '{min(missing)}' parameter to {name}", 9)
    return operand


def _compile_named(name: str, operand: Any) -> Evaluate:
    required, optional, function = _NAMED[name]
    compiled = {key: _compile(value) for key, value in _arguments(name, operand, required, optional).items()}
    return _guarded(name, lambda scope: function(**{key: value(scope) for key, value in compiled.items()}))


def _compile_date_part(name: str, operand: Any) -> Evaluate:
    part = dates.PARTS[name]
    if isinstance(operand, dict) and "date" in operand:
        fields = _arguments(name, operand, frozenset({"date"}), frozenset({"timezone"}))
        date, zone = _compile(fields["date"]), _compile(fields.get("timezone"))
        return _guarded(name, lambda scope: dates.part_of(part, date(scope), zone(scope)))
    if isinstance(operand, list):
        if len(operand) != 1:
            raise CommandError(f"{name} accepts exactly one argument if given an array", 40536)
        (operand,) = operand
    single = _compile(operand)
    return _guarded(name, lambda scope: dates.part_of(part, single(scope), None))


def _literal(operand: Any) -> Evaluate:
    return lambda _: operand


def _many(operand: Any) -> list[Evaluate]:
    return [_compile(item) for item in (operand if isinstance(operand, list) else [operand])]


def _and(operand: Any) -> Evaluate:
    items = _many(operand)
    return lambda scope: all(is_true(item(scope)) for item in items)


def _or(operand: Any) -> Evaluate:
    items = _many(operand)
    return lambda scope: any(is_true(item(scope)) for item in items)


def _if_null(operand: Any) -> Evaluate:
    items = _many(operand)
    if len(items) < 2:  # noqa: PLR2004 - a value and its replacement
        raise CommandError("$ifNull needs at least two arguments", 1257300)

    def run(scope: Scope) -> Any:
        value: Any = MISSING
        for item in items:
            value = item(scope)
            if value is not None and value is not MISSING:
                return value
        return value

    return run


def _cond(operand: Any) -> Evaluate:
    if isinstance(operand, dict):
        parts = _arguments("$cond", operand, frozenset({"if", "then", "else"}), frozenset())
        operand = [parts["if"], parts["then"], parts["else"]]
    if not isinstance(operand, list) or len(operand) != 3:  # noqa: PLR2004 - if, then, else
        raise CommandError("Expression $cond takes exactly 3 arguments", 16020)
    test, then, otherwise = map(_compile, operand)
    return lambda scope: then(scope) if is_true(test(scope)) else otherwise(scope)


def _switch(operand: Any) -> Evaluate:
    parts = _arguments("$switch", operand, frozenset({"branches"}), frozenset({"default"}))
    if not isinstance(parts["branches"], list) or not parts["branches"]:
        raise CommandError("$switch requires at least one branch", 40068)
    branches = []
    for branch in parts["branches"]:
        fields = _arguments("$switch", branch, frozenset({"case", "then"}), frozenset())
        branches.append((_compile(fields["case"]), _compile(fields["then"])))
    default = _compile(parts["default"]) if "default" in parts else None

    def run(scope: Scope) -> Any:
        for case, then in branches:
            if is_true(case(scope)):
                return then(scope)
        if default is None:
            raise CommandError(
                "$switch could not find a matching branch, and no default was specified", 40066
            )
        return default(scope)

    return run


def _let(operand: Any) -> Evaluate:
    parts = _arguments("$let", operand, frozenset({"vars", "in"}), frozenset())
    if not isinstance(parts["vars"], dict):
        raise CommandError("invalid parameter: expected an object (vars)", 10065)
    variables = {name: _compile(value) for name, value in parts["vars"].items()}
    inner = _compile(parts["in"])
    return lambda scope: inner({**scope, **{name: value(scope) for name, value in variables.items()}})


def _array_input(name: str, value: Any) -> list[Any] | None:
    if value is None or value is MISSING:
        return None
    if not isinstance(value, list):
        raise CommandError(f"input to {name} must be an array not {type(value).__name__}", 16883)
    return value


def _map(operand: Any) -> Evaluate:
    parts = _arguments("$map", operand, frozenset({"input", "in"}), frozenset({"as"}))
    source, inner, name = _compile(parts["input"]), _compile(parts["in"]), parts.get("as", "this")

    def run(scope: Scope) -> Any:
        items = _array_input("$map", source(scope))
        return None if items is None else [_or_null(inner({**scope, name: item})) for item in items]

    return run


def _filter(operand: Any) -> Evaluate:
    parts = _arguments("$filter", operand, frozenset({"input", "cond"}), frozenset({"as"}))
    source, condition, name = _compile(parts["input"]), _compile(parts["cond"]), parts.get("as", "this")

    def run(scope: Scope) -> Any:
        items = _array_input("$filter", source(scope))
        return (
            None if items is None else [item for item in items if is_true(condition({**scope, name: item}))]
        )

    return run


def _reduce(operand: Any) -> Evaluate:
    parts = _arguments("$reduce", operand, frozenset({"input", "initialValue", "in"}), frozenset())
    source, start, inner = (_compile(parts[name]) for name in ("input", "initialValue", "in"))

    def run(scope: Scope) -> Any:
        items = _array_input("$reduce", source(scope))
        if items is None:
            return None
        value = start(scope)
        for item in items:
            value = inner({**scope, "this": item, "value": value})
        return value

    return run


_SPECIAL: Final[Mapping[str, Callable[[Any], Evaluate]]] = {
    "$literal": _literal,
    "$and": _and,
    "$or": _or,
    "$ifNull": _if_null,
    "$cond": _cond,
    "$switch": _switch,
    "$let": _let,
    "$map": _map,
    "$filter": _filter,
    "$reduce": _reduce,
}
