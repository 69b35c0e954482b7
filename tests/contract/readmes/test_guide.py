"""The guide for those who connect Intercom says what stands on the pages, word for word."""

from __future__ import annotations

import ast
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from services.connector.domain.hosts import REGION_NAMES
from services.connector.pages.words import PERMISSIONS
from shared.contracts.connections import LONGEST_LOOKBACK_DAYS, ConnectionSettings
from tests.contract.readmes.papers import ROOT, rows, section, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GUIDE = "services/connector/CONNECTING.md"
TEXT = text_of(GUIDE)
BOLD = sorted({label.strip("[]") for label in re.findall(r"\*\*([^*]+?)\*\*", TEXT)})
QUOTED = sorted(set(re.findall("“([^”]+)”", TEXT)) - {"quotes"})
MARKUP = re.compile(r"\{%.*?%\}|\{#.*?#\}|<[^>]+>", re.DOTALL)

# On Intercom's own pages, by its documentation; nothing here can be held against the code.
INTERCOM_S_OWN = {
    "Access token",
    "Authentication",
    "Authorize",
    "Create app",
    "New app",
    "Permissions",
    "Settings",
    "Teammates",
    "Teams",
    "slanted",
}


def sources(*suffixes: str) -> Iterator[Path]:
    """Return the files that say something on the pages which the guide speaks of."""
    places = (
        ROOT / "services/connector",
        ROOT / "services/detector/pages/templates",
        ROOT / "shared/web/navigation.py",
    )
    for place in places:
        found = [place] if place.is_file() else place.rglob("*")
        yield from (path for path in found if path.suffix in suffixes)


def written(path: Path) -> Iterator[str]:
    """Return each piece of text that a file can put on a page."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
        return
    yield from (unescape(piece).strip() for piece in MARKUP.split(text))
    yield from re.findall(r'"([^"]+)"', text)


SAID = {piece for path in sources(".py", ".html") for piece in written(path)}


@pytest.mark.parametrize("label", [label for label in BOLD if label != "Bold"])
def test_each_label_is_on_a_page(label: str) -> None:
    """Bold words are found on the pages by whoever looks for them: a whole label, with its capitals."""
    assert label in SAID


@pytest.mark.parametrize("words", QUOTED)
def test_each_quotation_is_what_is_said(words: str) -> None:
    """What a person has on the screen is found in the guide, and the other way round."""
    assert any(words in piece for piece in SAID)


def test_the_permissions_are_those_that_are_asked_for() -> None:
    """By Intercom's names, with the reason that the page gives."""
    table = rows(section(GUIDE, "Permissions"))
    assert [(cells[0].strip("*"), cells[1]) for cells in table] == list(PERMISSIONS)


def test_every_region_is_named() -> None:
    """As the list of the form has it."""
    assert set(REGION_NAMES.values()) <= set(BOLD)


def test_the_defaults_are_those_of_a_new_connection() -> None:
    """And the bounds of the lookback those that are held."""
    lookback, lifecycle, _ = rows(section(GUIDE, "What to read, chosen"))
    standard = ConnectionSettings()
    assert lookback[1] == f"{standard.lookback_days} days"
    assert f"from 0 to {LONGEST_LOOKBACK_DAYS:,} days" in lookback[2]
    assert lifecycle[1] == ("on" if standard.lifecycle_events else "off")


def test_what_is_slanted_is_intercom_s() -> None:
    """A label of Earshot's own is bold, so that nobody looks for it at Intercom."""
    slanted = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", TEXT))
    assert slanted == INTERCOM_S_OWN | {name for name, _ in PERMISSIONS}


def test_the_guide_goes_through_everything_in_order() -> None:
    """The order in which somebody does it, from what is needed to what may go wrong."""
    titles = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    steps = ("Before", "one click", "token", "Permissions", "chosen", "works", "lifecycle", "is read")
    for title, words in zip(titles, (*steps, "Match", "Disconnect", "wrong"), strict=True):
        assert words in title


@pytest.mark.parametrize("paper", ["README.md", "services/connector/README.md"])
def test_who_looks_for_it_is_led_there(paper: str) -> None:
    """From the first page of the project, and from the service's."""
    assert "CONNECTING.md)" in text_of(paper)
