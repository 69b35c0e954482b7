"""The tasks a labelled file can be scored for, and how findings become labels.

Every detector is asked with its threshold at zero, so that an answer can be forced; its own threshold then
tells whether it would have spoken at all. The text model reads many texts together, as it does in service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.detector.detectors import discover
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.finding import LIFECYCLE_KINDS, Finding, Kind
from services.detector.domain.message_scoring import score_messages
from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.scoring import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.domain.detector import Detector
    from services.detector.domain.model_scores import TextModel
    from services.detector.evaluation.labelled_files import LabelledText

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""A lone text has no time; rules must not depend on one."""
_EVEN = 0.5
"""Forced to answer, a label is given when it is likelier than not."""
_MODEL_SILENCE = 0.99
"""Where the model read a text, its own doubt says how sure silence is, up to this."""
_SILENT_NEUTRAL = 0.4
"""Confidence in `neutral` for a text that sentiment cannot read: little more than one of three."""


@dataclass(frozen=True)
class Task:
    """A name, its labels in order, the label for "none of these", and the kinds that answer it.

    `rest_confidence` is how often a text that no rule has anything to say about is truly none of the
    labels; README.md says how it was found. `elsewhere` are labels of other tasks that say
    none of these: a file may serve several, as the exported corrections do.
    """

    name: str
    labels: tuple[str, ...]
    rest: str
    kinds: frozenset[Kind]
    rest_confidence: float
    open_labels: bool = False
    elsewhere: frozenset[str] = frozenset()

    def gold(self, row: LabelledText) -> frozenset[str]:
        """The row's labels in the words of the task. Raises EvaluationError on a label it does not know."""
        known = row.labels & set(self.labels)
        unknown = row.labels - known - self.elsewhere
        if unknown and not self.open_labels:
            raise EvaluationError(
                f"line {row.line}: label {', '.join(sorted(unknown))} is not one of {', '.join(self.labels)}"
            )
        return known or frozenset({self.rest})


TASKS = {
    task.name: task
    for task in (
        Task(
            "sentiment",
            ("negative", "neutral", "positive"),
            "neutral",
            frozenset({Kind.SENTIMENT}),
            _SILENT_NEUTRAL,
        ),
        Task(
            "feature_request",
            ("feature_request", "other"),
            "other",
            frozenset({Kind.FEATURE_REQUEST}),
            0.95,
            open_labels=True,
        ),
        Task(
            "lifecycle",
            ("onboarding", "renewal", "upsell", "expansion", "churn_risk", "none"),
            "none",
            LIFECYCLE_KINDS,
            0.95,
            elsewhere=frozenset({"feature_request", "other"}),
        ),
        Task("churn", ("churn_risk", "other"), "other", frozenset({Kind.CHURN_RISK}), 0.98, open_labels=True),
    )
}


class Classifier:
    """Answers a task with the detectors of this installation, and with a text model when one is given."""

    def __init__(self, task: Task, model: TextModel | None = None) -> None:
        self._task = task
        self._model = model
        learned = model.learned if model else None
        self._rest = _MODEL_SILENCE if model else task.rest_confidence
        in_force = [
            detector for detector in discover(learned=learned).conversation if detector.kinds & task.kinds
        ]
        self._in_force = in_force
        self._thresholds = {
            kind: detector.parameters.threshold for detector in in_force for kind in detector.kinds
        }
        forced = discover({detector.name: {"threshold": 0.0} for detector in in_force}, learned)
        self._detectors: tuple[Detector, ...] = tuple(
            detector for detector in forced.conversation if detector.kinds & task.kinds
        )

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """The verdicts for texts, each taken as one message of a customer."""
        conversations = [
            Conversation(
                "evaluation",
                "evaluation",
                "evaluation",
                (Message("text", AuthorType.CUSTOMER, _NOON, text),),
            )
            for text in texts
        ]
        scores = score_messages(self._model, conversations) if self._model else [{}] * len(conversations)
        return [
            self._verdict(conversation, Context(now=_NOON, scores=said))
            for conversation, said in zip(conversations, scores, strict=True)
        ]

    def _verdict(self, conversation: Conversation, context: Context) -> Verdict:
        findings = [found for detector in self._detectors for found in detector.detect(conversation, context)]
        if self._task.name == Kind.SENTIMENT:
            return self._sentiment(findings)
        spoken = frozenset(
            str(found.kind) for one in self._in_force for found in one.detect(conversation, context)
        )
        return self._kinds(findings, spoken)

    def _sentiment(self, findings: list[Finding]) -> Verdict:
        if not findings:
            rest = self._task.rest
            return Verdict(frozenset({rest}), self._task.rest_confidence, None, (), rest)
        found = findings[0]
        label = str(found.polarity)
        sure = found.confidence >= self._thresholds[Kind.SENTIMENT]
        labels = frozenset({label})
        return Verdict(labels, found.confidence, labels if sure else None, _quotes([found]), label)

    def _kinds(self, findings: list[Finding], spoken: frozenset[str]) -> Verdict:
        likely: dict[str, float] = {}
        for found in findings:
            likely[found.kind] = max(found.confidence, likely.get(found.kind, 0.0))
        lead = max(likely, key=lambda one: likely[one], default="")
        highest = likely.get(lead, 0.0)
        given = frozenset(label for label, chance in likely.items() if chance >= _EVEN)
        if given:
            quotes = _quotes([found for found in findings if found.kind in given])
            return Verdict(given, highest, spoken or None, quotes, lead)
        rest = frozenset({self._task.rest})
        doubt = lead and highest > 1 - self._thresholds[Kind(lead)]
        confidence = min(self._rest, 1 - highest)
        return Verdict(rest, confidence, None if doubt else rest, (), self._task.rest)


def _quotes(findings: list[Finding]) -> tuple[str, ...]:
    return tuple(found.evidence[0].quote for found in findings if found.evidence)
