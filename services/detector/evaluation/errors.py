"""Errors of an evaluation.

ConfigurationError             (shared) the operator must act
└── EvaluationError            the labelled file cannot be scored; the message says where and why
"""

from __future__ import annotations

from shared.errors import ConfigurationError


class EvaluationError(ConfigurationError):
    """The labelled file cannot be scored; the message says where and why."""
