"""How the pages put a connection's state: one word, a tone, and the way out where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.web.formats import percent

if TYPE_CHECKING:
    from services.connector.domain.connection import Connection
    from services.connector.domain.diagnosis import Verdict
    from services.connector.domain.report import SyncReport
    from shared.contracts.connections import AttentionReason
    from shared.contracts.sync import Gap

Tone = Literal["good", "busy", "attention", "bad", "off"]

PERMISSIONS = (
    ("Read and list users and companies", "contacts and companies, with their tags"),
    ("Read one user and one company", "the same, one at a time"),
    ("Read conversations", "conversations and every message in them"),
    ("Read tags", "tags, which become filters"),
    ("Read admins", "your teammates' names"),
    ("Read one admin", "who connects, and to which workspace"),
)
"""What to tick in Intercom's Developer Hub, by its names there (FACTS §2), and what each one is for."""

RESOURCE_NAMES = {
    "admin": "Teammates",
    "team": "Teams",
    "tag": "Tags",
    "company": "Companies",
    "contact": "Contacts",
    "conversation": "Conversations",
}

_GAP_WORDS = {
    "parts_cut_at_500": "Intercom hands out the newest 500 parts only; older ones stay where we had them.",
    "deleted_before_read": "It was deleted in Intercom between being listed and being read.",
    "permission_missing": "The app lacks the permission. Tick it in the Developer Hub; we try at every run.",
    "plan_restricted": "The workspace's plan does not include it.",
    "still_lagging": "Intercom's search shows changes late; the next run reads it again.",
}

_DELETIONS_WORDS = {
    "permission_missing": "Intercom does not show the app its list of them.",
    "plan_restricted": "The workspace's plan does not include the list of them.",
    "still_lagging": "Intercom's list of them could not be read; the next run tries again.",
}
_DELETIONS_MEAN = "All others are read, and a deletion is noticed within hours instead of minutes."


def gap_words(gap: Gap) -> tuple[str, str]:
    """Return what a gap is about and why it is there, in words."""
    if gap.aspect == "deletions":
        why = _DELETIONS_WORDS.get(gap.reason, _GAP_WORDS[gap.reason])
        return f"Deleted {RESOURCE_NAMES[gap.resource].lower()}", f"{why} {_DELETIONS_MEAN}"
    name = RESOURCE_NAMES.get(gap.resource, gap.resource)
    return (f"{name} {gap.id}" if gap.id else name), _GAP_WORDS[gap.reason]


_WAY_OUT: dict[AttentionReason, str] = {
    "token_revoked": (
        "Intercom no longer accepts the credential: it was rotated or revoked, or the app was deleted."
        " Reconnect it, and reading goes on where it stopped."
    ),
    "permission_missing": (
        "The app lacks a permission. Tick it in Intercom's Developer Hub under Permissions, then try again."
    ),
    "plan_restricted": "The workspace's plan does not include the API. Ask Intercom, then try again.",
    "wrong_region": "The workspace lives in another region. Reconnect with the right region.",
    "workspace_changed": (
        "The credential now opens another workspace. Reconnect with one of the same workspace, or remove the"
        " data first."
    ),
    "unreachable": "We cannot reach Intercom. Nothing is lost; we go on when it answers.",
}

VERDICT_WORDS: dict[Verdict, tuple[str, Tone]] = {
    "fine": ("Fine", "good"),
    "missing_permission": ("Missing permission", "bad"),
    "plan_restricted": ("Not in the plan", "bad"),
    "revoked_token": ("Token revoked", "bad"),
    "wrong_region": ("Wrong region", "bad"),
    "workspace_changed": ("Another workspace", "bad"),
    "empty_workspace": ("Empty workspace", "attention"),
    "restricted_inbox_suspected": ("Restricted inbox?", "attention"),
    "not_intercom": ("Not Intercom", "bad"),
    "unreachable": ("No answer", "attention"),
    "not_asked": ("Not asked", "off"),
}
"""What each line of the doctor says in two words, and its tone."""


@dataclass(frozen=True, slots=True)
class StateWord:
    """A state as the card shows it."""

    word: str
    tone: Tone
    way_out: str | None = None


_AT_REST: dict[str, StateWord] = {
    "connecting": StateWord("Connecting", "busy"),
    "disconnected": StateWord("Disconnected", "off"),
    "removed": StateWord("Data removed", "off"),
}


def state_word(connection: Connection | None, report: SyncReport | None) -> StateWord:
    """Return the one word for a connection, or for none at all."""
    if connection is None:
        return StateWord("Not connected", "off")
    if connection.removal is not None and connection.removal.outstanding:
        return StateWord("Removing data", "busy")
    if connection.state in _AT_REST:
        return _AT_REST[connection.state]
    if connection.state == "needs_attention":
        reason = connection.attention or "unreachable"
        return StateWord("Needs attention", "bad", _WAY_OUT[reason])
    return StateWord("Connected", "good") if report is None else _at_work(report)


def _at_work(report: SyncReport) -> StateWord:
    if report.no_answer_since is not None:
        return StateWord("No answer", "attention")
    if report.run is not None and not report.initial_done:
        share = report.run.share
        return StateWord("Syncing" if share is None else f"Syncing {percent(share)}", "busy")
    return StateWord("Connected", "good")
