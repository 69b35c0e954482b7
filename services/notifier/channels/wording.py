"""How a signal is said in a message: the same facts in the same order in every channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.web.shapes import KIND_LOOKS

if TYPE_CHECKING:
    from services.notifier.ports import Message
    from shared.contracts.signals import SignalDetected

_LONGEST_QUOTE = 600
"""Characters of a quote in a message; its page has the whole of it."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message's parts. All are single lines of plain text, however they were written by a customer."""

    kind: str
    headline: str
    customer: str
    quote: str | None
    who: str | None
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
    newest = max(signal.evidence, key=lambda evidence: evidence.said_at, default=None)
    customer = _line(signal.customer.name) if signal.customer else "No customer matched"
    facts = [f"Confidence {signal.confidence:.2f}"]
    if signal.customer and signal.customer.owner:
        facts.append(f"Owner {_line(signal.customer.owner)}")
    if len(signal.evidence) > 1:
        facts.append(f"{len(signal.evidence) - 1} earlier sign{'s' if len(signal.evidence) > 2 else ''}")  # noqa: PLR2004 - one and more
    if signal.tags:
        facts.append(f"Tags {', '.join(map(_line, signal.tags[:10]))}")
    kind = kind_words(signal)
    return Words(
        kind=kind,
        headline=f"{kind}: {customer}",
        customer=customer,
        quote=_cut(_line(newest.quote)) if newest else None,
        who=_line(newest.author_name) if newest and newest.author_name else None,
        facts=tuple(facts),
        link=message.link,
        rule=_line(message.rule_name),
    )


def _line(text: str) -> str:
    # Line breaks end headers in mail; control characters have no place in any message.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"
