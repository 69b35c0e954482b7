"""What remains of a request after some of its words are gone: a title and wordings that still hold.

A request's title and wordings are customers' own words. When a message is redacted or deleted, they no longer
contain what only that message said. When a wish is dismissed or withdrawn, the title no longer contains what
only that wish said; its wording, which is shown nowhere, stays, so that the same words do not raise an alert
again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.signal import WORDS_REMOVED
from services.detector.domain.text.sentences import split_clauses
from services.detector.domain.text.wishes import wish_title
from services.detector.domain.wishes import MAX_WORDINGS, every_token, wish_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request

MAX_TITLE = 160
WISH_DISMISSED = "A request whose wish was dismissed"
"""The title of a request that nobody asks for since a person dismissed the words it was named by."""
WISH_WITHDRAWN = "A request whose wish was taken back"
"""The title of a request that nobody asks for since those who did no longer mean it."""
UNNAMED = (WORDS_REMOVED, WISH_DISMISSED, WISH_WITHDRAWN)
"""Titles of requests without a name; the next wish for it gives it one."""

_WORD = re.compile(r"\w+")
_NAMED = re.compile("“(.*)”", re.DOTALL)


def request_title(wish: str) -> str:
    """Return a wish's words as a request's title."""
    words = " ".join(wish.split())
    cut = words if len(words) <= MAX_TITLE else f"{words[: MAX_TITLE - 1].rstrip()}…"
    return cut[:1].upper() + cut[1:]


class Standing:
    """What may still be said of some requests: the words of `signals`, without the quotes in `lost`."""

    def __init__(self, signals: Iterable[Signal], lost: Iterable[str]) -> None:
        proofs = [(signal, proof) for signal in signals for proof in signal.proofs if proof.quote]
        unmeant = [(signal, proof.quote) for signal, proof in proofs if _is_unmeant(signal)]
        self._proofs = sorted(
            (proof for signal, proof in proofs if not _is_unmeant(signal)),
            key=lambda proof: (proof.said_at, proof.identity),
        )
        self._lost = tuple(lost)
        self._unmeant = tuple(quote for _, quote in unmeant)
        withdrawn = any(signal.cleared_because == "withdrawn" for signal, _ in unmeant)
        self._unnamed = WISH_WITHDRAWN if withdrawn else WISH_DISMISSED if unmeant else WORDS_REMOVED
        left = {token for _, proof in proofs for token in every_token(proof.quote)}
        self._gone = {
            token for quote in (*self._lost, " ".join(self._lost)) for token in every_token(quote)
        } - left

    def is_gone(self, words: str) -> bool:
        """Return whether only words that are gone, or are no longer a wish, say this."""
        return any(_says(quote, words) for quote in (*self._lost, *self._unmeant)) and not any(
            _says(proof.quote, words) for proof in self._proofs
        )

    def of(self, request: Request) -> Request:
        """Return the request without what is gone; if nothing is left to say, its title says so.

        A request without a name gets one as soon as somebody asks for it again.
        """
        nameless = request.title in UNNAMED and bool(self._proofs)
        title = self._title() if nameless or self.is_gone(request.title) else request.title
        wordings = tuple(wording for wording in request.wordings if self._gone.isdisjoint(wording))
        if len(wordings) < len(request.wordings):
            newest = (wish_tokens(proof.quote) for proof in reversed(self._proofs))
            wordings = tuple(dict.fromkeys([*wordings, *filter(None, newest)]))[:MAX_WORDINGS]
        return replace(request, title=title, wordings=wordings)

    def retitled(self, signal: Signal, title: str) -> Signal:
        """Return a signal with its request's title, and with no history line that contains what is gone.

        A dismissed or withdrawn signal keeps its title for as long as its own words say it.
        """

        def note(told: str) -> str:
            named = _NAMED.search(told)
            return told.replace(named[1], title) if named and self.is_gone(named[1]) else told

        history = tuple(replace(line, note=note(line.note)) for line in signal.history)
        if _is_unmeant(signal) and any(_says(proof.quote, signal.title) for proof in signal.proofs):
            title = signal.title
        return replace(signal, title=title, history=history)

    def _title(self) -> str:
        """Name the request by the earliest remaining words, which are closest to how it began."""
        for proof in self._proofs:
            named = wish_title(split_clauses(proof.quote), proof.quote)
            if named is not None:
                return request_title(named.text)
        if self._proofs:
            return request_title(self._proofs[0].quote)
        return self._unnamed


def names_request(signal: Signal) -> bool:
    """Return whether a request's title, which its signals carry, is what this signal rests on."""
    return signal.slot.request_id is not None and any(
        _says(proof.quote, signal.title) for proof in signal.proofs
    )


def _is_unmeant(signal: Signal) -> bool:
    """Return whether a person found these words to be no wish, or their author withdrew them."""
    return signal.cleared_because in {"dismissed", "withdrawn"}


def _says(quote: str, words: str) -> bool:
    """Return whether a quote contains these words in sequence, whatever stands between them."""
    wanted, said = _words(words), _words(quote)
    return bool(wanted) and any(
        said[start : start + len(wanted)] == wanted for start in range(len(said) - len(wanted) + 1)
    )


def _words(text: str) -> Sequence[str]:
    return _WORD.findall(text.casefold())
