"""What the simulator raises on purpose.

SimulatorError
├── MutationRefusedError    the change makes no sense now (unknown id, bad argument); nothing was changed
│   └── JournalFullError    so much has changed that no more is recorded; nothing was changed
├── JournalError            the data folder cannot be used as it is; the message says what to do
├── PortTakenError          another program listens where the simulator should
└── answers.ApiError        an API call is answered with an error
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Root of what this package raises on purpose."""


class MutationRefusedError(SimulatorError):
    """The change was not made; the message says which id or argument was wrong."""


class JournalFullError(MutationRefusedError):
    """The journal has reached its bound; the message says how to begin anew."""


class JournalError(SimulatorError):
    """The data folder holds another workspace, or cannot be read or written."""


class PortTakenError(SimulatorError):
    """A port cannot be opened; the message names the setting that moves it."""
