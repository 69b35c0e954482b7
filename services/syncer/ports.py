"""What the syncer needs from the outside, as protocols; adapters and fakes pass the same suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pydantic import SecretStr

    from services.syncer.domain.connection import Barrier, Connection, ConnectionKey
    from services.syncer.domain.cursor import Cursor
    from services.syncer.domain.held import Held
    from services.syncer.domain.reads import Call
    from services.syncer.domain.run import Hint, Intent, Lane, Run
    from shared.contracts.sync import Gap, GapAspect, ResourceType, SyncReason


@dataclass(frozen=True, slots=True)
class Credential:
    """A leased token. It lives in memory until it expires and is never written anywhere."""

    key: ConnectionKey
    access_token: SecretStr
    base_url: str
    workspace_id: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What Intercom said: a JSON object, and when by its own clock (Unix seconds)."""

    body: Mapping[str, Any]
    at: int


class IntercomReader(Protocol):
    """Reads one workspace, within the budget that Intercom's headers leave."""

    @property
    def calls(self) -> int:
        """Calls made so far through this reader."""
        ...

    @property
    def answers(self) -> int:
        """Calls so far that brought a usable answer."""
        ...

    @property
    def source_time(self) -> int | None:
        """The latest time, by the source's own clock (Unix seconds), of an answer to this reader.

        A refusal counts, since it may be what tells that something went. None before the first answer.
        """
        ...

    @property
    def most_in_flight(self) -> int:
        """Calls worth having in flight at once."""
        ...

    async def read(self, call: Call) -> Answer:
        """Make one call.

        Raises the errors of `services.syncer.errors`: `SlowDownError` when the budget is spent,
        `SourceUnavailableError` when no usable answer came, `AccessError` when a person must act,
        `ResourceMissingError`, `ContactMergedError`, `ScrollTakenError`, `ScrollLostError`,
        `RequestRefusedError`.
        """
        ...


class Intercom(Protocol):
    def reader(self, credential: Credential, *, urgent: bool, calls_before: int = 0) -> IntercomReader:
        """Return a reader of one workspace.

        Urgent ones may use all of the budget, others leave a reserve; those whose run has made few calls,
        `calls_before` slices before this one included, leave less of it than long ones.
        """
        ...


class Credentials(Protocol):
    async def lease(self, key: ConnectionKey) -> Credential:
        """Return a token that is valid now.

        Raises:
            DisconnectedError: there is none, by somebody's decision, or the connector has told why.
            CredentialWithheldError: the connector answered with a refusal, or with what nobody can read.
            TransientError: the connector did not answer.
        """
        ...

    def drop(self, key: ConnectionKey) -> None:
        """Forget a token that was refused, so that the next lease asks again."""
        ...


class Connections(Protocol):
    """The syncer's copy of the connections."""

    async def keep(self, connection: Connection) -> bool:
        """Store it unless a newer revision is known, or it is barred; tell whether it was stored."""
        ...

    async def get(self, key: ConnectionKey) -> Connection | None: ...

    async def verified(self, key: ConnectionKey, revision: int) -> None:
        """Note that /me showed the right workspace for this revision."""
        ...

    async def bar(self, key: ConnectionKey, workspace_id: str | None = None) -> None:
        """Let nothing of a removed connection in any more; its id is never used again."""
        ...

    async def barred(self, key: ConnectionKey) -> Barrier | None:
        """Return what was noted when a connection was barred; None for one that was not."""
        ...

    async def forget(self, key: ConnectionKey) -> int: ...


class Runs(Protocol):
    """Runs, one per connection and lane. All times are handed in."""

    async def request(
        self,
        key: ConnectionKey,
        *,
        request_id: str,
        reason: SyncReason,
        now: datetime,
        traceparent: str | None = None,
    ) -> None:
        """Start a full run, join the one under way (it runs again afterwards), or resume an interrupted one.

        A reconcile begins an interrupted one anew, and stays a reconcile until it completes.
        The same request twice does nothing.
        """
        ...

    async def hint(
        self,
        key: ConnectionKey,
        hints: Sequence[Hint],
        *,
        request_id: str,
        now: datetime,
        traceparent: str | None = None,
    ) -> bool:
        """Add hints to the hint run, starting it. False when there are too many for it."""
        ...

    async def claim(self, lane: Lane, *, now: datetime, until: datetime) -> Run | None:
        """Take the run that has been due longest, or None. It is ours until `until`, then due again.

        One that waits for longer than any may, or is taken, is due as well: a clock was put back.
        """
        ...

    async def renew(self, run: Run, *, until: datetime) -> bool:
        """Keep a run longer. False when it is ours no more."""
        ...

    async def intended(self, key: ConnectionKey) -> list[Intent]:
        """Return what the slices of a connection noted and may have published without remembering it."""
        ...

    async def intend(self, run: Run, intents: Sequence[Intent], *, slot: int) -> bool:
        """Note what is about to be published, in place of what the slot held. False when it is ours no more.

        Noted until the next checkpoint; who claims the run after a slice that made none finds it in `unsure`.
        """
        ...

    async def checkpoint(self, run: Run, *, wake_at: datetime, done_hints: Sequence[str] = ()) -> bool:
        """Store where the run stands and release it until `wake_at`. False when it is ours no more."""
        ...

    async def finish(
        self, run: Run, *, interrupted: bool, now: datetime, done_hints: Sequence[str] = ()
    ) -> bool:
        """End the run; it starts again at once when somebody asked. False when it is ours no more.

        An interrupted one keeps its place and what was asked for. It goes on at once, under a new name, when
        somebody asked since it was claimed: that may be whoever mended what interrupted it.
        """
        ...

    async def resume_hints(self, key: ConnectionKey, *, now: datetime) -> None:
        """Let hints be followed that an interruption left waiting."""
        ...

    async def stop(self, key: ConnectionKey) -> None:
        """End all runs of a connection; owners learn it when they renew."""
        ...

    async def leased(self, key: ConnectionKey, *, now: datetime) -> bool:
        """Tell whether some replica may still be working on a run of this connection."""
        ...

    async def released(self, run: Run) -> None:
        """Note that nobody works on a stopped run any more."""
        ...

    async def forget(self, key: ConnectionKey) -> int: ...


class Fingerprints(Protocol):
    """What is held of each resource."""

    async def held(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]
    ) -> dict[str, Held]: ...

    async def store(self, key: ConnectionKey, records: Sequence[Held], *, writer: str) -> list[Held]:
        """Write records whose stored revision is still the one they name; return those that lost.

        Each record's `revision` is that of the version it was compared with; it is stored one higher.
        """
        ...

    async def mark(
        self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str], *, walk: str
    ) -> None:
        """Note that a walk over the whole list met these."""
        ...

    async def unseen(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        *,
        walk: str,
        after: str,
        limit: int,
        changed_since: int | None = None,
    ) -> list[Held]:
        """Return held resources that the walk did not meet, by id, from after the one named.

        With a time, only those that are open or changed since. What is remembered as gone is neither returned
        here nor counted. Each call looks at everything after `after`, met or not.
        """
        ...

    async def lively(self, key: ConnectionKey, *, after: str, changed_since: int, limit: int) -> list[Held]:
        """Return conversations that are open or changed since a time, by id, from after the one named."""
        ...

    async def forget(self, key: ConnectionKey, resource: ResourceType, ids: Sequence[str]) -> int: ...

    async def release(self, key: ConnectionKey, records: Sequence[Held]) -> list[Held]:
        """Forget records whose stored revision is still the one they name; return those that lost.

        A record of revision 0 names something that was not stored, and loses when it is by now.
        """
        ...

    async def count(self, key: ConnectionKey, resource: ResourceType) -> int: ...

    async def any_held(self, key: ConnectionKey, *, limit: int) -> list[Held]:
        """Return some held resources of any type; none are left when it is empty."""
        ...

    async def everything(self, key: ConnectionKey, *, after: Held | None, limit: int) -> list[Held]:
        """Return what is remembered, also as gone, by type and id, from after the one named."""
        ...


class Cursors(Protocol):
    async def all(self, key: ConnectionKey) -> dict[ResourceType, Cursor]: ...

    async def save(self, key: ConnectionKey, cursor: Cursor) -> None: ...

    async def forget(self, key: ConnectionKey) -> int: ...


class Gaps(Protocol):
    """Known gaps, each by resource, id, reason and aspect."""

    async def open(self, key: ConnectionKey, gap: Gap) -> None:
        """Note a gap; one that is known keeps its time and takes the new number."""
        ...

    async def close(
        self,
        key: ConnectionKey,
        resource: ResourceType,
        id_: str | None,
        reasons: Sequence[str],
        *,
        aspect: GapAspect | None = None,
    ) -> None: ...

    async def close_all(
        self, key: ConnectionKey, resource: ResourceType, reason: str, *, known_before: datetime
    ) -> None:
        """Close the gaps of one resource and reason that were known before a time."""
        ...

    async def listed(
        self,
        key: ConnectionKey,
        *,
        limit: int,
        resource: ResourceType | None = None,
        reason: str | None = None,
        after: str = "",
    ) -> list[Gap]:
        """Return gaps; those of one resource and reason come by id, from after the one named."""
        ...

    async def whole(self, key: ConnectionKey) -> list[Gap]:
        """Return the gaps that concern whole resources, however many others there are."""
        ...

    async def count(self, key: ConnectionKey) -> int: ...

    async def forget(self, key: ConnectionKey) -> int: ...
