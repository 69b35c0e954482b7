"""Which detectors, told which parameters, with which switch: the name under which a reading is kept.

Two readings of one fingerprint find the same. A fingerprint can be read back, so that people are told which
detector is another one now.
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
    """A detector that is another one now; None where there was none before, or is none any more."""

    name: str
    before: str | None
    after: str | None

    @property
    def told_otherwise(self) -> bool:
        """Whether only its parameters are others."""
        return self.before == self.after


def fingerprint_of(detectors: Iterable[Identified], *, lifecycle: bool) -> str:
    """Return what names these detectors and the lifecycle switch."""
    told = sorted(f"{one.name}={one.version}{_TOLD}{_digest(one.parameters)}" for one in detectors)
    return " ".join([*told, f"{_SWITCH}={'on' if lifecycle else 'off'}"])


def same_switch(one: str, other: str) -> bool:
    """Return whether two readings looked for lifecycle events alike."""
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
