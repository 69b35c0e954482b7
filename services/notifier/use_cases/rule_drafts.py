"""Rules as people send them: what may be stored of them, and what is wrong with the rest."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from services.notifier.domain.rule import EVERYONE, OWNER, PEOPLE_CHANNELS, Recipient, Rule
from services.notifier.errors import RuleInvalid
from shared.contracts.deliveries import ChannelName
from shared.contracts.signals import SignalKind
from shared.mail import is_mail_address

if TYPE_CHECKING:
    from services.notifier.domain.teams_hosts import TeamsHosts
    from services.notifier.ports import Vault

_MOST_LISTED = 100
_LONGEST_NAME = 120
_LONGEST_URL = 2_000
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with
_SECRET_BYTES = 32
_SHORTEST_SECRET_BYTES = 24
"""Standard Webhooks asks for 24 to 64 bytes."""
_LONGEST_SECRET_BYTES = 64


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule as a person sends it. `url` and `secret` of None keep what is stored.

    `revision` is the one that the person saw: a change of any other is refused. None changes what is stored.
    """

    name: str
    channel: str
    kinds: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    minimum_confidence: float = 0.0
    good_moods: bool = False
    recipients: tuple[str, ...] = ()
    url: SecretStr | None = None
    secret: SecretStr | None = None
    enabled: bool = True
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class SavedRule:
    """A stored rule. `new_secret` is the signing secret if one was made: shown here once, never again."""

    rule: Rule
    new_secret: SecretStr | None = None


class DraftCheck:
    """Makes rules of drafts, with their addresses and secrets sealed.

    `allow_private` lets plain http pass too.
    """

    def __init__(self, vault: Vault, *, allow_private: bool, teams_hosts: TeamsHosts) -> None:
        self._vault = vault
        self._allow_private = allow_private
        self._teams_hosts = teams_hosts

    def checked(self, before: Rule, draft: RuleDraft) -> SavedRule:
        """Return `before` as the draft would have it. Raises RuleInvalid, with every fault by its field."""
        faults: dict[str, str] = {}
        name = " ".join(draft.name.split())
        if not name or len(name) > _LONGEST_NAME:
            faults["name"] = f"Give the rule a name of up to {_LONGEST_NAME} characters."
        channel = _channel(draft.channel, faults)
        if not 0 <= draft.minimum_confidence <= 1:
            faults["minimum_confidence"] = "Give a number from 0 to 1."
        known: tuple[SignalKind, ...] = get_args(SignalKind)
        kinds = tuple(kind for kind in known if kind in draft.kinds)
        if len(kinds) != len(set(draft.kinds)):
            faults["kinds"] = f"Kinds are {', '.join(known)}."
        for field in ("customers", "owners", "tags", "recipients"):
            if len(getattr(draft, field)) > _MOST_LISTED:
                faults[field] = f"Give at most {_MOST_LISTED}."
        rule = replace(
            before,
            name=name,
            channel=channel,
            kinds=kinds,
            customers=_clean(draft.customers),
            owners=_clean(draft.owners),
            tags=_clean(draft.tags),
            minimum_confidence=draft.minimum_confidence,
            good_moods=draft.good_moods,
            recipients=_clean(draft.recipients) if channel in PEOPLE_CHANNELS else (),
            enabled=draft.enabled,
        )
        new_secret = None
        if channel in PEOPLE_CHANNELS:
            _check_people(rule, faults)
            rule = replace(rule, sealed_url=None, sealed_secret=None, destination=None)
        else:
            rule, new_secret = self._with_destination(rule, before, draft, faults)
        if faults:
            raise RuleInvalid(faults)
        return SavedRule(rule, new_secret)

    def _with_destination(
        self, rule: Rule, before: Rule, draft: RuleDraft, faults: dict[str, str]
    ) -> tuple[Rule, SecretStr | None]:
        same_channel = before.channel == rule.channel
        if draft.url is not None:
            host = self._check_url(draft.url.get_secret_value(), rule.channel, faults)
            rule = replace(
                rule,
                sealed_url=self._vault.seal(draft.url),
                destination=Recipient(self._vault.fingerprint(draft.url), f"{rule.channel} at {host}"),
            )
        elif before.sealed_url is None or not same_channel:
            faults["url"] = "Give the address to send to."
        if rule.channel != "webhook":
            return replace(rule, sealed_secret=None), None
        if draft.secret is not None:
            _check_secret(draft.secret.get_secret_value(), faults)
            return replace(rule, sealed_secret=self._vault.seal(draft.secret)), None
        if before.sealed_secret is not None and same_channel:
            return rule, None
        made = _new_secret()
        return replace(rule, sealed_secret=self._vault.seal(made)), made

    def _check_url(self, url: str, channel: ChannelName, faults: dict[str, str]) -> str:
        try:
            parts = urlsplit(url)
            host, _ = _host_of(url), parts.port
        except (ValueError, httpx.InvalidURL):
            host, parts = "", urlsplit("")
        schemes = {"https", "http"} if self._allow_private else {"https"}
        if not host or parts.scheme not in schemes or len(url) > _LONGEST_URL or not url.isprintable():
            faults["url"] = f"Give a whole address that begins with {' or '.join(sorted(schemes))}://."
        elif parts.username or parts.password:
            faults["url"] = "Give the address without a user name and password."
        elif channel == "teams" and (fault := self._teams_hosts.fault(host)):
            faults["url"] = fault
        return host


def _host_of(url: str) -> str:
    """Return the host as people write it, if it can be one.

    Raises what sending would: `httpx.InvalidURL`, or `UnicodeError` of the resolver for a label that is
    empty or too long.
    """
    target = httpx.URL(url)
    target.raw_host.decode("ascii").encode("idna")
    # A character that no name has comes back as an escape.
    return "" if "%" in target.host else target.host


def _clean(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip()[: _LONGEST_NAME * 2] for word in words if word.strip()))


def _channel(name: str, faults: dict[str, str]) -> ChannelName:
    known: tuple[ChannelName, ...] = get_args(ChannelName)
    for channel in known:
        if channel == name:
            return channel
    faults["channel"] = f"Channels are {', '.join(known)}."
    return "inbox"


def _check_people(rule: Rule, faults: dict[str, str]) -> None:
    if not rule.recipients:
        faults["recipients"] = "Name at least one recipient."
    for recipient in rule.recipients:
        if recipient == OWNER or (recipient == EVERYONE and rule.channel == "inbox"):
            continue
        if not is_mail_address(recipient):
            faults["recipients"] = (
                f"{recipient[:80]!r} is no e-mail address."
                if rule.channel == "inbox" or recipient != EVERYONE
                else "E-mail needs addresses, or owner; everyone is for the inbox."
            )


def _check_secret(secret: str, faults: dict[str, str]) -> None:
    try:
        size = len(base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True))
    except ValueError:
        size = 0
    if not _SHORTEST_SECRET_BYTES <= size <= _LONGEST_SECRET_BYTES:
        faults["secret"] = (
            f"Give {_SHORTEST_SECRET_BYTES} to {_LONGEST_SECRET_BYTES} bytes in base64, after whsec_; or"
            " leave it empty and one is made."
        )


def _new_secret() -> SecretStr:
    return SecretStr(_SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())
