"""Errors of tasks that ran side by side."""

from __future__ import annotations


def first_of(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group: its tasks are cancelled by the first one that fails."""
    error = several.exceptions[0]
    return first_of(error) if isinstance(error, BaseExceptionGroup) else error
