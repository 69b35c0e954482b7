"""What the syncer remembers of a resource: enough to tell whether it changed, never its content."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.contracts.sync import ResourceType


GONE = "gone"
"""Version of what is known to be deleted: lists and searches may show it for longer (FACTS §§6, 8)."""


UNSURE = ""
"""Version of what may have been published by a process that died; no content has it."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One resource as it was last published: its version, and what tells whether a row names another one.

    Attributes:
        updated_at: the source's own time of its last change, Unix seconds.
        settled: it was read late enough after `updated_at` that the same time means the same content.
        open: for conversations, whether it was open or snoozed; the reconcile's scope depends on it.
        parts: for conversations, the version of each part ever published, by part id.
        source_parts: for conversations, the source's own count, the opening message included.
        row: the version of the row that says the same, for conversations (see `row_version`), and for
            contacts whose row shows lists in part (see `cut_lists`).
        read_at: when it was last read, Unix seconds on the source's clock; None where nobody noted it.
        revision: grows with each write; a write names the one it read, so that two readers cannot cross.
    """

    resource: ResourceType
    id: str
    version: str
    updated_at: int | None
    settled: bool = True
    open: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)
    source_parts: int | None = None
    row: str | None = None
    read_at: int | None = None
    revision: int = 0

    @property
    def gone(self) -> bool:
        """Whether this remembers a deletion, not a resource."""
        return self.version == GONE

    def may_be_back(self, shown_at: int, lag_seconds: int) -> bool:
        """Return whether a list shows a deleted resource later than any index can lag behind.

        It was then restored, or its address gave a wrong response once: its own time need not have moved.
        """
        return self.gone and (self.read_at is None or shown_at - self.read_at > lag_seconds)

    def read_since(self, at: int) -> bool:
        """Return whether it was read after a list was given, whose row is then older than what is held.

        The row's own time need not say so: a tag may move none.
        """
        return self.read_at is not None and self.read_at > at

    def doubted(self, parts: Iterable[str], read_at: int | None = None) -> Fingerprint:
        """Return what to remember if it is unknown which version was published last.

        The resource and these parts will be published again whatever they are, and deleted with all their
        parts should they be gone. `read_at` is when the doubtful version was read, if that is known.
        """
        return replace(
            self,
            version=UNSURE,
            updated_at=None,
            settled=False,
            row=None,
            read_at=max((at for at in (self.read_at, read_at) if at is not None), default=None),
            parts={**self.parts, **dict.fromkeys(parts, UNSURE)},
        )

    def without_part(self, part_id: str) -> Fingerprint:
        """Return what to remember after one part was deleted."""
        return replace(self, parts={id_: version for id_, version in self.parts.items() if id_ != part_id})

    def proves_unchanged(self, updated_at: int | None, row: str | None = None) -> bool:
        """Return whether a search row with this time makes reading unnecessary (DESIGN §5.3).

        A row older than what was read is one that the index has not replaced yet. If the row has a
        version, the same time is not enough: what the row shows must be the same too.
        """
        if updated_at is None or self.updated_at is None:
            return False
        if updated_at < self.updated_at:
            return True
        same = row is None or self.row is None or row == self.row
        return self.settled and updated_at == self.updated_at and same
