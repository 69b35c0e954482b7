"""Which pieces of which messages a text model scores, so that everything that matters is scored once.

Messages of mere courtesy ("ok, thank you so much") are left to the rules: they plainly say nothing. Every
other message is scored as a whole (a long one in windows of whole clauses, of which the strongest counts).
Where there may be something, or an agent has offered or asked something, the message is scored again in the
context of what was said around it, which shows what was meant, once with and once without other matters that
the customer went on to. Where any score says that something is there, its clauses are scored too, so that the
one that carries the decision can be quoted. The pieces of many conversations go to the model together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType
from services.detector.domain.dialogue import Turns
from services.detector.domain.model_scores import (
    LIFECYCLE,
    POLARITIES,
    WISH,
    MessageScores,
    ModelScores,
)
from services.detector.domain.text.openers import without_opener
from services.detector.domain.text.wordlist import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.conversation import Conversation, Message
    from services.detector.domain.model_scores import TextModel

WINDOW_CHARACTERS = 500
"""About a hundred words: what the model reads at once, and a paragraph or two of a letter."""
WINDOWS_LIMIT = 6
"""Of a longer letter, the beginning and the end are scored, where people say what they want."""
_LAST_WINDOWS = 2
CLAUSES_LIMIT = 12
"""Clauses of one message that are scored one by one."""
BEFORE_CHARACTERS = 160
AFTER_CHARACTERS = 240
"""A sentence or three: a reply says at its beginning what it replies to."""
_AGENT = " || Agent: "
_CUSTOMER = " || Customer: "
"""What precedes each side's words, in training as here."""
_MAY_BE = -2.0
"""Logit from which the context of a message may show that there is something after all."""
_SHORT_CHARACTERS = 80
"""A longer reply to an offer says by itself what it is about."""
_FRAGMENT_WORDS = 6
"""A next message of so few words that asks nothing ("my appointment on Friday") belongs to the one before."""
_EXPLAINING = re.compile(
    r"\b(?:mean|means|meant|sorry|wrong|actually|wait|oops|ignore|scratch|never ?mind|not (?:the|our|your|my)"
    r"|talking about|that is|as in|i\.e)\b",
    re.IGNORECASE,
)
"""Words with which people correct or explain what they just wrote."""
_ASKED = re.compile(r"[?\d]")
_WORTH_A_LOOK = 1.0
"""Logit from which the model alone may find a label. Below it a rule must agree, and then the rule shows
which clause it was; scoring all clauses costs as much as scoring the message."""

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


def is_manners(message: Message) -> bool:
    """Whether a message is mere courtesy: a few words, all of them greetings, thanks or assent."""
    said = [word for clause in message.clauses for word in clause.normal.split()]
    return len(said) <= _MANNERS_WORDS and _MANNERS.issuperset(said)


def windows(message: Message) -> list[str]:
    """The author's words in windows of whole clauses; at most WINDOWS_LIMIT of them.

    Greetings and openers are left out: the model finds the same matter behind each of them.
    """
    found: list[str] = []
    for clause in message.clauses:
        text = message.text[clause.start : clause.end]
        if found and len(found[-1]) + len(text) < WINDOW_CHARACTERS:
            found[-1] = f"{found[-1]} {text}"
        else:
            found.append(text)
    if len(found) > WINDOWS_LIMIT:
        found = [*found[: WINDOWS_LIMIT - _LAST_WINDOWS], *found[-_LAST_WINDOWS:]]
    return [without_opener(found[0]), *found[1:]] if found else []


def exchanges(message: Message, turns: Turns) -> list[str]:
    """The windows of a message, each with what an agent said before and what was said after it.

    Empty if nothing was said around it. Of what came before, the end is used, where an offer or a question
    stands; of what came after, the beginning.
    """
    before, after = _around(message, turns)
    return _in_context(message, before, after)


def exchanges_to_score(message: Message, turns: Turns) -> list[str]:
    """The exchanges of a message, and again without other matters that the customer went on to.

    The next message may be about something else ("We won't be renewing." - "How do I export our data?") and
    must not hide this one; the stronger score of both counts. One that explains it ("the newsletter, I
    mean") stays with it. Empty where nothing was said around it but other matters of the customer's.
    """
    before, after = _around(message, turns)
    if any(author is AuthorType.CUSTOMER and _explains(said) for author, said in after):
        return _in_context(message, before, after)
    agents = [(author, said) for author, said in after if author is AuthorType.AGENT]
    if not before and not agents:
        return []
    texts = [*_in_context(message, before, after), *_in_context(message, before, agents)]
    return list(dict.fromkeys(texts))


def _explains(said: str) -> bool:
    """Whether a customer's next message is likely to say what the one before it meant."""
    is_fragment = len(said.split()) <= _FRAGMENT_WORDS and not said.endswith("?")
    return is_fragment or _EXPLAINING.search(said) is not None


_Said = tuple[AuthorType, str]


def _around(message: Message, turns: Turns) -> tuple[str, list[_Said]]:
    """The end of what an agent said before a message, and what each one said after it."""
    before = _words(turns.offers(message))[-BEFORE_CHARACTERS:]
    following = ((other.author_type, _words((other,))) for other in turns.following(message))
    return before, [(author, said) for author, said in following if said]


def _in_context(message: Message, before: str, after: Sequence[_Said]) -> list[str]:
    if not before and not after:
        return []
    lead = f"{_AGENT}{before}{_CUSTOMER}" if before else ""
    rest = "".join(f"{_AGENT if author is AuthorType.AGENT else _CUSTOMER}{said}" for author, said in after)
    return [f"{lead}{window}{rest[:AFTER_CHARACTERS]}" for window in windows(message)]


def _words(messages: Sequence[Message]) -> str:
    return " ".join(message.text[part.start : part.end] for message in messages for part in message.clauses)


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
    found: list[dict[str, MessageScores]] = [{} for _ in conversations]
    for key, whole in wholes.items():
        found[key[0]][key[1]] = MessageScores(whole, clauses.get(key, {}), within.get(key))
    return list(found)


def _scored(model: TextModel, texts: Mapping[_MessageKey, Sequence[str]]) -> dict[_MessageKey, ModelScores]:
    """The model's scores of all pieces of each message combined; none for a message without pieces."""
    flat = [(key, text) for key, pieces in texts.items() for text in pieces]
    scores_by_key: dict[_MessageKey, list[ModelScores]] = {}
    for (key, _), scores in zip(flat, model.read([text for _, text in flat]), strict=True):
        scores_by_key.setdefault(key, []).append(scores)
    return {key: together(scores) for key, scores in scores_by_key.items()}


def together(scores: Sequence[ModelScores]) -> ModelScores:
    """The score of a message from those of its pieces: the mean mood, and the strongest of all else.

    Pieces are the windows of a long message, and each window in both of its contexts.
    """
    if len(scores) == 1:
        return scores[0]
    columns = list(zip(*(score.logits for score in scores), strict=True))
    width = len(POLARITIES)
    moods = [sum(column) / len(column) for column in columns[:width]]
    return ModelScores((*moods, *(max(column) for column in columns[width:])))


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
        (key, clause.index, without_opener(message.text[clause.start : clause.end]))
        for key, message in messages.items()
        if len(message.clauses) > 1
        for clause in message.clauses[:CLAUSES_LIMIT]
    ]
    found: dict[_MessageKey, dict[int, ModelScores]] = {}
    scored = model.read([text for *_, text in keyed_clauses])
    for (key, index, _), scores in zip(keyed_clauses, scored, strict=True):
        found.setdefault(key, {})[index] = scores
    return found
