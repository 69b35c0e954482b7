"""The detector that most kinds share: a rule book, a calibration, and what account facts add.

Only customers' own words are evidence. What an agent replied or offered just before or after adds points to
them (`dialogue.py`). The strongest clause decides; other clauses above the threshold are added as evidence,
so that a page can show everything that was said about it.

Where a text model scored the messages, its score of the message and the points of the rules together make the
confidence (`learned.py`), and its scores of the clauses decide which of them to quote. Without scores the
rules decide alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from services.detector.domain.detector import Parameters
from services.detector.domain.dialogue import Turns, assent
from services.detector.domain.finding import Evidence, Finding, Kind
from services.detector.domain.learned import HIGHEST_CONFIDENCE
from services.detector.domain.model_scores import LIFECYCLE, NOTICE
from services.detector.domain.moot import heard_moot
from services.detector.domain.rules import RULED_OUT
from services.detector.domain.withdrawal import Withdrawals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.detector.domain.conversation import Context, Conversation, Message
    from services.detector.domain.learned import Learned
    from services.detector.domain.model_scores import MessageScores
    from services.detector.domain.rules import Calibration, RuleBook, Scored
    from services.detector.domain.text.sentences import Clause

EVIDENCE_LIMIT = 5
"""More quotes than this prove nothing more and make a page long."""
LIKELY = 0.5
"""Once a kind is found in a conversation, clauses elsewhere that are at least this likely to be about it
are quoted as well."""
_TAKEN_UP = -2.0
"""Below this score, an agent's reply alone ("I'll pass it on") is taken to be about something else."""
_PLAINLY = 1.0
"""From this score on, the model alone says what a conversation is about."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause of a message, and how sure it is to be about the kind."""

    message: Message
    clause: Clause
    confidence: float
    explicit: bool | None = None


@dataclass(frozen=True)
class Voice:
    """One way in which a kind shows: its rules, their calibration, and whether it counts as outright notice.

    `replies` are the words with which an agent accepts the matter (or shows that it is another one); `offers`
    are those with which an agent proposes it, so that a bare yes means it.
    """

    book: RuleBook
    calibration: Calibration
    explicit: bool | None = None
    replies: RuleBook | None = None
    offers: RuleBook | None = None


def no_facts(context: Context, message: Message) -> float:
    """The points that account facts add, for a kind that has no use for them."""
    del context, message
    return 0.0


@dataclass(frozen=True, slots=True)
class _Said:
    """What the rules of one voice found in a clause."""

    clause: Clause
    score: float
    voice: Voice

    def candidate(self, message: Message, points: float) -> Candidate:
        confidence = min(HIGHEST_CONFIDENCE, self.voice.calibration.confidence(self.score + points))
        return Candidate(message, self.clause, confidence, self.voice.explicit)


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
    learned: Learned | None = None

    def with_model(self, learned: Learned) -> Self:
        """The same detector weighing the model's scores; see `services.detector.domain.learned.Learning`."""
        return replace(self, version=f"{self.version}+{learned.digest}", learned=learned)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({self.kind})

    def candidates(
        self, conversation: Conversation, context: Context, least: float = 0.0
    ) -> Iterator[Candidate]:
        """Every clause about which the model or any voice has something to say, however little.

        Messages in which nothing reaches `least` may be left out.
        """
        turns = Turns(conversation)
        for message in conversation.readable_messages:
            said = self._said(message, turns)
            scores = context.scores.get(message.part_id)
            offered = self._offered(message, turns)
            if offered and self._of_another_kind(conversation, context, message):
                offered = []
            points = self.facts_points(context, message) if said or offered or scores else 0.0
            if self.learned is None or scores is None:
                yield from (hit.candidate(message, points) for hit in said)
            else:
                heard = said or self._taken_up(message, scores, turns)
                yield from self._weighed(self.learned, message, scores, heard, points, least)
            yield from (hit.candidate(message, points) for hit in offered)

    def points(
        self, conversation: Conversation, message: Message, scores: MessageScores | None = None
    ) -> tuple[float, float]:
        """What the rules give a message: the highest points, and by how much outright notice leads.

        With `scores`, an agent's reply counts as it does together with the model.
        """
        turns = Turns(conversation)
        said = self._said(message, turns)
        if not said and scores is not None:
            said = self._taken_up(message, scores, turns)
        return max((hit.score for hit in said), default=0.0), _lead(said)

    def _said(self, message: Message, turns: Turns) -> list[_Said]:
        return [
            _Said(clause, score, voice)
            for voice in self.voices
            for clause, score in self._scores(voice, message, turns)
        ]

    def _weighed(
        self,
        learned: Learned,
        message: Message,
        scores: MessageScores,
        said: list[_Said],
        points: float,
        least: float,
    ) -> Iterator[Candidate]:
        """The clauses as the model and the rules see them; none where the rules rule the kind out.

        The surest clause gets the confidence of the whole message.
        """
        label = str(self.kind)
        highest = max((hit.score for hit in said), default=0.0)
        if highest < RULED_OUT / 2:
            return
        confidence = learned.confidence(label, scores, scores.granted(label, highest + points))
        if confidence < least:
            return  # No clause is surer than its message, and most messages are nothing.
        by_clause = {clause.index: 0.0 for clause in message.clauses if clause.index in scores.clauses}
        for hit in said:
            by_clause[hit.clause.index] = max(hit.score, by_clause.get(hit.clause.index) or hit.score)
        if not by_clause and message.clauses:
            by_clause = {0: 0.0}
        explicit = self._explicit(learned, scores, said)
        # Scored without context, which would raise every clause of the message, even its signature.
        sure = {
            index: learned.alone(label, scores, scores.granted(label, mark), index)
            for index, mark in by_clause.items()
        }
        best = max(sure, key=lambda index: (sure[index], -index), default=None)
        for index, chance in sure.items():
            known = confidence if index == best else min(chance, confidence)
            yield Candidate(message, message.clauses[index], known, explicit)

    def _explicit(self, learned: Learned, scores: MessageScores, said: list[_Said]) -> bool | None:
        """Whether notice was given outright; None for kinds that make no such distinction."""
        if all(voice.explicit is None for voice in self.voices):
            return None
        even = 0.5
        return learned.curves[NOTICE].confidence(scores.told(NOTICE), _lead(said)) >= even

    def _taken_up(self, message: Message, scores: MessageScores, turns: Turns) -> list[_Said]:
        """What an agent's reply adds where no phrase is found and the model does not rule the kind out."""
        label = str(self.kind)
        if not message.clauses or scores.decisive(label) < _TAKEN_UP:
            return []
        clause = max(
            message.clauses,
            key=lambda clause: (
                scores.clauses[clause.index].of(label) if clause.index in scores.clauses else -math.inf
            ),
        )
        replied = ((voice, self._strongest_reply(voice, message, turns)) for voice in self.voices)
        return [_Said(clause, points, voice) for voice, points in replied if points]

    def _of_another_kind(self, conversation: Conversation, context: Context, message: Message) -> bool:
        """Whether the model found another kind, and not this one, in what customers said up to a message.

        A yes to a price refers to what was asked before: more seats, the next year, a pause. Of the message
        itself only what the model finds in context counts, since the words say nothing.
        """
        own = others = -math.inf
        for one in conversation.readable_messages:
            scores = context.scores.get(one.part_id)
            found = None if scores is None else scores.decisive
            if one is message:
                found = scores.within.of if scores and scores.within else None
            if found is not None:
                own = max(own, found(str(self.kind)))
                others = max(others, *(found(kind) for kind in LIFECYCLE if kind != self.kind))
            if one is message:
                break
        return others > max(own, _PLAINLY)

    def _offered(self, message: Message, turns: Turns) -> list[_Said]:
        """Assents to what an agent offered; the words themselves say nothing, so no model is asked."""
        found = ((voice, self._agreed(voice, message, turns)) for voice in self.voices)
        return [_Said(*agreed, voice) for voice, agreed in found if agreed is not None]

    def _scores(self, voice: Voice, message: Message, turns: Turns) -> Iterator[tuple[Clause, float]]:
        plain = voice.book.score_message(message.clauses)
        reply_points = self._reply_points(voice, message, turns, plain)
        for scored in plain:
            yield scored.clause, scored.score + reply_points
        if reply_points > 0:
            needed = max((scored.score for scored in plain), default=0.0)
            hinted = max(
                voice.book.score_hints(message.clauses),
                key=lambda hint: hint.score,
                default=None,
            )
            if hinted is not None and hinted.score > needed:
                yield hinted.clause, hinted.score + reply_points

    def _reply_points(self, voice: Voice, message: Message, turns: Turns, plain: tuple[Scored, ...]) -> float:
        """Points that the agent's reply adds; it is only looked at when the message says something."""
        if voice.replies is None or not turns.replies(message):
            return 0.0
        if not (plain or voice.book.has_hint(message.clauses)):
            return 0.0
        return self._strongest_reply(voice, message, turns)

    def _strongest_reply(self, voice: Voice, message: Message, turns: Turns) -> float:
        """The points of an agent's replies: the highest that support the kind, else the lowest."""
        if voice.replies is None:
            return 0.0
        replies = [voice.replies.strongest_hit(reply.clauses) for reply in turns.replies(message)]
        highest = max(replies, default=0.0)
        return highest if highest > 0 else min(replies, default=0.0)

    def _agreed(self, voice: Voice, message: Message, turns: Turns) -> tuple[Clause, float] | None:
        """The clause that says yes to what the agent offered just before, and its score."""
        if voice.offers is None:
            return None
        before = turns.offers(message)
        agreed = assent(message) if before else None
        if agreed is None:
            return None
        offered = max((voice.offers.strongest_hit(message.clauses) for message in before), default=0.0)
        return (agreed, offered) if offered > 0 else None

    def likely(self, conversation: Conversation, context: Context) -> list[Candidate]:
        """The candidates that are sure enough to be reported, or to be quoted beside what is reported.

        In a message with a sure clause, merely likely clauses are left out, since they would displace better
        quotes.
        """
        least = min(LIKELY, self.parameters.threshold)
        likely = [
            candidate
            for candidate in self.candidates(conversation, context, least)
            if candidate.confidence >= least
        ]
        telling = {id(candidate.message) for candidate in likely if self.is_sure(candidate)}
        return [
            candidate
            for candidate in likely
            if self.is_sure(candidate) or id(candidate.message) not in telling
        ]

    def is_sure(self, one: Candidate) -> bool:
        """Whether a candidate is sure enough to be reported, rather than only to be quoted."""
        return one.confidence >= self.parameters.threshold

    def moot(self, conversation: Conversation, context: Context) -> frozenset[int]:
        """Which messages no longer hold, by `id`: by phrases, and by the model where it scored them."""
        positions = self.withdrawals.moot(conversation, self.kind)
        if self.learned is not None:
            positions |= heard_moot(conversation, context.scores, self.learned, self.kind)
        return frozenset(id(conversation.readable_messages[at]) for at in positions)

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        likely = self.likely(conversation, context)
        if any(map(self.is_sure, likely)):
            gone = self.moot(conversation, context)
            likely = [candidate for candidate in likely if id(candidate.message) not in gone]
        sure = [candidate for candidate in likely if self.is_sure(candidate)]
        if not sure:
            return ()
        best = strongest(sure, likely)
        return (
            Finding(
                kind=self.kind,
                confidence=best[0].confidence,
                detector=self.name,
                version=self.version,
                evidence=tuple(
                    Evidence.of(
                        candidate.message, candidate.clause.start, candidate.clause.end, candidate.confidence
                    )
                    for candidate in best
                ),
                explicit=best[0].explicit,
            ),
        )


def _lead(said: list[_Said]) -> float:
    """By how many points outright notice leads over an implied risk."""
    outright, between = (
        max((hit.score for hit in said if hit.voice.explicit is which), default=0.0)
        for which in (True, False)
    )
    return outright - between


def strongest(sure: list[Candidate], likely: list[Candidate]) -> list[Candidate]:
    """The strongest sure candidate, then all likely ones of its voice, strongest first; each clause once."""
    leading = sorted(sure, key=lambda one: -one.confidence)
    lead = next((candidate for candidate in leading if candidate.explicit), leading[0])
    ordered = sorted(likely, key=lambda one: -one.confidence)
    chosen: list[Candidate] = []
    seen: set[tuple[int, int]] = set()
    for candidate in [lead, *ordered]:
        key = (id(candidate.message), candidate.clause.start)
        if candidate.explicit == lead.explicit and key not in seen:
            seen.add(key)
            chosen.append(candidate)
    return chosen[:EVIDENCE_LIMIT]
