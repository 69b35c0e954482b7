"""The detector that most kinds share: a rule book, a calibration, and what the account facts add.

Only customers' own words are read. The strongest clause decides; other clauses that pass the threshold
are added as evidence, so that a page can show everything that was said about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Evidence, Finding, Kind
from services.detector.domain.withdrawal import Withdrawals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.detector.domain.conversation import Context, Conversation, Message
    from services.detector.domain.rules import Calibration, RuleBook
    from services.detector.domain.text.sentences import Clause

EVIDENCE_LIMIT = 5
"""More quotes than this prove nothing more and make a page long."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause of a message and how sure the rules are of it."""

    message: Message
    clause: Clause
    confidence: float
    explicit: bool | None = None


@dataclass(frozen=True)
class Voice:
    """One way a kind shows itself: its rules, their calibration, and whether it is notice given outright."""

    book: RuleBook
    calibration: Calibration
    explicit: bool | None = None


def no_facts(context: Context, message: Message) -> float:
    """Points that account facts add when a kind has no use for them."""
    del context, message
    return 0.0


@dataclass(frozen=True)
class LexicalDetector:
    """A Detector made of voices; see `services.detector.domain.detector.Detector`."""

    name: str
    version: str
    kind: Kind
    voices: tuple[Voice, ...]
    parameters: Parameters = field(default_factory=Parameters)
    facts_points: Callable[[Context, Message], float] = no_facts
    withdrawals: Withdrawals = field(default_factory=Withdrawals)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({self.kind})

    def candidates(self, conversation: Conversation, context: Context) -> Iterator[Candidate]:
        """Every clause that any voice has something to say about, however little."""
        for message in conversation.readable_messages:
            points: float | None = None
            for voice in self.voices:
                for scored in voice.book.score_message(message.clauses):
                    if points is None:
                        points = self.facts_points(context, message)
                    confidence = voice.calibration.confidence(scored.score + points)
                    yield Candidate(message, scored.clause, confidence, voice.explicit)

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        threshold = self.parameters.threshold
        sure = [one for one in self.candidates(conversation, context) if one.confidence >= threshold]
        if not sure:
            return ()
        withdrawn = self.withdrawals.withdrawn(conversation, self.kind)
        if withdrawn:
            gone = {id(conversation.readable_messages[at]) for at in withdrawn}
            sure = [one for one in sure if id(one.message) not in gone]
        if not sure:
            return ()
        best = strongest(sure)
        return (
            Finding(
                kind=self.kind,
                confidence=best[0].confidence,
                detector=self.name,
                version=self.version,
                evidence=tuple(Evidence.of(one.message, one.clause.start, one.clause.end) for one in best),
                explicit=best[0].explicit,
            ),
        )


def strongest(candidates: list[Candidate]) -> list[Candidate]:
    """The strongest candidate, then others of its voice, strongest first; each clause once."""
    ordered = sorted(candidates, key=lambda one: -one.confidence)
    lead = next((one for one in ordered if one.explicit), ordered[0])
    chosen: list[Candidate] = []
    seen: set[tuple[int, int]] = set()
    for one in [lead, *ordered]:
        place = (id(one.message), one.clause.start)
        if one.explicit == lead.explicit and place not in seen:
            seen.add(place)
            chosen.append(one)
    return chosen[:EVIDENCE_LIMIT]
