"""How phrases become a decision: cues add up to a score, and a score becomes a calibrated confidence.

A rule book is a list of cues. Each cue is an idea that can be said in several ways; it counts once per clause
however often it is said. Cues of one family are shades of the same idea: only the strongest counts. Vetoes
are cues with a negative weight. Message cues look at the whole message and add to clauses that already say
something; alone they never make a finding. Hints are words too common to mean anything by themselves; they
count only if the other side's reply has already shown what was meant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from services.detector.domain.text.phrases import compile_phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from services.detector.domain.text.sentences import Clause


RULED_OUT = -30.0
"""The weight of a cue that leaves no doubt: no cues beside it outweigh it, and no model outvotes it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One idea and the ways to say it. `weight` is in points; one point is about one notch of certainty."""

    name: str
    weight: float
    phrases: tuple[str, ...]
    family: str = ""
    whole_message: bool = False
    hint: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a score into a probability: 1 / (1 + exp(-(slope * score + offset)))."""

    slope: float
    offset: float

    def confidence(self, score: float) -> float:
        """Probability of being right; never exactly 0 or 1."""
        exponent = max(-30.0, min(30.0, self.slope * score + self.offset))
        return 1.0 / (1.0 + math.exp(-exponent))


@dataclass(frozen=True, slots=True)
class Scored:
    """A clause with its score and the names of the cues that made it."""

    clause: Clause
    score: float
    cues: tuple[str, ...]


class RuleBook:
    """Cues compiled for fast matching: a clause without any anchor word costs one set intersection."""

    def __init__(self, cues: Sequence[Cue], groups: Mapping[str, str] | None = None) -> None:
        spoken = [cue for cue in cues if not cue.hint]
        self._clause_cues = _index([cue for cue in spoken if not cue.whole_message], groups)
        self._message_cues = _index([cue for cue in spoken if cue.whole_message], groups)
        self._hints = _index([cue for cue in cues if cue.hint], groups)

    def hits(self, clause: Clause) -> dict[str, Cue]:
        """The clause cues found in a clause, by name."""
        return _hits(self._clause_cues, clause)

    def score_message(self, clauses: Sequence[Clause]) -> tuple[Scored, ...]:
        """Clauses with a positive cue or one that rules out, in order, with message cues added in."""
        scored: list[tuple[Clause, dict[str, Cue]]] = []
        for clause in clauses:
            cues = _hits(self._clause_cues, clause)
            if cues and any(cue.weight > 0 or cue.weight <= RULED_OUT for cue in cues.values()):
                scored.append((clause, cues))
        return self._with_message_cues(clauses, scored)

    def score_hints(self, clauses: Sequence[Clause]) -> tuple[Scored, ...]:
        """Clauses that only hint, in order, with vetoes and message cues added in."""
        hinted: list[tuple[Clause, dict[str, Cue]]] = []
        for clause in clauses:
            hints = _hits(self._hints, clause)
            if hints:
                cues = _hits(self._clause_cues, clause)
                if not any(cue.weight > 0 for cue in cues.values()):
                    hinted.append((clause, {**hints, **cues}))
        return self._with_message_cues(clauses, hinted)

    def has_hint(self, clauses: Sequence[Clause]) -> bool:
        """Whether any clause has a word that may be a hint; a cheap check before anything is searched."""
        return any(not clause.words.isdisjoint(self._hints.anchors) for clause in clauses)

    def strongest_hit(self, clauses: Sequence[Clause]) -> float:
        """The highest score among the clauses; when none is positive, the lowest; 0 when no cue is there."""
        totals = [_total(cues) for clause in clauses if (cues := _hits(self._clause_cues, clause))]
        highest = max(totals, default=0.0)
        return highest if highest > 0 else min(totals, default=0.0)

    def _with_message_cues(
        self, clauses: Sequence[Clause], scored: Sequence[tuple[Clause, dict[str, Cue]]]
    ) -> tuple[Scored, ...]:
        if not scored:
            return ()
        around: dict[str, Cue] = {}
        for clause in clauses:
            around.update(_hits(self._message_cues, clause))
        return tuple(
            Scored(clause, _total({**around, **cues}), tuple(sorted({**around, **cues})))
            for clause, cues in scored
        )


class _Entry(NamedTuple):
    """A phrase under one of its anchors, with what a search needs at hand."""

    name: str
    cue: Cue
    needed: tuple[frozenset[str], ...]
    search: Callable[[str], object]


class _Index(NamedTuple):
    """Phrases by each of their anchors; `anchors` are all of them, in a set for fast intersections."""

    anchors: frozenset[str]
    entries: Mapping[str, tuple[_Entry, ...]]


def _index(cues: Sequence[Cue], groups: Mapping[str, str] | None) -> _Index:
    index: dict[str, list[_Entry]] = {}
    for cue in cues:
        for text in cue.phrases:
            compiled = compile_phrase(text, groups)
            entry = _Entry(cue.name, cue, compiled.needed, compiled.pattern.search)
            for anchor in compiled.anchors:
                index.setdefault(anchor, []).append(entry)
    return _Index(frozenset(index), {anchor: tuple(entries) for anchor, entries in index.items()})


def _hits(index: _Index, clause: Clause) -> dict[str, Cue]:
    """The cues of an index found in a clause; written for speed, since it runs many times per clause."""
    hits: dict[str, Cue] = {}
    words = clause.words
    for anchor in index.anchors & words:
        for name, cue, needed, search in index.entries[anchor]:
            if name in hits:
                continue
            for one_of in needed:
                if one_of.isdisjoint(words):
                    break
            else:
                if search(clause.normal):
                    hits[name] = cue
    return hits


def _total(cues: Mapping[str, Cue]) -> float:
    best: dict[str, float] = {}
    for cue in cues.values():
        family = cue.family or cue.name
        known = best.get(family)
        if known is None or abs(cue.weight) > abs(known):
            best[family] = cue.weight
    return sum(best.values())
