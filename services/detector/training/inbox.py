"""Messages of conversations that are not of a kind: how a threshold is told what an inbox is full of.

Most of what people write is about no kind at all, in words that collected messages never show: answers to
questions, second thoughts, small talk. Each text counts once, however often the demo says it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.detector.detectors import discover
from services.detector.domain.lexical import BACKED_POINTS, LexicalDetector
from services.detector.domain.model_scores import LIFECYCLE, WISH
from services.detector.domain.text_reading import read_with
from services.detector.evaluation.conversations import LabelledConversation, read_conversations
from services.detector.training.examples import AUTHORED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.detector.domain.model_scores import TextModel

_READ_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Quiet:
    """What the model and the rules of a kind say of a message that is not of it, and whether they agree."""

    score: float
    points: float
    backed: bool


def quiet_messages(model: TextModel, demo: Path) -> dict[str, list[Quiet]]:
    """By kind, each message that is not of it.

    Left out are conversations in which a careful reader finds the kind, since he names the best proof only,
    and messages that their author takes back.
    """
    rules = [one for one in discover().conversation if isinstance(one, LexicalDetector)]
    told = list(_told(demo))
    found: dict[str, list[Quiet]] = {kind: [] for kind in (*LIFECYCLE, WISH)}
    seen: set[str] = set()
    for start in range(0, len(told), _READ_TOGETHER):
        batch = told[start : start + _READ_TOGETHER]
        readings = read_with(model, [one.conversation for one in batch])
        for one, scores in zip(batch, readings, strict=True):
            messages = one.conversation.readable_messages
            expected = {event.kind for event in one.expected}
            withdrawn = {rule.kind: rule.withdrawals.withdrawn(one.conversation, rule.kind) for rule in rules}
            for at, message in enumerate(messages):
                if message.text in seen or message.part_id not in scores:
                    continue
                seen.add(message.text)
                for rule in rules:
                    if rule.kind not in expected and at not in withdrawn[rule.kind]:
                        said = scores[message.part_id]
                        points, _ = rule.points(one.conversation, message, said)
                        backed = points >= BACKED_POINTS and not said.denies(rule.kind)
                        granted = said.granted(rule.kind, points)
                        found[rule.kind].append(Quiet(said.decisive(rule.kind), granted, backed))
    return found


def _told(demo: Path) -> Iterator[LabelledConversation]:
    yield from read_conversations(demo)
    yield from read_conversations(AUTHORED / "conversations.jsonl")
