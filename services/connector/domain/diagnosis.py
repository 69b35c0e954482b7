"""The doctor's rules: from the responses to minimal requests to one line for each thing that can fail.

A missing permission, a plan restriction, a revoked token, a wrong region and an empty workspace each have
their own verdict and words, and none of them looks like "no data" (DESIGN §5.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the repository validates stored diagnoses by these annotations
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome = Literal[
    "answered", "token_rejected", "permission_missing", "plan_restricted", "not_intercom", "unreachable"
]
"""How one request to Intercom ended."""

Verdict = Literal[
    "fine",
    "missing_permission",
    "plan_restricted",
    "revoked_token",
    "wrong_region",
    "workspace_changed",
    "empty_workspace",
    "restricted_inbox_suspected",
    "not_intercom",
    "unreachable",
    "not_asked",
]

FamilyKey = Literal["admins", "teams", "tags", "contacts", "contact", "companies", "conversations"]

WHERE_TO_TICK = "Intercom's Developer Hub, your app, Authentication, Permissions"
READ_ONE_ADMIN = "Read one admin"


@dataclass(frozen=True, slots=True)
class Family:
    """One permission family: what is requested, and the permission's name in Intercom (FACTS §2)."""

    key: FamilyKey
    title: str
    permission: str


FAMILIES = (
    Family("admins", "Teammates", "Read admins"),
    # Intercom does not say what guards teams; connectors that met the refusal name this one (FACTS §2).
    Family("teams", "Teams", "Read and list users and companies"),
    Family("tags", "Tags", "Read tags"),
    Family("contacts", "Contacts", "Read and list users and companies"),
    Family("contact", "One contact", "Read one user and one company"),
    Family("companies", "Companies", "Read and list users and companies"),
    Family("conversations", "Conversations", "Read conversations"),
)


@dataclass(frozen=True, slots=True)
class Sight:
    """The result of one request: how it ended, and how many there are if that was given.

    Attributes:
        detail: a few words for the line, such as Intercom's error code; never a body.
    """

    outcome: Outcome
    count: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What `/me` said, at the host that the connection uses.

    Attributes:
        region, workspace_id: as `/me` gives them, if it responded.
        elsewhere: the region whose host accepts the token, if this one refused it.
    """

    sight: Sight
    base_url: str
    asked_region: str
    region: str | None = None
    workspace_id: str | None = None
    elsewhere: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `permission` is its name in Intercom's settings, where ticking it solves the problem."""

    part: str
    title: str
    verdict: Verdict
    words: str
    permission: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All lines of one examination."""

    checked_at: datetime
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.verdict not in {"fine", "not_asked"})

    @property
    def healthy(self) -> bool:
        """Whether everything may be read; an empty workspace is healthy."""
        return all(each.verdict == "empty_workspace" for each in self.faults)

    @property
    def token_is_dead(self) -> bool:
        return any(each.verdict == "revoked_token" for each in self.findings)


def diagnose(
    identity: Identity,
    sights: Mapping[FamilyKey, Sight],
    *,
    expected_workspace_id: str,
    known_regions: frozenset[str],
    at: datetime,
) -> Diagnosis:
    """Return the lines, in the order in which a person would fix them.

    Families missing from `sights` were not asked about; `known_regions` are those with a host of their own.
    """
    token = _token(identity, expected_workspace_id)
    region = _region(identity, known_regions)
    lines = [token, region]
    lines += [_family(family, sights.get(family.key), sights, region.verdict) for family in FAMILIES]
    lines.append(_content(lines[2:], sights, region.verdict))
    return Diagnosis(at, tuple(lines))


_TOKEN_WORDS: dict[Outcome, tuple[Verdict, str]] = {
    "token_rejected": (
        "revoked_token",
        (
            "No region of Intercom accepts the token: it was rotated or revoked, or the app was deleted."
            " Reconnect; reading goes on where it stopped."
        ),
    ),
    "permission_missing": (
        "missing_permission",
        f'The token may not say whose it is. Tick "{READ_ONE_ADMIN}" in {WHERE_TO_TICK}.',
    ),
    "plan_restricted": (
        "plan_restricted",
        "The workspace's plan does not include the API. Ask Intercom for it; the token itself is fine.",
    ),
    "not_intercom": (
        "not_intercom",
        "What answers there is not Intercom's API. Check the base URL, and any proxy on the way.",
    ),
    "unreachable": ("unreachable", "Intercom did not give a usable answer. Nothing is lost; ask again."),
}


def _token(identity: Identity, expected_workspace_id: str) -> Finding:
    outcome = identity.sight.outcome
    if outcome == "answered":
        if identity.workspace_id != expected_workspace_id:
            return _said(
                "token",
                "Token",
                "workspace_changed",
                f"The token opens the workspace {identity.workspace_id}, and the data held is that of"
                f" {expected_workspace_id}. Reconnect with a credential of the latter.",
            )
        return _said("token", "Token", "fine", "Intercom accepts the token and says whose it is.")
    if outcome == "token_rejected" and identity.elsewhere is not None:
        return _said("token", "Token", "fine", f"Accepted, but only in the region {identity.elsewhere}.")
    verdict, words = _TOKEN_WORDS[outcome]
    permission = READ_ONE_ADMIN if verdict == "missing_permission" else None
    return Finding("token", "Token", verdict, _with_detail(words, identity.sight), permission)


def _region(identity: Identity, known_regions: frozenset[str]) -> Finding:
    home = identity.elsewhere or identity.region
    if home is None:
        return _said("region", "Region", "not_asked", "Not known: the workspace could not be asked.")
    if home == identity.asked_region:
        return _said("region", "Region", "fine", f"{home.upper()}, read through {identity.base_url}.")
    if home in known_regions:
        return _said(
            "region",
            "Region",
            "wrong_region",
            f"The workspace lives in {home.upper()} and is asked at {identity.base_url}. Reconnect: the"
            " right host is then found by itself.",
        )
    return _said(
        "region",
        "Region",
        "fine",
        f"{home.upper()}, read through {identity.base_url}: no host is set up for that region itself.",
    )


def _family(
    family: Family, sight: Sight | None, sights: Mapping[FamilyKey, Sight], region: Verdict
) -> Finding:
    if sight is None:
        words = "Not asked: there is no contact to read yet." if _none(sights, "contacts") else "Not asked."
        return _said(family.key, family.title, "not_asked", words)
    if sight.outcome == "answered":
        return _granted(family, sight, sights, region)
    verdict, words = {
        "token_rejected": ("revoked_token", "The token was refused here."),
        "permission_missing": (
            "missing_permission",
            f'The permission "{family.permission}" is missing. Tick it in {WHERE_TO_TICK}.',
        ),
        "plan_restricted": ("plan_restricted", "The workspace's plan does not include it. Ask Intercom."),
        "not_intercom": ("not_intercom", "The answer was not Intercom's. Check any proxy on the way."),
        "unreachable": ("unreachable", "No usable answer. Nothing is lost; ask again."),
    }[sight.outcome]
    return Finding(
        family.key,
        family.title,
        verdict,  # type: ignore[arg-type] # the table above holds verdicts only
        _with_detail(words, sight),
        family.permission if verdict == "missing_permission" else None,
    )


def _granted(family: Family, sight: Sight, sights: Mapping[FamilyKey, Sight], region: Verdict) -> Finding:
    if family.key == "contact":
        return _said(family.key, family.title, "fine", "May be read.")
    if sight.count:
        return Finding(family.key, family.title, "fine", f"May be read: {sight.count:,}.", None, sight.count)
    contacts = sights.get("contacts")
    if family.key == "conversations" and contacts and contacts.count and region == "fine":
        return Finding(
            family.key,
            family.title,
            "restricted_inbox_suspected",
            f"May be read, but none is shown although there are {contacts.count:,} contacts. If there are"
            " conversations in Intercom, they belong to an inbox or team that the app may not see: check"
            " access to conversations under Settings, Teammates and Teams.",
            None,
            0,
        )
    words = "May be read; none are shown." if region != "fine" else "May be read; there are none yet."
    return Finding(family.key, family.title, "fine", words, None, sight.count)


_CONTENT: tuple[FamilyKey, ...] = ("contacts", "companies", "conversations")


def _content(families: list[Finding], sights: Mapping[FamilyKey, Sight], region: Verdict) -> Finding:
    by_part = {each.part: each for each in families}
    asked = [sights.get(key) for key in _CONTENT]
    if region != "fine" or any(sight is None or sight.outcome != "answered" for sight in asked):
        return _said("content", "Content", "not_asked", "Cannot be told before the lines above are in order.")
    if all(_none(sights, key) for key in _CONTENT):
        return _said(
            "content",
            "Content",
            "empty_workspace",
            "Everything may be read, and nothing is there: no contacts, companies or conversations. Nothing"
            " is wrong; what arrives in Intercom shows up here.",
        )
    counts = ", ".join(f"{by_part[key].count or 0:,} {key}" for key in _CONTENT)
    return _said("content", "Content", "fine", f"{counts}.")


def _none(sights: Mapping[FamilyKey, Sight], key: FamilyKey) -> bool:
    sight = sights.get(key)
    return sight is not None and sight.outcome == "answered" and not sight.count


def _said(part: str, title: str, verdict: Verdict, words: str) -> Finding:
    return Finding(part, title, verdict, words)


def _with_detail(words: str, sight: Sight) -> str:
    return f"{words} ({sight.detail})" if sight.detail else words
