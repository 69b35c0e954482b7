"""The mirror of a workspace's resources, and the companies whose conversations are to follow."""

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

    A record is kept only if it was observed no earlier than what is held: a repeat, or one that was fed
    in again late, never overwrites newer state, and never brings back what was deleted after it.

    What changes whose conversations are, or their tags, is marked in the same write, and unmarked when all
    that follows from it is done: by the mark, what was cut short in between is found when it comes again.
    """

    async def store(
        self, organization_id: str, records: Sequence[ResourceEvent], *, regrouped: bool = False
    ) -> None:
        """Keep records; with `regrouped`, mark those that are kept."""
        ...

    async def bury(
        self,
        organization_id: str,
        deletions: Sequence[ResourceDeleted],
        *,
        left: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Delete; `left` is by key who is still to lose what is deleted, see `owners` and `subjects`.

        In the same write a contact is marked, and a company that somebody is to lose.
        """
        ...

    async def conversations(
        self, organization_id: str, keys: Collection[str]
    ) -> dict[str, MirroredConversation]: ...

    async def states(self, organization_id: str, keys: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """Return by key the version of each conversation that is there, and when it was observed."""
        ...

    async def parts(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, list[ConversationPartChanged]]:
        """Return each conversation's parts, oldest first."""
        ...

    async def openings(self, organization_id: str, conversation_keys: Collection[str]) -> dict[str, str]:
        """Return by key the text of each opening message that has one and was not redacted."""
        ...

    async def contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]: ...

    async def heirs(self, organization_id: str, keys: Collection[str]) -> dict[str, ContactChanged]:
        """Return by key the contacts that those of these which are gone were merged into, at last."""
        ...

    async def mark_merged(self, organization_id: str, heir_keys: Collection[str]) -> set[str]:
        """Mark the contacts that were merged into these, at last; return their keys.

        Whoever follows one of them as it was marked before lets go of this mark neither wholly nor in part.
        """
        ...

    async def marked_contacts(self, organization_id: str, keys: Collection[str]) -> dict[str, ToFollow]:
        """Return by key those of these contacts that are marked, also of the deleted ones."""
        ...

    async def unmark_contacts(self, organization_id: str, marks: Collection[ToFollow]) -> None:
        """Unmark contacts; one that came anew, or went, since stays marked."""
        ...

    async def companies(self, organization_id: str, keys: Collection[str]) -> dict[str, MirroredCompany]: ...

    async def owners(self, organization_id: str, company_keys: Collection[str]) -> dict[str, frozenset[str]]:
        """Return by key the customers that these companies belong to, and those they are still to leave.

        Of the deleted ones only those come that somebody is still to lose.
        """
        ...

    async def unmark_companies(self, organization_id: str, companies: Sequence[MirroredCompany]) -> None:
        """Unmark these companies, but none that came anew, was matched otherwise, or marked again since."""
        ...

    async def lost_companies(self, organization_id: str, keys: Collection[str]) -> dict[str, ToFollow]:
        """Return by key those of these companies that are deleted, and that somebody is still to lose."""
        ...

    async def unmark_deletions(self, organization_id: str, marks: Collection[ToFollow]) -> None:
        """Keep that nobody is to lose these companies any more; one that came anew stays marked."""
        ...

    async def subjects(
        self, organization_id: str, conversation_keys: Collection[str]
    ) -> dict[str, frozenset[str]]:
        """Return by key whose these conversations are, as subjects' keys; those never read are left out.

        Of the deleted ones those come that somebody is still to lose.
        """
        ...

    async def unmark_lost(self, organization_id: str, conversation_keys: Collection[str]) -> None:
        """Keep that nobody is to lose these conversations any more."""
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
        """Return who of these companies, or from these domains, writes from which domain.

        People with the same companies and domain are counted together; at most 2,000 such groups, those of
        most people first.
        """
        ...

    async def matched(self, organization_id: str, keys: Collection[str]) -> dict[str, str]:
        """Return by key the customers of those of these companies that are matched to one on the list."""
        ...

    async def save_suggestions(
        self, organization_id: str, company_key: str, suggestions: Sequence[Suggestion]
    ) -> None:
        """Keep what a company may be, unless it was matched meanwhile."""
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
        """Keep whose a company is; unless `left` is None, mark it, and add these to whom it is to leave.

        From `follow_from` on, anybody may do what is to follow, see `Followed`.
        """
        ...

    async def save_analyses(
        self,
        organization_id: str,
        analyses: Mapping[str, tuple[Analysis, str, Sequence[str]]],
    ) -> None:
        """Keep by conversation key its analysis, its subject's key, and the company keys that decided it."""
        ...

    async def keys_by_contacts(
        self, organization_id: str, contact_keys: Collection[str], *, after: str, limit: int
    ) -> list[str]:
        """Return keys of conversations that any of the contacts takes part in, in key order."""
        ...

    async def keys_by_companies(
        self, organization_id: str, company_keys: Collection[str], *, after: str, limit: int
    ) -> list[str]:
        """Return keys of conversations that these companies decide, or would if known, in key order."""
        ...

    async def count_by_companies(self, organization_id: str, after: Mapping[str, str]) -> int:
        """Count the conversations that these companies decide, of each those whose key comes behind this."""
        ...

    async def count_by_contacts(self, organization_id: str, after: Mapping[str, str]) -> int:
        """Count the conversations of these contacts, of each those whose key comes behind this."""
        ...

    async def digests(
        self, organization_id: str, subjects: Collection[str], since: datetime
    ) -> dict[str, list[Digest]]:
        """Return the read conversations of each subject that moved since, oldest first.

        Of a subject with more than 2,000 the newest come, whatever else is asked for beside it.
        """
        ...

    async def newest(
        self, organization_id: str, subject: str, since: datetime, limit: int
    ) -> list[MirroredConversation]:
        """Return the conversations of a subject that moved since, newest first."""
        ...

    async def keys_after(self, organization_id: str, workspace_id: str, cursor: str, limit: int) -> list[str]:
        """Return conversation keys of a workspace in key order after `cursor`, for reading them again."""
        ...

    async def unread(self, organization_id: str, keys: Collection[str], fingerprint: str) -> list[str]:
        """Return those of these conversations that `fingerprint` was not the last to read, in key order."""
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
        """Delete everything of a connection; return how many documents went."""
        ...


class Followed(Protocol):
    """Companies, or contacts, whose conversations are to follow, by anybody from a moment on.

    Companies are matched before. `Mirror.unmark_companies`, `unmark_contacts` and `unmark_deletions` take the
    mark away.
    """

    async def mark(self, organization_id: str, keys: Collection[str], at: datetime) -> None:
        """Let these be followed from then on; of the deleted ones only those that are to be already."""
        ...

    async def leave(self, organization_id: str, left: ToFollow, read_to: str, at: datetime) -> None:
        """Keep how far its conversations were read again, and let the rest be followed from then on.

        Nothing is kept of one that came anew, went, or was matched otherwise since.
        """
        ...

    async def organizations(self, now: datetime) -> list[str]:
        """Return the organizations where some are to be followed now."""
        ...

    async def waiting(self, organization_id: str, now: datetime, limit: int) -> list[str]:
        """Return the keys of those that are to be followed now, those who waited longest first."""
        ...

    async def count(self, organization_id: str, now: datetime) -> int:
        """Return how many are to be followed now; the deleted ones are among them."""
        ...
