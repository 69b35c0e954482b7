"""Whether everybody can use a page: axe-core's rules for WCAG 2.2 AA, and what it does not look at."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_COLOUR_RULES = ("color-contrast", "link-in-text-block")
_SHOWN_NODES = 3

_HEADING_LEVELS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((heading) => heading.checkVisibility())
    .map((heading) => Number(heading.tagName[1]))"""

_FOCUS_SIGN = """() => {
    const element = document.activeElement;
    const signs = [element, element.closest(".card, .search, .filter"), element.firstElementChild];
    return signs.some((each) => {
        if (!each) return false;
        const style = getComputedStyle(each);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
            || each.matches(".search:focus-within")
            || (each.namespaceURI.endsWith("svg") && parseFloat(style.strokeWidth) >= 2);
    });
}"""


_EXCESS = """() =>
    Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - window.innerWidth"""


def axe_violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """Return what axe-core objects to in the page as it is now, one line for each rule.

    `colours_only` asks for the rules that another theme can break, at a tenth of the cost.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE.read_text("utf-8") + "; 0")
    found: dict[str, Any] = page.evaluate(
        "(only) => axe.run(document, { runOnly: only, resultTypes: ['violations'] })",
        list(_COLOUR_RULES if colours_only else _RULES),
    )
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: "
        + "; ".join(f"{node['html'][:160]} {node['failureSummary']}" for node in each["nodes"][:_SHOWN_NODES])
        for each in found["violations"]
    ]


def structure_faults(page: Page) -> list[str]:
    """Return what is wrong with the page's outline: one main heading, levels in order, landmarks, a title."""
    faults = []
    levels: list[int] = page.evaluate(_HEADING_LEVELS)
    if levels.count(1) != 1:
        faults.append(f"{levels.count(1)} headings of the first level")
    faults += [
        f"a heading of level {after} follows one of level {before}"
        for before, after in pairwise(levels)
        if after > before + 1
    ]
    for landmark in ("main", "banner", "navigation"):
        if page.get_by_role(landmark).count() == 0:
            faults.append(f"no landmark {landmark}")
    if not page.title().endswith(" · Earshot") or page.title().startswith(" "):
        faults.append(f"the title is {page.title()!r}")
    return faults


def invisible_focus(page: Page, steps: int) -> list[str]:
    """Walk with the tab key; return the elements on which one cannot see that they have the focus."""
    faults = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement === document.body"):
            break
        if not page.evaluate(_FOCUS_SIGN):
            faults.append(page.evaluate("() => document.activeElement.outerHTML.slice(0, 160)"))
    return faults


def sideways_excess(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate(_EXCESS))
