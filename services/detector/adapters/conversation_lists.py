"""The lists of conversations, in MongoDB's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.list_queries import all_of, conversation_query
from services.detector.adapters.listed_collections import ListedCollections
from services.detector.adapters.mirror_documents import conversation_from
from services.detector.lists import ANY, Portion

if TYPE_CHECKING:
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.lists import Narrowing


class ConversationLists(ListedCollections):
    """Implements what `lists.Lists` says of conversations."""

    async def conversations(
        self,
        organization_id: str,
        *,
        person: str | None,
        teammate: str | None = None,
        position: dict[str, Any] | None,
        limit: int,
        narrowed: Narrowing = ANY,
    ) -> Portion[MirroredConversation]:
        portion = await self._walked(
            self._conversations.of(organization_id),
            conversation_query(person=person, teammate=teammate),
            await self._narrower.conversations(organization_id, narrowed),
            field="updated_at",
            descending=True,
            position=position,
            limit=limit,
        )
        return Portion(self._reading["conversations"].each(portion.items, conversation_from), portion.next)

    async def has_conversations(self, organization_id: str, narrowed: Narrowing = ANY) -> bool:
        query, position = conversation_query(), None
        meant = await self._narrower.conversations(organization_id, narrowed)
        collection = self._conversations.of(organization_id)
        if not meant.sieves:
            return await collection.count(all_of(query, meant.clauses), limit=1) > 0
        while True:
            portion = await self._walked(
                collection, query, meant, field="updated_at", descending=True, position=position, limit=1
            )
            if portion.items or portion.next is None:
                return bool(portion.items)
            position = portion.next

    async def in_other_languages(self, organization_id: str) -> tuple[int, int]:
        left_out = "analysis.other_language"
        sums = await self._conversations.of(organization_id).aggregate([
            {"$match": {left_out: {"$gt": 0}}},
            {"$group": {"_id": None, "messages": {"$sum": f"${left_out}"}, "conversations": {"$sum": 1}}},
        ])  # fmt: skip
        return (sums[0]["messages"], sums[0]["conversations"]) if sums else (0, 0)
