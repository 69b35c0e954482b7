"""What a signal rests on, as messages and the inbox tell it: words of customers and facts of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.signals import AccountFact, Evidence, SignalEvent


def newest_quote(signal: SignalEvent) -> Evidence | None:
    """Return the newest words; of one moment those that the signal names first, which are the surest."""
    return max(signal.evidence, key=lambda evidence: evidence.said_at, default=None)


def facts_newest_first(signal: SignalEvent) -> tuple[AccountFact, ...]:
    return tuple(sorted(signal.facts, key=lambda fact: fact.since, reverse=True))


def heading_fact(signal: SignalEvent) -> AccountFact | None:
    """Return the newest fact where it is newer than all words: it says best why the signal is there."""
    newest = next(iter(facts_newest_first(signal)), None)
    words = newest_quote(signal)
    return newest if newest and (words is None or newest.since > words.said_at) else None


def messages_of(signal: SignalEvent) -> int:
    """Count the messages that are quoted; two quotes of one message are one sign."""
    return len({(one.conversation_id, one.part_id) for one in signal.evidence})
