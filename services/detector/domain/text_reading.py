"""Which pieces of which messages a text model reads, so that everything that matters is read once.

Messages of nothing but manners ("ok, thank you so much") are left to the rules: they are plainly nothing.
Each other one is read as a whole (a long one in windows of whole clauses, of which the strongest counts).
Where that says that something is there, its clauses are read too, so that the one that carries the decision
can be quoted. All pieces of many conversations go to the model together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
"""A longer letter is read at its beginning and its end, where people say what they want."""
_LAST_WINDOWS = 2
CLAUSES_LIMIT = 12
"""Clauses of one message that are read one by one."""
_WORTH_A_LOOK = 1.0
"""Logit from which a label may come out by itself. Below it a rule must speak too, and then the rule says
which clause it was; reading all clauses costs as much as reading the message."""

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


@dataclass(frozen=True, slots=True)
class _Piece:
    conversation: int
    message: Message
    text: str


def is_manners(message: Message) -> bool:
    """Whether a message is plainly nothing: a few words, all of them greetings, thanks or assent."""
    said = [word for clause in message.clauses for word in clause.normal.split()]
    return len(said) <= _MANNERS_WORDS and _MANNERS.issuperset(said)


def windows(message: Message) -> list[str]:
    """What the author wrote, in windows of whole clauses; no more than WINDOWS_LIMIT of them.

    Greetings and openers before the matter are left out: the model hears the same matter behind each.
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


def read_with(model: TextModel, conversations: Sequence[Conversation]) -> list[Scores]:
    """Scores of the customers' messages of each conversation, in the order of the conversations."""
    pieces = [
        _Piece(at, message, text)
        for at, conversation in enumerate(conversations)
        for message in conversation.readable_messages
        if not is_manners(message)
        for text in windows(message)
    ]
    heard: dict[tuple[int, str], list[ModelScores]] = {}
    messages: dict[tuple[int, str], Message] = {}
    for piece, scores in zip(pieces, model.read([piece.text for piece in pieces]), strict=True):
        place = (piece.conversation, piece.message.part_id)
        heard.setdefault(place, []).append(scores)
        messages[place] = piece.message
    wholes = {place: together(scores) for place, scores in heard.items()}
    clauses = _clauses(model, {place: messages[place] for place, whole in wholes.items() if _worth(whole)})
    found: list[dict[str, MessageScores]] = [{} for _ in conversations]
    for (at, part_id), whole in wholes.items():
        found[at][part_id] = MessageScores(whole, clauses.get((at, part_id), {}))
    return list(found)


def together(scores: Sequence[ModelScores]) -> ModelScores:
    """One reading of a message from those of its windows: the mean mood, the strongest of all else."""
    if len(scores) == 1:
        return scores[0]
    columns = list(zip(*(one.logits for one in scores), strict=True))
    width = len(POLARITIES)
    moods = [sum(column) / len(column) for column in columns[:width]]
    return ModelScores((*moods, *(max(column) for column in columns[width:])))


def _worth(whole: ModelScores) -> bool:
    return any(whole.of(label) > _WORTH_A_LOOK for label in (*LIFECYCLE, WISH))


def _clauses(
    model: TextModel, messages: Mapping[tuple[int, str], Message]
) -> dict[tuple[int, str], dict[int, ModelScores]]:
    """Scores of the clauses of messages that have several."""
    places = [
        (place, clause.index, without_opener(message.text[clause.start : clause.end]))
        for place, message in messages.items()
        if len(message.clauses) > 1
        for clause in message.clauses[:CLAUSES_LIMIT]
    ]
    found: dict[tuple[int, str], dict[int, ModelScores]] = {}
    for (place, index, _), scores in zip(places, model.read([text for *_, text in places]), strict=True):
        found.setdefault(place, {})[index] = scores
    return found
