"""Rules in MongoDB: one document each; a marker a tenant says that the first rule was given."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pymongo.errors import DuplicateKeyError

from services.notifier.adapters.shapes import RuleShape, SealedShape
from services.notifier.domain.rule import Rule
from services.notifier.ports import SealedSecrets
from shared.documents.collection import Collection, Index, database_errors
from shared.documents.reading import Reading, uncounted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_RULE = TypeAdapter(Rule)
_MOST_RULES = 1_000


class MongoRules:
    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], left_out: Callable[[str], None] = uncounted
    ) -> None:
        self._rules = Collection(database, "rules")
        self._reading = Reading("rules", left_out)
        self._organizations = Collection(database, "organizations")

    async def ensure_indexes(self) -> None:
        await self._rules.ensure_indexes(
            Index((("organization_id", 1), ("created_at", 1)), name="organization")
        )

    async def list_of(self, organization_id: str) -> list[Rule]:
        documents = await self._rules.of(organization_id).find(
            {}, sort=[("created_at", 1), ("_id", 1)], limit=_MOST_RULES
        )
        return self._reading.each(documents, _rule)

    async def get(self, organization_id: str, rule_id: str) -> Rule | None:
        document = await self._rules.of(organization_id).find_one({"_id": _key(organization_id, rule_id)})
        return _rule(document) if document else None

    async def insert(self, rule: Rule) -> None:
        await self._rules.of(rule.organization_id).insert_one(
            {"_id": _key(rule.organization_id, rule.id), **_RULE.dump_python(rule)}
        )

    async def replace(self, rule: Rule, *, expected_revision: int) -> bool:
        fields = _RULE.dump_python(rule, exclude={"health"})
        result = await self._rules.of(rule.organization_id).update_one(
            {"_id": _key(rule.organization_id, rule.id), "revision": expected_revision}, {"$set": fields}
        )
        return result.matched_count == 1

    async def delete(self, organization_id: str, rule_id: str) -> bool:
        result = await self._rules.of(organization_id).delete_one({"_id": _key(organization_id, rule_id)})
        return result.deleted_count == 1

    async def seed(self, rule: Rule) -> None:
        organizations = self._organizations.of(rule.organization_id)
        if await organizations.find_one({"_id": rule.organization_id}) is not None:
            return
        # The rule before the marker: a crash in between repeats an insert, and never leaves nobody told.
        with suppress(DuplicateKeyError):
            await self.insert(rule)
        with suppress(DuplicateKeyError):
            await organizations.insert_one({"_id": rule.organization_id, "seeded_at": rule.created_at})

    async def record(self, organization_id: str, rule_id: str, at: datetime, failure: str | None) -> None:
        update: dict[str, Any] = (
            {"$set": {"health.last_delivered_at": at, "health.failures_in_a_row": 0}}
            if failure is None
            else {
                "$set": {"health.last_failure": failure, "health.last_failure_at": at},
                "$inc": {"health.failures_in_a_row": 1},
            }
        )
        await self._rules.of(organization_id).update_one({"_id": _key(organization_id, rule_id)}, update)

    async def sealed(self, after: SealedSecrets | None, limit: int) -> list[SealedSecrets]:
        begin = "" if after is None else _key(after.organization_id, after.rule_id)
        with database_errors():
            cursor = self._rules.across_organizations().find(
                {
                    "_id": {"$gt": begin},
                    "$or": [{"sealed_url": {"$ne": None}}, {"sealed_secret": {"$ne": None}}],
                },
                {"organization_id": 1, "id": 1, "sealed_url": 1, "sealed_secret": 1},
                sort=[("_id", 1)],
                limit=limit,
            )
            return self._reading.each(await cursor.to_list(), _sealed)

    async def resealed(self, before: SealedSecrets, after: SealedSecrets) -> bool:
        result = await self._rules.of(before.organization_id).update_one(
            {
                "_id": _key(before.organization_id, before.rule_id),
                "sealed_url": before.url,
                "sealed_secret": before.secret,
            },
            {"$set": {"sealed_url": after.url, "sealed_secret": after.secret}},
        )
        return result.matched_count == 1


def _rule(document: Document) -> Rule:
    RuleShape.model_validate(document)
    return _RULE.validate_python(document)


def _sealed(document: Document) -> SealedSecrets:
    SealedShape.model_validate(document)
    return SealedSecrets(
        document["organization_id"],
        document["id"],
        document.get("sealed_url"),
        document.get("sealed_secret"),
    )


def _key(organization_id: str, rule_id: str) -> str:
    return f"{organization_id}/{rule_id}"
