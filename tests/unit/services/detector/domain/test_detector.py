"""Parameters of detectors."""

from __future__ import annotations

import pytest

from services.detector.domain.detector import Parameters
from services.detector.domain.errors import DetectorRegistrationError


def test_parameters_take_known_names_only() -> None:
    """A misspelt parameter is refused instead of ignored."""
    assert Parameters().updated({"threshold": 0.9}).threshold == 0.9
    with pytest.raises(DetectorRegistrationError, match="treshold"):
        Parameters().updated({"treshold": 0.9})
