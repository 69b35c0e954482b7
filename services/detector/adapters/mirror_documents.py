"""How the mirror's things look as documents, and how they are read back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services.detector.adapters.flat import flat
from services.detector.adapters.shapes import CompanyShape, ConversationShape
from services.detector.domain.conversation import ConversationSummary
from services.detector.domain.identity import resource_key
from services.detector.domain.mail_domains import company_domain
from services.detector.domain.matching import Suggestion, normalise_name
from services.detector.domain.mirror import (
    Analysis,
    Digest,
    Mark,
    MirroredCompany,
    MirroredConversation,
    ToFollow,
)
from services.detector.domain.mood import MoodPoint
from services.detector.domain.spoken import contact_keys, last_contact_of, teammate_keys
from shared.contracts.resources import (
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.contracts.resources import ResourceEvent
    from shared.documents.database import Document

REGROUPED = "regrouped"
"""The mark of a contact or company whose conversations are to be read again; the field is there or not."""

GRAVE = "deleted_at"
"""The field of a grave: when its resource was seen to be gone."""

LEFT = "left"
"""The customers that a company, or a grave of one, is still to leave; of a conversation's grave, subjects."""

FOLLOW_FROM = "follow_from"
READ_TO = "read_to"
"""When a contact or company becomes anybody's to follow, and how far its conversations were read again; each
is there or not, and on graves too."""

BURIED_KEY = "buried_key"
"""The key of what lies in a grave that is followed; a grave has no `key`, by which the living are known."""

HEIR = "heir_key"
"""The key of the contact that the one in a grave was merged into; it counts on graves alone."""

CONVERSATIONS = "conversations"
COUNT_FROM = "count_from"
COUNT_MARKS = "count_marks"
"""How many conversations a contact takes part in, when that is to be counted again (there or not), and how
often that was asked for."""

LAST_UNKNOWN = datetime(9999, 1, 1, tzinfo=UTC)
"""What contacts are sorted by with whom nobody was in contact yet: above every moment, so that they stand
together."""


def fields_of(record: ResourceEvent) -> Document:
    """Return what a resource's document is set to; `data` is the record, the rest is to be searched by."""
    document: dict[str, Any] = {
        "key": resource_key(record.workspace_id, record.id),
        "connection_id": record.connection_id,
        "workspace_id": record.workspace_id,
        "observed_at": record.observed_at,
        "data": record.model_dump(),
    }
    match record:
        case ConversationPartChanged():
            document["key"] = resource_key(record.workspace_id, record.conversation_id)
            document["part_id"] = record.id
            document["created_at"] = record.created_at
        case ConversationChanged():
            document["contact_keys"] = list(contact_keys(record))
            document["teammate_keys"] = list(teammate_keys(record))
            document["tag_keys"] = _keys(record, record.tag_ids)
            document["updated_at"] = record.updated_at
            document["summary"] = {
                "conversation_id": record.id,
                "opened_at": record.created_at,
                "state": record.state,
                "rating": record.rating.rating if record.rating else None,
                "rated_at": record.rating.created_at if record.rating else None,
            }
        case ContactChanged():
            document["company_keys"] = _keys(record, record.company_ids)
            document["tag_keys"] = _keys(record, record.tag_ids)
            document["email"] = record.email.casefold() if record.email else None
            document["email_domain"] = company_domain(record.email)
            document["name_folded"] = " ".join(filter(None, (record.name, record.email))).casefold()
            document["sort_last"] = last_contact_of(record) or LAST_UNKNOWN
        case CompanyChanged():
            document["tag_keys"] = _keys(record, record.tag_ids)
            document["external_id"] = record.company_id
            document["name"] = record.name
            document["name_normalised"] = normalise_name(record.name)
        case _:
            pass
    return document


def _keys(record: ResourceEvent, ids: Iterable[str]) -> list[str]:
    return [resource_key(record.workspace_id, one) for one in ids]


def conversation_from(document: Document) -> MirroredConversation:
    ConversationShape.model_validate(document)
    return MirroredConversation(
        record=ConversationChanged.model_validate(document["data"]),
        subject=document.get("subject"),
        analysis=_analysis_from(document) if document.get("analysis") else None,
    )


def company_from(document: Document) -> MirroredCompany:
    CompanyShape.model_validate(document)
    return MirroredCompany(
        record=CompanyChanged.model_validate(document["data"]),
        customer_id=document.get("customer_id"),
        basis=document.get("basis", "none"),
        suggestions=tuple(Suggestion(**one) for one in document.get("suggestions", ())),
        regrouped=REGROUPED in document,
        left=tuple(document.get(LEFT, ())),
        follow_from=document.get(FOLLOW_FROM),
        read_to=document.get(READ_TO, ""),
    )


def to_follow_from(document: Document, key: str) -> ToFollow:
    return ToFollow(
        key=key,
        connection_id=document["connection_id"],
        observed_at=document["observed_at"],
        customer_id=document.get("customer_id"),
        follow_from=document.get(FOLLOW_FROM),
        read_to=document.get(READ_TO, ""),
        owners=frozenset(document.get(LEFT, ())),
    )


def suggestion_fields(suggestions: Sequence[Suggestion], *, matched: bool) -> Document:
    """Return what keeps a company's suggestions; `undecided` is what the list of questions is read by."""
    return {
        "suggestions": [flat(one) for one in suggestions],
        "undecided": not matched and bool(suggestions),
    }


def analysis_fields(analysis: Analysis) -> Document:
    """Return what a read conversation's document is set to: `digest` is what reviews of its subject read."""
    spoken = {
        "last_customer_at": analysis.last_customer_at,
        "last_asked_at": analysis.last_asked_at,
        "last_agent_at": analysis.last_agent_at,
        "heard_until": analysis.heard_until,
    }
    return {
        "analysis": {
            "fingerprint": analysis.fingerprint,
            "marks": [flat(mark) for mark in analysis.marks],
            "held_parts": analysis.held_parts,
            "messages": analysis.messages,
            "other_language": analysis.other_language,
        },
        "digest": {**spoken, "moods": [_row(point) for point in analysis.moods]},
    }


def _analysis_from(document: Document) -> Analysis:
    stored, digest = document["analysis"], document["digest"]
    return Analysis(
        **{**stored, "marks": tuple(Mark(**mark) for mark in stored["marks"])},
        last_customer_at=digest["last_customer_at"],
        last_asked_at=_last_asked_at(digest),
        last_agent_at=digest["last_agent_at"],
        heard_until=digest.get("heard_until"),
        moods=_moods_from(document),
    )


DIGEST_FIELDS = {"_id": 0, "key": 1, "subject": 1, "updated_at": 1, "summary": 1, "digest": 1}
"""The projection that `digest_from` reads: whole fields, a tenth of the document."""


def digest_from(document: Document) -> Digest:
    digest = document["digest"]
    return Digest(
        ConversationSummary(
            **document["summary"],
            last_customer_at=digest["last_customer_at"],
            last_asked_at=_last_asked_at(digest),
            last_agent_at=digest["last_agent_at"],
        ),
        _moods_from(document),
        digest.get("heard_until"),
    )


def _last_asked_at(digest: Document) -> datetime | None:
    """Return when the customer last asked; of a digest that does not tell yet, when they last spoke."""
    asked: datetime | None = digest.get("last_asked_at", digest["last_customer_at"])
    return asked


def _row(point: MoodPoint) -> list[Any]:
    """Return a mood without its names, since many are read for each review; `_moods_from` is the reverse."""
    row = (point.at, point.score, point.weight, point.part_id, point.start, point.end, point.quote)
    return [*row, point.author_id, point.author_name, point.author_email]


def _moods_from(document: Document) -> tuple[MoodPoint, ...]:
    key, conversation_id = document["key"], document["summary"]["conversation_id"]
    return tuple(
        MoodPoint(at, score, weight, key, conversation_id, *rest)
        for at, score, weight, *rest in document["digest"]["moods"]
    )
