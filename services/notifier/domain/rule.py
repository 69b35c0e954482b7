"""Rules: which signals are announced, to whom, by which channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - the repository validates stored documents by these annotations
from typing import TYPE_CHECKING

from shared.contracts.deliveries import ChannelName  # noqa: TC001 - see above
from shared.contracts.signals import SignalKind  # noqa: TC001 - see above
from shared.mail import is_mail_address

if TYPE_CHECKING:
    from shared.contracts.signals import SignalDetected

EVERYONE = "everyone"
"""In a rule's recipients: all people of the organization, those who sign in later too (inbox only)."""

OWNER = "owner"
"""In a rule's recipients: whoever owns the signal's customer."""

PEOPLE_CHANNELS: tuple[ChannelName, ...] = ("inbox", "email")
"""Channels whose recipients are people; the others have one address on the rule itself."""

DEFAULT_KINDS: tuple[SignalKind, ...] = ("churn_risk", "renewal", "upsell", "expansion", "feature_request")
DEFAULT_RULE_ID = "default"


_ASKED = (
    "channel",
    "kinds",
    "customers",
    "owners",
    "tags",
    "minimum_confidence",
    "good_moods",
    "recipients",
    "destination",
    "enabled",
)
"""What of a rule decides who is told of what; its name and its secrets do not."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a notification goes to.

    Attributes:
        key: identifies the recipient within its channel; one notification a key and signal.
        label: the recipient in words that hold no secret.
    """

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Health:
    """How deliveries of a rule went lately."""

    failures_in_a_row: int = 0
    last_failure: str | None = None
    last_failure_at: datetime | None = None
    last_delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. An empty condition matches everything.

    Attributes:
        good_moods: whether a mood that turned for the better is told too. An empty condition does not
            include it: somebody must have chosen it.
        customers: names or ids, compared without regard to case.
        recipients: for inbox and e-mail: addresses, EVERYONE, OWNER.
        sealed_url: for Slack, Teams and webhooks: the address, encrypted, for it is a secret.
        sealed_secret: for webhooks: the signing secret, encrypted.
        destination: for Slack, Teams and webhooks: key and label of the address.
        revision: grows with each change.
        asks_since: since when it asks for just this; None is since it was made.
    """

    id: str
    organization_id: str
    name: str
    channel: ChannelName
    created_at: datetime
    created_by: str
    kinds: tuple[SignalKind, ...] = ()
    customers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    minimum_confidence: float = 0.0
    good_moods: bool = False
    recipients: tuple[str, ...] = ()
    sealed_url: str | None = None
    sealed_secret: str | None = None
    destination: Recipient | None = None
    enabled: bool = True
    revision: int = 1
    asks_since: datetime | None = None
    health: Health = field(default_factory=Health)

    def matches(self, signal: SignalDetected) -> bool:
        """Return whether the rule is on and every condition that it sets holds."""
        customer = signal.customer
        names = {customer.id.casefold(), customer.name.casefold()} if customer else set()
        owner = {customer.owner.casefold()} if customer and customer.owner else set()
        return (
            self.enabled
            and (not self.kinds or signal.kind in self.kinds)
            and (self.good_moods or signal.direction != "up")
            and signal.confidence >= self.minimum_confidence
            and _any_of(self.customers, names)
            and _any_of(self.owners, owner)
            and _any_of(self.tags, {tag.casefold() for tag in signal.tags})
        )

    def asked_at(self, moment: datetime) -> bool:
        """Return whether the rule asked for just this at that moment already."""
        return (self.asks_since or self.created_at) <= moment

    def asks_as(self, other: Rule) -> bool:
        """Return whether two states of a rule tell the same people of the same signals."""
        return all(getattr(self, name) == getattr(other, name) for name in _ASKED)

    def may_tell(self, channel: ChannelName, recipient_key: str) -> bool:
        """Return whether the rule is on, and channel and recipient are still among what it names.

        OWNER may be anybody. A Slack, Teams or webhook address that was replaced is the same receiver.
        """
        if not self.enabled or self.channel != channel:
            return False
        named = {address.strip().casefold() for address in self.recipients}
        return channel not in PEOPLE_CHANNELS or OWNER in named or recipient_key in named

    def tells(self, signal: SignalDetected, channel: ChannelName, recipient_key: str) -> bool:
        """Return whether the rule would tell just this recipient of the signal, by this channel."""
        return (
            self.channel == channel
            and self.matches(signal)
            and any(recipient.key == recipient_key for recipient in self.recipients_for(signal))
        )

    def recipients_for(self, signal: SignalDetected) -> tuple[Recipient, ...]:
        """Return who is told by this rule. OWNER is nobody where the account's owner is not known."""
        if self.channel not in PEOPLE_CHANNELS:
            return (self.destination,) if self.destination else ()
        recipients: dict[str, Recipient] = {}
        for named in self.recipients:
            address = (signal.customer.owner if signal.customer else None) if named == OWNER else named
            if address:
                key = address.strip().casefold()
                if named == OWNER and not is_mail_address(key):
                    # Owners may be any words, EVERYONE too: such a key is nobody's, and its channel says so.
                    key = f"{OWNER} {key}"
                recipients[key] = Recipient(key, address.strip())
        return tuple(recipients.values())


def _any_of(wanted: tuple[str, ...], present: set[str]) -> bool:
    return not wanted or any(word.casefold() in present for word in wanted)


def default_rule(organization_id: str, now: datetime) -> Rule:
    """Return the rule that an organization starts with: the telling kinds, in everybody's inbox."""
    return Rule(
        id=DEFAULT_RULE_ID,
        organization_id=organization_id,
        name="Everyone's inbox",
        channel="inbox",
        kinds=DEFAULT_KINDS,
        recipients=(EVERYONE,),
        created_at=now,
        created_by="Earshot",
    )
