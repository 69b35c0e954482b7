"""How fast messages are read: `python -m tests.benchmarks.text_bench [--messages N] [--words N]`.

One run measures side by side, on one core and the same messages: the bare text model, the whole detector
(model, rules, all detectors of text), and the detector by rules alone. Processor time counts, so that other
work on the machine disturbs less; peak memory is that of this process, which holds two models for it.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.detector.adapters.onnx_text_model import OnnxTextModel
from services.detector.detectors import discover
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.message_scoring import score_messages
from services.detector.domain.pieces import windows
from services.detector.evaluation.calibrate import authored_folder
from services.detector.evaluation.labelled_files import read_labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NOTHING = frozenset({"none", "other", "neutral"})
_TOGETHER = 50
"""Messages in a batch of conversations, as a slice of the bus brings them."""


def texts_of(count: int, words: int) -> list[str]:
    """Different messages of so many words, put together from the authored ones; 0 words: as they are.

    One in ten is made of messages about something, the others of messages about nothing that is looked for.
    """
    found: dict[bool, list[str]] = {True: [], False: []}
    for path in sorted(authored_folder().glob("*.csv")):
        for row in read_labelled(path):
            found[not row.labels <= _NOTHING].append(row.text)
    streams = {telling: itertools.cycle(rows) for telling, rows in found.items()}
    if words:
        streams = {telling: itertools.cycle(" ".join(rows).split()) for telling, rows in found.items()}
    return [" ".join(itertools.islice(streams[at % 10 == 0], words or 1)) for at in range(count)]


def conversations_of(texts: Sequence[str]) -> list[Conversation]:
    """One conversation per text."""
    return [
        Conversation("org", "ws", str(at), (Message("1", AuthorType.CUSTOMER, _NOON, text),))
        for at, text in enumerate(texts)
    ]


def measured(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def detect(texts: Sequence[str], model: OnnxTextModel | None) -> None:
    """Everything that the detector does with text."""
    detectors = discover(learned=model.learned if model else None).conversation
    for start in range(0, len(texts), _TOGETHER):
        conversations = conversations_of(texts[start : start + _TOGETHER])
        scores = score_messages(model, conversations) if model else [{}] * len(conversations)
        for conversation, said in zip(conversations, scores, strict=True):
            for detector in detectors:
                detector.detect(conversation, Context(now=_NOON, scores=said))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.text_bench")
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument(
        "--words", type=int, default=50, help="words in each message; 0: as people wrote them"
    )
    given = parser.parse_args()
    texts = texts_of(given.messages, given.words)
    pieces = [piece for one in conversations_of(texts) for piece in windows(one.messages[0])]
    bare_model, whole_model = OnnxTextModel(), OnnxTextModel()
    bare_model.read(pieces[:8])
    bare = measured(
        lambda: [bare_model.read(pieces[at : at + _TOGETHER]) for at in range(0, len(pieces), _TOGETHER)]
    )
    whole = measured(lambda: detect(texts, whole_model))
    rules = measured(lambda: detect(texts, None))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, seconds in (("bare model", bare), ("whole detector", whole), ("rules alone", rules)):
        sys.stdout.write(f"{name}: {len(texts) / seconds:.0f} messages a second and core\n")
    sys.stdout.write(f"peak memory {peak:.0f} MiB\n")


if __name__ == "__main__":
    main()
