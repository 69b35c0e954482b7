"""How a written line becomes what somebody says: choices, slots and dates in braces.

`{a|b}` chooses; `{1:a|b}` chooses alike wherever the same digit stands, so that an answer fits its question;
`{n5-90}` is a number; `{date+3}`, `{weekday+2}`, `{month-1}`, `{year+1}` are counted from
the moment of speaking; any other `{name}` comes from the speaker's facts or from the slots. Braces nest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploy.simulator.demo.dates import reckoned

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

_BRACES = re.compile(r"\{([^{}]*)\}")
_WHEN = re.compile(r"(date|weekday|month|year|greeting)([+-]\d+)?")
_LINKED = re.compile(r"\d:")
_NUMBER = re.compile(r"n(\d+)-(\d+)")
_TIDY = (
    (re.compile(r"(?<=\S) {2,}"), " "),
    (re.compile(r" +(?=[.,](?:\s|$))"), ""),
    (re.compile(r"(?<!\.)\.\.(?!\.)"), "."),
    (re.compile(r"(?<=[!?])\.(?!\.)"), ""),
    (re.compile(r"(?<=👍|😄|🥳|🙂|🎉)\."), ""),
    (re.compile(r" +$", re.MULTILINE), ""),
)


class UnknownSlotError(KeyError):
    """A `{name}` that is neither a fact nor a slot."""


@dataclass(frozen=True, slots=True)
class Slots:
    """`kept` hold for a whole conversation, the others are chosen anew each time."""

    choices: Mapping[str, tuple[str, ...]]
    kept: frozenset[str]


def parse_slots(text: str) -> Slots:
    """`name: a | b` or, for a kept one, `name = a | b`; one per line."""
    choices: dict[str, tuple[str, ...]] = {}
    kept: set[str] = set()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, sign, values = line.partition(" = ") if " = " in line else line.partition(":")
        choices[name.strip()] = tuple(value.strip() for value in values.split(" | "))
        if sign == " = ":
            kept.add(name.strip())
    return Slots(choices, frozenset(kept))


@dataclass(slots=True)
class Wording:
    """The words of one conversation. The same `rng` state and facts give the same words."""

    slots: Slots
    rng: random.Random
    facts: dict[str, str] = field(default_factory=dict)
    language: str = ""

    def fill(self, text: str, at: int) -> str:
        """The text as said at `at` (Unix seconds).

        Raises:
            UnknownSlotError: a name that nobody knows.
        """
        moment = datetime.fromtimestamp(at, UTC)
        chosen_beginning = text.startswith("{")
        changes = 1
        while changes:
            text, changes = _BRACES.subn(lambda found: self._one(found[1], moment), text)
        for pattern, replacement in _TIDY:
            text = pattern.sub(replacement, text)
        # A choice at the beginning of a sentence does not know that it stands there.
        return text[:1].upper() + text[1:] if chosen_beginning else text

    def _one(self, inside: str, moment: datetime) -> str:
        if linked := _LINKED.match(inside):
            options = inside[linked.end() :].split("|")
            return options[self._link(linked[0]) % len(options)]
        if "|" in inside:
            return self.rng.choice(inside.split("|"))
        if number := _NUMBER.fullmatch(inside):
            return str(self.rng.randint(int(number[1]), int(number[2])))
        if when := _WHEN.fullmatch(inside):
            return reckoned(when[1], int(when[2] or 0), moment, self.language)
        return self._named(inside, moment)

    def _link(self, label: str) -> int:
        """A number that is the same for all choices of that label in this conversation."""
        if label not in self.facts:
            self.facts[label] = str(self.rng.getrandbits(24))
        return int(self.facts[label])

    def _named(self, name: str, moment: datetime) -> str:
        if name in self.facts:
            return self.facts[name]
        # `tech2` is another one of the same list.
        choices = self.slots.choices.get(name) or self.slots.choices.get(name.rstrip("2"))
        if choices is None:
            raise UnknownSlotError(name)
        first = self.facts.get(name.rstrip("2")) if name.endswith("2") else None
        chosen = self.rng.choice([choice for choice in choices if choice != first])
        if name.rstrip("2") in self.slots.kept:
            # Resolved before it is kept, or a number in it would change from message to message.
            chosen = _BRACES.sub(lambda found: self._one(found[1], moment), chosen)
            self.facts[name] = chosen
        return chosen
