"""People whom an earlier build stored without the fields that lists are sorted by, in MongoDB's protocol.

Their records may not arrive again for years, so the missing fields are filled in from what is stored.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from pymongo import UpdateOne

from services.detector.adapters.mirror_documents import CONVERSATIONS, COUNT_FROM, COUNT_MARKS, LAST_UNKNOWN
from services.detector.domain.spoken import last_contact_of
from shared.contracts.resources import ContactChanged
from shared.documents.collection import Collection, database_errors

if TYPE_CHECKING:
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.clock import Clock
    from shared.documents.database import Document

_LOG = structlog.get_logger(__name__)

_AT_ONCE = 200
_NOBODY_FOR = timedelta(minutes=10)
"""How long to assume that nobody is left once nobody was: only an earlier build running beside this one
adds some."""

_SORTED_BY = ("sort_last", CONVERSATIONS)
_SHOWN = {"observed_at": 1, "data": 1}


class MongoOldPeople:
    """Fills in slice by slice. Any number of replicas may do so at once: existing values are left alone."""

    def __init__(self, database: AsyncDatabase[Document], clock: Clock) -> None:
        self._clock = clock
        self._contacts = Collection(database, "contacts")
        self._connections = Collection(database, "connections")
        self._ahead: list[tuple[str, str, str]] | None = None
        self._nobody_at: dict[str, datetime] = {}

    async def fill(self) -> bool:
        """Fill in a slice of one organization's people, organizations in turn; return whether to continue.

        After False the next call looks at everybody again. A person whose conversations were never counted
        counts as having none until they are counted, which is requested in the same write.
        """
        if self._ahead is None:
            self._ahead = [(field, one, "") for one in await self._organizations() for field in _SORTED_BY]
        if not self._ahead:
            self._ahead = None
            return False
        field, organization_id, place = self._ahead[0]
        scoped = self._contacts.of(organization_id)
        # Graves lack the fields too. They are passed by place, or each slice would look at all of them.
        documents = await scoped.find(
            {**_without(field), "_id": {"$gt": place}},
            projection=_SHOWN,
            sort=[("_id", 1)],
            limit=_AT_ONCE,
        )
        await scoped.bulk_write(
            [write for one in documents if (write := _filled(organization_id, field, one, self._clock.now()))]
        )
        # Only now: a slice that was cut off is done again.
        del self._ahead[0]
        if len(documents) == _AT_ONCE:
            self._ahead.append((field, organization_id, documents[-1]["_id"]))
        return True

    async def left(self, organization_id: str) -> int:
        """Return how many of an organization's people cannot be sorted into lists yet.

        Once there were none, they are not counted again for some minutes: every page of people asks, and the
        index that answers also contains 90 days of deleted people.
        """
        now = self._clock.now()
        nobody_at = self._nobody_at.get(organization_id)
        if nobody_at is not None and abs(now - nobody_at) < _NOBODY_FOR:
            return 0
        scoped = self._contacts.of(organization_id)
        # Who lacks the one lacks the other, but for those whose records came again in between.
        left = max([await scoped.count(_without(field)) for field in _SORTED_BY])
        if not left:
            self._nobody_at[organization_id] = now
        return left

    async def _organizations(self) -> list[str]:
        with database_errors():
            ids = await self._connections.across_organizations().distinct("organization_id")
        return sorted(ids)


def _without(field: str) -> Document:
    return {field: None, "key": {"$gt": ""}}


def _filled(organization_id: str, field: str, document: Document, now: datetime) -> UpdateOne | None:
    """Return the write that fills in one person; None for an unreadable one, who stays as before."""
    still: dict[str, Any] = {"_id": document["_id"], "observed_at": document["observed_at"], field: None}
    if field == CONVERSATIONS:
        return UpdateOne(still, {"$set": {field: 0}, "$min": {COUNT_FROM: now}, "$inc": {COUNT_MARKS: 1}})
    try:
        contact = ContactChanged.model_validate(document["data"])
    except ValidationError as error:
        # Which fields, and not the error itself: its text quotes what stands in them.
        fields = sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})
        _LOG.error(
            "a person could not be filled in",
            organization_id=organization_id,
            _id=document["_id"],
            fields=fields,
        )
        return None
    return UpdateOne(still, {"$set": {field: last_contact_of(contact) or LAST_UNKNOWN}})
