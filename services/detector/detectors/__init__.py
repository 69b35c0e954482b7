"""Every module in this package is one detector; adding a file adds a detector.

A module provides `create(parameters=None)` and its parameters' type is that default's type, see
`discover`. README.md says how to write one.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.detector.domain.detector import AccountDetector, Detector, Identified
from services.detector.domain.errors import DetectorRegistrationError
from services.detector.domain.learned import Learning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.detector.domain.learned import Learned


_LEAST_THRESHOLD = 0.05
"""Below this a finding is noise, however wide a band is asked for."""


@dataclass(frozen=True)
class Detectors:
    """The detectors in force, each group sorted by name. Pass this; there is no global registry."""

    conversation: tuple[Detector, ...] = ()
    account: tuple[AccountDetector, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)


def module_names() -> tuple[str, ...]:
    """Names of the detector modules in this package, sorted."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg))


def _built(overrides: Mapping[str, Mapping[str, Any]], learned: Learned | None) -> Iterator[Identified]:
    for name in module_names():
        module = importlib.import_module(f"{__name__}.{name}")
        create = getattr(module, "create", None)
        if not callable(create):
            raise DetectorRegistrationError(name, "it has no create(parameters=None)")
        detector = create()
        told = dict(overrides.get(name, {}))
        if learned is not None and name in learned.thresholds:
            told = {"threshold": learned.thresholds[name], **told}
        if told:
            detector = create(detector.parameters.updated(told))
        if not isinstance(detector, Identified) or detector.name != name:
            raise DetectorRegistrationError(name, "create() must return a detector named like its file")
        if learned is not None and isinstance(detector, Learning):
            detector = detector.with_model(learned)
        yield detector


def discover(
    overrides: Mapping[str, Mapping[str, Any]] | None = None, learned: Learned | None = None
) -> Detectors:
    """Build every detector of this package, with `overrides[name]` replacing some of its parameters.

    `learned` is what a text model brings: its curves, its thresholds (an override takes precedence), and its
    digest, which becomes part of the versions of the detectors that weigh its scores.

    Raises DetectorRegistrationError if a module is not a detector, or an override names none.
    """
    overrides = overrides or {}
    unknown = set(overrides) - set(module_names())
    if unknown:
        raise DetectorRegistrationError(", ".join(sorted(unknown)), "no such detector")
    built = tuple(_built(overrides, learned))
    return Detectors(
        conversation=tuple(detector for detector in built if isinstance(detector, Detector)),
        account=tuple(
            account_detector for account_detector in built if isinstance(account_detector, AccountDetector)
        ),
        versions={identified.name: identified.version for identified in built},
    )


def lowered(
    detectors: Detectors, overrides: Mapping[str, Mapping[str, Any]], *, by: float
) -> dict[str, dict[str, Any]]:
    """Return overrides that lower the thresholds of these detectors, so that they also find near misses."""
    found = {name: dict(values) for name, values in overrides.items()}
    for detector in detectors.conversation:
        found.setdefault(detector.name, {})["threshold"] = max(
            _LEAST_THRESHOLD, detector.parameters.threshold - by
        )
    return found
