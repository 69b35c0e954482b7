"""The index entries of a document: which keys it has in an index, and when it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from deploy.local.documents.errors import CommandError
from deploy.local.documents.keys import EMPTY_ARRAY, NULL, encode_key, invert
from deploy.local.documents.paths import MISSING, Path, as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.local.documents.query.sorting import SortOrder


class EmptyArray:
    """The type of `EMPTY`: an array without elements, seen by its elements."""

    def __repr__(self) -> str:
        return "[]"


EMPTY = EmptyArray()


class Entries(NamedTuple):
    """A document's keys in one index, and the field positions that came out of arrays."""

    keys: frozenset[bytes]
    multikey: frozenset[int]


_NONE = Entries(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _Open:
    """A field still on its way: where it stands and which part of its path comes next."""

    container: Any
    path: Path
    at: int


def entries_of(document: Any, order: SortOrder, *, sparse: bool) -> Entries:
    """Compute a document's index entries.

    Fields that go through the same array are taken from the same element. Raises code 171 where two
    different arrays meet in one index, as MongoDB does.
    """
    if len(order) == 1:
        ((path, direction),) = order
        value = document.get(path[0], MISSING) if len(path) == 1 else None
        if value is not None and not isinstance(value, list):
            if sparse and value is MISSING:
                return _NONE
            return Entries(frozenset((encode_component(value, direction),)), frozenset())
    tuples, multikey = value_tuples(document, order)
    keys = {
        b"".join(
            encode_component(value, direction) for value, (_, direction) in zip(values, order, strict=True)
        )
        for values in tuples
        if not (sparse and all(value is MISSING for value in values))
    }
    return Entries(frozenset(keys), multikey)


def encode_component(value: Any, direction: int) -> bytes:
    """The bytes of one field in an index key."""
    if value is MISSING:
        key = NULL
    elif value is EMPTY:
        key = EMPTY_ARRAY
    else:
        key = encode_key(value)
    return key if direction > 0 else invert(key)


def value_tuples(document: Any, order: SortOrder) -> tuple[list[tuple[Any, ...]], frozenset[int]]:
    """The values behind `entries_of`, one tuple per entry, and the positions that are multikey."""
    simple = []
    for path, _ in order:
        value = document.get(path[0], MISSING)
        if isinstance(value, list) or (len(path) > 1 and value is not MISSING):
            break
        simple.append(value)
    else:
        return [tuple(simple)], frozenset()
    multikey: set[int] = set()
    return list(_expand([_Open(document, path, 0) for path, _ in order], multikey)), frozenset(multikey)


def _expand(fields: Sequence[Any], multikey: set[int]) -> Iterator[tuple[Any, ...]]:
    reached = [_descend(field) if isinstance(field, _Open) else field for field in fields]
    arrays = {id(field.container): field.container for field in reached if isinstance(field, _Open)}
    if not arrays:
        yield tuple(reached)
        return
    if len(arrays) > 1:
        raise CommandError("cannot index parallel arrays in one document", 171)
    (array,) = arrays.values()
    multikey.update(at for at, field in enumerate(reached) if isinstance(field, _Open))
    for item in array or [EMPTY]:
        yield from _expand(
            [_enter(field, item) if isinstance(field, _Open) else field for field in reached], multikey
        )


def _descend(field: _Open) -> Any:
    """Go down through documents to the value, to `MISSING`, or to the first array on the way."""
    value, at = field.container, field.at
    while at < len(field.path):
        value = as_mapping(value)
        if not isinstance(value, dict):
            return MISSING
        value = value.get(field.path[at], MISSING)
        at += 1
        if isinstance(value, list):
            return _Open(value, field.path, at)
    return value


def _enter(field: _Open, item: Any) -> Any:
    """The field within one element of the array it stands at."""
    if field.at == len(field.path):
        return item
    element = as_mapping(item)
    return _Open(element, field.path, field.at) if isinstance(element, dict) else MISSING
