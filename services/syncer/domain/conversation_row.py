"""The version of what a list or a search shows of a conversation, whose time alone does not say enough.

A tag, a title, an attribute or a redaction may leave `updated_at` unchanged (FACTS §12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.syncer.domain.fields import (
    attributes,
    count,
    flag,
    identifier,
    identifiers,
    integer,
    record,
    rows,
    seconds,
    tag_ids,
    text,
)
from services.syncer.domain.version import version_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of a list that led to a reading: the version of what it showed, and its time."""

    version: str
    updated_at: int | None


_MOST_SHOWN = 20_000
"""Characters of the opening message that are compared; a row may show fewer than the conversation itself."""


def shown_by(row: Mapping[str, Any]) -> ShownRow:
    return ShownRow(row_version(row), seconds(row.get("updated_at")))


def row_version(body: Mapping[str, Any]) -> str:
    """Return the version of what rows show: equal for a row and for the conversation read by its id.

    Parts are in no row, so a redaction of one does not change it, unless it was the opening message.
    """
    source = record(body.get("source"))
    rating = record(body.get("conversation_rating"))
    return version_of(
        text(body.get("title")),
        text(body.get("state")),
        text(body.get("priority")),
        sorted(tag_ids(body)),
        identifier(body.get("admin_assignee_id")),
        identifier(body.get("team_assignee_id")),
        [integer(rating.get("rating")), text(rating.get("remark"))],
        sorted(attributes(body.get("custom_attributes")).items()),
        count(record(body.get("statistics")).get("count_conversation_parts")),
        sorted(identifiers(record(body.get("contacts")).get("contacts"))),
        identifier(record(body.get("company")).get("id")),
        seconds(body.get("snoozed_until")),
        [text(source.get("subject")), text(source.get("body"), _MOST_SHOWN), flag(source.get("redacted"))],
        len(rows(source.get("attachments"))),
    )
