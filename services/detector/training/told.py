"""`python -m services.detector.training.told FILE`: what the encoder learns from whole conversations.

Each message of a customer's is written to FILE alone and within what was said around it, with what is known
of it (JSON lines; `examples.read_told` reads them, where the libraries of the service need not be). Collected
messages are about something more often than not; in conversations most are about nothing, and many say what
they are about only together with what an agent said before or after. Only the split `train` is learned from.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from services.detector.detectors import discover
from services.detector.domain.dialogue import Turns
from services.detector.domain.lexical import LexicalDetector
from services.detector.domain.message_scoring import is_manners
from services.detector.domain.model_scores import LIFECYCLE, NOTICE, WISH
from services.detector.domain.pieces import exchanges, windows
from services.detector.evaluation.conversations import read_conversations
from services.detector.training.examples import AUTHORED, Example

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.detector.evaluation.conversations import LabelledConversation

CONVERSATIONS = AUTHORED / "conversations.jsonl"
CHURN = "churn_risk"
_SOURCE = "authored_conversations"
_LATER = 0.5
_DOUBTFUL = 0.5
"""Weight of "not of a kind" for a message alone: what shows it may stand around it only."""


def rules_of_words() -> tuple[LexicalDetector, ...]:
    """The detectors that know by their phrases what is taken back."""
    return tuple(rule for rule in discover().conversation if isinstance(rule, LexicalDetector))


def examples_of(one: LabelledConversation, rules: Sequence[LexicalDetector]) -> Iterator[Example]:
    """The messages that fit one window, alone and within what was said around them.

    Alone only the first proof of an event is of its kind; the later ones ("Go ahead then") are of it within
    what was said, and count half, since they prove it less. Others of a conversation in which a careful
    reader finds the kind may or may not be of it, since he names the best proofs only, and neither are
    messages known that their author takes back; of all other kinds a message is not.
    """
    conversation = one.conversation
    turns = Turns(conversation)
    withdrawn = {str(rule.kind): rule.withdrawals.withdrawn(conversation, rule.kind) for rule in rules}
    proofs = {event.kind: sorted(event.messages) for event in one.expected if event.messages}
    explicit = {event.kind: event.explicit for event in one.expected}
    position = {message.part_id: at for at, message in enumerate(conversation.messages)}
    for at, message in enumerate(conversation.readable_messages):
        pieces = windows(message)
        if len(pieces) != 1 or is_manners(message):
            continue
        alone: dict[str, float] = {}
        later: dict[str, float] = {}
        for kind in (*LIFECYCLE, WISH):
            if kind in proofs:
                if position[message.part_id] == proofs[kind][0]:
                    alone[kind] = 1.0
                elif position[message.part_id] in proofs[kind]:
                    later[kind] = 1.0
            elif at not in withdrawn.get(kind, ()):
                alone[kind] = 0.0
        if CHURN in alone | later and (alone | later)[CHURN] and explicit[CHURN] is not None:
            (alone if alone.get(CHURN) else later)[NOTICE] = float(bool(explicit[CHURN]))
        doubtful = {kind: _DOUBTFUL for kind, value in alone.items() if not value}
        yield Example(pieces[0], _SOURCE, alone, doubtful)
        for text in exchanges(message, turns):
            yield Example(text, _SOURCE, alone | later, dict.fromkeys(later, _LATER))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.told")
    parser.add_argument("file", type=Path, help="where to write the examples, with the split of each")
    given = parser.parse_args()
    rules = rules_of_words()
    rows = [
        {"split": labelled.split, **asdict(example)}
        for labelled in read_conversations(CONVERSATIONS)
        for example in examples_of(labelled, rules)
    ]
    given.file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    sys.stdout.write(f"{len(rows)} texts of conversations\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
