"""Which pieces of which messages a text model scores, so that everything that matters is scored once.

Messages of mere courtesy ("ok, thank you so much") are left to the rules: they plainly say nothing. Every
other message is scored as a whole (a long one in windows of whole clauses, of which the strongest counts).
Where there may be something, or an agent has offered or asked something, the message is scored again in the
context of what was said around it, which shows what was meant, once with and once without other matters that
the customer went on to. Where any score says that something is there, its clauses are scored too, so that the
one that carries the decision can be quoted. Where some clauses tell a wish or a risk and others are about
something else, the message is scored once more without the others. The pieces of many conversations go to the
model together (`pieces.py` cuts them).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from services.detector.domain.dialogue import Turns
from services.detector.domain.model_scores import (
    CHURN_RISK,
    LABELS,
    LIFECYCLE,
    NOTICE,
    POLARITIES,
    WISH,
    MessageScores,
    ModelScores,
)
from services.detector.domain.pieces import BEFORE_CHARACTERS, clause_text, exchanges_to_score, windows
from services.detector.domain.text.wordlist import words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.model_scores import TextModel

CLAUSES_LIMIT = 12
"""Clauses of one message that are scored one by one."""
_MAY_BE = -2.0
"""Logit from which the context of a message may show that there is something after all."""
_SHORT_CHARACTERS = 80
"""A longer reply to an offer says by itself what it is about."""
_ASKED = re.compile(r"[?\d]")
_WORTH_A_LOOK = 1.0
"""Logit from which the model alone may find a label. Below it a rule must agree, and then the rule shows
which clause it was; scoring all clauses costs as much as scoring the message."""
_SAID_BESIDE = (CHURN_RISK, WISH)
"""What people tell in passing, in a message about something else. Looking for growth, renewal and onboarding
beside other matters as well found as many false ones as true ones: they share their words with each other."""
_REST_WORDS = 10
"""A shorter rest ("How much for both?") refers to what was left out."""

_MANNERS = words(
    """
    a afternoon again all alright and appreciated awesome best bye cheers clear cool day dear everyone
    evening excellent fine folks for good goodbye great guys have hello help hey hi i is it kind lot lovely
    many morning much nice night no nope of ok okay one perfect please quick regards right so sorry super
    sure ta team thank thanks that the there thx to understood very we weekend welcome will wishes wonderful
    yeah yep yes you your
    """
)
_MANNERS_WORDS = 8
"""More words of this kind may still say something together."""

Scores = Mapping[str, MessageScores]
"""Scores of one conversation's messages by part id."""


_MessageKey = tuple[int, str]
"""The position of the conversation in the batch, and the id of the part."""
_Key = TypeVar("_Key")


def is_manners(message: Message) -> bool:
    """Whether a message is mere courtesy: a few words, all of them greetings, thanks or assent."""
    spoken = [word for clause in message.clauses for word in clause.normal.split()]
    return len(spoken) <= _MANNERS_WORDS and _MANNERS.issuperset(spoken)


def score_messages(model: TextModel, conversations: Sequence[Conversation]) -> list[Scores]:
    """Scores of the customers' messages in each conversation, in the order of the conversations."""
    turns = [Turns(conversation) for conversation in conversations]
    messages = {
        (at, message.part_id): message
        for at, conversation in enumerate(conversations)
        for message in conversation.readable_messages
        if not is_manners(message)
    }
    wholes = _scored(model, {key: windows(message) for key, message in messages.items()})
    within = _scored(model, {
        key: exchanges_to_score(messages[key], turns[key[0]])
        for key, whole in wholes.items()
        if _reaches(whole, _MAY_BE) or _may_answer(messages[key], turns[key[0]])
    })  # fmt: skip
    clauses = _clauses(model, {
        key: messages[key]
        for key, whole in wholes.items()
        if _reaches(whole, _WORTH_A_LOOK) or (key in within and _reaches(within[key], _WORTH_A_LOOK))
    })  # fmt: skip
    rests, rests_within = _rests(model, messages, turns, clauses, within)
    for (at, part_id, label), rest in rests.items():
        wholes[at, part_id] = _raised(wholes[at, part_id], label, rest)
    for (at, part_id, label), rest in rests_within.items():
        within[at, part_id] = _raised(within[at, part_id], label, rest)
    scores: list[dict[str, MessageScores]] = [{} for _ in conversations]
    for key, whole in wholes.items():
        scores[key[0]][key[1]] = MessageScores(whole, clauses.get(key, {}), within.get(key))
    return list(scores)


_RestKey = tuple[int, str, str]
"""A message's key, and the label about which the rest of the message is."""


def _rests(
    model: TextModel,
    messages: Mapping[_MessageKey, Message],
    turns: Sequence[Turns],
    clauses: Mapping[_MessageKey, Mapping[int, ModelScores]],
    within: Collection[_MessageKey],
) -> tuple[dict[_RestKey, ModelScores], dict[_RestKey, ModelScores]]:
    """Scores of messages without their clauses about other matters, alone and in context.

    A message about two matters speaks less clearly of each, and the agent's reply may be about the other one.
    So in context the rest counts as the mean of what it says alone and in context.
    """
    others = {
        (*key, label): left_out
        for key, scored in clauses.items()
        for label in _SAID_BESIDE
        if (left_out := _about_others(scored, label))
    }
    texts = {key: windows(messages[key[:2]], left_out) for key, left_out in others.items()}
    alone = _scored(model, {
        key: pieces for key, pieces in texts.items() if len(" ".join(pieces).split()) >= _REST_WORDS
    })  # fmt: skip
    in_context = _scored(model, {
        key: exchanges_to_score(messages[key[:2]], turns[key[0]], others[key])
        for key in alone
        if key[:2] in within
    })  # fmt: skip
    return alone, {key: _mean((alone[key], scores)) for key, scores in in_context.items()}


def _about_others(scored: Mapping[int, ModelScores], label: str) -> frozenset[int]:
    """The clauses that are about other matters alone; none where no clause is about `label`."""
    if not any(scores.of(label) > 0 for scores in scored.values()):
        return frozenset()
    return frozenset(
        index
        for index, scores in scored.items()
        if scores.of(label) <= 0 < max(scores.of(other) for other in (*LIFECYCLE, WISH) if other != label)
    )


def _raised(scores: ModelScores, label: str, rest: ModelScores) -> ModelScores:
    """The scores with that of `label` raised to the rest's; for churn risk, the rest's notice comes along."""
    if rest.of(label) <= scores.of(label):
        return scores
    taken = {label, NOTICE} if label == CHURN_RISK else {label}
    return ModelScores(tuple(
        (rest if name in taken else scores).of(name) for name in LABELS
    ))  # fmt: skip


def _mean(several: Sequence[ModelScores]) -> ModelScores:
    columns = zip(*(scores.logits for scores in several), strict=True)
    return ModelScores(tuple(sum(column) / len(several) for column in columns))


def _scored(model: TextModel, texts: Mapping[_Key, Sequence[str]]) -> dict[_Key, ModelScores]:
    """The model's scores of all pieces of each message combined; none for a message without pieces."""
    flat = [(key, text) for key, pieces in texts.items() for text in pieces]
    scores_by_key: dict[_Key, list[ModelScores]] = {}
    for (key, _), scores in zip(flat, _read(model, [text for _, text in flat]), strict=True):
        scores_by_key.setdefault(key, []).append(scores)
    return {key: together(scores) for key, scores in scores_by_key.items()}


def _read(model: TextModel, texts: Sequence[str]) -> list[ModelScores]:
    return model.read(texts) if texts else []


def together(scores: Sequence[ModelScores]) -> ModelScores:
    """The score of a message from those of its pieces: the mean mood, and the strongest of all else.

    Pieces are the windows of a long message, and each window in both of its contexts.
    """
    if len(scores) == 1:
        return scores[0]
    highest = [max(column) for column in zip(*(score.logits for score in scores), strict=True)]
    return ModelScores((*_mean(scores).polarities, *highest[len(POLARITIES) :]))


def _may_answer(message: Message, turns: Turns) -> bool:
    """Whether a message is short, and an agent asked something or named a number just before."""
    if len(message.text) > _SHORT_CHARACTERS:
        return False
    return any(_ASKED.search(before.text[-BEFORE_CHARACTERS:]) for before in turns.offers(message))


def _reaches(scores: ModelScores, least: float) -> bool:
    return any(scores.of(label) > least for label in (*LIFECYCLE, WISH))


def _clauses(
    model: TextModel, messages: Mapping[_MessageKey, Message]
) -> dict[_MessageKey, dict[int, ModelScores]]:
    """Scores of the clauses of messages that have several."""
    keyed_clauses = [
        (key, clause.index, clause_text(message, clause.index))
        for key, message in messages.items()
        if len(message.clauses) > 1
        for clause in message.clauses[:CLAUSES_LIMIT]
    ]
    clauses: dict[_MessageKey, dict[int, ModelScores]] = {}
    scored = _read(model, [text for *_, text in keyed_clauses])
    for (key, index, _), scores in zip(keyed_clauses, scored, strict=True):
        clauses.setdefault(key, {})[index] = scores
    return clauses
