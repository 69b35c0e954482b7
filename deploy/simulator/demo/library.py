"""The written material of the demo workspace, read once: stories, dialogues, reserve, borrowed sentences."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from deploy.simulator.demo.script import parse_scripts
from deploy.simulator.demo.wording import Slots, parse_slots

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from deploy.simulator.demo.script import Script

LANGUAGES = ("de", "fr", "es")
THANKS = "thanks"


@dataclass(frozen=True, slots=True)
class Library:
    """`dialogues` by audience: "" for customers in English, "lead", or a language."""

    stories: tuple[Script, ...]
    dialogues: Mapping[str, tuple[Script, ...]]
    reserve: tuple[Script, ...]
    slots: Slots
    borrowed: Mapping[str, tuple[str, ...]]


@functools.cache
def library() -> Library:
    """Everything that was written down.

    Raises:
        ScriptError: a file is not in the format, or two scripts have the same slug.
    """
    dialogues = _scripts("dialogues", skip=("slots.txt",))
    return Library(
        stories=_scripts("stories"),
        dialogues={
            audience: tuple(script for script in dialogues if script.get("audience") == audience)
            for audience in ("", "lead", *LANGUAGES)
        },
        reserve=parse_scripts(_here("reserve.txt").read_text("utf-8"), "reserve.txt"),
        slots=parse_slots(_here("dialogues", "slots.txt").read_text("utf-8")),
        borrowed=_borrowed(),
    )


def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the CSV files beside this module."""
    return tuple(csv.DictReader(_here(name).read_text("utf-8").splitlines()))


def _here(*path: str) -> Traversable:
    return files(__package__).joinpath(*path)


def _scripts(folder: str, skip: tuple[str, ...] = ()) -> tuple[Script, ...]:
    found: list[Script] = []
    for file in sorted(_here(folder).iterdir(), key=lambda each: each.name):
        if file.name.endswith(".txt") and file.name not in skip:
            found.extend(parse_scripts(file.read_text("utf-8"), f"{folder}/{file.name}"))
    return tuple(found)


def _borrowed() -> dict[str, tuple[str, ...]]:
    by_topic: dict[str, list[str]] = {}
    for row in table("borrowed.csv"):
        by_topic.setdefault(row["topic"], []).append(row["text"])
    return {topic: tuple(texts) for topic, texts in by_topic.items()}
