"""Each module of errors draws its tree at its top, and the drawing is the code's."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

MODULES = (
    "shared.errors",
    "services.connector.errors",
    "services.detector.domain.errors",
    "services.detector.errors",
    "services.notifier.errors",
    "services.syncer.errors",
)

_LINE = re.compile(r"^(?P<branches>[ │├└─]*)(?P<name>[A-Z]\w+)(?:\s|$)")


def drawn_parents(drawing: str) -> dict[str, str | None]:
    """Return each class of a drawing with the one that it hangs from; None for those at the margin."""
    parents: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for line in inspect.cleandoc(drawing).splitlines():
        match = _LINE.match(line)
        if match is None or not (match["branches"] or match["name"].endswith("Error")):
            continue  # A sentence around the drawing.
        depth = len(match["branches"])
        above = [(each, name) for each, name in above if each < depth]
        parents[match["name"]] = above[-1][1] if above else None
        above.append((depth, match["name"]))
    return parents


def errors_of(module: ModuleType) -> dict[str, type[BaseException]]:
    return {
        name: kind
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, BaseException) and kind.__module__ == module.__name__
    }


@pytest.mark.parametrize("name", MODULES)
def test_the_drawing_is_the_code(name: str) -> None:
    """Every class is there, below its own base: whoever reads the top of the file has read the tree."""
    module = importlib.import_module(name)
    drawn = drawn_parents(module.__doc__ or "")
    for error, kind in errors_of(module).items():
        assert error in drawn, f"{error} is missing from the drawing at the top of {name}"
        parent = drawn[error]
        bases = [base.__name__ for base in kind.__bases__]
        assert parent in bases or (parent is None and bases in (["Exception"], ["EarshotError"])), (
            f"{name} draws {error} below {parent}, and it is a {bases}"
        )
