"""Filters that several lists share, as `ui.filter_bar` draws them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

from fastapi import Query

from services.detector.domain.identity import as_address
from services.detector.lists import Narrowing
from shared.contracts.signals import SignalKind
from shared.web.shapes import KIND_LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Word = Annotated[str, Query(max_length=300)]
"""The value of one filter in an address; no name is longer."""

OFFERED = 200
"""Values offered in a filter; if there are more, the address still accepts any of them."""

PERIODS = (("7", "last 7 days"), ("30", "last 30 days"), ("90", "last 90 days"), ("365", "last year"))
_SURE = (("0.7", "0.7 and more"), ("0.8", "0.8 and more"), ("0.9", "0.9 and more"))


def choice(
    name: str, label: str, value: str, options: Sequence[tuple[str, str]], first: str = "any"
) -> dict[str, Any]:
    """Return a filter; an old link's value that is no longer offered stays chosen."""
    choices = [("", first), *options]
    if value and value not in dict(choices):
        choices.append((value, value))
    return {"name": name, "label": label, "value": value, "options": choices}


def one_of(
    name: str, label: str, value: str, options: Sequence[tuple[str, str]], first: str = "any"
) -> dict[str, Any]:
    """Return a filter with these values only; any other restricts nothing, and is not shown as chosen."""
    return choice(name, label, value if value in dict(options) else "", options, first)


def kind_choice(value: str) -> dict[str, Any]:
    return one_of("kind", "Kind", value, [(kind, KIND_LOOKS[kind].label) for kind in get_args(SignalKind)])


def tag_choice(value: str, names: Sequence[str]) -> dict[str, Any]:
    return choice("tag", "Tag", value, [(name, name) for name in names])


def owner_choice(value: str, owners: Sequence[str], reader: str) -> dict[str, Any]:
    """Return the filter by a customer's owner; `reader` is the reader's own address, which comes first.

    Owners are found by exactly what an organization's list says. So each spelling of the reader's address is
    an option of its own, and only a single one is called "me". A reader who owns no customer is not offered.
    """
    me = as_address(reader)
    mine = [owner for owner in owners if me and as_address(owner) == me]
    others = [(owner, owner) for owner in owners if owner not in mine]
    named = [(one, "me" if len(mine) == 1 else f"me, as {one}") for one in mine]
    return choice("owner", "Owner", value, [*named, *others][:OFFERED])


def assignee_choice(value: str, assignees: Sequence[str], reader: str) -> dict[str, Any]:
    """Return the filter by assignee; `reader` is the reader's own address, which comes first.

    The reader is offered even while nothing is assigned to them, unless they have no address.
    """
    me = as_address(reader)
    mine = [(me, "me")] if me else []
    others = [(assignee, assignee) for assignee in assignees if assignee != me]
    return choice("assigned_to", "Assigned to", value, [*mine, *others][:OFFERED])


def period_choice(value: str) -> dict[str, Any]:
    return one_of("period", "Period", value, PERIODS, "any time")


def confidence_choice(value: str) -> dict[str, Any]:
    return one_of("confidence", "Confidence", value, _SURE)


def least_confidence(value: str) -> float | None:
    """Return the confidence that an address asks for; one that is not offered restricts nothing."""
    return float(value) if value in dict(_SURE) else None


def period_start(value: str, now: datetime) -> datetime | None:
    """Return when a period began; None for no known period."""
    return now - timedelta(days=int(value)) if value in dict(PERIODS) else None


def known_kind(value: str) -> SignalKind | None:
    """Return a kind by its name; an unknown one is ignored, so that old links still work."""
    found: SignalKind | None = next((kind for kind in get_args(SignalKind) if kind == value), None)
    return found


def narrowed_by(
    *,
    now: datetime,
    tag: str = "",
    kind: str = "",
    customer: str = "",
    owner: str = "",
    period: str = "",
    confidence: str = "",
) -> Narrowing:
    """Return what the filters of an address ask for."""
    return Narrowing(
        tag=tag or None,
        kind=known_kind(kind),
        customer_id=customer or None,
        owner=owner or None,
        since=period_start(period, now),
        min_confidence=least_confidence(confidence),
    )
