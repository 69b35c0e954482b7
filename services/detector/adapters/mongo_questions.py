"""Questions to the language model in MongoDB's protocol, one document each."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.detector.adapters.claiming import claim_first
from services.detector.adapters.guarded import upsert_newer
from services.detector.domain.question import Claim, Question, Verdict
from shared.documents.collection import Collection, Index

if TYPE_CHECKING:
    from collections.abc import Collection as Keys
    from typing import Any

    from pymongo.asynchronous.database import AsyncDatabase

    from shared.documents.database import Document

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class MongoQuestions:
    """See `ports.Questions`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._questions = Collection(database, "questions")

    async def prepare(self) -> None:
        """Make the indexes that are missing."""
        await self._questions.ensure_indexes(
            Index(keys=(("organization_id", 1), ("conversation_key", 1))),
            Index(keys=(("organization_id", 1), ("connection_id", 1))),
            Index(keys=(("settled", 1), ("asked_at", 1))),
        )

    async def of(self, organization_id: str, conversation_keys: Keys[str]) -> dict[str, dict[str, Question]]:
        documents = await self._questions.of(organization_id).find(
            {"conversation_key": {"$in": sorted(conversation_keys)}}
        )
        questions: dict[str, dict[str, Question]] = {}
        for document in documents:
            question = _question_from(document)
            questions.setdefault(question.conversation_key, {})[question.question_id] = question
        return questions

    async def ask(self, questions: Keys[Question]) -> None:
        for question in questions:
            document = _document_of(question) | {"claimed_by": None, "claimed_until": _NEVER}
            await upsert_newer(
                self._questions.of(question.organization_id),
                # Never true of a held one, which the unique `_id` then keeps as it is.
                {"_id": _identity(question), "settled": "never"},
                {"$set": document},
            )

    async def claim(self, owner: str, now: datetime, lease_seconds: float) -> Question | None:
        document = await claim_first(
            self._questions, {"settled": False}, owner, now=now, lease_seconds=lease_seconds, order="asked_at"
        )
        return _question_from(document) if document else None

    async def keep(self, question: Question) -> None:
        await self._questions.of(question.organization_id).update_one(
            {"_id": _identity(question)},
            {
                "$set": {
                    "outcome": question.outcome,
                    "verdicts": [asdict(verdict) for verdict in question.verdicts],
                    "settled": question.settled,
                }
            },
        )

    async def forget(self, organization_id: str, question_ids: Keys[str]) -> int:
        ids = [f"{organization_id}/{question_id}" for question_id in sorted(question_ids)]
        return (await self._questions.of(organization_id).delete_many({"_id": {"$in": ids}})).deleted_count

    async def forget_words(
        self, organization_id: str, conversation_key: str, part_ids: Keys[str] | None
    ) -> int:
        query: dict[str, Any] = {"conversation_key": conversation_key}
        if part_ids is not None:
            query["part_id"] = {"$in": sorted(part_ids)}
        return (await self._questions.of(organization_id).delete_many(query)).deleted_count

    async def remove(self, organization_id: str, connection_id: str) -> int:
        result = await self._questions.of(organization_id).delete_many({"connection_id": connection_id})
        return result.deleted_count


def _identity(question: Question) -> str:
    return f"{question.organization_id}/{question.question_id}"


def _document_of(question: Question) -> Document:
    fields = {name: value for name, value in asdict(question).items() if name != "organization_id"}
    return {**fields, "claims": list(fields["claims"]), "verdicts": list(fields["verdicts"])}


def _question_from(document: Document) -> Question:
    fields = {
        name: document[name] for name in Question.__dataclass_fields__ if name not in {"claims", "verdicts"}
    }
    return Question(
        **fields,
        claims=tuple(Claim(**one) for one in document["claims"]),
        verdicts=tuple(Verdict(**one) for one in document["verdicts"]),
    )
