"""The lists of signals, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import SIGNAL_SORTS, signal_query
from services.detector.adapters.listed_collections import ListedCollections
from services.detector.adapters.paging import portion_of
from services.detector.adapters.signal_documents import from_document
from services.detector.lists import Portion, SignalChoices
from shared.documents.collection import database_errors

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.domain.signal import Signal
    from services.detector.lists import SignalFilter, SignalSort

_CHOICES = 200
"""Values offered in a filter; with more, the address takes any value still."""

_LIVE = 200
"""Changed signals that one look of the live feed takes; of the rest of a larger burst, pages learn when they
next ask how many arrived."""


class SignalLists(ListedCollections):
    """Implements what `lists.Lists` says of signals."""

    async def signals(
        self,
        organization_id: str,
        wanted: SignalFilter,
        *,
        sort: SignalSort,
        position: dict[str, Any] | None,
        limit: int,
    ) -> Portion[Signal]:
        portion = await portion_of(
            self._signals.of(organization_id),
            signal_query(wanted),
            field=SIGNAL_SORTS[sort],
            descending=True,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["signals"].each(portion.items, from_document), portion.next)

    async def count_signals(self, organization_id: str, wanted: SignalFilter) -> int:
        return await self._signals.of(organization_id).count(signal_query(wanted))

    async def count_opened(
        self, organization_id: str, wanted: SignalFilter, *, since: datetime, at_most: int
    ) -> int:
        if wanted.state == "cleared":
            return 0
        # A signal opens no later than it last changed, which has an index.
        moment = {"opened_at": {"$gte": since}, "changed_at": {"$gte": since}}
        query = {**signal_query(wanted), "state": "open", **moment}
        return await self._signals.of(organization_id).count(query, limit=at_most)

    async def signal_choices(self, organization_id: str) -> SignalChoices:
        scoped = self._signals.of(organization_id)
        customers = await scoped.aggregate(
            [
                {"$match": {"customer.id": {"$gt": ""}}},
                {"$group": {"_id": "$customer.id", "name": {"$last": "$customer.name"}}},
                {"$sort": {"name": 1}},
                {"$limit": _CHOICES},
            ]
        )
        tags = sorted(await scoped.distinct("tags", {"state": "open"}), key=str.casefold)
        owners, assignees = [
            sorted(one for one in await scoped.distinct(field, {"state": "open"}) if one)
            for field in ("customer.owner", "assigned_to")
        ]
        return SignalChoices(
            [(one["_id"], one["name"]) for one in customers], tags[:_CHOICES], owners, assignees
        )

    async def signals_per_detector(self, organization_id: str) -> dict[str, int]:
        counts = await self._signals.of(organization_id).aggregate(
            [{"$match": {"state": "open"}}, {"$group": {"_id": "$detector", "signals": {"$sum": 1}}}]
        )
        return {str(one["_id"]): one["signals"] for one in counts}

    async def changed_signals(self, since: datetime) -> list[Signal]:
        with database_errors():
            cursor = self._signals.across_organizations().find(
                {"changed_at": {"$gte": since}}, sort=[("changed_at", 1)], limit=_LIVE
            )
            return self._reading["signals"].each(await cursor.to_list(), from_document)
