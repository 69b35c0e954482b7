"""Why a change to a workspace can be refused.

SimulatorError
└── MutationRefusedError    the change makes no sense now (unknown id, bad argument); nothing was changed
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Root of what this package raises on purpose."""


class MutationRefusedError(SimulatorError):
    """The change was not made; the message says which id or argument was wrong."""
