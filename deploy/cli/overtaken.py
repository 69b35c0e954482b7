"""Which letters are older than what their topic says of the same thing by now.

A compacted topic keeps the last record of each key. A letter that is sent back becomes that last record: a
newer state, or the tombstone of what was deleted, would be forgotten for it, and whoever reads the topic
anew would rebuild what is long gone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from deploy.cli.engine import open_consumer, partitions_of, read_to_end
from shared.contracts.topics import ALL_TOPICS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aiokafka import ConsumerRecord

    from deploy.cli.dead_letters import Letter
    from deploy.cli.engine import Bus

    Waiting = dict[TopicPartition, dict[bytes | None, list[Letter]]]

COMPACTED = frozenset(topic.name for topic in ALL_TOPICS if topic.cleanup == "compact")


async def overtaken(
    bus: Bus, letters: Sequence[Letter], *, compacted: Collection[str] = COMPACTED
) -> dict[str, str]:
    """Return, by the names of letters of compacted topics, what overtook them, in words.

    Each partition is read once, from the first of its letters on, and nothing but their keys is remembered.
    A letter is not overtaken while the last record of its key is its own original, or a copy that was sent
    back. A tombstone is forgotten after a week: so one whose key is not found at all counts as overtaken.
    """
    waiting = _by_place(letters, compacted)
    there = {place for places in (await partitions_of(bus)).values() for place in places}
    places = [place for place in waiting if place in there]
    if not places:
        return {}
    said: dict[str, str] = {
        letter.name: "its original is gone, so something newer took its place"
        for place in places
        for several in waiting[place].values()
        for letter in several
    }
    starts = {
        place: min(letter.original_offset for several in waiting[place].values() for letter in several)
        for place in places
    }
    async with open_consumer(bus) as consumer:
        async for record in read_to_end(consumer, places, starts):
            place = TopicPartition(record.topic, record.partition)
            for letter in waiting[place].get(record.key, ()):
                if _is_copy(letter, record):
                    said.pop(letter.name, None)
                elif record.offset > letter.original_offset:
                    kind = "a tombstone" if record.value is None else "a newer record"
                    said[letter.name] = f"{kind} of the same key is at offset {record.offset}"
    return said


def _by_place(letters: Sequence[Letter], compacted: Collection[str]) -> Waiting:
    found: Waiting = defaultdict(lambda: defaultdict(list))
    for letter in letters:
        place = letter.origin
        if place is not None and place.topic in compacted:
            found[place][letter.record.key].append(letter)
    return found


def _is_copy(letter: Letter, record: ConsumerRecord[bytes, bytes]) -> bool:
    own = (letter.record.value, letter.own_headers())
    return record.offset == letter.original_offset or (
        record.offset > letter.original_offset and (record.value, list(record.headers)) == own
    )
