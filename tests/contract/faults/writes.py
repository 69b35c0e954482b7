"""Which collections each service writes to and how, read from its source without running it.

Every write of a service goes through a `Collection` that an adapter made. What cannot be followed from the
write back to that name raises, so that nothing is passed over in silence.
"""

from __future__ import annotations

import ast
import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shared.contracts.topics import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.contracts.topics import Service

_ROOT = Path(__file__).parents[3]
_VERBS = {
    "insert_one": "insert",
    "insert_many": "insert",
    "update_one": "update",
    "update_many": "update",
    "replace_one": "update",
    "delete_one": "delete",
    "delete_many": "delete",
    "find_one_and_update": "findAndModify",
    "find_one_and_replace": "findAndModify",
    "find_one_and_delete": "findAndModify",
    "bulk_write": "bulk",
}
"""Methods that write, and the command that the driver makes of each; many writes are of many commands."""
_IN_BULK = {
    "InsertOne": "insert",
    "UpdateOne": "update",
    "UpdateMany": "update",
    "ReplaceOne": "update",
    "DeleteOne": "delete",
    "DeleteMany": "delete",
}
_VIEWS = {"of", "across_organizations", "values"}
"""Methods that return another view of the same collection, or collections one by one."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Untraceable(AssertionError):
    """A write whose collection cannot be read from the source; teach this module its form."""


@dataclass
class _Module:
    """One file: what it builds for bulk writes, and how its functions write to collections they are given."""

    path: Path
    tree: ast.Module
    name: str
    in_bulk: frozenset[str]
    given: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    """Function name to position of a parameter to the verbs that reach it."""


def writes(service: Service) -> set[str]:
    """Return `<service>/<collection>.<verb>` for each write that the service's code can make.

    Of a file that makes bulk writes each kind is taken to reach each collection that is written so.
    """
    modules = [_read(path) for path in sorted((_ROOT / "services" / service).rglob("*.py"))]
    # A helper may hand its parameter to another helper, in whatever order the files are read.
    for _ in range(3):
        for module in modules:
            for function in _functions(module.tree):
                _learn(function, module, modules)
    return {
        f"{service}/{collection}.{verb}"
        for module in modules
        for collection, verb in _written(module, modules)
    }


def all_writes() -> set[str]:
    """Return the writes of all services."""
    return {write for service in SERVICES for write in writes(service)}


def _read(path: Path) -> _Module:
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    in_bulk = frozenset(verb for name, verb in _IN_BULK.items() if name in names)
    return _Module(path, tree, ".".join(path.relative_to(_ROOT).with_suffix("").parts), in_bulk)


def _functions(tree: ast.AST) -> Iterator[_Function]:
    return (node for node in ast.walk(tree) if isinstance(node, _Function))


def _learn(function: _Function, module: _Module, modules: list[_Module]) -> None:
    """Note which parameters of a function it writes to."""
    parameters = [one.arg for one in function.args.args if one.arg != "self"]
    for target, verbs in _targets(function, module, modules):
        name = _root(target, function)
        if isinstance(name, ast.Name) and name.id in parameters:
            positions = module.given.setdefault(function.name, {})
            positions.setdefault(parameters.index(name.id), set()).update(verbs)


def _written(module: _Module, modules: list[_Module]) -> Iterator[tuple[str, str]]:
    for top in module.tree.body:
        collections = _collections(top, module, modules) if isinstance(top, ast.ClassDef) else {}
        # Functions inside of functions see the names around them, and are walked with those.
        outer = top.body if isinstance(top, ast.ClassDef) else [top]
        for function in (one for one in outer if isinstance(one, _Function)):
            parameters = {one.arg for one in function.args.args}
            for target, verbs in _targets(function, module, modules):
                root = _root(target, function)
                if isinstance(root, ast.Name) and root.id in parameters:
                    continue  # Whoever hands the collection over writes.
                if not isinstance(root, ast.Attribute) or root.attr not in collections:
                    raise Untraceable(f"{module.path}:{target.lineno}: which collection is this?")
                for collection in collections[root.attr]:
                    yield from ((collection, verb) for verb in verbs)


def _targets(
    function: _Function, module: _Module, modules: list[_Module]
) -> Iterator[tuple[ast.expr, set[str]]]:
    """Yield what a function writes to as it is written there, and the verbs."""
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in _VERBS:
            verb = _VERBS[call.func.attr]
            yield call.func.value, set(module.in_bulk) if verb == "bulk" else {verb}
        elif _name_of(call.func) == "PendingFacts":
            yield call.args[0], {"update"}
        else:
            for position, verbs in _helper(_name_of(call.func), modules).items():
                if position < len(call.args):
                    # A helper may write in bulk what its caller built.
                    yield call.args[position], verbs | set(module.in_bulk)


def _helper(name: str, modules: list[_Module]) -> Mapping[int, set[str]]:
    return next((module.given[name] for module in modules if name in module.given), {})


def _root(target: ast.expr, function: _Function) -> ast.expr:
    """Follow views and local names back to an attribute of `self`, or to a parameter."""
    while True:
        if isinstance(target, ast.Call) and isinstance(target.func, ast.Attribute):
            if target.func.attr not in _VIEWS:
                return target
            target = target.func.value
        elif isinstance(target, ast.Subscript):
            target = target.value
        elif isinstance(target, ast.Name):
            found = _assigned(target.id, function)
            if found is None:
                return target
            target = found
        else:
            return target


def _assigned(name: str, function: _Function) -> ast.expr | None:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(_name_of(one) == name for one in node.targets):
            return node.value
        if isinstance(node, ast.For | ast.AsyncFor) and _name_of(node.target) == name:
            return node.iter
    return None


def _collections(owner: ast.ClassDef, module: _Module, modules: list[_Module]) -> dict[str, list[str]]:
    """Return the names of the collections behind each attribute of a class, inherited ones too."""
    found: dict[str, list[str]] = {}
    inherited = {_name_of(base) for base in owner.bases}
    for other in modules:
        for one in other.tree.body:
            if isinstance(one, ast.ClassDef) and one.name in inherited:
                found |= _collections(one, other, modules)
    for node in ast.walk(owner):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Attribute):
            continue
        for call in ast.walk(node.value):
            if isinstance(call, ast.Call) and _name_of(call.func) == "Collection":
                given = _handed_in(call.args[1], owner, modules)
                names = [name for one in given for name in _named(one, module)]
                found.setdefault(node.targets[0].attr, []).extend(names)
    return found


def _handed_in(argument: ast.expr, owner: ast.ClassDef, modules: list[_Module]) -> list[ast.expr]:
    """Return what a parameter of the class is in any object: its default, and what is given for it."""
    if not isinstance(argument, ast.Name):
        return [argument]
    made = next(one for one in owner.body if isinstance(one, _Function) and one.name == "__init__")
    position = [one.arg for one in made.args.args].index(argument.id) - 1
    calls = [
        node
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _name_of(node.func) == owner.name
    ]
    return [*made.args.defaults, *(call.args[position] for call in calls if len(call.args) > position)]


def _named(argument: ast.expr, module: _Module) -> list[str]:
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if isinstance(argument, ast.Subscript):
        return list(getattr(importlib.import_module(module.name), _name_of(argument.value)).values())
    raise Untraceable(f"{module.path}:{argument.lineno}: which name is this?")


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
