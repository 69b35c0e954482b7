"""A conversation's body, as Intercom gives it, to the events that readers get (FACTS §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.conversation_row import row_version
from services.syncer.domain.fields import (
    address,
    clean,
    count,
    first,
    flag,
    identifier,
    identifiers,
    integer,
    moment,
    record,
    rows,
    seconds,
    tag_ids,
    text,
)
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.html import plain_text
from services.syncer.domain.moments import observed
from services.syncer.domain.version import version_of
from shared.contracts.resources import (
    Attachment,
    Author,
    ConversationChanged,
    ConversationPartChanged,
    Rating,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from services.syncer.domain.conversation_row import ShownRow
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.fresh import Scope

SOURCE_PREFIX = "source-"
"""The opening message is in no list of parts; this makes an id for it that no part can have."""

PART_LIMIT = 500
"""Parts that Intercom gives at most; older ones cannot be fetched (FACTS §7)."""

_MOST_ATTACHMENTS = 20
_MOST_PARTS = 5_000
"""Ten times what Intercom gives; more in one answer is not a conversation."""

_INTERNAL = frozenset({"note", "note_and_reopen", "note_and_unsnooze"})


def fresh_conversation(
    body: Mapping[str, Any],
    scope: Scope,
    at: int,
    before: Fingerprint | None,
    *,
    force: bool = False,
    shown: ShownRow | None = None,
) -> Fresh | None:
    """Return the conversation in an answer of GET /conversations/{id}, or None when it cannot be one.

    Args:
        body: the answer.
        scope: whose it is.
        at: when it was read, Unix seconds on the source's clock.
        before: what is remembered of it; parts that were cut off since still count as held.
        force: see `Fresh`.
        shown: see `Fresh`.
    """
    id_ = identifier(body.get("id"))
    created_at = moment(first((body.get("created_at"), body.get("updated_at"))))
    if id_ is None or created_at is None or not isinstance(body.get("conversation_parts"), dict):
        return None
    parts = _parts(body, id_, scope, at, created_at)
    versions = dict(before.parts) if before is not None else {}
    versions.update((part.id, part.version) for part in parts)
    source_parts = source_part_count(body, len(parts))
    content = _content(body, id_, scope, created_at)
    content["part_count"] = len(versions)
    content["source_part_count"] = source_parts
    event = ConversationChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        # The versions of its parts are in it, so that it changes when any of them does.
        version=version_of("conversation", content, sorted(versions.items())),
        observed_at=observed(at),
        **{**content, "rating": _rating(body)},
    )
    return Fresh(
        "conversation",
        event,
        seconds(body.get("updated_at")),
        at,
        before,
        parts=parts,
        source_parts=source_parts,
        open=event.state != "closed",
        row=row_version(body),
        shown=shown,
        force=force,
    )


def source_part_count(body: Mapping[str, Any], came: int) -> int | None:
    """Return how many parts the source says there are, the opening message included; None if it tells none.

    `statistics` counts beyond the list's own total, and is asked only where the list was cut: what it
    counts below that is nowhere documented.
    """
    total = count(record(body.get("conversation_parts")).get("total_count"))
    if came > PART_LIMIT:
        counted = count(record(body.get("statistics")).get("count_conversation_parts"))
        total = max((number for number in (total, counted) if number is not None), default=None)
    if total is None:
        return None
    return total + (1 if record(body.get("source")) else 0)


def _content(body: Mapping[str, Any], id_: str, scope: Scope, created_at: datetime) -> dict[str, Any]:
    source = record(body.get("source"))
    state = text(body.get("state")) or ("open" if body.get("open") is True else "closed")
    channel = body.get("channel")
    return {
        "title": text(body.get("title")) or text(plain_text(_string(source.get("subject")))[0]),
        "state": state,
        "open": body.get("open") is True if isinstance(body.get("open"), bool) else state != "closed",
        "priority": text(body.get("priority")),
        "channel": text(channel)
        or text(record(channel).get("current"))
        or text(record(channel).get("initial"))
        or text(source.get("type")),
        "delivered_as": text(source.get("delivered_as")),
        "contact_ids": identifiers(record(body.get("contacts")).get("contacts")),
        "company_id": identifier(record(body.get("company")).get("id")),
        "tag_ids": tuple(sorted(tag_ids(body))),
        "admin_assignee_id": identifier(body.get("admin_assignee_id")),
        "team_assignee_id": identifier(body.get("team_assignee_id")),
        "teammate_ids": tuple(sorted(_teammates(record(body.get("teammates"))))),
        "rating": _rating_content(body),
        "created_at": created_at,
        "updated_at": moment(body.get("updated_at")) or created_at,
        "waiting_since": moment(body.get("waiting_since")),
        "snoozed_until": moment(body.get("snoozed_until")),
        "url": None
        if scope.app_base_url is None
        else f"{scope.app_base_url.rstrip('/')}/a/inbox/{scope.workspace_id}/inbox/conversation/{id_}",
    }


def _teammates(teammates: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids: the key is `admins` in live answers and `teammates` in the description."""
    return identifiers(rows(teammates.get("admins")) or rows(teammates.get("teammates")))


def _rating_content(body: Mapping[str, Any]) -> list[Any] | None:
    rating = record(body.get("conversation_rating"))
    stars = integer(rating.get("rating"))
    if stars is None or not 1 <= stars <= 5:  # noqa: PLR2004 - Intercom's stars
        return None
    return [stars, text(rating.get("remark")), moment(rating.get("created_at"))]


def _rating(body: Mapping[str, Any]) -> Rating | None:
    content = _rating_content(body)
    return None if content is None else Rating(rating=content[0], remark=content[1], created_at=content[2])


def _parts(
    body: Mapping[str, Any], id_: str, scope: Scope, at: int, created_at: datetime
) -> tuple[ConversationPartChanged, ...]:
    when = observed(at)
    parts: dict[str, ConversationPartChanged] = {}
    source = record(body.get("source"))
    if source:
        opening = {
            **source,
            "id": f"{SOURCE_PREFIX}{id_}",
            "part_type": "source",
            "created_at": body.get("created_at"),
            "updated_at": None,
        }
        part = _part(opening, id_, scope, when, created_at)
        if part is not None:
            parts[part.id] = part
    for row in rows(record(body.get("conversation_parts")).get("conversation_parts"))[:_MOST_PARTS]:
        part = _part(record(row), id_, scope, when, created_at)
        if part is not None:
            parts[part.id] = part
    return tuple(parts.values())


def _part(
    row: Mapping[str, Any], conversation_id: str, scope: Scope, when: datetime, fallback: datetime
) -> ConversationPartChanged | None:
    id_ = identifier(row.get("id"))
    if id_ is None:
        return None
    body, truncated = plain_text(_string(row.get("body")))
    part_type = text(row.get("part_type")) or "unknown"
    author = record(row.get("author"))
    writer = (
        text(author.get("type")) or "unknown",
        identifier(author.get("id")),
        text(author.get("name")),
        text(author.get("email")),
        flag(author.get("from_ai_agent")) or flag(author.get("is_ai_answer")),
    )
    attachments = [
        (text(file.get("name")), text(file.get("content_type")), address(file.get("url")))
        for file in map(record, rows(row.get("attachments"))[:_MOST_ATTACHMENTS])
    ]
    redacted = flag(row.get("redacted"))
    created_at = moment(row.get("created_at")) or fallback
    updated_at = moment(row.get("updated_at"))
    internal = part_type in _INTERNAL
    return ConversationPartChanged(
        organization_id=scope.organization_id,
        connection_id=scope.connection_id,
        workspace_id=scope.workspace_id,
        id=id_,
        version=version_of(
            part_type,
            writer,
            body,
            truncated,
            redacted,
            # A link's signature changes with each answer; the file behind it does not.
            [(name, kind, url.partition("?")[0] if url else None) for name, kind, url in attachments],
            created_at,
            updated_at,
        ),
        observed_at=when,
        conversation_id=conversation_id,
        part_type=part_type,
        author=Author(type=writer[0], id=writer[1], name=writer[2], email=writer[3], from_ai_agent=writer[4]),
        text=body,
        text_truncated=truncated,
        internal=internal,
        redacted=redacted,
        attachments=tuple(
            Attachment(name=name, content_type=kind, url=url) for name, kind, url in attachments
        ),
        created_at=created_at,
        updated_at=updated_at,
    )


def _string(value: Any) -> str | None:
    return clean(value) if isinstance(value, str) else None
