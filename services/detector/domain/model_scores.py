"""A text model's raw scores of a message: one for each label, for the whole and for its clauses.

The numbers are logits, not probabilities: a detector adds the points of its rules before it turns them into a
confidence, so that both are weighed on one scale (`learned.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.learned import Learned

POLARITIES = ("negative", "neutral", "positive")
CHURN_RISK = "churn_risk"
LIFECYCLE = ("onboarding", "renewal", "upsell", "expansion", CHURN_RISK)
WISH = "feature_request"
NOTICE = "notice"
MOOT = "moot"
TAUGHT = (*POLARITIES, *LIFECYCLE, WISH, NOTICE)
"""What the encoder is trained to recognise, in order. NOTICE distinguishes outright notice from implied
risk, where there is churn risk at all."""
LABELS = (*TAUGHT, MOOT)
"""The outputs of the model, in order. MOOT is read from the finished encoder: whether a message retracts
what its author said before it ("Sorry, that was meant for our landlord")."""
_SURELY_NOT = -3.0
"""Below this the model is so sure of the contrary that phrases do not outvote it: on messages that neither
had seen, the phrases were wrong more often than right there."""
_ANOTHER_KIND = 3.0
"""If the score of another kind is higher by this much, the phrases of this kind were borrowed for it."""
_GROWTH = frozenset({"upsell", "expansion"})
_OUTRIGHT_POINTS = 5.0
"""This many points come from several cues: "ten more seats and an upgrade to Pro" is both kinds of growth,
of which the model may find only one."""
_ANGRY = 2.0
"""From this lead of negative on, a clause is angry."""
_POSITION = {label: at for at, label in enumerate(LABELS)}


@dataclass(frozen=True, slots=True)
class ModelScores:
    """Logits in the order of LABELS."""

    logits: tuple[float, ...]

    def of(self, label: str) -> float:
        return self.logits[_POSITION[label]]

    @property
    def polarities(self) -> tuple[float, ...]:
        """The logits of negative, neutral and positive; a softmax turns them into shares."""
        return self.logits[: len(POLARITIES)]


@dataclass(frozen=True, slots=True)
class MessageScores:
    """Scores of a message as a whole, and of its clauses by their index where they were worth scoring.

    `within` are the scores of the message in the context of what was said around it, where they were
    computed.
    """

    whole: ModelScores
    clauses: Mapping[int, ModelScores] = field(default_factory=dict)
    within: ModelScores | None = None

    def by_itself(self, label: str) -> float:
        """The score of the message alone: halfway to its strongest clause where clauses were scored.

        A high score of the whole with no clause to support it comes from a misleading mixture.
        """
        alone = self.whole.of(label)
        if self.clauses:
            alone = (alone + max(clause.of(label) for clause in self.clauses.values())) / 2
        return alone

    def mood(self) -> ModelScores:
        """The scores by which the mood is told: those of the whole, halfway to its angriest clause if angry.

        Who ends a contract in anger asks for something as well, and the whole sounds milder than it is meant.
        """
        angriest = max(self.clauses.values(), key=_anger, default=self.whole)
        if _anger(angriest) <= max(_ANGRY, _anger(self.whole)):
            return self.whole
        return ModelScores(
            tuple((one + other) / 2 for one, other in zip(self.whole.logits, angriest.logits, strict=True))
        )

    def of_clause(self, index: int, label: str) -> float:
        """The score of one clause; that of the message alone if the clause was not scored."""
        return self.clauses[index].of(label) if index in self.clauses else self.by_itself(label)

    def decisive(self, label: str) -> float:
        """One score for a label: the message by itself and in context, in equal parts."""
        alone = self.by_itself(label)
        return alone if self.within is None else (alone + self.within.of(label)) / 2

    def tells(self, label: str) -> bool:
        """Whether a label is likelier than not in the message alone or in context."""
        return max(self.whole.of(label), (self.within or self.whole).of(label)) > 0

    def told(self, label: str) -> float:
        """The score of the message as a whole, halfway to its score in context where there is one."""
        alone = self.whole.of(label)
        return alone if self.within is None else (alone + self.within.of(label)) / 2

    def granted(self, label: str, points: float) -> float:
        """How many of the rules' points count: none for a kind that the model speaks against."""
        beside = _GROWTH if label in _GROWTH and points >= _OUTRIGHT_POINTS else {label}
        against = self._surely_not(label) or self._another_than(label, beside)
        return min(points, 0.0) if against else points

    def _surely_not(self, label: str) -> bool:
        return self.decisive(label) < _SURELY_NOT

    def _another_than(self, label: str, beside: Collection[str]) -> bool:
        """Whether the model plainly finds a kind other than this one and those `beside` it."""
        other = max(self.whole.of(one) for one in (*LIFECYCLE, WISH) if one not in beside)
        return self.decisive(label) < 0 < other and other - self.whole.of(label) >= _ANOTHER_KIND


def _anger(scores: ModelScores) -> float:
    """By how much the logit of negative leads."""
    negative, *others = scores.polarities
    return negative - max(others)


class TextModel(Protocol):
    """Scores texts. A text gets the same scores whatever other texts it is scored with."""

    @property
    def learned(self) -> Learned:
        """The model's digest, its curves and its thresholds."""
        ...

    def read(self, texts: Sequence[str]) -> list[ModelScores]:
        """Scores in the order of the texts.

        Only the beginning of a long text counts, so that work is bounded.
        """
        ...
