"""What the detector counts, declared in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry


READING = "reading"
"""The work of lists, beside those of `Culprits`, as a label."""


class Metrics:
    """The detector's own metrics; the bus and HTTP layers have theirs."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._conversations = Counter(
            "earshot_detector_conversations_read_total",
            "Conversations read by the detectors.",
            registry=registry,
        )
        self._seconds = Histogram(
            "earshot_detector_batch_seconds",
            "Time to mirror, read and settle one batch of conversations.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self._reread = Counter(
            "earshot_detector_reread_slices_total",
            "Slices of background re-readings done.",
            registry=registry,
        )
        self._questions = Counter(
            "earshot_detector_language_model_questions_total",
            "Questions to the language model by how they ended; all but answered left the local result.",
            ["outcome"],
            registry=registry,
        )
        self._tokens = Counter(
            "earshot_detector_language_model_tokens_total",
            "Tokens that the language model counted, or as estimated where it told none.",
            registry=registry,
        )
        self._answer_seconds = Histogram(
            "earshot_detector_language_model_seconds",
            "Time from a request to the language model to its answer or its failure.",
            buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120),
            registry=registry,
        )

        self._reviews = Counter(
            "earshot_detector_reviews_total",
            "Customers and people whose moods and facts were reviewed after something of theirs was read.",
            registry=registry,
        )

        self._left_out = Counter(
            "earshot_detector_left_out_total",
            "Whom work and lists left out, by work: a defect stood in the way. The log names them.",
            ["work"],
            registry=registry,
        )

    def read(self, conversations: int, seconds: float) -> None:
        self._conversations.inc(conversations)
        self._seconds.observe(seconds)

    def reviewed(self, subjects: int) -> None:
        self._reviews.inc(subjects)

    def unreadable(self, _collection: str) -> None:
        """Count a document that a list left out since it cannot be read; the log names it."""
        self.left_out(READING)

    def name_works(self, works: Iterable[str]) -> None:
        """Show these works as having left nobody out yet, so that the first one is an increase."""
        for work in (*works, READING):
            self._left_out.labels(work=work)

    def left_out(self, work: str) -> None:
        self._left_out.labels(work=work).inc()

    def reread(self) -> None:
        self._reread.inc()

    def asked(self, outcome: str, *, tokens: int, seconds: float | None) -> None:
        """Count a question; `seconds` is None where nothing was sent."""
        self._questions.labels(outcome=outcome).inc()
        self._tokens.inc(tokens)
        if seconds is not None:
            self._answer_seconds.observe(seconds)
