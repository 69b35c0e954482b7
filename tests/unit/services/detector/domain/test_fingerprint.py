"""What names a reading, and what is told of two names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.detector import Parameters
from services.detector.domain.fingerprint import (
    VersionChange,
    changes_between,
    fingerprint_of,
    same_switch,
)

if TYPE_CHECKING:
    from services.detector.domain.finding import Kind


@dataclass(frozen=True)
class Named:
    name: str
    version: str
    parameters: Parameters = field(default_factory=Parameters)
    kinds: frozenset[Kind] = frozenset()


def test_the_order_of_detectors_does_not_matter() -> None:
    """The same detectors have one name, however they are found."""
    one, other = Named("a", "1"), Named("b", "2+abc")
    assert fingerprint_of([one, other], lifecycle=True) == fingerprint_of([other, one], lifecycle=True)


def test_changes_are_told_by_detector() -> None:
    """New ones, dropped ones, other versions and other parameters are told apart; equal ones are not told."""
    before = [Named("a", "1"), Named("b", "2"), Named("c", "3"), Named("e", "5")]
    after = [Named("a", "1"), Named("b", "2+abc"), Named("d", "1"), Named("e", "5", Parameters(0.9))]
    changes = changes_between(fingerprint_of(before, lifecycle=True), fingerprint_of(after, lifecycle=True))
    assert changes == (
        VersionChange("b", "2", "2+abc"),
        VersionChange("c", "3", None),
        VersionChange("d", None, "1"),
        VersionChange("e", "5", "5"),
    )
    assert [one.name for one in changes if one.told_otherwise] == ["e"]


def test_the_switch_is_no_detector() -> None:
    """Readings with the switch on and off differ by nothing but the switch."""
    on, off = (fingerprint_of([Named("a", "1")], lifecycle=switch) for switch in (True, False))
    assert on != off
    assert changes_between(on, off) == ()
    assert same_switch(on, on)
    assert not same_switch(on, off)
