"""What the mirror stores beside the resources themselves: whose they are, and what was found in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.conversation import ConversationSummary
from services.detector.domain.fingerprint import same_switch
from services.detector.domain.identity import resource_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.matching import MatchBasis, NameMatching, Suggestion
    from services.detector.domain.mood import MoodPoint
    from shared.contracts.connections import AttentionReason, ConnectionState
    from shared.contracts.resources import CompanyChanged, ConversationChanged

_MILLISECOND = timedelta(milliseconds=1)
"""The finest step between two moments that are stored."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage of a message that the conversation's page highlights."""

    part_id: str
    start: int
    end: int
    kind: str
    confidence: float
    detector: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the detectors found in a conversation.

    Attributes:
        fingerprint: names the detectors and switches that made it, so that outdated analyses are
            recognised.
        other_language: messages that were left out because of their language.
        heard_until: the newest customer message that detectors of another version had read. What is found
            up to there is not news.
    """

    fingerprint: str
    moods: tuple[MoodPoint, ...] = ()
    marks: tuple[Mark, ...] = ()
    held_parts: int = 0
    messages: int = 0
    other_language: int = 0
    last_customer_at: datetime | None = None
    last_asked_at: datetime | None = None
    last_agent_at: datetime | None = None
    heard_until: datetime | None = None

    def heard_by_others(self, fingerprint: str, arriving: datetime | None) -> datetime | None:
        """Return `heard_until` for the next analysis, which will be made by `fingerprint`.

        Kinds that were not looked for before, because the switch was off, do not count as read. Neither do
        messages `arriving` from that moment on, even if a process read them and died before it published
        anything.
        """
        if not same_switch(self.fingerprint, fingerprint):
            return None
        if self.fingerprint == fingerprint or self.last_customer_at is None:
            return self.heard_until
        heard = max(self.last_customer_at, self.heard_until or self.last_customer_at)
        return heard if arriving is None or heard < arriving else arriving - _MILLISECOND


@dataclass(frozen=True)
class MirroredConversation:
    """A conversation's record with its subject's key, which is None until the conversation is analysed."""

    record: ConversationChanged
    subject: str | None = None
    analysis: Analysis | None = None

    @property
    def key(self) -> str:
        return resource_key(self.record.workspace_id, self.record.id)

    @property
    def summary(self) -> ConversationSummary:
        """What account detectors and health need to know of it."""
        analysis, rating = self.analysis, self.record.rating
        return ConversationSummary(
            conversation_id=self.record.id,
            opened_at=self.record.created_at,
            state=self.record.state,
            last_customer_at=analysis.last_customer_at if analysis else None,
            last_asked_at=analysis.last_asked_at if analysis else None,
            last_agent_at=analysis.last_agent_at if analysis else None,
            rating=rating.rating if rating else None,
            rated_at=rating.created_at if rating else None,
        )


@dataclass(frozen=True, slots=True)
class Digest:
    """The summary and moods of one conversation: what a review of its whole customer needs."""

    summary: ConversationSummary
    moods: tuple[MoodPoint, ...] = ()
    heard_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Writers:
    """How many people of the same companies write from one company's e-mail domain."""

    domain: str
    company_keys: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True)
class ToFollow:
    """The mark of a contact or company, deleted or not, whose conversations must be read again.

    Attributes:
        read_to: the last conversation that was read again since the mark was made.
        follow_from: when any replica may continue.
        owners: the customers that must still lose a deleted company.
    """

    key: str
    connection_id: str
    observed_at: datetime
    customer_id: str | None = None
    follow_from: datetime | None = None
    read_to: str = ""
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MirroredCompany:
    """A company with the customer it was matched to; None until it was matched once.

    Attributes:
        regrouped: whether its conversations must be read again.
        left: the customers from which they, and what rests on them, must be moved away.
        follow_from: when any replica may match it and do what follows.
        read_to: the last conversation that was read again since it is `regrouped`.
    """

    record: CompanyChanged
    customer_id: str | None = None
    basis: MatchBasis = "none"
    suggestions: tuple[Suggestion, ...] = ()
    regrouped: bool = False
    left: tuple[str, ...] = ()
    follow_from: datetime | None = None
    read_to: str = ""

    @property
    def key(self) -> str:
        return resource_key(self.record.workspace_id, self.record.id)

    @property
    def owners(self) -> frozenset[str]:
        """Return the customers that may still hold anything of this company."""
        return frozenset(one for one in (self.customer_id, *self.left) if one)

    @property
    def to_follow(self) -> ToFollow:
        """Return the mark by which its conversations are followed."""
        return ToFollow(
            key=self.key,
            connection_id=self.record.connection_id,
            observed_at=self.record.observed_at,
            customer_id=self.customer_id,
            follow_from=self.follow_from,
            read_to=self.read_to,
            owners=self.owners,
        )


@dataclass(frozen=True)
class ConnectionView:
    """What the detector must know of a connection; the defaults hold until its record arrives.

    `listening_since` is when lifecycle events were last switched on; `muted_since` when they were switched
    off.
    """

    connection_id: str
    organization_id: str
    revision: int = 0
    state: ConnectionState = "connecting"
    attention: AttentionReason | None = None
    workspace_id: str | None = None
    workspace_name: str = ""
    app_base_url: str | None = None
    lifecycle_events: bool = False
    listening_since: datetime | None = None
    muted_since: datetime | None = None
    match_companies_by_name: NameMatching = "exact"

    @property
    def is_removed(self) -> bool:
        """Return whether its data was ordered to be removed: it is neither shown nor heard any more."""
        return self.state == "removed"


@dataclass(frozen=True)
class Progress:
    """How far a re-read of the mirror is; `cursor` is the last conversation key that was read.

    When companies are matched again, `cursor` is the last company's key, and `fingerprint` says how names are
    matched. Words from before `known_before` count as known; None stands for the beginning of the re-read.
    `replaces` is the fingerprint that counted before; empty for a connection's first.
    """

    connection_id: str
    organization_id: str
    fingerprint: str
    cursor: str = ""
    done: int = 0
    total: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    known_before: datetime | None = None
    replaces: str = ""

    @property
    def is_worth_showing(self) -> bool:
        """Return whether it is under way and has anything to do."""
        return self.finished_at is None and self.total > 0

    def after(self, keys: Sequence[str], *, most: int, now: datetime) -> Progress:
        """Return the progress after a slice of these keys; a slice shorter than the limit was the last."""
        done = self.done + len(keys)
        return replace(
            self,
            cursor=keys[-1] if keys else self.cursor,
            done=done,
            total=max(self.total, done),
            finished_at=None if len(keys) == most else now,
        )
