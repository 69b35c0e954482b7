"""Errors of the detection rules.

PermanentError                     (shared) trying again cannot help
└── DetectionError                 a detector or its input broke a rule of the domain
    ├── EvidenceMismatchError      a quote is not what the message says at its offsets
    ├── InvalidFindingError        a detector produced a finding that cannot be shown
    ├── HealthWeightsError         the weights of a health cannot be used
    └── NoAnswerError              the language model gave no answer that counts; the local result stands

ConfigurationError                 (shared) the operator or developer must act
├── InvalidPhraseError             a phrase in a rule cannot be compiled
└── DetectorRegistrationError      a module in detectors/ is not a detector, or is told what it does not know
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import ConfigurationError, PermanentError

if TYPE_CHECKING:
    from services.detector.domain.question import Outcome


class DetectionError(PermanentError):
    """A detector or its input broke a rule of the domain."""


class EvidenceMismatchError(DetectionError):
    """A quote is not what the message says at its offsets."""

    def __init__(self, part_id: str, start: int, end: int) -> None:
        super().__init__(f"evidence {start}..{end} does not match the text of part {part_id}")


class NoAnswerError(DetectionError):
    """The language model gave no answer, or none that can be believed. `outcome` says how it failed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"there is no answer of the language model: {outcome.replace('_', ' ')}")
        self.outcome: Outcome = outcome


class InvalidFindingError(DetectionError):
    """A detector produced a finding that cannot be shown."""

    def __init__(self, detector: str, why: str) -> None:
        super().__init__(f"detector {detector} made an invalid finding: {why}")


class HealthWeightsError(DetectionError):
    """The weights of a health cannot be used; the message is a sentence that a reader may be shown."""


class InvalidPhraseError(ConfigurationError):
    """A phrase in a rule cannot be compiled."""

    def __init__(self, phrase: str, why: str) -> None:
        super().__init__(f"phrase {phrase!r} cannot be compiled: {why}")


class DetectorRegistrationError(ConfigurationError):
    """A module in detectors/ is not a detector, or is told what it does not know."""

    def __init__(self, module: str, why: str) -> None:
        super().__init__(f"{module} is not a usable detector: {why}")
