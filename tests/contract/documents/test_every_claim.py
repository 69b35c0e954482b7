"""Every command, option and operator that the server takes is named in an example of this suite.

A claim is what the code takes: the registry of commands, what each command allows, the operators that its
modules name. What is added there without an example fails here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import deploy.local.documents
from deploy.local.documents.commands.call import _UNDERSTOOD_EVERYWHERE
from deploy.local.documents.commands.registry import INSTANT, READING, WRITING
from deploy.local.documents.query.clauses import _ELSEWHERE as _ELSEWHERE_IN_FILTERS
from deploy.local.documents.updates.compiled import _ELSEWHERE as _ELSEWHERE_IN_UPDATES

if TYPE_CHECKING:
    from collections.abc import Iterator

_METHODS = {
    "count": "count",
    "create": "create_collection",
    "createIndexes": "create_indexes",
    "delete": "delete_one",
    "drop": "drop",
    "dropDatabase": "drop_database",
    "dropIndexes": "drop_indexes",
    "findAndModify": "find_one_and_update",
    "insert": "insert_one",
    "listCollections": "list_collection_names",
    "listDatabases": "list_database_names",
    "listIndexes": "index_information",
    "update": "update_one",
}
"""PyMongo's method that sends a command, where it is not called as the command is."""
_SMALLER = {"buildinfo", "findandmodify", "ismaster"}
"""Older spellings of commands, which drivers still send."""

_SERVER = Path(deploy.local.documents.__file__).parent
_SUITE = "\n".join(
    path.read_text("utf-8")
    for path in Path(__file__).parent.glob("test_*.py")
    if path.name != Path(__file__).name
)


def _in_python(name: str) -> str:
    """Return a name as PyMongo's methods and arguments spell it."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda letter: f"_{letter[1].lower()}", name)


def _has_example(name: str) -> bool:
    return any(re.search(rf"(?<![\w$]){re.escape(one)}\b", _SUITE) for one in (name, _in_python(name)))


def _modules() -> Iterator[ast.Module]:
    for path in sorted(_SERVER.rglob("*.py")):
        yield ast.parse(path.read_text("utf-8"))


def _texts(node: ast.AST) -> set[str]:
    return {
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def _constants() -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for module in _modules()
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _options() -> set[str]:
    """Return every argument that some command takes."""
    constants = _constants()
    found: set[str] = set()
    for call in (node for module in _modules() for node in ast.walk(module)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "allow":
            for argument in call.args:
                named = argument.value if isinstance(argument, ast.Starred) else argument
                found |= _texts(constants[named.id] if isinstance(named, ast.Name) else named)
    return found


def _operators() -> set[str]:
    """Return what is named with a dollar, but for arguments of commands and what is refused by its name."""
    refused = _ELSEWHERE_IN_FILTERS | _ELSEWHERE_IN_UPDATES | {"$meta"}
    found = {
        text for module in _modules() for text in _texts(module) if re.fullmatch(r"\$[a-z][A-Za-z]*", text)
    }
    return found - refused - _UNDERSTOOD_EVERYWHERE


@pytest.mark.parametrize("command", sorted({*INSTANT, *READING, *WRITING} - _SMALLER))
def test_every_command_has_an_example(command: str) -> None:
    """By its own name, or by the method of PyMongo that sends it."""
    assert _has_example(_METHODS.get(command, command))


def test_every_option_has_an_example() -> None:
    """Each argument that is not refused."""
    options = _options()
    assert len(options) > 30
    assert sorted(name for name in options if not _has_example(name)) == []


def test_every_operator_has_an_example() -> None:
    """Filters, updates, projections, stages, accumulators, expressions."""
    operators = _operators()
    assert len(operators) > 100
    assert sorted(name for name in operators if not _has_example(name)) == []
