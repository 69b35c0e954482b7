"""Where an update operator writes: a path in a document, with ``$``, ``$[]`` and ``$[name]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bson.dbref import DBRef

from deploy.local.documents.errors import BadValueError, CommandError
from deploy.local.documents.paths import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploy.local.documents.codec import Document
    from deploy.local.documents.paths import Path

MAX_PADDING: Final = 1_500_000
"""MongoDB's own ceiling for the nulls that a far array position may create."""

ElementTest = Any  # Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Situation:
    """What resolving a path may need besides the document.

    Attributes:
        position_of: Gives the array position that the filter matched under a path, for ``$``.
        element_tests: The tests of ``arrayFilters`` by identifier.
        is_insert: Whether an upsert is making the document.
    """

    position_of: Callable[[Path], int | None]
    element_tests: Mapping[str, ElementTest]
    is_insert: bool = False


class Target:
    """One place in a document: the container that holds it and its name or position there."""

    __slots__ = ("container", "path", "step")

    def __init__(self, container: Document | list[Any], step: str | int, path: Path) -> None:
        self.container = container
        self.step = step
        self.path = path

    def get(self) -> Any:
        if isinstance(self.container, list):
            return self.container[int(self.step)] if int(self.step) < len(self.container) else MISSING
        return self.container.get(str(self.step), MISSING)

    def set(self, value: Any) -> None:
        if isinstance(self.container, list):
            position = int(self.step)
            missing = position + 1 - len(self.container)
            if missing > MAX_PADDING:
                raise CommandError(f"array position {position} is too far beyond the end of the array", 2)
            self.container.extend([None] * missing)
            self.container[position] = value
        else:
            self.container[str(self.step)] = value

    def remove(self) -> None:
        """Take the field away; an array's element becomes null, so that the others keep their places."""
        if isinstance(self.container, list):
            if int(self.step) < len(self.container):
                self.container[int(self.step)] = None
        else:
            self.container.pop(str(self.step), None)


def resolve(document: Document, path: Path, situation: Situation, *, create: bool) -> Iterator[Target]:
    """Yield the places a path names.

    With ``create``, documents on the way are made where they are missing, and a scalar on the way is an
    error (code 28). Without it, a path that leads nowhere yields nothing.
    """
    yield from _resolve(document, path, (), situation, create=create)


def _resolve(
    container: Any, path: Path, walked: Path, situation: Situation, *, create: bool
) -> Iterator[Target]:
    for step in _steps(container, path[0], walked, situation):
        here = (*walked, str(step))
        target = Target(container, step, here)
        if len(path) == 1:
            yield target
            continue
        inner = target.get()
        if isinstance(inner, DBRef):
            inner = inner.as_doc()
            target.set(inner)
        if inner is MISSING and create:
            inner = {}
            if _is_placeholder(path[1]):
                raise BadValueError(
                    f"The path '{'.'.join(here)}' must exist in the document in order to apply array updates."
                )
            target.set(inner)
        if not isinstance(inner, dict | list):
            if create:
                raise CommandError(
                    f"Cannot create field '{path[1]}' in element {{{here[-1]}: {inner!r}}}", 28
                )
            continue
        if isinstance(inner, list) and not create and not (path[1].isdigit() or _is_placeholder(path[1])):
            continue
        yield from _resolve(inner, path[1:], here, situation, create=create)


def _is_placeholder(step: str) -> bool:
    return step == "$" or step.startswith("$[")


def _steps(container: Any, step: str, walked: Path, situation: Situation) -> list[str | int]:
    if step == "$":
        position = situation.position_of(walked)
        if position is None or not isinstance(container, list):
            raise BadValueError("The positional operator did not find the match needed from the query.")
        return [position]
    if step.startswith("$[") and step.endswith("]"):
        return list(_filtered(container, step[2:-1], walked, situation))
    if isinstance(container, list):
        if not step.isdigit():
            raise CommandError(f"Cannot create field '{step}' in element {{{'.'.join(walked)}: [...]}}", 28)
        return [int(step)]
    return [step]


def _filtered(container: Any, identifier: str, walked: Path, situation: Situation) -> Iterator[int]:
    if not isinstance(container, list):
        raise BadValueError(
            f"Cannot apply array updates to non-array element {'.'.join(walked)}: {container!r}"
        )
    if not identifier:
        yield from range(len(container))
        return
    accepts = situation.element_tests.get(identifier)
    if accepts is None:
        raise BadValueError(
            f"No array filter found for identifier '{identifier}' in path '{'.'.join(walked)}'"
        )
    yield from (at for at, item in enumerate(container) if accepts(item))
