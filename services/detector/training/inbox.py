"""What is heard in whole conversations: how thresholds are told what an inbox is full of.

Most of what people write is about no kind at all, in words that collected messages never show: answers to
questions, second thoughts, small talk. Only conversations that the model did not learn from are read. Each
text counts once, however often the demo says it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.detectors import discover
from services.detector.domain.lexical import LexicalDetector
from services.detector.domain.message_scoring import score_messages
from services.detector.domain.model_scores import LIFECYCLE, WISH
from services.detector.evaluation.conversations import read_conversations
from services.detector.training.examples import UNSEEN
from services.detector.training.told import CONVERSATIONS

if TYPE_CHECKING:
    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.learned import Learned
    from services.detector.domain.message_scoring import Scores
    from services.detector.domain.model_scores import MessageScores, TextModel
    from services.detector.evaluation.conversations import LabelledConversation

_READ_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Heard:
    """What model and rules say of a message about a kind, and whether they are right."""

    scores: MessageScores
    points: float
    right: bool


def heard_in_conversations(model: TextModel, moot: Learned) -> dict[str, list[Heard]]:
    """By kind, each message that is not of it, and of each event the proof that is heard best.

    Left out are the other messages of conversations in which a careful reader finds the kind, since he names
    the best proofs only, and messages that their author takes back. `moot` has the curve that tells these.
    """
    rules = [
        detector for detector in discover(learned=moot).conversation if isinstance(detector, LexicalDetector)
    ]
    told = [labelled for labelled in read_conversations(CONVERSATIONS) if labelled.split in UNSEEN]
    found: dict[str, list[Heard]] = {kind: [] for kind in (*LIFECYCLE, WISH)}
    seen: set[str] = set()
    for start in range(0, len(told), _READ_TOGETHER):
        batch = told[start : start + _READ_TOGETHER]
        readings = score_messages(model, [labelled.conversation for labelled in batch])
        for labelled, scores in zip(batch, readings, strict=True):
            fresh = {message.text for message in labelled.conversation.readable_messages} - seen
            seen |= fresh
            for rule in rules:
                found[rule.kind] += _heard(labelled, rule, scores, fresh)
    return found


def _heard(one: LabelledConversation, rule: LexicalDetector, scores: Scores, fresh: set[str]) -> list[Heard]:
    conversation = one.conversation
    moot = rule.moot(conversation, replace(one.context, scores=scores))
    position = {message.part_id: at for at, message in enumerate(conversation.messages)}
    proofs = {at for event in one.expected if event.kind == rule.kind for at in event.messages}
    heard = [
        _as_heard(conversation, message, rule, scores[message.part_id], right=bool(proofs))
        for message in conversation.readable_messages
        if message.part_id in scores and message.text in fresh and id(message) not in moot
        if not proofs or position[message.part_id] in proofs
    ]
    best = max(heard, key=lambda said: said.scores.decisive(rule.kind), default=None)
    return [best] if proofs and best else heard


def _as_heard(
    conversation: Conversation, message: Message, rule: LexicalDetector, said: MessageScores, *, right: bool
) -> Heard:
    label = str(rule.kind)
    points, _ = rule.points(conversation, message, said)
    return Heard(said, said.granted(label, points), right)
