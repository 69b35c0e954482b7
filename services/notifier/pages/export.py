"""What the inbox's and the log's CSV files hold, a line a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notifier.domain.signs import facts_newest_first, heading_quote
from shared.web.cards import fact_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.notifier.domain.notification import Notification
    from services.notifier.ports import InboxEntry
    from shared.contracts.signals import SignalDetected

ENTRY_HEADING = (
    "id", "kind", "title", "customer", "confidence", "said_at", "quote", "sent_at", "read", "over",
    "reasons", "explicit", "direction",
)  # fmt: skip


def entry_row(entry: InboxEntry) -> Sequence[object]:
    signal = entry.signal
    words = heading_quote(signal)
    return (
        entry.id,
        signal.kind,
        signal.title,
        signal.customer.name if signal.customer else "",
        signal.confidence,
        signal.occurred_at.isoformat(),
        words.quote if words else "",
        entry.added_at.isoformat(),
        str(entry.read).lower(),
        entry.over,
        "; ".join(
            fact_in_words(account_fact.name, account_fact.value, account_fact.reason)
            for account_fact in facts_newest_first(signal)
        ),
        *_apart(signal),
    )


def _apart(signal: SignalDetected) -> tuple[str, str]:
    """Return what keeps notice and implied risk apart, and moods by where they turned, as in other files."""
    explicit = "" if signal.explicit is None else str(signal.explicit).lower()
    return explicit, signal.direction or ""


DELIVERY_HEADING = (
    "id", "state", "signal_id", "kind", "customer", "channel", "recipient", "rule", "attempts", "last_word",
    "created_at", "settled_at", "sample", "explicit", "direction",
)  # fmt: skip


def delivery_row(one: Notification, rule_names: dict[str, str]) -> Sequence[object]:
    last = one.attempts[-1].detail if one.attempts else ""
    return (
        one.id,
        one.state,
        one.signal.signal_id,
        one.signal.kind,
        one.signal.customer.name if one.signal.customer else "",
        one.channel,
        one.recipient.label,
        rule_names.get(one.rule_id, "removed"),
        len(one.attempts),
        one.cancelled_because if one.state == "cancelled" and one.cancelled_because else last,
        one.created_at.isoformat(),
        one.settled_at.isoformat() if one.settled_at else "",
        str(one.test).lower(),
        *_apart(one.signal),
    )
