"""The look's promises: contrast in both themes, four sizes, nothing that the policy forbids."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

import pytest

import shared.web
from shared.web.icons import icon
from shared.web.shapes import KIND_LOOKS

_ROOT = Path(shared.web.__file__).parent
_CSS = (_ROOT / "static" / "earshot.css").read_text()
_TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
_TOKENS = {name: (light, dark) for name, light, dark in _TOKEN.findall(_CSS)}

_GROUNDS = ("ground", "surface", "raised")
_TEXTS = ("text", "muted", "accent", *sorted({look.tone for look in KIND_LOOKS.values()}))


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    """Black on white is 21 to 1, and a colour on itself 1 to 1."""
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#2f55c8", "#2f55c8") == pytest.approx(1)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), list(itertools.product(_TEXTS, _GROUNDS)))
def test_text_keeps_its_contrast(text: str, ground: str, theme: int) -> None:
    """Every colour of text, the six of signals among them, holds 4.5:1 on every ground of both themes."""
    assert _contrast(_TOKENS[text][theme], _TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_controls_and_marks_keep_their_contrast(theme: int) -> None:
    """Edges of controls hold 3:1, text on the accent and on marked words 4.5:1."""
    assert _contrast(_TOKENS["edge"][theme], _TOKENS["surface"][theme]) >= 3
    assert _contrast(_TOKENS["on-accent"][theme], _TOKENS["accent"][theme]) >= 4.5
    assert _contrast(_TOKENS["text"][theme], _TOKENS["mark"][theme]) >= 4.5


def test_there_are_four_text_sizes() -> None:
    """Type is set in the four sizes that are tokens; the chart's own unit is the small one."""
    sizes = set(re.findall(r"font-size: ([^;]+);", _CSS)) | set(re.findall(r" font: ([^/ ]+)[/ ]", _CSS))
    named = {"var(--size-small)", "var(--size-body)", "var(--size-lead)", "var(--size-title)"}
    assert sizes - {"inherit;", "12px"} <= named
    assert len(re.findall(r"--size-[a-z]+:", _CSS)) == 4


def test_filters_are_tabbed_through_as_they_are_seen() -> None:
    """No rule moves one of them to another place than it has in the page, on a phone either."""
    moved = re.findall(r"([^{}]+)\{[^{}]*(?<![a-z-])order:", _CSS)
    assert moved
    assert [selector.strip() for selector in moved if ".filter" in selector] == []


def test_signals_are_told_apart_without_colour() -> None:
    """There are six tones, and no two kinds share a shape."""
    assert len({look.tone for look in KIND_LOOKS.values()}) == 6
    assert len({look.path for look in KIND_LOOKS.values()}) == len(KIND_LOOKS)


@pytest.mark.parametrize("template", sorted((_ROOT / "templates").glob("*.html")), ids=lambda path: path.name)
def test_templates_obey_the_content_security_policy(template: Path) -> None:
    """No template carries a style, a script of its own, or a handler in an attribute."""
    text = template.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_vendored_files_are_the_released_ones() -> None:
    """Each vendored file has the sum that is written beside it, and none is missing from the list."""
    vendor = _ROOT / "static" / "vendor"
    lines = (line.split() for line in (vendor / "SHA256SUMS").read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.iterdir()
        if path.name != "SHA256SUMS"
    }
    assert found == listed


def test_an_unknown_icon_is_an_error() -> None:
    """A misspelt icon fails when the page is first drawn, not silently."""
    with pytest.raises(KeyError):
        icon("nowhere")
