"""The mirror of a workspace's resources, and owners whose conversations must be updated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.matching import Match, Suggestion
    from services.detector.domain.mirror import (
        Analysis,
        Digest,
        MirroredCompany,
        MirroredConversation,
        ToFollow,
        Writers,
    )
    from shared.contracts.resources import (
        AdminChanged,
        CompanyChanged,
        ContactChanged,
        ConversationPartChanged,
        ResourceDeleted,
        ResourceEvent,
    )


class Mirror(Protocol):
    """The workspace's resources as last read; keys are `resource_key`s.

    A record is stored only if it was observed no earlier than the stored one. So a record that is delivered
    twice, or late, never overwrites newer state, and never restores what was deleted after it.

    A change of a conversation's owner or tags is marked in the same write, and unmarked when everything that
    follows from it is done. The mark shows a later attempt what an interrupted one left undone.
    """

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        """Store records; with `regrouped`, mark those that are stored."""
        ...

    async def bury(
        self,
        organization_id: str,
        deletions: Sequence[ResourceDeleted],
        *,
        left: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Delete resources; `left` gives by key the owners that must still lose them.

        The same write marks deleted contacts, and deleted companies that an owner must still lose. See
        `owners` and `subjects`.
        """
        ...

    async def conversations(
        self, organization_id: str, keys: Collection[str]
    ) -> dict[str, MirroredConversation]: ...

    async def states(self, organization_id: str, keys: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """Return by key the version of each existing conversation, and when it was observed."""
        ...

    async def parts(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, list[ConversationPartChanged]]:
        """Return each conversation's parts, oldest first."""
        ...

    async def openings(self, organization_id: str, conversation_keys: Collection[str]) -> dict[str, str]:
        """Return by key the text of each opening message, if it has one and was not redacted."""
        ...

    async def contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]: ...

    async def heirs(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]:
        """Return by key the contact that each of these was finally merged into, if it is gone."""
        ...

    async def mark_merged(self, organization_id: str, heir_keys: Collection[str]) -> set[str]:
        """Mark the contacts that were finally merged into these; return their keys.

        Work that follows one of them under an earlier mark removes no part of this mark.
        """
        ...

    async def marked_contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ToFollow]:
        """Return by key those of these contacts that are marked, deleted ones included."""
        ...

    async def unmark_contacts(self, organization_id: str, marks: Collection[ToFollow]) -> None:
        """Remove the marks of contacts, except of those that were stored or deleted again meanwhile."""
        ...

    async def companies(self, organization_id: str, keys: Collection[str]) -> dict[str, MirroredCompany]: ...

    async def owners(self, organization_id: str, company_keys: Collection[str]) -> dict[str, frozenset[str]]:
        """Return by key the customers that these companies belong to, and those they must still leave.

        Deleted companies are included only while a customer must still lose them.
        """
        ...

    async def unmark_companies(self, organization_id: str, companies: Sequence[MirroredCompany]) -> None:
        """Remove these companies' marks, except where one was stored, matched or marked again meanwhile."""
        ...

    async def lost_companies(self, organization_id: str, keys: Collection[str]) -> dict[str, ToFollow]:
        """Return by key those of these companies that are deleted and that a customer must still lose."""
        ...

    async def unmark_deletions(self, organization_id: str, marks: Collection[ToFollow]) -> None:
        """Record that no customer must lose these companies any more; one that exists again stays marked."""
        ...

    async def subjects(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        """Return by key the subjects of these conversations as subject keys; unread ones are left out.

        Deleted conversations are included only while a subject must still lose them.
        """
        ...

    async def unmark_lost(self, organization_id: str, conversation_keys: Collection[str]) -> None:
        """Record that no subject must lose these conversations any more."""
        ...

    async def companies_of(
        self, organization_id: str, customer_ids: Collection[str]
    ) -> dict[str, list[CompanyChanged]]: ...

    async def companies_like(
        self, organization_id: str, external_ids: Collection[str], names: Collection[str]
    ) -> list[MirroredCompany]:
        """Return companies with one of the external ids, or one of the normalised names."""
        ...

    async def tag_names(self, organization_id: str, keys: Collection[str]) -> dict[str, str]: ...

    async def admins(self, organization_id: str, workspace_ids: Collection[str]) -> list[AdminChanged]: ...

    async def writers(
        self, organization_id: str, *, company_keys: Collection[str] = (), domains: Collection[str] = ()
    ) -> list[Writers]:
        """Return how many people of these companies, or with these domains, write from which domain.

        People with the same companies and domain are counted together; at most 2,000 such groups are
        returned, the largest first.
        """
        ...

    async def matched(self, organization_id: str, keys: Collection[str]) -> dict[str, str]:
        """Return by key the customers of those of these companies that are matched to a listed customer."""
        ...

    async def save_suggestions(
        self, organization_id: str, company_key: str, suggestions: Sequence[Suggestion]
    ) -> None:
        """Store which customers a company may be, unless it was matched meanwhile."""
        ...

    async def save_match(
        self,
        organization_id: str,
        company_key: str,
        match: Match,
        *,
        left: Collection[str] | None = None,
        follow_from: datetime | None = None,
    ) -> None:
        """Store a company's customer; with `left`, mark it and add these to the owners it must leave.

        `left` of None leaves the mark as it is. From `follow_from` on, any replica may do what follows (see
        `Followed`).
        """
        ...

    async def save_analyses(
        self,
        organization_id: str,
        analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]],
    ) -> None:
        """Store by conversation key its analysis, its subject's key, and the companies that decided that."""
        ...

    async def keys_by_contacts(
        self, organization_id: str, contact_keys: Collection[str], *, after: str, limit: int
    ) -> list[str]:
        """Return the keys of conversations in which any of the contacts takes part, in key order."""
        ...

    async def keys_by_companies(
        self, organization_id: str, company_keys: Collection[str], *, after: str, limit: int
    ) -> list[str]:
        """Return the keys of conversations that these companies decide, or would if known, in key order."""
        ...

    async def count_by_companies(self, organization_id: str, after: Mapping[str, str]) -> int:
        """Count the conversations that these companies decide, for each those behind the given key."""
        ...

    async def count_by_contacts(self, organization_id: str, after: Mapping[str, str]) -> int:
        """Count the conversations of these contacts, for each contact those behind the given key."""
        ...

    async def digests(
        self, organization_id: str, subjects: Collection[str], since: datetime
    ) -> dict[str, list[Digest]]:
        """Return each subject's analysed conversations that moved since then, oldest first.

        At most the newest 2,000 of each subject are returned, however many subjects are asked for.
        """
        ...

    async def newest(
        self, organization_id: str, subject: str, since: datetime, limit: int
    ) -> list[MirroredConversation]:
        """Return a subject's conversations that moved since then, newest first."""
        ...

    async def keys_after(self, organization_id: str, workspace_id: str, cursor: str, limit: int) -> list[str]:
        """Return conversation keys of a workspace in key order after `cursor`, for a re-read."""
        ...

    async def unread(self, organization_id: str, keys: Collection[str], fingerprint: str) -> list[str]:
        """Return those of these conversations that were last read under another fingerprint, in key order."""
        ...

    async def company_keys_after(
        self, organization_id: str, workspace_id: str, cursor: str, limit: int
    ) -> list[str]: ...

    async def company_keys_of(
        self, organization_id: str, connection_id: str, cursor: str, limit: int
    ) -> list[str]:
        """Return the keys of companies read through a connection, in key order after `cursor`."""
        ...

    async def count_conversations(self, organization_id: str, workspace_id: str) -> int: ...

    async def count_companies(self, organization_id: str, workspace_id: str) -> int: ...

    async def remove(self, organization_id: str, connection_id: str, workspace_id: str | None) -> int:
        """Delete everything of a connection; return how many documents were deleted."""
        ...


class Followed(Protocol):
    """Companies, or contacts, whose conversations must be updated, by any replica from a moment on.

    Companies are matched first. `Mirror.unmark_companies`, `unmark_contacts` and `unmark_deletions` remove
    the mark.
    """

    async def mark(self, organization_id: str, keys: Collection[str], at: datetime) -> None:
        """Have these followed from then on; deleted ones only if they must be followed already."""
        ...

    async def leave(self, organization_id: str, left: ToFollow, read_to: str, at: datetime) -> None:
        """Store how far the conversations were read again, and have the rest followed from then on.

        Does nothing if the company or contact was stored, deleted, or matched otherwise meanwhile.
        """
        ...

    async def organizations(self, now: datetime) -> list[str]:
        """Return the organizations where something must be followed now."""
        ...

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        """Return the keys of those that must be followed now, longest waiting first."""
        ...

    async def count(self, organization_id: str, now: datetime) -> int:
        """Return how many must be followed now, deleted ones included."""
        ...
