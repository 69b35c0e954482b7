"""Which customers and tags forms are offered, and which of those that they name there are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.detector.lists import Lists, Topics

MOST_OFFERED = 50
"""Names a form is sent at once: a reader types on rather than reads further."""

MOST_ASKED = 100
"""Names of a form that are looked up: as many as a rule may hold."""

_MOST_TAGS = 10_000
"""Tags that are looked through."""

_MOST_NAMED = 5
"""Unknown names that are said one by one."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Names that nothing has.

    Attributes:
        named: the first of them, each with the name that may be meant, or None.
        more: whether there are others.
    """

    named: Sequence[tuple[str, str | None]] = ()
    more: bool = False


async def offered_customers(lists: Lists, organization_id: str, typed: str) -> list[str]:
    """Return names of customers that contain what is typed, or whose id on the list it is, by name."""
    found = await lists.customers(
        organization_id,
        words=typed,
        owner=None,
        known=None,
        sort="name",
        position=None,
        limit=MOST_OFFERED,
    )
    # Two customers may share a name, and a rule by name is about both.
    return list(dict.fromkeys(row.customer.name for row in found.items))


async def offered_tags(topics: Topics, organization_id: str, typed: str) -> list[str]:
    """Return names of tags that contain what is typed, by name."""
    sought = typed.strip().casefold()
    names = await topics.names(organization_id, _MOST_TAGS)
    return [name for name in names if sought in name.casefold()][:MOST_OFFERED]


async def unknown_customers(lists: Lists, organization_id: str, named: Sequence[str]) -> Unknown:
    """Return which of these are neither the name of a customer, in any case, nor Earshot's id of one."""
    asked = named[:MOST_ASKED]
    found = _without(asked, await lists.customers_called(organization_id, asked))
    meant = [(one, await offered_customers(lists, organization_id, one)) for one in found[:_MOST_NAMED]]
    return Unknown([(one, like[0] if like else None) for one, like in meant], len(found) > _MOST_NAMED)


async def unknown_tags(topics: Topics, organization_id: str, named: Sequence[str]) -> Unknown:
    """Return which of these are no tag's name, in any case."""
    present = {name.casefold() for name in await topics.names(organization_id, _MOST_TAGS)}
    found = _without(named[:MOST_ASKED], present)
    return Unknown([(one, None) for one in found[:_MOST_NAMED]], len(found) > _MOST_NAMED)


def _without(named: Sequence[str], present: Collection[str]) -> list[str]:
    return [one for one in named if one.casefold() not in present]
