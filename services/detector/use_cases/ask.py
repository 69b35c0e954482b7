"""Puts questions to the language model, one at a time, apart from the handling of records.

Whatever comes of a question, its conversation is read again with the outcome, and only then is the question
settled. A crash in between repeats the read, not the request.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.asking import prompt, speaks_to_a_model, verdicts
from services.detector.domain.errors import NoAnswerError
from services.detector.domain.question import text_digest
from services.detector.domain.spoken import as_conversation, contact_keys
from services.detector.errors import InvalidRequestError
from services.detector.use_cases.second_look import BESIDE_THE_REQUEST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.mirror import MirroredConversation
    from services.detector.domain.question import Outcome, Question, Verdict
    from services.detector.ports import Connections, Mirror, ModelUse, Questions, Spent
    from services.detector.use_cases.connections import RemoveData
    from services.detector.use_cases.culprits import Culprits
    from services.detector.use_cases.read_conversations import ReadConversations
    from services.detector.use_cases.second_look import Advice
    from shared.clock import Clock
    from shared.contracts.resources import ConversationPartChanged


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was dealt with, for the metrics; `seconds` is None if nothing was sent."""

    outcome: Outcome
    tokens: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ModelSetup:
    """What an organization sees of the language model; `name` is None if the operator configured none."""

    name: str | None
    detectors: tuple[str, ...]
    chosen: frozenset[str]
    spent: Spent
    budget: Spent | None


class AskLanguageModel:
    """Puts questions to the language model, and keeps which organizations have switched it on."""

    def __init__(
        self,
        *,
        advice: Advice | None,
        detectors: Sequence[str],
        questions: Questions,
        use: ModelUse,
        mirror: Mirror,
        connections: Connections,
        reader: ReadConversations,
        remove: RemoveData,
        culprits: Culprits,
        clock: Clock,
        owner: str,
    ) -> None:
        self._advice = advice
        self._detectors = tuple(detectors)
        self._questions = questions
        self._use = use
        self._mirror = mirror
        self._connections = connections
        self._reader = reader
        self._remove = remove
        self._culprits = culprits
        self._clock = clock
        self._owner = owner

    async def setup(self, organization_id: str) -> ModelSetup:
        return ModelSetup(
            name=self._advice.model.name if self._advice else None,
            detectors=self._detectors,
            chosen=await self._use.chosen(organization_id),
            spent=await self._use.spent(organization_id, self._day()),
            budget=self._advice.budget if self._advice else None,
        )

    async def choose(self, organization_id: str, detectors: Collection[str], *, by: str) -> None:
        """Switch the model on for these detectors and off for all others. Raises InvalidRequestError."""
        unknown = sorted(set(detectors) - set(self._detectors))
        if unknown:
            raise InvalidRequestError(f"There is no detector {', '.join(unknown)[:100]} that reads texts.")
        await self._use.choose(organization_id, detectors, by, self._clock.now())

    async def work(self) -> Asked | None:
        """Deal with one question; return what came of it, or None if there is none.

        A failure caused by a defect is logged, and the question is settled as after a failure of the model:
        the local result stands, and the same words are not asked about again.
        """
        timeout = self._advice.timeout if self._advice else timedelta()
        lease_seconds = (timeout + BESIDE_THE_REQUEST).total_seconds()
        claimed = await self._questions.claim(self._owner, self._clock.now(), lease_seconds)
        if claimed is None:
            return None
        asked = Asked(claimed.outcome or "late")
        question: Question | None = claimed
        if claimed.outcome is None:
            asked, question = await self._taken(claimed)
        if question is not None:
            await self._stands(question, self._read)
            await self._questions.keep(replace(question, settled=True))
        return asked

    async def _taken(self, claimed: Question) -> tuple[Asked, Question | None]:
        """Return what came of a question, and the question with its outcome; None if its words are gone."""
        taken: list[tuple[Asked, Question | None]] = []

        async def take(question: Question) -> None:
            taken.append(await self._take(question))

        if not await self._stands(claimed, take):
            failed = replace(claimed, outcome="late")
            await self._questions.keep(failed)
            return Asked("late"), failed
        return taken[0]

    async def _take(self, question: Question) -> tuple[Asked, Question | None]:
        if not await self._may_ask(question):
            # Read again without the model, so the local result stands; later it may be asked about anew.
            await self._questions.forget(question.organization_id, [question.question_id])
            return Asked("late"), question
        words = await self._words(question)
        if words is None:
            await self._questions.forget(question.organization_id, [question.question_id])
            return Asked("late"), None
        asked, verdicts = await self._ask(question, *words)
        question = replace(question, outcome=asked.outcome, verdicts=verdicts)
        await self._questions.keep(question)
        return asked, question

    async def _stands(self, question: Question, step: Callable[[Question], Awaitable[None]]) -> bool:
        """Run one step for a question; return whether it succeeded."""

        async def each(some: Sequence[Question]) -> None:
            for one in some:
                await step(one)

        return not await self._culprits.left_out(
            "question", question.organization_id, [question], each, lambda question: question.question_id
        )

    async def _may_ask(self, question: Question) -> bool:
        if self._advice is None:
            return False
        return {claim.detector for claim in question.claims} <= await self._use.chosen(
            question.organization_id
        )

    async def _read(self, question: Question) -> None:
        await self._reader.read(
            question.organization_id, [question.conversation_key], known_before=question.known_before
        )
        await self._remove.again(question.organization_id, question.connection_id)

    async def _words(self, question: Question) -> tuple[Message, frozenset[str]] | None:
        """Return the message and the names known in its conversation; None if it was edited or deleted."""
        organization_id, key = question.organization_id, question.conversation_key
        if await self._connections.get(organization_id, question.connection_id) is None:
            return None
        mirrored = (await self._mirror.conversations(organization_id, [key])).get(key)
        if mirrored is None:
            return None
        parts = (await self._mirror.parts(organization_id, [key])).get(key, [])
        conversation = as_conversation(mirrored.record, parts, ())
        message = next(
            (message for message in conversation.messages if message.part_id == question.part_id), None
        )
        if message is None or text_digest(organization_id, message.text) != question.text_digest:
            return None
        return message, await self._names(organization_id, mirrored, conversation, parts)

    async def _names(
        self,
        organization_id: str,
        mirrored: MirroredConversation,
        conversation: Conversation,
        parts: Sequence[ConversationPartChanged],
    ) -> frozenset[str]:
        contacts = await self._mirror.contacts(organization_id, contact_keys(mirrored.record))
        admins = await self._mirror.admins(organization_id, {conversation.workspace_id})
        known = [part.author.name for part in parts]
        known += [contact.name for contact in contacts.values()]
        known += [admin.name for admin in admins]
        return frozenset(name for name in known if name)

    async def _ask(
        self, question: Question, message: Message, names: frozenset[str]
    ) -> tuple[Asked, tuple[Verdict, ...]]:
        advice = self._advice
        if advice is None or self._clock.now() - question.asked_at > advice.rules.patience:
            return Asked("late"), ()
        if speaks_to_a_model(message.text):
            return Asked("injection"), ()
        # Masking the longest message takes a quarter of a second; in a thread, pages need not wait for it.
        sent, day = await asyncio.to_thread(prompt, question, message.text, names), self._day()
        if not await self._use.spend(question.organization_id, day, sent.tokens, advice.budget):
            return Asked("over_budget"), ()
        began = self._clock.monotonic()
        tokens = sent.tokens
        outcome: Outcome = "answered"
        verdicts_told: tuple[Verdict, ...] = ()
        try:
            answered = await advice.model.answer(sent)
            if answered.tokens is not None:
                tokens = answered.tokens
                await self._use.correct(question.organization_id, day, tokens - sent.tokens)
            verdicts_told = verdicts(answered.content, question, message)
        except NoAnswerError as failed:
            outcome = failed.outcome
        return Asked(outcome, tokens, self._clock.monotonic() - began), verdicts_told

    def _day(self) -> str:
        return self._clock.now().date().isoformat()
