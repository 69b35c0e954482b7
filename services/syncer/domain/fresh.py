"""A resource as it was just read, with what was remembered of it before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.syncer.domain.moments import observed

if TYPE_CHECKING:
    from services.syncer.domain.conversation_row import ShownRow
    from services.syncer.domain.fingerprint import Fingerprint
    from shared.contracts.resources import ConversationPartChanged, ResourceEvent
    from shared.contracts.sync import ResourceType


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose resource it is, as events want to know it."""

    organization_id: str
    connection_id: str
    workspace_id: str
    app_base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """One resource, read and parsed.

    Attributes:
        read_at: Unix seconds on the source's clock when the answer was given.
        before: what was remembered when the read began; a write names it, so that readers cannot cross.
        parts: all parts that came, for a conversation.
        source_parts: the source's own count, the opening message included; None when it told none.
        row: the version of the row that says the same, for a conversation, or a contact with cut lists.
        shown: the row which led to this reading, if one did.
        force: publish it whole, whatever is remembered.
        lag_seconds: how long what was read may lag behind the resource itself; nothing for a reading by id.
    """

    resource: ResourceType
    event: ResourceEvent
    updated_at: int | None
    read_at: int
    before: Fingerprint | None = None
    parts: tuple[ConversationPartChanged, ...] = ()
    source_parts: int | None = None
    open: bool = False
    row: str | None = None
    shown: ShownRow | None = None
    force: bool = False
    lag_seconds: int = 0

    @property
    def changed(self) -> bool:
        """Whether there is anything to publish."""
        return self.force or self.before is None or self.before.version != self.event.version

    def in_turn(self) -> Fresh:
        """Return the same, observed no earlier than what was published of it before.

        Readers keep what was observed last, and the source has several servers, each with its own clock.
        """
        before = self.before.read_at if self.before is not None else None
        if before is None or self.read_at >= before:
            return self
        at = {"observed_at": observed(before)}
        return replace(
            self,
            event=self.event.model_copy(update=at),
            parts=tuple(part.model_copy(update=at) for part in self.parts),
        )

    def changed_parts(self) -> tuple[ConversationPartChanged, ...]:
        """Return the parts that are new or different, in the order they came."""
        if self.force or self.before is None:
            return self.parts
        known = self.before.parts
        return tuple(part for part in self.parts if known.get(part.id) != part.version)

    def row_to_remember(self) -> str | None:
        """Return the row that means "unchanged" from now on.

        That is the row that led to this read, if it has the same time or nothing was new: it may lag behind,
        or show less than the conversation itself, and must not lead to a second read.
        """
        if self.shown is not None and (not self.changed or self.shown.updated_at == self.updated_at):
            return self.shown.version
        if self.changed or self.before is None:
            return self.row
        return self.before.row or self.row

    def all_parts(self) -> dict[str, str]:
        """Return the version of each part ever published: parts are never dropped for being absent."""
        known = dict(self.before.parts) if self.before is not None else {}
        known.update((part.id, part.version) for part in self.parts)
        return known
