"""The mood of each customer message: negative, neutral or positive, or nothing when unsure.

Words are weighed by the lexicon of the vaderSentiment package, corrected for the language of support,
where "issue", "help" and "error" are the subject and not a complaint, and "thanks" is a goodbye. The
numbers that `domain.text.mood` reads off a message are weighed together by a softmax; its weights are
fitted constants, README.md says on what. Where a text model read the message, its scores decide instead, and
the words only choose the clause to quote.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TYPE_CHECKING, Self

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Evidence, Finding, Kind, Polarity
from services.detector.domain.learned import HIGHEST_CONFIDENCE
from services.detector.domain.text.mood import MoodReader, mood_features
from services.detector.domain.text.wordlist import table, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.detector.domain.conversation import Context, Conversation, Message
    from services.detector.domain.learned import Learned
    from services.detector.domain.model_scores import MessageScores
    from services.detector.domain.text.mood import ClauseMood

NAME = "sentiment"
VERSION = "5"
EVIDENCE_LIMIT_CHARACTERS = 300
"""A mood is shown by a sentence, not by a whole letter."""

_SUBJECTS = words(
    """
    issue issues problem problems error errors help helps helped please question questions support trust
        share shared
    sure solution solutions interest interested ok okay well kind kindly alert alerts critical demand
        demands cut block
    blocked number ready like matter create created active chance cancel canceled stop stopped stopping
        debt free
    credit join increase increased important top hand want wanted value values security secure secured
    special assets natural grand party novel miss play dear leave limited limitation pay paid no
    reward rewards save saved saves growing growth agree natural challenge challenges fine hi hello natural
    legal vision fresh care true aware determine determined forgot warm yes feeling feelings low
    """
)
_CORRECTIONS = {
    word: float(value)
    for word, value in table(
        """
        thanks = 0.6, thank = 0.6, works = 0.9, worked = 1.0, easy = 1.6, easier = 1.6, intuitive = 1.9,
        smooth = 1.5
        smoothly = 1.6, fast = 1.3, faster = 1.3, quick = 1.2, quickly = 0.8, recommend = 1.6,
        recommended = 1.2
        seamless = 1.9, seamlessly = 1.9, fixed = 0.6, solved = 0.9, reliable = 1.8, responsive = 1.5,
        impressed = 2.2
        delicious = 2.5, clean = 1.3, comfortable = 1.7, durable = 1.5, sturdy = 1.4, solid = 1.2,
        flawless = 2.4, helpful = 1.9
        slow = -1.3, slower = -1.3, slowly = -1.0, buggy = -2.1, laggy = -1.8, bug = -0.5, bugs = -0.7,
        crash = -1.5, crashes = -1.8
        crashed = -1.6, crashing = -1.8, unusable = -2.9, useless = -2.6, broken = -1.8, broke = -1.5,
        outage = -1.6, outages = -1.8
        unresponsive = -1.9, overpriced = -2.1, expensive = -1.3, ridiculous = -2.4, unacceptable = -2.8,
        waste = -2.0
        wasted = -2.1, fails = -1.3, failed = -1.2, failing = -1.4, fail = -1.2, stuck = -0.8,
        confusing = -1.5, confused = -1.0
        complicated = -1.2, clunky = -1.7, tedious = -1.6, cumbersome = -1.6, misleading = -1.9,
        rude = -2.3, unhelpful = -2.1
        incompetent = -2.6, ignored = -1.6, delayed = -1.0, delay = -0.9, worse = -2.1, worst = -3.1,
        refund = -0.7, nightmare = -2.6
        bland = -1.6, mediocre = -1.4, cheap = -0.5, dirty = -1.6, cold = -0.7, flimsy = -1.6,
        overcooked = -1.7, stale = -1.5
        embarrassing = -1.9, regret = -1.7, ugh = -1.8, unreliable = -2.0, unstable = -1.6,
        glitchy = -1.7, freezes = -1.5
        """
    ).items()
}

_WEIGHTS: dict[Polarity, tuple[float, ...]] = {
    Polarity.NEGATIVE: (
        0.032,
        -1.057,
        0.783,
        -0.723,
        -0.676,
        0.391,
        0.072,
        0.157,
        -0.524,
        -0.142,
        0.001,
        -1.549,
        0.259,
        0.123,
        -0.215,
        1.435,
        -1.656,
        2.329,
        -1.550,
        -0.633,
        -0.533,
        -1.897,
        1.488,
    ),
    Polarity.NEUTRAL: (
        -0.051,
        -0.345,
        -0.733,
        0.023,
        -0.648,
        -0.529,
        -0.173,
        0.136,
        0.331,
        0.636,
        -1.553,
        -0.317,
        0.122,
        0.506,
        0.341,
        -0.466,
        -0.658,
        -2.124,
        -1.803,
        -0.754,
        -0.082,
        -1.013,
        -1.118,
    ),
    Polarity.POSITIVE: (
        -0.247,
        0.868,
        -0.518,
        0.842,
        0.866,
        -0.285,
        0.260,
        -0.685,
        -0.045,
        -0.976,
        1.224,
        1.015,
        -0.918,
        -0.881,
        -0.512,
        -1.539,
        1.103,
        -1.570,
        2.251,
        1.020,
        0.463,
        1.722,
        -1.126,
    ),
}
"""One row per polarity, one weight per name in FEATURE_NAMES, found by `evaluation.fitting`."""


def support_lexicon() -> dict[str, float]:
    """The package's lexicon with the corrections for the language of support."""
    packaged = resources.files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8")
    lexicon: dict[str, float] = {}
    for line in packaged.splitlines():
        word, _, rest = line.partition("\t")
        if word.isalpha() and word not in _SUBJECTS:
            lexicon[word] = float(rest.split("\t", 1)[0])
    return lexicon | _CORRECTIONS


def probabilities(features: tuple[float, ...]) -> dict[Polarity, float]:
    """Calibrated probability of each polarity; they add up to one."""
    logits = {polarity: sum(map(operator.mul, weights, features)) for polarity, weights in _WEIGHTS.items()}
    highest = max(logits.values())
    powers = {polarity: math.exp(logit - highest) for polarity, logit in logits.items()}
    total = sum(powers.values())
    return {polarity: power / total for polarity, power in powers.items()}


@dataclass(frozen=True)
class SentimentDetector:
    """A Detector that makes at most one finding per customer message."""

    reader: MoodReader
    parameters: Parameters = field(default_factory=lambda: Parameters(threshold=0.55))
    name: str = NAME
    version: str = VERSION
    learned: Learned | None = None

    def with_model(self, learned: Learned) -> Self:
        """The same detector going by the model's scores; see `services.detector.domain.learned.Learning`."""
        return replace(self, version=f"{self.version}+{learned.digest}", learned=learned)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({Kind.SENTIMENT})

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        made = (
            self._read(message, context.scores.get(message.part_id))
            for message in conversation.readable_messages
        )
        return tuple(finding for finding in made if finding is not None)

    def _read(self, message: Message, scores: MessageScores | None) -> Finding | None:
        if not message.clauses:
            return None
        heard: list[ClauseMood] = []
        if self.learned is None or scores is None:
            heard = self._heard(message)
            likely = probabilities(mood_features(message.text, heard))
        else:
            likely = dict(zip(Polarity, self.learned.moods.probabilities(scores.mood()), strict=True))
        polarity = max(likely, key=lambda one: likely[one])
        if likely[polarity] < self.parameters.threshold:
            return None
        if not heard and polarity is not Polarity.NEUTRAL:
            heard = self._heard(message)
        return Finding(
            kind=Kind.SENTIMENT,
            confidence=min(HIGHEST_CONFIDENCE, likely[polarity]),
            detector=self.name,
            version=self.version,
            evidence=(_evidence(message, heard, polarity),),
            polarity=polarity,
            score=self._score(message, heard, likely, polarity),
        )

    def _heard(self, message: Message) -> list[ClauseMood]:
        """The mood of each clause; needed for the whole message and to choose the clause to quote."""
        return [self.reader.heard(clause) for clause in message.clauses]

    def _score(
        self,
        message: Message,
        heard: Sequence[ClauseMood],
        likely: Mapping[Polarity, float],
        polarity: Polarity,
    ) -> float:
        """How good the mood is, -1..1; unless neutral, the mean of the model's and the lexicon's scores.

        The model recognises anger in short dry remarks without any angry word, which shifts of mood rest on.
        """
        leaning = likely[Polarity.POSITIVE] - likely[Polarity.NEGATIVE]
        if self.learned is None or polarity is Polarity.NEUTRAL:
            return leaning
        said = probabilities(mood_features(message.text, heard))
        return (leaning + said[Polarity.POSITIVE] - said[Polarity.NEGATIVE]) / 2


def _evidence(message: Message, heard: Sequence[ClauseMood], polarity: Polarity) -> Evidence:
    """The clause that leans furthest towards the polarity that was found."""
    chosen = message.clauses[0]
    if len(heard) > 1 and polarity is not Polarity.NEUTRAL:
        chosen = max(
            heard,
            key=lambda one: probabilities(
                mood_features(message.text[one.clause.start : one.clause.end], (one,))
            )[polarity],
        ).clause
    return Evidence.of(message, chosen.start, min(chosen.end, chosen.start + EVIDENCE_LIMIT_CHARACTERS))


def create(parameters: Parameters | None = None) -> SentimentDetector:
    """The sentiment detector; reads the lexicon once from the installed package."""
    reader = MoodReader.with_lexicon(support_lexicon())
    return SentimentDetector(reader, parameters or Parameters(threshold=0.55))
