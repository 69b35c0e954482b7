"""What a comment refers to can be read in the repository: `DESIGN §n` and `FACTS §n` are headings there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.contract.readmes.papers import ROOT, text_of

if TYPE_CHECKING:
    from pathlib import Path

PAPERS = {"DESIGN": "shared/DESIGN.md", "FACTS": "services/syncer/INTERCOM.md"}

_FOLDERS = ("services", "shared", "deploy", "tests")
_READ = {".py", ".md", ".toml", ".html", ".css", ".js", ".yaml", ".yml"}
_REFERENCE = re.compile(r"\b(DESIGN|FACTS)\s+(?:[#*]\s+)?§§?(\d+)(?:\.(\d+))?(?:-(\d+)|(?: and §?(\d+)))?")


def references() -> dict[tuple[str, int, int | None], list[Path]]:
    """Return by paper, section and point of it where each is referred to."""
    found: dict[tuple[str, int, int | None], list[Path]] = {}
    for folder in _FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in _READ or "node_modules" in path.parts:
                continue
            for paper, first, point, *others in _REFERENCE.findall(path.read_text("utf-8")):
                named = [(int(first), int(point) if point else None)]
                named += [(int(one), None) for one in others if one]
                for section, item in named:
                    found.setdefault((paper, section, item), []).append(path.relative_to(ROOT))
    return found


def sections(paper: str) -> dict[int, str]:
    """Return by number what stands under each heading of a paper."""
    parts = re.split(r"^## (\d+)\. ", text_of(PAPERS[paper]), flags=re.MULTILINE)[1:]
    return {int(number): text for number, text in zip(parts[::2], parts[1::2], strict=True)}


def test_references_are_found() -> None:
    """The search for them finds any, of both papers."""
    assert {paper for paper, _, _ in references()} == set(PAPERS)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_reference_has_its_heading(paper: str) -> None:
    """And where it names a point of a section, that section has the point."""
    held = sections(paper)
    missing = {
        f"{paper} §{section}{'' if item is None else f'.{item}'}": sorted({str(one) for one in paths})
        for (named, section, item), paths in references().items()
        if named == paper
        and (
            section not in held
            or (item is not None and not re.search(rf"^{item}\. ", held[section], re.MULTILINE))
        )
    }
    assert missing == {}
