"""How detectors are found and told their parameters."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from services.detector.detectors import discover
from services.detector.domain.errors import DetectorRegistrationError

if TYPE_CHECKING:
    from collections.abc import Callable


def test_an_override_changes_one_parameter_of_one_detector() -> None:
    """Everything else keeps its default."""
    changed = {
        one.name: one.parameters.threshold for one in discover({"renewal": {"threshold": 0.9}}).conversation
    }
    plain = {one.name: one.parameters.threshold for one in discover().conversation}
    assert changed == plain | {"renewal": 0.9}


def test_versions_are_listed_by_name() -> None:
    """A mirror can tell which detectors read it last."""
    found = discover()
    assert set(found.versions) == {one.name for one in (*found.conversation, *found.account)}


@pytest.mark.parametrize("overrides", [{"nobody": {}}, {"renewal": {"volume": 11}}])
def test_unknown_names_are_refused(overrides: dict[str, dict[str, object]]) -> None:
    """A setting that reaches nobody is an error."""
    with pytest.raises(DetectorRegistrationError):
        discover(overrides)


@pytest.mark.parametrize(
    "module", [SimpleNamespace(), SimpleNamespace(create=lambda _=None: SimpleNamespace(name="other"))]
)
def test_a_file_that_is_no_detector_is_named(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    """The error says which file."""
    real: Callable[[str], object] = importlib.import_module

    def give(name: str) -> object:
        return module if name.endswith("renewal") else real(name)

    monkeypatch.setattr(importlib, "import_module", give)
    with pytest.raises(DetectorRegistrationError, match="renewal"):
        discover()


@pytest.mark.parametrize(
    "name", ["renewal_date", "silence", "low_ratings", "shrinking", "unanswered", "seats_full", "new_account"]
)
def test_foreign_parameters_are_refused(name: str) -> None:
    """A detector takes its own kind of parameters only."""
    module = importlib.import_module(f"services.detector.detectors.{name}")
    with pytest.raises(TypeError, match=name):
        module.create(discover().conversation[0].parameters)
