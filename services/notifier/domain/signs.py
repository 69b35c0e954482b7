"""What a signal rests on, as messages and the inbox show it: customers' words and account facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contracts.heading import heading_words

if TYPE_CHECKING:
    from shared.contracts.signals import AccountFact, Evidence, SignalEvent


def heading_quote(signal: SignalEvent) -> Evidence | None:
    """Return the newest of the surest words; of one moment those that the signal names first."""
    return heading_words(signal.evidence)


def facts_newest_first(signal: SignalEvent) -> tuple[AccountFact, ...]:
    return tuple(sorted(signal.facts, key=lambda fact: fact.since, reverse=True))


def heading_fact(signal: SignalEvent) -> AccountFact | None:
    """Return the newest fact if it is newer than all words: it explains best why the signal is there."""
    newest = next(iter(facts_newest_first(signal)), None)
    said_at = max((evidence.said_at for evidence in signal.evidence), default=None)
    return newest if newest and (said_at is None or newest.since > said_at) else None


def messages_of(signal: SignalEvent) -> int:
    """Count the quoted messages; two quotes of one message count once."""
    return len({(evidence.conversation_id, evidence.part_id) for evidence in signal.evidence})
