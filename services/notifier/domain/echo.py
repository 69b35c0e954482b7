"""A receiver's response may repeat what it was sent; the log must not keep those words a second time.

A word that is redacted later is removed from signals, and so is an account fact that no longer holds. Nobody
would look for it in a stored response.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.signals import SignalEvent

_WORD = re.compile(r"\w+")
_IN_A_ROW = 3
"""This many of the customer's words in a row are a repetition and no coincidence."""

NOT_KEPT = "(its answer repeated the message and is not kept)"


def without_echo(answer: str, signal: SignalEvent) -> str:
    """Return the response up to where it begins to repeat the signal's title, quotes or facts.

    A shorter quote counts if all of it is there, and so does a fact: it is made of our own words, of which a
    receiver may use three by chance.
    """
    answered = [(match.group().casefold(), match.start()) for match in _WORD.finditer(answer)]
    starts = [
        start
        for text, enough in (
            (signal.title, _IN_A_ROW),
            *((evidence.quote, _IN_A_ROW) for evidence in signal.evidence),
            *((fact.reason, len(fact.reason)) for fact in signal.facts),
        )
        for start in _repeated(answered, [word.casefold() for word in _WORD.findall(text)], enough)
    ]
    return answer if not starts else f"{answer[: min(starts)].rstrip()} {NOT_KEPT}".lstrip()


def _repeated(answered: list[tuple[str, int]], sent: list[str], enough: int) -> list[int]:
    length = min(enough, len(sent))
    if length == 0:
        return []
    runs = {tuple(sent[at : at + length]) for at in range(len(sent) - length + 1)}
    return [
        answered[at][1]
        for at in range(len(answered) - length + 1)
        if tuple(word for word, _ in answered[at : at + length]) in runs
    ]
