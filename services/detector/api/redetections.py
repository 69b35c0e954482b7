"""What newer detectors would change, for machines, and the decision about it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.detector.api.route import DetectorRoute
from services.detector.domain.redetection import Fate, State
from shared.auth.dependencies import Admin, Member, csrf_protect

if TYPE_CHECKING:
    from services.detector.domain.fingerprint import VersionChange
    from services.detector.domain.redetection import Example, Tally
    from services.detector.use_cases.redetect import Preview, Redetect

_EXAMPLE: dict[str, Any] = {
    "id": "v3f0c2a9d4be1f7720a55",
    "connection_id": "con1",
    "workspace": "Acme",
    "state": "ready",
    "detectors": [{"name": "churn_risk", "before": "5", "after": "6", "parameters_only": False}],
    "done": 1284,
    "total": 1284,
    "kinds": [{"kind": "churn_risk/implied", "found": 41, "added": 6, "gone": 11, "changed": 3}],
    "examples": [
        {
            "kind": "churn_risk/implied",
            "change": "gone",
            "conversation_id": "ws1:215473811",
            "part_id": "301",
            "start": 12,
            "end": 58,
            "quote": "we are looking at how other teams set this up",
            "at": "2026-02-26T16:20:05Z",
            "confidence_before": 0.63,
            "confidence_after": None,
            "url_path": "/conversations/ws1:215473811",
        }
    ],
    "started_at": "2026-03-02T10:40:17Z",
    "ready_at": "2026-03-02T10:52:41Z",
    "decided_at": None,
    "decided_by": None,
}


class DetectorChangeOut(BaseModel):
    """A detector that is another one now; None where there was none, or is none any more."""

    name: str = Field(description="Which detector.")
    before: str | None = Field(description="Version that found what is stored; null where there was none.")
    after: str | None = Field(description="Version of now; null where there is none any more.")
    parameters_only: bool = Field(description="The version is the same, and it is told otherwise.")

    @classmethod
    def of(cls, change: VersionChange) -> DetectorChangeOut:
        return cls(
            name=change.name,
            before=change.before,
            after=change.after,
            parameters_only=change.told_otherwise,
        )


class KindChangeOut(BaseModel):
    """In how many conversations a kind is found now, and what would become of that."""

    kind: str = Field(description="Which kind of finding.")
    found: int = Field(description="Conversations in which it is found now.")
    added: int = Field(description="Conversations in which it would be found anew.")
    gone: int = Field(description="Conversations in which it would be found no more.")
    changed: int = Field(description="Conversations in which its words or its confidence would be others.")

    @classmethod
    def of(cls, tally: Tally) -> KindChangeOut:
        return cls(
            kind=tally.kind,
            found=tally.marked,
            added=tally.added,
            gone=tally.gone,
            changed=tally.changed,
        )


class ChangedWordsOut(BaseModel):
    """Words whose meaning would change; those that were redacted since are left out."""

    kind: str = Field(description="Which kind of finding.")
    change: Fate = Field(description="What would become of it.")
    conversation_id: str = Field(
        description="The workspace's id and Intercom's, as `workspace:conversation`."
    )
    part_id: str = Field(description="Intercom's id of the message.")
    start: int = Field(description="Where the words begin, in characters of the message.")
    end: int = Field(description="Where they end; not included.")
    quote: str = Field(description="The words, as they are now.")
    at: datetime = Field(description="When the conversation last moved.")
    confidence_before: float | None = Field(description="0 to 1; null where it was not found.")
    confidence_after: float | None = Field(description="0 to 1; null where it would not be found.")
    url_path: str = Field(
        description="Path of the conversation's page, to be joined with the installation's address."
    )

    @classmethod
    def of(cls, example: Example, quote: str) -> ChangedWordsOut:
        return cls(
            kind=example.kind,
            change=example.fate,
            conversation_id=example.conversation_key,
            part_id=example.part_id,
            start=example.start,
            end=example.end,
            quote=quote,
            at=example.at,
            confidence_before=example.before,
            confidence_after=example.after,
            url_path=f"/conversations/{example.conversation_key}",
        )


class RedetectionOut(BaseModel):
    """What newer detectors would change in a connection's stored conversations."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="Which preview; another one for each change of the detectors.")
    connection_id: str = Field(description="Whose conversations are compared.")
    workspace: str = Field(description="The workspace's name.")
    state: State = Field(description="`reading` until all is compared, then `ready` for a decision.")
    detectors: list[DetectorChangeOut] = Field(description="The detectors that differ.")
    done: int = Field(description="Conversations compared so far.")
    total: int = Field(description="Conversations to be compared.")
    kinds: list[KindChangeOut] = Field(description="What would change, by kind.")
    examples: list[ChangedWordsOut] = Field(description="Of each kind and change the five newest.")
    started_at: datetime = Field(description="When comparing began.")
    ready_at: datetime | None = Field(description="When all was compared; null until then.")
    decided_at: datetime | None = Field(description="When it was decided; null until then.")
    decided_by: str | None = Field(
        description="E-mail address of who decided, or a name without one; null until then, or where nobody"
        " was asked."
    )

    @classmethod
    def of(cls, preview: Preview) -> RedetectionOut:
        one = preview.redetection
        return cls(
            id=one.redetection_id,
            connection_id=one.connection_id,
            workspace=preview.workspace_name,
            state=one.state,
            detectors=[DetectorChangeOut.of(change) for change in preview.changes],
            done=one.done,
            total=one.total,
            kinds=[KindChangeOut.of(tally) for tally in one.difference.tallies],
            examples=[ChangedWordsOut.of(example, quote) for example, quote in preview.quotes],
            started_at=one.started_at,
            ready_at=one.ready_at,
            decided_at=one.decided_at,
            decided_by=one.decided_by or None,
        )


class RedetectionsOut(BaseModel):
    """One a connection at most; none where the present detectors count already."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE]}]})

    items: list[RedetectionOut] = Field(description="By connection.")


def redetection_routes(*, redetect: Redetect) -> APIRouter:
    """Return the routes under /api/v1/redetections."""
    router = APIRouter(prefix="/api/v1/redetections", tags=["redetections"], route_class=DetectorRoute)

    @router.get("")
    async def list_redetections(identity: Member) -> RedetectionsOut:
        """List what newer detectors would change; conversations are counted, once by kind."""
        previews = await redetect.previews(identity.organization_id)
        return RedetectionsOut(items=[RedetectionOut.of(preview) for preview in previews])

    @router.get("/{redetection_id}")
    async def get_redetection(redetection_id: str, identity: Member) -> RedetectionOut:
        """Return one of them; 404 once it is switched on, or of another version."""
        return RedetectionOut.of(await redetect.preview(identity.organization_id, redetection_id))

    @router.post("/{redetection_id}/switch-on", dependencies=[Depends(csrf_protect)])
    async def switch_on(redetection_id: str, identity: Admin) -> RedetectionOut:
        """Read stored conversations again with the newer detectors; nobody is alerted about the past."""
        return RedetectionOut.of(
            await redetect.switch_on(identity.organization_id, redetection_id, by=identity.known_by)
        )

    @router.post("/{redetection_id}/keep", dependencies=[Depends(csrf_protect)])
    async def keep(redetection_id: str, identity: Admin) -> RedetectionOut:
        """Leave stored conversations as they were found; it can be switched on later."""
        return RedetectionOut.of(
            await redetect.keep(identity.organization_id, redetection_id, by=identity.known_by)
        )

    return router
