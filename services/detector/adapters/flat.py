"""Flat dataclasses as documents, without the deep copies that `dataclasses.asdict` makes."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def flat(value: DataclassInstance) -> dict[str, Any]:
    """Return a dataclass's fields by name; the values are not copied, so they must not be changed."""
    return {name: getattr(value, name) for name in _names(type(value))}
