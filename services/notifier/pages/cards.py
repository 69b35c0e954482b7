"""A signal of the inbox as the card that all pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from services.notifier.domain.signs import heading_fact, heading_quote, messages_of
from shared.web.cards import OVER_WORDS, SignalCard, fact_in_words

if TYPE_CHECKING:
    from services.notifier.ports import InboxEntry


def card_of(entry: InboxEntry) -> SignalCard:
    """Return the card of an entry; it opens by way of the inbox, which marks it as read.

    Where an account fact is the newest sign, it heads the card, as it does in lists.
    """
    signal = entry.signal
    fact = heading_fact(signal)
    words = None if fact else heading_quote(signal)
    return SignalCard(
        url=f"/inbox/open/{quote(entry.id, safe='')}",
        kind=signal.kind,
        title=fact_in_words(fact.name, fact.value, fact.reason) if fact else signal.title,
        confidence=signal.confidence,
        at=signal.occurred_at,
        explicit=signal.explicit,
        direction=signal.direction,
        customer_name=signal.customer.name if signal.customer else None,
        customer_url=f"/customers/{quote(signal.customer.id, safe='')}" if signal.customer else None,
        quote=words.quote if words else None,
        who=words.author_name if words else None,
        owner=signal.customer.owner if signal.customer else None,
        others=max(0, messages_of(signal) + len({fact.name for fact in signal.facts}) - 1),
        state=OVER_WORDS.get(entry.over, entry.over) if entry.over else None,
        unread=not entry.read,
        told_at=entry.added_at,
    )
