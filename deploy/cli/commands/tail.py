"""`earshot tail`: events as they happen, one JSON object a line."""

from __future__ import annotations

import asyncio
import json
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.engine import bus_of, open_consumer, partitions_of
from deploy.cli.events import as_json
from deploy.cli.invocation import AsJson, Invocation, people, print_json
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from deploy.cli.engine import Bus

_POLL_MILLISECONDS = 500


def tail(
    context: typer.Context,
    topics: Annotated[
        list[str],
        typer.Argument(help="Names, or beginnings of names: signals, deliveries, resources.contacts, '*'."),
    ],
    *,
    from_beginning: Annotated[bool, typer.Option(help="Also what is there already.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many.")] = None,
    json_lines: AsJson = False,
) -> None:
    """Print events as they happen, as CloudEvents in JSON, one a line. No other reader misses any."""
    invocation: Invocation = context.obj
    show = print_json if json_lines or not sys.stdout.isatty() else _in_colour
    try:
        asyncio.run(
            follow(
                bus_of(invocation.settings()),
                topics,
                show,
                from_beginning=from_beginning,
                limit=limit,
            )
        )
    except KeyboardInterrupt:
        # Ctrl-C is how one stops watching.
        return


async def follow(
    bus: Bus,
    words: Sequence[str],
    show: Callable[[Mapping[str, object]], None],
    *,
    from_beginning: bool,
    limit: int | None,
) -> None:
    """Show events of all topics that `words` match until `limit` is reached or the task is cancelled."""
    there = await partitions_of(bus)
    partitions = [partition for topic in matching(words, there) for partition in there[topic]]
    async with open_consumer(bus) as consumer:
        consumer.assign(partitions)
        if from_beginning:
            await consumer.seek_to_beginning(*partitions)
        else:
            await consumer.seek_to_end(*partitions)
            # The end is looked up when it is first needed: now, not when the first event is missed.
            for partition in partitions:
                await consumer.position(partition)
        shown = 0
        while limit is None or shown < limit:
            left = None if limit is None else limit - shown
            batch = await consumer.getmany(timeout_ms=_POLL_MILLISECONDS, max_records=left)
            for records in batch.values():
                for record in records:
                    show(as_json(record))
                    shown += 1


def matching(words: Sequence[str], topics: Collection[str]) -> list[str]:
    """Return the topics that a word names: whole, by its first part, or by a pattern with `*`.

    Raises `ConfigurationError` naming what there is, when a word matches nothing.
    """
    known = sorted(topics)
    found: set[str] = set()
    for word in words:
        hits = {
            topic
            for topic in known
            if topic == word or topic.startswith(f"{word}.") or fnmatchcase(topic, word)
        }
        if not hits:
            raise ConfigurationError(f"No topic matches {word!r}. There are: {', '.join(known) or 'none'}.")
        found |= hits
    return sorted(found)


def _in_colour(event: Mapping[str, object]) -> None:
    people().print_json(json.dumps(event, ensure_ascii=False, default=str), indent=None)
