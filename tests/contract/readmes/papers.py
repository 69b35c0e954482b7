"""The READMEs as data: their tables, the names in code type, and their links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]

_FOLDERS = ("services", "shared", "deploy", "tests")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


def readmes() -> list[Path]:
    """Return every README, and the other papers that name files, settings and commands."""
    found = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("README.md")]
    others = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "services/connector/CONNECTING.md")
    return [*(ROOT / name for name in others), *sorted(found)]


def text_of(path: str | Path) -> str:
    return (ROOT / path).read_text("utf-8")


def without_fences(text: str) -> str:
    return _FENCE.sub("", text)


def codes(text: str) -> list[str]:
    """Return what stands in code type within lines, in order."""
    return _CODE.findall(without_fences(text))


def section(path: str | Path, heading: str) -> str:
    """Return what stands under the heading that begins so, up to the next of its level or above."""
    lines = text_of(path).splitlines()
    start = next((at for at, line in enumerate(lines) if re.match(rf"#+ {re.escape(heading)}", line)), None)
    assert start is not None, f"{path} has no heading {heading!r}"
    hashes = lines[start].partition(" ")[0]
    body: list[str] = []
    for line in lines[start + 1 :]:
        if re.match(rf"#{{1,{len(hashes)}}} ", line):
            break
        body.append(line)
    return "\n".join(body)


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables' rows, without the lines that head them."""
    found: list[list[str]] = []
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if not line.startswith("|") or _is_rule(line) or _is_rule("".join(lines[place + 1 : place + 2])):
            continue
        found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def _is_rule(line: str) -> bool:
    return re.fullmatch(r"\|(?: ?:?-+:? ?\|)+", line) is not None
