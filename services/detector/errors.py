"""Errors of the detector beyond its detection rules (those are in domain/errors.py).

PermanentError                     (shared) trying again cannot help
└── DetectorServiceError
    ├── CustomerListError          an uploaded list cannot be read as a whole
    ├── NotFoundError              a page or a call names something that is not there
    ├── InvalidRequestError        a person or a machine asked for something that makes no sense
    └── ChangedMeanwhileError      somebody else changed the same thing too often while we tried

ConfigurationError                 (shared) the operator or developer must act
└── ModelUnusableError             the text model's files are missing, changed or of another making
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import ConfigurationError, PermanentError

if TYPE_CHECKING:
    from pathlib import Path


class DetectorServiceError(PermanentError):
    """Root of the errors below; the message is a whole sentence that a reader may be shown."""


class CustomerListError(DetectorServiceError):
    """An uploaded list of customers cannot be read as a whole."""


class NotFoundError(DetectorServiceError):
    """A page or a call names something that is not there, or belongs to another organization."""


class InvalidRequestError(DetectorServiceError):
    """A person or a machine asked for something that makes no sense."""


class ChangedMeanwhileError(DetectorServiceError):
    """Somebody else changed the same thing too often while we tried."""


class ModelUnusableError(ConfigurationError):
    """The text model's files are missing, changed or of another making."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"the text model in {folder} cannot be used: {why}. Restore the files that came with this "
            "version, or set EARSHOT_TEXT_MODEL=false to go by the rules alone."
        )
