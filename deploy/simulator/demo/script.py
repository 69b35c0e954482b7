"""The format in which conversations are written down, and what is refused in it.

A file holds scripts. Each begins with `== slug`, goes on with `key: value` lines, and then has steps. A step
is a line such as `+2h agent Hannah`: the time since the step before (none for the first), who or what, a
name, for some a remark after `|`. What is said stands below it, indented by two spaces. A star behind
`customer` or `agent` marks a message that proves what `expect` says. Lines starting with `#` are comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

Doing = Literal["customer", "agent", "bot", "note", "assign", "close", "snooze", "rate"]
DOINGS = frozenset(get_args(Doing))
SPEAKING = frozenset({"customer", "agent", "bot", "note"})
SECONDS = {"m": 60, "h": 3600, "d": 86_400}
KEYS = frozenset(
    {"account", "days_ago", "channel", "subject", "team", "tags", "expect", "borrow", "audience", "kind"}
)

_STEP = re.compile(
    r"(?:\+(?:\{n(?P<low>\d+)-(?P<high>\d+)\}|(?P<exact>\d+))(?P<unit>[mhd]) )?"
    r"(?P<doing>[a-z]+)(?P<star>\*?)(?: (?P<name>[^|]+?))?(?: \| (?P<remark>.+))?$"
)


class ScriptError(ValueError):
    """A line that is not in the format; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Step:
    """`delay` is a range of seconds since the step before."""

    doing: Doing
    delay: tuple[int, int]
    name: str | None = None
    text: str = ""
    remark: str | None = None
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    slug: str
    source: str
    header: dict[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def get(self, key: str, default: str = "") -> str:
        return self.header.get(key, default)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag.strip() for tag in self.get("tags").split(",") if tag.strip())

    @property
    def starred_messages(self) -> tuple[int, ...]:
        """Positions of the starred messages among all messages (notes and events are not counted)."""
        messages = [step for step in self.steps if step.doing in SPEAKING and step.doing != "note"]
        return tuple(index for index, step in enumerate(messages) if step.starred)


def parse_scripts(text: str, source: str) -> tuple[Script, ...]:
    """All scripts of one file.

    Raises:
        ScriptError: at the first line that does not fit.
    """
    blocks: list[tuple[str, list[tuple[int, str]]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            continue
        if line.startswith("== "):
            blocks.append((line[3:].strip(), []))
        elif blocks:
            blocks[-1][1].append((number, line))
        elif line.strip():
            raise ScriptError(f"{source}:{number}: text before the first '== slug'.")
    return tuple(_script(slug, lines, source) for slug, lines in blocks)


def _script(slug: str, lines: list[tuple[int, str]], source: str) -> Script:
    header: dict[str, str] = {}
    steps: list[Step] = []
    said: list[str] = []
    for number, line in lines:
        where = f"{source}:{number}"
        if line.startswith("  ") or not line.strip():
            said.append(line[2:].rstrip())
            continue
        key, colon, value = line.partition(":")
        if not steps and colon and key in KEYS:
            header[key] = value.strip()
            continue
        _say(steps, said)
        steps.append(_step(line.rstrip(), where))
    _say(steps, said)
    if not steps or steps[0].doing not in {"customer", "agent"}:
        raise ScriptError(f"{source}: {slug} must begin with what a customer or an agent writes.")
    for step in steps:
        if (step.doing in SPEAKING) != bool(step.text):
            raise ScriptError(
                f"{source}: {slug}: '{step.doing}' {'lacks its' if not step.text else 'takes no'} text."
            )
    return Script(slug, source, header, tuple(steps))


def _say(steps: list[Step], said: list[str]) -> None:
    """Give the lines read so far to the last step."""
    text = "\n".join(said).strip("\n")
    said.clear()
    if steps and text:
        last = steps[-1]
        steps[-1] = Step(last.doing, last.delay, last.name, text, last.remark, last.starred)


def _step(line: str, where: str) -> Step:
    found = _STEP.fullmatch(line)
    if found is None or found["doing"] not in DOINGS:
        raise ScriptError(f"{where}: {line!r} is neither a step, nor a known key, nor indented text.")
    unit = SECONDS[found["unit"] or "m"]
    low = int(found["low"] or found["exact"] or 0) * unit
    high = int(found["high"] or found["exact"] or 0) * unit
    doing = cast("Doing", found["doing"])
    return Step(doing, (low, high), found["name"], "", found["remark"], bool(found["star"]))
