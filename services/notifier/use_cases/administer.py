"""What people do with rules: list, write, remove, try."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from services.notifier.domain.notification import Notification, notification_id
from services.notifier.domain.rule import (
    DEFAULT_RULE_ID,
    EVERYONE,
    OWNER,
    PEOPLE_CHANNELS,
    Recipient,
    Rule,
    default_rule,
)
from services.notifier.errors import NotThere, RuleInvalid
from shared.contracts.deliveries import ChannelName
from shared.contracts.signals import (
    CustomerRef,
    Detector,
    Evidence,
    PersonRef,
    SignalDetected,
    SignalKind,
)

if TYPE_CHECKING:
    from services.notifier.domain.notification import Settlement
    from services.notifier.ports import KnownSignals, Notifications, Rules, Vault
    from services.notifier.use_cases.announce import Announcer
    from services.notifier.use_cases.deliver import Deliverer
    from shared.auth.identity import Identity
    from shared.clock import Clock

_MOST_RULES = 200
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


class Administration:
    def __init__(
        self,
        *,
        rules: Rules,
        notifications: Notifications,
        known: KnownSignals,
        announcer: Announcer,
        deliverer: Deliverer,
        vault: Vault,
        clock: Clock,
        allow_private: bool,
    ) -> None:
        self._rules = rules
        self._notifications = notifications
        self._known = known
        self._announcer = announcer
        self._deliverer = deliverer
        self._vault = vault
        self._clock = clock
        self._allow_private = allow_private

    async def list_rules(self, organization_id: str) -> list[Rule]:
        return await self._announcer.rules_of(organization_id)

    async def get(self, organization_id: str, rule_id: str) -> Rule:
        """Return a rule. Raises NotThere."""
        found = await self._rules.get(organization_id, rule_id)
        if found is None:
            raise NotThere("There is no such rule. It may have been removed meanwhile.")
        return found

    async def create(self, identity: Identity, draft: RuleDraft) -> SavedRule:
        """Store a new rule. Raises RuleInvalid."""
        if len(await self.list_rules(identity.organization_id)) >= _MOST_RULES:
            raise RuleInvalid({"name": f"There are {_MOST_RULES} rules already. Remove one first."})
        blank = Rule(
            id=secrets.token_hex(8),
            organization_id=identity.organization_id,
            name="",
            channel="inbox",
            created_at=self._clock.now(),
            created_by=identity.known_by,
        )
        saved = self._checked(blank, draft)
        await self._rules.insert(saved.rule)
        return saved

    async def change(self, identity: Identity, rule_id: str, draft: RuleDraft) -> SavedRule:
        """Store a changed rule. Raises NotThere, and RuleInvalid also when somebody else was faster."""
        before = await self.get(identity.organization_id, rule_id)
        seen = before.revision if draft.revision is None else draft.revision
        saved = self._checked(before, draft)
        # What was open before is none of a rule's that asks for it only now: it was not news to it.
        since = before.asks_since if saved.rule.asks_as(before) else self._clock.now()
        rule = replace(saved.rule, revision=before.revision + 1, asks_since=since)
        if seen != before.revision or not await self._rules.replace(rule, expected_revision=seen):
            raise RuleInvalid({"name": "Somebody else changed this rule meanwhile. Reload and try again."})
        if not rule.enabled:
            await self._let_go(before, "Its rule was switched off.")
        return SavedRule(rule, saved.new_secret)

    async def remove(self, organization_id: str, rule_id: str) -> None:
        """Delete a rule and cancel what it has pending. Raises NotThere."""
        if rule_id == DEFAULT_RULE_ID:
            # Who gave the first rule may have died before noting so; then it would be given again.
            await self._rules.seed(default_rule(organization_id, self._clock.now()))
        rule = await self._rules.get(organization_id, rule_id)
        if rule is None or not await self._rules.delete(organization_id, rule_id):
            raise NotThere("There is no such rule. It may have been removed already.")
        await self._let_go(rule, "Its rule was removed.")

    async def _let_go(self, rule: Rule, because: str) -> None:
        """Cancel what the rule has pending, but for recipients whom another rule may tell of the same.

        Whether it does depends on the signal; that is looked at when each is due.
        """
        others = [
            other
            for other in await self._rules.list_of(rule.organization_id)
            if other.id != rule.id and other.enabled and other.channel == rule.channel
        ]
        if any(OWNER in other.recipients for other in others):
            return
        spared = {
            recipient
            for other in others
            for recipient in (
                [other.destination.key]
                if other.destination
                else [address.casefold() for address in other.recipients]
            )
        }
        await self._notifications.cancel(
            rule.organization_id, because, rule_id=rule.id, spared=frozenset(spared)
        )

    async def try_out(self, identity: Identity, rule_id: str) -> tuple[Notification, Settlement | None]:
        """Send one sample by a rule, now and once; return what came of it. Raises NotThere, RuleInvalid."""
        rule = await self.get(identity.organization_id, rule_id)
        signal = sample_signal(identity, f"test-{secrets.token_hex(8)}", self._clock)
        recipients = rule.recipients_for(signal)
        if not recipients:
            raise RuleInvalid({"recipients": "This rule names nobody that a sample could be sent to."})
        recipient = recipients[0]
        now = self._clock.now()
        notification = Notification(
            id=notification_id(identity.organization_id, signal.signal_id, rule.channel, recipient.key),
            organization_id=identity.organization_id,
            connection_id=signal.connection_id,
            signal=signal,
            rule_id=rule.id,
            channel=rule.channel,
            recipient=recipient,
            state="pending",
            created_at=now,
            next_attempt_at=now,
            test=True,
        )
        # What is not remembered is not let go of: a sample's log and entry go with its memory.
        await self._known.remember(signal, over=False, at=now)
        await self._notifications.add(notification)
        settlement = await self._deliverer.attempt(notification.organization_id, notification.id)
        return notification, settlement

    def _checked(self, before: Rule, draft: RuleDraft) -> SavedRule:
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
            host = self._check_url(draft.url.get_secret_value(), faults)
            rule = replace(
                rule,
                sealed_url=self._vault.seal(draft.url),
                destination=Recipient(self._vault.fingerprint(draft.url), f"{rule.channel} at {host}"),
            )
        elif before.sealed_url is None or not same_channel:
            faults["url"] = "Give the address to send to."
        if rule.channel == "slack":
            return replace(rule, sealed_secret=None), None
        if draft.secret is not None:
            _check_secret(draft.secret.get_secret_value(), faults)
            return replace(rule, sealed_secret=self._vault.seal(draft.secret)), None
        if before.sealed_secret is not None and same_channel:
            return rule, None
        made = _new_secret()
        return replace(rule, sealed_secret=self._vault.seal(made)), made

    def _check_url(self, url: str, faults: dict[str, str]) -> str:
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
        local, at, domain = recipient.rpartition("@")
        if not (local and at and domain) or any(c.isspace() or c in ',;<>"' for c in recipient):
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


def sample_signal(identity: Identity, signal_id: str, clock: Clock) -> SignalDetected:
    """Return a signal that anybody sees to be a sample; its account's owner is who asks."""
    now = clock.now()
    quote = "This is a sample, sent to see that messages arrive."
    return SignalDetected(
        organization_id=identity.organization_id,
        connection_id="sample",
        workspace_id="sample",
        signal_id=signal_id,
        revision=1,
        kind="churn_risk",
        explicit=True,
        title="A test from Earshot",
        customer=CustomerRef(id="sample", name="Sample customer", owner=identity.email or None),
        people=(PersonRef(id="sample", name=identity.name),),
        confidence=0.9,
        evidence=(
            Evidence(
                conversation_id="sample",
                part_id="sample",
                start=0,
                end=len(quote),
                quote=quote,
                author_name=identity.name,
                said_at=now - timedelta(minutes=1),
            ),
        ),
        detector=Detector(name="sample", version="1"),
        occurred_at=now - timedelta(minutes=1),
        opened_at=now,
        changed_at=now,
        url_path="/settings/organization/notifications",
    )
