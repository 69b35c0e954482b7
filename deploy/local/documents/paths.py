"""What a dotted path means: which values of a document it names, through arrays, as MongoDB walks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bson.dbref import DBRef

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str, ...]


class Missing:
    """The type of `MISSING`: no value at all, which is not null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def split(path: str) -> Path:
    return tuple(path.split("."))


def as_mapping(value: Any) -> Any:
    """A DBRef is a document with special names; everything else is given back as it is."""
    return value.as_doc() if isinstance(value, DBRef) else value


def walk(document: Any, path: Path, at: int = 0) -> Iterator[Any]:
    """Yield what the path names, without opening an array that ends it.

    An array on the way is entered: every document in it is walked on, and a numeric component also picks
    by position. Where a field is absent, or a scalar stands in the way, `MISSING` is yielded once; where an
    array holds nothing that the path fits, nothing is yielded.
    """
    value = document.get(path[at], MISSING)
    at += 1
    if at == len(path):
        yield value
        return
    if isinstance(value, dict):
        yield from walk(value, path, at)
    elif isinstance(value, list):
        yield from _walk_array(value, path, at)
    elif isinstance(value, DBRef):
        yield from walk(value.as_doc(), path, at)
    else:
        yield MISSING


def _walk_array(array: list[Any], path: Path, at: int) -> Iterator[Any]:
    for item in array:
        candidate = as_mapping(item)
        if isinstance(candidate, dict):
            yield from walk(candidate, path, at)
    if path[at].isdigit() and int(path[at]) < len(array):
        chosen = as_mapping(array[int(path[at])])
        if at + 1 == len(path):
            yield chosen
        elif isinstance(chosen, dict):
            yield from walk(chosen, path, at + 1)
        elif isinstance(chosen, list):
            yield from _walk_array(chosen, path, at + 1)


def leaves(document: Any, path: Path) -> Iterator[Any]:
    """Yield what a comparison looks at: `walk`, with an array also opened into its elements."""
    if len(path) == 1:
        value = document.get(path[0], MISSING)
        if isinstance(value, list):
            yield from value
        yield value
        return
    for value in walk(document, path):
        if isinstance(value, list):
            yield from value
        yield value


def has_numeric_component(path: Path) -> bool:
    return any(part.isdigit() for part in path)
