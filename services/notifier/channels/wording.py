"""How a signal is put into words: the same facts in the same order in every channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.notifier.domain.signs import facts_newest_first, heading_quote, messages_of
from shared.web.cards import fact_in_words
from shared.web.formats import money, pluralise
from shared.web.shapes import KIND_LOOKS

if TYPE_CHECKING:
    from services.notifier.ports import Message
    from shared.contracts.signals import SignalDetected

_LONGEST_QUOTE = 600
"""Characters of a quote in a message; its page has the whole of it."""

_LONGEST_REASON = 300
"""Characters of an account fact."""

_MOST_REASONS = 5
"""Account facts that are told in a message; what is left is counted."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message's parts. All are single lines of plain text, however they were written by a customer.

    `reasons` are the account facts that the signal rests on, newest first; `facts` what else there is to
    know.
    """

    kind: str
    headline: str
    customer: str
    quote: str | None
    who: str | None
    reasons: tuple[str, ...]
    facts: tuple[str, ...]
    link: str
    rule: str


def kind_words(signal: SignalDetected) -> str:
    """Return the kind in words; explicit and implied churn risk, worse and better moods are kept apart."""
    label = KIND_LOOKS[signal.kind].label
    if signal.direction is not None:
        return f"{label} ({'better' if signal.direction == 'up' else 'worse'})"
    if signal.explicit is None:
        return label
    return f"{label} ({'explicit' if signal.explicit else 'implied'})"


def words_of(message: Message) -> Words:
    signal = message.notification.signal
    words = heading_quote(signal)
    reasons = facts_newest_first(signal)[:_MOST_REASONS]
    customer = _line(signal.customer.name) if signal.customer else "No customer matched"
    facts = [f"Confidence {signal.confidence:.2f}"]
    if signal.customer and signal.customer.owner:
        facts.append(f"Owner {_line(signal.customer.owner)}")
    if signal.customer and signal.customer.monthly_spend:
        facts.append(f"Spend {money(signal.customer.monthly_spend, message.currency)} a month")
    others = max(0, messages_of(signal) - 1) + len(signal.facts) - len(reasons)
    if others:
        facts.append(pluralise(others, "other sign"))
    if signal.tags:
        facts.append(f"Tags {', '.join(map(_line, signal.tags[:10]))}")
    kind = kind_words(signal)
    return Words(
        kind=kind,
        headline=f"{kind}: {customer}",
        customer=customer,
        quote=_cut(_line(words.quote), _LONGEST_QUOTE) if words else None,
        who=_line(words.author_name) if words and words.author_name else None,
        reasons=tuple(
            _cut(
                _line(fact_in_words(account_fact.name, account_fact.value, account_fact.reason)),
                _LONGEST_REASON,
            )
            for account_fact in reasons
        ),
        facts=tuple(facts),
        link=message.link,
        rule=_line(message.rule_name),
    )


def _line(text: str) -> str:
    # Line breaks end headers in mail; control characters have no place in any message.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
