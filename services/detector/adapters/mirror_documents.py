"""How the mirror's things look as documents, and how they are read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.detector.adapters.flat import flat
from services.detector.domain.identity import resource_key
from services.detector.domain.matching import normalise_name
from services.detector.domain.mirror import Analysis, Mark, MirroredCompany, MirroredConversation
from services.detector.domain.mood import MoodPoint
from services.detector.domain.spoken import contact_keys
from shared.contracts.resources import (
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
)

if TYPE_CHECKING:
    from shared.contracts.resources import ResourceEvent
    from shared.documents.database import Document


def identity_of(organization_id: str, event_key: str) -> str:
    """Return the `_id` of a mirrored resource, from its event's key."""
    return f"{organization_id}/{event_key}"


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
            document["updated_at"] = record.updated_at
        case ContactChanged():
            document["company_keys"] = [resource_key(record.workspace_id, one) for one in record.company_ids]
            document["email"] = record.email.casefold() if record.email else None
            document["name_folded"] = " ".join(filter(None, (record.name, record.email))).casefold()
        case CompanyChanged():
            document["external_id"] = record.company_id
            document["name"] = record.name
            document["name_normalised"] = normalise_name(record.name)
        case _:
            pass
    return document


def conversation_from(document: Document) -> MirroredConversation:
    return MirroredConversation(
        record=ConversationChanged.model_validate(document["data"]),
        subject=document.get("subject"),
        analysis=analysis_from(document["analysis"]) if document.get("analysis") else None,
    )


def company_from(document: Document) -> MirroredCompany:
    return MirroredCompany(
        record=CompanyChanged.model_validate(document["data"]),
        customer_id=document.get("customer_id"),
        basis=document.get("basis", "none"),
        suggestions=tuple(document.get("suggestions", ())),
    )


def analysis_to_document(analysis: Analysis) -> Document:
    document = flat(analysis)
    document["moods"] = [flat(point) for point in analysis.moods]
    document["marks"] = [flat(mark) for mark in analysis.marks]
    return document


def analysis_from(document: Document) -> Analysis:
    return Analysis(
        **{
            **document,
            "moods": tuple(MoodPoint(**point) for point in document["moods"]),
            # Left out where only moods are asked for.
            "marks": tuple(Mark(**mark) for mark in document.get("marks", ())),
        }
    )
