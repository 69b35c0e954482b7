"""Applies the language model's earlier verdicts while conversations are read, and queues new questions.

Nothing is sent here. A question is a document, which `ask.py` deals with apart from the records, so that a
slow endpoint never keeps a record waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.identity import resource_key
from services.detector.domain.question import text_digest
from services.detector.domain.second_look import AskRules, doubts, folded, is_young, questions, waits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.detectors import Detectors
    from services.detector.domain.conversation import Conversation
    from services.detector.domain.detector import Detector
    from services.detector.domain.finding import Finding
    from services.detector.domain.question import Question
    from services.detector.domain.second_look import Doubt, Looked
    from services.detector.ports import LanguageModel, ModelUse, Questions, Signals, Spent
    from shared.clock import Clock


BESIDE_THE_REQUEST = timedelta(seconds=30)
"""Time allowed for a question beyond the request's timeout; after that, the question of a replica that
died is free again. A question that takes longer may be sent twice, which costs a request and changes
nothing."""


@dataclass(frozen=True)
class Advice:
    """What a second look needs: the model, when to ask it, and detectors with lowered thresholds.

    `timeout` is how long a request to the model takes at most.
    """

    model: LanguageModel
    nearly: Detectors
    budget: Spent
    rules: AskRules = field(default_factory=AskRules)
    timeout: timedelta = timedelta(seconds=10)


class SecondLook:
    """Reconsiders uncertain findings with the language model's verdicts, where there are any."""

    def __init__(
        self,
        *,
        advice: Advice | None,
        detectors: Detectors,
        questions: Questions,
        use: ModelUse,
        signals: Signals,
        clock: Clock,
    ) -> None:
        self._advice = advice
        self._thresholds = {
            detector.name: detector.parameters.threshold for detector in detectors.conversation
        }
        self._questions = questions
        self._use = use
        self._signals = signals
        self._clock = clock

    async def nearly(self, organization_id: str) -> tuple[Detector, ...]:
        """Return the detectors for which this organization switched the model on, with lowered thresholds."""
        if self._advice is None:
            return ()
        chosen = await self._use.chosen(organization_id)
        return tuple(detector for detector in self._advice.nearly.conversation if detector.name in chosen)

    async def forget(
        self, organization_id: str, gone: Collection[str], redacted: Mapping[str, Collection[str]]
    ) -> None:
        """Delete questions about conversations that are gone, and about parts that were redacted."""
        for key in gone:
            await self._questions.forget_words(organization_id, key, None)
        for key, part_ids in redacted.items():
            await self._questions.forget_words(organization_id, key, part_ids)

    async def look(
        self,
        organization_id: str,
        looked: Sequence[Looked],
        chosen: Collection[str],
        known_before: datetime | None,
    ) -> list[tuple[Finding, ...]]:
        """Return each conversation's findings with the verdicts applied; store new questions."""
        if self._advice is None or not chosen:
            return [one.found for one in looked]
        rules, now = self._advice.rules, self._clock.now()
        keys = {_key(one.conversation) for one in looked}
        asked_before = await self._questions.of(organization_id, keys)
        await self._forget_changed(organization_id, looked, asked_before)
        results, fresh = [], []
        waiting: list[tuple[Looked, list[tuple[Question, tuple[Doubt, ...]]]]] = []
        for one in looked:
            known = asked_before.get(_key(one.conversation), {})
            asked = []
            for question, mine in questions(
                one, doubts(one, rules, self._thresholds, chosen), now, known_before
            ):
                stored = known.get(question.question_id)
                if stored is None and is_young(question, one.conversation, rules, now):
                    fresh.append(question)
                    stored = question
                if stored is not None:
                    asked.append((stored, mine))
            waiting.append((one, asked))
        await self._questions.ask(fresh)
        proven = await self._proven(organization_id, [asked for _, asked in waiting])
        for one, asked in waiting:
            left_out = [
                doubt.finding
                for question, mine in asked
                for doubt in mine
                if waits(doubt, question, rules, now) and not _is_proven(doubt.finding, question, proven)
            ]
            results.append(folded(one, asked, left_out))
        return results

    async def _forget_changed(
        self, organization_id: str, looked: Sequence[Looked], questions: Mapping[str, Mapping[str, Question]]
    ) -> None:
        """Delete questions about words that have changed since."""
        stale = []
        for one in looked:
            texts = {message.part_id: message.text for message in one.conversation.messages}
            stale += [
                question.question_id
                for question in questions.get(_key(one.conversation), {}).values()
                if text_digest(organization_id, texts.get(question.part_id, "")) != question.text_digest
            ]
        if stale:
            await self._questions.forget(organization_id, stale)

    async def _proven(
        self, organization_id: str, asked: Sequence[Sequence[tuple[Question, object]]]
    ) -> set[tuple[str, str]]:
        """Return the parts that signals rest on; findings in these must not come and go."""
        keys = {
            question.conversation_key for mine in asked for question, _ in mine if question.outcome is None
        }
        if not keys:
            return set()
        signals = await self._signals.by_sources(organization_id, keys)
        return {(proof.source, proof.part_id) for signal in signals for proof in signal.proofs}


def _key(conversation: Conversation) -> str:
    return resource_key(conversation.workspace_id, conversation.id)


def _is_proven(finding: Finding, question: Question, proven: set[tuple[str, str]]) -> bool:
    return any((question.conversation_key, evidence.part_id) in proven for evidence in finding.evidence)
