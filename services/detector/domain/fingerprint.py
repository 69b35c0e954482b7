"""Which detectors with which parameters and which switch produced a result, in one string.

Two results with the same fingerprint are the same. A fingerprint can be parsed again, so that people can be
told which detectors have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.detector.domain.detector import Identified, Parameters

_SWITCH = "lifecycle"
_TOLD = "~"
"""Stands between a version and the digest of the parameters."""

_DIGITS = 8


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A detector whose version changed; None where it did not exist before, or does not exist any more."""

    name: str
    before: str | None
    after: str | None

    @property
    def told_otherwise(self) -> bool:
        """Whether only its parameters changed."""
        return self.before == self.after


def fingerprint_of(detectors: Iterable[Identified], *, lifecycle: bool) -> str:
    """Return the fingerprint of these detectors and the lifecycle switch."""
    parts = sorted(
        f"{detector.name}={detector.version}{_TOLD}{_digest(detector.parameters)}" for detector in detectors
    )
    return " ".join([*parts, f"{_SWITCH}={'on' if lifecycle else 'off'}"])


def same_switch(one: str, other: str) -> bool:
    """Return whether two fingerprints have the lifecycle switch in the same position."""
    return _entries(one).get(_SWITCH) == _entries(other).get(_SWITCH)


def changes_between(before: str, after: str) -> tuple[VersionChange, ...]:
    """Return the detectors that differ between two fingerprints, by name."""
    old, new = _entries(before), _entries(after)
    names = sorted((old.keys() | new.keys()) - {_SWITCH})
    return tuple(
        VersionChange(name, _version(old.get(name)), _version(new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    )


def _entries(fingerprint: str) -> dict[str, str]:
    return {name: value for name, _, value in (one.partition("=") for one in fingerprint.split())}


def _version(entry: str | None) -> str | None:
    return None if entry is None else entry.partition(_TOLD)[0]


def _digest(parameters: Parameters) -> str:
    values = [(name, getattr(parameters, name)) for name in sorted(parameters.__dataclass_fields__)]
    return sha256(repr(values).encode()).hexdigest()[:_DIGITS]
