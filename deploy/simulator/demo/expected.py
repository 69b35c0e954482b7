"""What is to be found in the stories, for tests and benchmarks, and under which ids the stories are.

The ids of authored conversations depend on nothing but the files: neither on the seed nor on `now`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from deploy.simulator.demo.library import library
from deploy.simulator.demo.script import ScriptError
from deploy.simulator.model import FIRST_IDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.simulator.demo.script import Script

SignalKind = Literal[
    "onboarding", "renewal", "upsell", "expansion", "churn_risk", "feature_request", "negative_shift",
    "positive_shift",
]  # fmt: skip
SIGNAL_KINDS: tuple[SignalKind, ...] = get_args(SignalKind)
#: The file whose conversations look like signals and are none.
TRAPS = "stories/hard_negatives.txt"
#: Ids go up with time: a block of this size per day, counted back from the first id of the living workspace.
IDS_PER_DAY = 1000
#: Within a day's block, ordinary conversations begin here.
FIRST_ORDINARY = 500


@dataclass(frozen=True, slots=True)
class ExpectedSignal:
    """`explicit` is set for churn risk only, `theme` for feature requests only.

    `messages` are positions among the messages of customers, agents and bots, the opening message being 0;
    notes and events are not counted. Any of them proves the signal.
    """

    story: str
    kind: SignalKind
    account: str
    conversation_id: str
    messages: tuple[int, ...]
    explicit: bool | None = None
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedSilence:
    """A conversation that looks like a signal and is none."""

    story: str
    account: str
    conversation_id: str


@functools.cache
def expected_signals() -> tuple[ExpectedSignal, ...]:
    """Every signal that was written into the stories."""
    ids = story_conversation_ids()
    return tuple(_signal(script, ids[script.slug]) for script in library().stories if script.get("expect"))


@functools.cache
def expected_silences() -> tuple[ExpectedSilence, ...]:
    """The hard negatives: whatever is found there is a false alarm."""
    ids = story_conversation_ids()
    return tuple(
        ExpectedSilence(script.slug, script.get("account"), ids[script.slug])
        for script in library().stories
        if script.source == TRAPS
    )


@functools.cache
def story_conversation_ids() -> Mapping[str, str]:
    """Conversation ids by the slug of the story."""
    ids: dict[str, str] = {}
    on_day: dict[int, int] = {}
    for script in library().stories:
        days_ago = int(script.get("days_ago"))
        number = on_day.get(days_ago, 0)
        on_day[days_ago] = number + 1
        ids[script.slug] = conversation_id(days_ago, number)
    return MappingProxyType(ids)


def expected_of_happening(kind: str) -> str:
    """What happenings of a kind let a detector find: "churn_risk explicit", "feature_request" and so on."""
    found = {script.get("expect") for script in library().reserve if script.get("kind") == kind}
    return found.pop() if len(found) == 1 else next(iter(found)).partition(" ")[0]


def conversation_id(days_ago: int, number: int) -> str:
    """The id of the conversation with that number among those of that day."""
    return str(FIRST_IDS["conversation"] - (days_ago + 1) * IDS_PER_DAY + number)


def _signal(script: Script, found_id: str) -> ExpectedSignal:
    kind, _, detail = script.get("expect").partition(" ")
    if kind not in SIGNAL_KINDS or not script.starred_messages:
        where = f"{script.source}: {script.slug}"
        raise ScriptError(f"{where} expects {kind!r}, which is unknown, or stars no message.")
    return ExpectedSignal(
        story=script.slug,
        kind=kind,
        account=script.get("account"),
        conversation_id=found_id,
        messages=script.starred_messages,
        explicit=detail == "explicit" if kind == "churn_risk" else None,
        theme=detail if kind == "feature_request" else None,
    )
