"""Errors of the detector beyond its detection rules (those are in domain/errors.py).

PermanentError                     (shared) trying again cannot help
└── DetectorServiceError
    ├── CustomerListError          an uploaded list cannot be read as a whole
    ├── NotFoundError              a page or a call names something that is not there
    ├── InvalidRequestError        a person or a machine asked for something that makes no sense
    └── ChangedMeanwhileError      somebody else changed the same thing too often while we tried
"""

from __future__ import annotations

from shared.errors import PermanentError


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
