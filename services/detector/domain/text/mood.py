"""What in a message speaks for a good or a bad mood, as a handful of bounded numbers.

A lexicon gives single words a valence (about -4 to 4). Around it: negation turns it, intensifiers
stretch it, wishes and conditions ("would be great if") take praise out of it, phrases that no single
word carries ("still waiting", "works like a charm") are counted apart. What the numbers mean together is
decided by whoever weighs them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from services.detector.domain.rules import RuleBook
from services.detector.domain.text.mood_phrases import MOOD_CUES
from services.detector.domain.text.wordlist import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.detector.domain.text.sentences import Clause

FEATURE_NAMES = (
    "bias",
    "praise",
    "blame",
    "balance",
    "strongest_praise",
    "strongest_blame",
    "ending",
    "mixed",
    "no_valence",
    "asks",
    "exclaims",
    "exclaims_praise",
    "exclaims_blame",
    "shouts",
    "length",
    "negations",
    "thanks",
    "grievance",
    "delight",
    "sarcasm",
    "hypothetical",
    "good_emoji",
    "bad_emoji",
)
"""Names of the numbers that `mood_features` returns, in their order."""

_NEGATIONS = words(
    "not no never nobody nothing none neither nor without hardly barely scarcely cannot lack lacks"
)
_STRONGER = words(
    """
    very really so extremely absolutely totally completely super incredibly highly too quite truly deeply
    especially particularly such insanely painfully utterly always
    """
)
_WEAKER = words("slightly somewhat kinda sorta fairly bit little partly almost rather")
_GOODBYE = words("thanks thank you many in advance again best regards cheers kind and for your help")
"""A clause of these alone, after others, closes a letter and praises nobody."""
_TURN_REACH_WORDS = 4
"""A negation colours the next few words: "not a very good tool"."""
_TURNED = -0.6
"""A negated word means less than its opposite: "not good" is milder than "bad"."""
_STRONGER_BY = 0.3
_HYPOTHETICAL_SHARE = 0.25
"""What is left of praise in a wish: "it would be great if" praises nothing yet."""
_BEFORE_TURN_SHARE = 0.7
"""What stands before a "but" counts for less than what follows."""

_GOOD_EMOJI = re.compile(
    "[\u2764\U0001f600-\U0001f60d\U0001f60a\U0001f917\U0001f929\U0001f970\U0001f973\U0001f389\U0001f44d\U0001f44f\U0001f64c\U0001f64f\U0001f499-\U0001f49c]"
    r"|(?<![\w/])[:;=8]['^]?-?[)D\]](?![\w/])|<3"
)
_BAD_EMOJI = re.compile(
    "[\U0001f612-\U0001f616\U0001f61e-\U0001f629\U0001f62b\U0001f62d\U0001f631\U0001f640\U0001f644\U0001f44e\U0001f494\U0001f926\U0001f92c]"
    r"|(?<![\w/])[:;=8]['^]?-?[(\[](?![\w/])|(?<!\w):-?/(?![\w/])"
)
_EMOJI_BEGIN = re.compile("[:;=8<\u2764\U0001f300-\U0001f9ff]")
"""What every emoticon and emoji above begins with, and few texts hold."""


@dataclass(frozen=True, slots=True)
class ClauseMood:
    """What one clause says of the mood: names of the cues, valences, and how it is said."""

    clause: Clause
    names: tuple[str, ...]
    values: list[float]
    negations: int
    shouted: int
    exclaims: int


@dataclass(frozen=True)
class MoodReader:
    """Reads a message's mood with a lexicon of lower-case words and their valence."""

    lexicon: Mapping[str, float]
    book: RuleBook

    @cached_property
    def valued(self) -> frozenset[str]:
        """The words of the lexicon, as a set that meets another one fast."""
        return frozenset(self.lexicon)

    @classmethod
    def with_lexicon(cls, lexicon: Mapping[str, float]) -> MoodReader:
        """A reader with the phrases of `mood_phrases` beside the lexicon."""
        return cls(lexicon, RuleBook(MOOD_CUES))

    def clause_valences(self, clause: Clause, *, hypothetical: bool, sarcastic: bool) -> list[float]:
        """The valence of each word that has one, after negation, intensity, wish and sarcasm."""
        valences: list[float] = []
        if self.valued.isdisjoint(clause.words):
            return valences
        turned_until = -1
        stretch = 0.0
        for at, word in enumerate(clause.normal.split()):
            if word in _NEGATIONS:
                turned_until = at + _TURN_REACH_WORDS
                continue
            if word in _STRONGER:
                stretch = _STRONGER_BY
                continue
            if word in _WEAKER:
                stretch = -_STRONGER_BY
                continue
            valence = self.lexicon.get(word)
            if valence:
                valence *= 1 + stretch
                if at <= turned_until:
                    valence *= _TURNED
                if hypothetical and valence > 0:
                    valence *= _HYPOTHETICAL_SHARE
                if sarcastic and valence > 0:
                    valence *= _TURNED
                valences.append(valence)
                stretch = 0.0
        return valences

    def heard(self, clause: Clause) -> ClauseMood:
        """What one clause says by itself."""
        hits = self.book.hits(clause)
        sarcastic = "sarcasm" in hits
        raw = clause.raw_words
        return ClauseMood(
            clause=clause,
            names=tuple(hits.keys() - {"delight", "thanks"} if sarcastic else hits),
            values=self.clause_valences(clause, hypothetical="hypothetical" in hits, sarcastic=sarcastic),
            negations=len(clause.words & _NEGATIONS),
            shouted=sum([word.isupper() and len(word) > 2 for word in raw]),  # noqa: PLR2004 - "OK" and "US" are not shouting
            exclaims=sum([word[0] == "!" for word in raw]),
        )

    def features(self, text: str, clauses: Sequence[Clause]) -> tuple[float, ...]:
        """The numbers named by FEATURE_NAMES; `text` is the original text the clauses come from."""
        return mood_features(text, [self.heard(clause) for clause in clauses])


def mood_features(text: str, heard: Sequence[ClauseMood]) -> tuple[float, ...]:
    """The numbers named by FEATURE_NAMES, from what was heard in each clause of a text."""
    praise = blame = high = low = ending = 0.0
    counts = dict.fromkeys(("grievance", "delight", "sarcasm", "hypothetical", "thanks"), 0)
    negations = length = shouted = exclaims = 0
    asks = False
    for at, clause_mood in enumerate(heard):
        length += len(clause_mood.clause.raw_words)
        if at and clause_mood.clause.words <= _GOODBYE:
            continue
        for name in clause_mood.names:
            counts[name] += 1
        if clause_mood.values:
            turns_next = at + 1 < len(heard) and heard[at + 1].clause.normal.startswith(
                (" but ", " however ")
            )
            share = _BEFORE_TURN_SHARE if turns_next else 1.0
            praise += share * sum([value for value in clause_mood.values if value > 0])
            blame -= share * sum([value for value in clause_mood.values if value < 0])
            high = max(high, *clause_mood.values)
            low = min(low, *clause_mood.values)
            ending = sum(clause_mood.values)
        negations += clause_mood.negations
        shouted += clause_mood.shouted
        exclaims += clause_mood.exclaims
        asks = asks or clause_mood.clause.asks
    exclaiming = min(exclaims, 3) / 3
    shouting = shouted / length if length and shouted < length else 0.0
    emotional = _EMOJI_BEGIN.search(text) is not None
    return (
        1.0,
        praise / (praise + 3),
        blame / (blame + 3),
        _squashed(praise - blame),
        high / 4,
        -low / 4,
        _squashed(ending),
        min(praise, blame) / (min(praise, blame) + 2),
        float(praise == 0 and blame == 0),
        float(asks),
        exclaiming,
        exclaiming * (praise > blame),
        exclaiming * (blame > praise),
        shouting,
        math.log1p(length) / 5,
        min(negations, 4) / 4,
        float(counts["thanks"] > 0),
        min(counts["grievance"], 3) / 3,
        min(counts["delight"], 3) / 3,
        float(counts["sarcasm"] > 0),
        float(counts["hypothetical"] > 0),
        float(emotional and _GOOD_EMOJI.search(text) is not None),
        float(emotional and _BAD_EMOJI.search(text) is not None),
    )


def _squashed(valence: float) -> float:
    return valence / math.sqrt(valence * valence + 15)
