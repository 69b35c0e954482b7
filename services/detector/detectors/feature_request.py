"""What customers wish the product could do: one finding per distinct wish.

A wish asks for something that does not exist. Asking how to do something, asking a person for a favour,
reporting a fault and praising a new feature are not wishes. Neither is a wish that its author takes back
within the next messages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from services.detector.domain.agent_replies import replies
from services.detector.domain.cues.asking_for import ASKING_FOR
from services.detector.domain.cues.not_requesting import NOT_REQUESTING
from services.detector.domain.cues.requesting import REQUESTING, REQUESTING_GROUPS
from services.detector.domain.cues.wishing import WISHING, WISHING_GROUPS
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Evidence, Finding, Kind
from services.detector.domain.lexical import (
    EVIDENCE_LIMIT,
    Candidate,
    LexicalDetector,
    Voice,
)
from services.detector.domain.rules import Calibration, RuleBook
from services.detector.domain.text.additions import goes_on
from services.detector.domain.text.wishes import (
    TITLE_LIMIT_WORDS,
    Title,
    content_words,
    share_enough,
    wish_title,
)
from services.detector.domain.vocabulary import GROUPS

if TYPE_CHECKING:
    from services.detector.domain.conversation import Context, Conversation, Message
    from services.detector.domain.text.sentences import Clause

NAME = "feature_request"
VERSION = "10"
_BESIDE_CLAUSES = 1
"""A wish and the thing it is for stand next to each other if not in one sentence."""
WISH_LIMIT = 5
"""More wishes in one conversation are a list for a product manager, not signals."""

_TITLE_CHARACTERS = 120

_GROUPS = {**GROUPS, **WISHING_GROUPS, **REQUESTING_GROUPS}
_CUES = (*REQUESTING, *WISHING, *ASKING_FOR, *NOT_REQUESTING)


@dataclass(frozen=True)
class FeatureRequestDetector(LexicalDetector):
    """A lexical detector that groups its clauses into wishes instead of making one finding."""

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        likely = self.likely(conversation, context)
        if not any(map(self.is_sure, likely)):
            return ()
        gone = self.moot(conversation, context)
        wishes = _Wishes(conversation)
        # What is only likely adds to a wish that is sure, and begins none.
        for one in sorted(likely, key=lambda candidate: (not self.is_sure(candidate), -candidate.confidence)):
            if id(one.message) in gone:
                continue
            title = _title(one)
            known = wishes.of(one, title.text if title else "")
            if known is None and not (title and self.is_sure(one) and _begins(one, title)):
                known = wishes.told_beside(one)
            if title is None and self.learned is not None:
                title = _clause_as_title(one)
            if known is not None:
                wishes.add(known, one)
            elif title is not None and self.is_sure(one):
                wishes.begin(title, one)
        return tuple(self._finding(title, evidence) for title, evidence in wishes.first(WISH_LIMIT))

    def _finding(self, title: str, evidence: list[Candidate]) -> Finding:
        confidences: dict[tuple[Message, Clause], float] = {}
        for candidate in evidence:
            wish = (candidate.message, candidate.clause)
            confidences[wish] = max(candidate.confidence, confidences.get(wish, 0.0))
        return Finding(
            kind=self.kind,
            confidence=evidence[0].confidence,
            detector=self.name,
            version=self.version,
            evidence=tuple(
                Evidence.of(message, clause.start, clause.end, confidence)
                for (message, clause), confidence in list(confidences.items())[:EVIDENCE_LIMIT]
            ),
            subject=title,
        )


_BESIDE_MESSAGES = 2
"""For a message or two, people go on about the wish they expressed: their workaround, how long they
waited."""


def _title(one: Candidate) -> Title | None:
    """The wish's name, from its clause or from those beside it; None if none of them names a thing."""
    clauses = one.message.clauses
    at = one.clause.index
    beside = [other for other in clauses if 0 < abs(other.index - at) <= _BESIDE_CLAUSES]
    return wish_title([one.clause, *beside], one.message.text)


def _clause_as_title(one: Candidate) -> Title:
    """The clause itself, cut at a word, for a wish that the model found and that names no thing."""
    words = one.message.text[one.clause.start : one.clause.end].split()
    return Title(" ".join(words[:TITLE_LIMIT_WORDS])[:_TITLE_CHARACTERS], 0.0, one.clause)


def _begins(one: Candidate, title: Title) -> bool:
    """Whether a wish differs from its author's other wishes nearby: asked for outright, or added to them.

    People return to one wish in ever new words, and hardly anybody has two in a row.
    """
    clauses = one.message.clauses
    index = clauses.index(one.clause)
    where = (clauses[0], clauses[max(0, index - 1)], one.clause)
    return title.outright or any(goes_on(one.message.text[at.start : at.end]) for at in where)


class _Wishes:
    """The wishes of a conversation as they are expressed, each by its number.

    Indexed by message, so that a long conversation costs no more per word than a short one.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._told: list[tuple[str, list[Candidate]]] = []
        self._words: list[frozenset[str]] = []
        self._about: defaultdict[str, list[int]] = defaultdict(list)
        self._wordless: dict[str, int] = {}
        self._clauses: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._earliest: dict[tuple[str, int], int] = {}
        self._turn_of: dict[int, tuple[str, int]] = {}
        said: Counter[str] = Counter()
        for message in conversation.customer_messages:
            self._turn_of[id(message)] = (message.author_id, said[message.author_id])
            said[message.author_id] += 1

    def begin(self, title: Title, one: Candidate) -> None:
        """Take a candidate for a new wish."""
        self._told.append((title.text, []))
        number = len(self._told) - 1
        words = content_words(title.text)
        self._words.append(words)
        for word in words:
            self._about[word].append(number)
        if not words:
            self._wordless.setdefault(title.text, number)
        self.add(number, one)
        if title.clause is not one.clause:
            self.add(number, replace(one, clause=title.clause))

    def add(self, number: int, one: Candidate) -> None:
        """Take a candidate for more words about a known wish."""
        self._told[number][1].append(one)
        self._clauses[id(one.message)].append((number, one.clause.index))
        turn = self._turn_of[id(one.message)]
        self._earliest[turn] = min(number, self._earliest.get(turn, number))

    def of(self, one: Candidate, title: str) -> int | None:
        """The wish that a candidate belongs to.

        Neighbouring clauses of a message, and clauses about the same thing, are one wish. A clause that names
        no thing ("so far we do it by hand") belongs to a wish in the same message.
        """
        reach = 1 if title else len(one.message.clauses)
        near = {
            number for number, at in self._clauses[id(one.message)] if abs(at - one.clause.index) <= reach
        }
        return min(near | self._named(title), default=None)

    def _named(self, title: str) -> set[int]:
        """The earliest wish about the same thing as a title, by the content words that they share.

        A title without content words belongs to a wish with the identical title.
        """
        words = content_words(title)
        if not words:
            return {self._wordless[title]} if title in self._wordless else set()
        sharing = sorted({number for word in words for number in self._about.get(word, ())})
        found = (number for number in sharing if share_enough(self._words[number], words))
        return set(islice(found, 1))

    def told_beside(self, one: Candidate) -> int | None:
        """The author's wish in a message or two around this one, which names no thing itself."""
        author, at = self._turn_of[id(one.message)]
        turns = ((author, at + by) for by in range(-_BESIDE_MESSAGES, _BESIDE_MESSAGES + 1))
        return min((self._earliest[turn] for turn in turns if turn in self._earliest), default=None)

    def first(self, limit: int) -> list[tuple[str, list[Candidate]]]:
        """The earliest wishes, by title with their words."""
        return self._told[:limit]


def create(parameters: Parameters | None = None) -> FeatureRequestDetector:
    """The feature request detector; README.md says how the calibration was found."""
    return FeatureRequestDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.FEATURE_REQUEST,
        voices=(
            Voice(
                RuleBook(_CUES, _GROUPS),
                Calibration(slope=1.066, offset=-2.418),
                replies=replies(Kind.FEATURE_REQUEST),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
    )
