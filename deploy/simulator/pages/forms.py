"""The switches page: each switch as a field of a form, and the form read back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from deploy.simulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS = {
    "1": "Contact dates",
    "2": "Conversation dates",
    "3": "Conversation sort",
    "4": "Index lag",
    "5": "Rate limit",
    "6": "Tokens and permissions",
    "7": "Plan",
    "8": "Merged contacts",
    "9": "Long conversations",
    "10": "Company scroll",
    "11": "Company list",
    "12": "Moving rows",
    "13": "Broken answers",
    "14": "Slow answers",
    "15": "Webhooks",
    "17": "Regions",
    "18": "Versions",
    "contract": "Contract",
    "": "Latency",
}
"""Headings by the number of FACTS §11; 16 is the second workspace, which is chosen at the start."""

_NUMBERED = re.compile(r"(\d+|contract)(?:, \d+)*: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SwitchField:
    """One switch on the page; `kind` is choice, flag, number or text."""

    name: str
    kind: str
    value: Any
    help: str
    options: tuple[str, ...] = ()
    changed: bool = False


def grouped(switches: Switches) -> list[tuple[str, str, list[SwitchField]]]:
    """Number, heading and fields of each group, in the order of FACTS §11."""
    found: dict[str, list[SwitchField]] = {number: [] for number in GROUPS}
    for name, info in Switches.model_fields.items():
        match = _NUMBERED.match(info.description or "")
        number, words = (match.group(1), match.group(2)) if match else ("", info.description or "")
        value = getattr(switches, name)
        kind, options = _kind(info.annotation)
        shown = " ".join(value) if isinstance(value, tuple) else value
        found[number].append(SwitchField(name, kind, shown, words, options, changed=value != info.default))
    return [(number, GROUPS[number], fields) for number, fields in found.items() if fields]


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation)
    if annotation is bool:
        return "flag", ()
    return ("number", ()) if annotation in (int, float) else ("text", ())


def read(form: Mapping[str, str]) -> Switches:
    """The switches that a sent form means. Raises pydantic's ValidationError for a bad value."""
    values: dict[str, Any] = {}
    for name, info in Switches.model_fields.items():
        kind, _ = _kind(info.annotation)
        if kind == "flag":
            values[name] = name in form
        elif kind == "text":
            values[name] = tuple(form.get(name, "").replace(",", " ").split())
        elif name in form:
            values[name] = form[name]
    return Switches.model_validate(values)
