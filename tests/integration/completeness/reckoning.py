"""Holds what was published against the workspace: at each completion what is claimed, at the end all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts.resources import (
    ConversationChanged,
    ConversationPartChanged,
    ResourceDeleted,
    ResourceEvent,
)
from shared.contracts.sync import SyncCompleted, SyncProgressed
from tests.integration.completeness.truth import Truth, compacted, followed, part_differences

if TYPE_CHECKING:
    from shared.contracts.event import Event
    from shared.contracts.sync import Gap
    from tests.integration.completeness.world import World

EXPLAINED_FOR_GOOD = frozenset({"parts_cut_at_500", "deleted_before_read"})
"""Gaps that may be left when nothing fails any more: nobody could close them."""


class Reckoning:
    """Reads the journal as it grows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._read = 0
        self._parts: dict[str, set[str]] = {}
        self._contents: dict[str, dict[str, Any]] = {}
        self._done: dict[tuple[str, str], int] = {}
        self._sequence: dict[str, int] = {}
        self._seen: set[str] = set()

    def look(self) -> None:
        """Read what is new in the journal. Raises AssertionError where a promise was broken."""
        new = self._world.journal.records[self._read :]
        self._read += len(new)
        new = [
            (key, event)
            for key, event in new
            if event is None or event.connection_id == self._world.key.connection_id
        ]
        for key, event in new:
            if isinstance(event, ResourceEvent):
                self._published(key, event)
            elif isinstance(event, ResourceDeleted):
                self._taken_back(event)
            elif isinstance(event, SyncProgressed):
                self._progressed(event)
            elif event is None:
                self._parts.pop(key, None)
        claims = [event for _, event in new if isinstance(event, SyncCompleted)]
        if claims:
            found = self._claimed(claims[-1])
            assert found == [], f"complete up to {claims[-1].complete_up_to}: {found}"

    def _published(self, key: str, event: ResourceEvent) -> None:
        """Parts come before their conversation; one id is one content."""
        content = event.model_dump(exclude={"observed_at"})
        known = self._contents.setdefault(event.event_id(), content)
        assert known == content, f"one id for two contents: {key}"
        if isinstance(event, ConversationPartChanged):
            self._parts.setdefault(event.conversation_id, set()).add(key)
        elif isinstance(event, ConversationChanged):
            held = len(self._parts.get(event.id, ()))
            assert held >= event.part_count, f"{key} names {event.part_count} parts; {held} were published"
            self._seen.add(event.id)

    def _taken_back(self, event: ResourceDeleted) -> None:
        """What can never come back was gone indeed; a contact may have been unarchived since."""
        workspace = self._world.workspace
        if event.resource == "conversation":
            assert workspace.conversations.get(event.id) is None, f"{event.key()} exists, and was taken back"
        if event.resource == "company":
            company = workspace.companies.get(event.id)
            assert company is None or company.archived, f"{event.key()} exists, and was taken back"

    def _progressed(self, event: SyncProgressed) -> None:
        """Numbers never go back for a reader, who keeps the highest report: a sleeper may tell late."""
        if event.sequence <= self._sequence.get(event.run_id, -1):
            return
        self._sequence[event.run_id] = event.sequence
        for count in event.counts:
            at = (event.run_id, count.resource)
            assert count.done >= self._done.get(at, 0), f"{at} went back to {count.done}"
            assert count.total is None or count.total >= count.done
            self._done[at] = count.done

    def _claimed(self, completed: SyncCompleted) -> list[str]:
        """Return what contradicts "complete up to T, but for these gaps"."""
        if completed.complete_up_to is None:
            return []
        # An instant: what changed within the second that begins with it may have changed after it.
        until = completed.complete_up_to.timestamp()
        truth = Truth(self._world.workspace, self._world.key.organization_id)
        mirror = followed(self._world.journal.records)
        excused = {(gap.resource, gap.id) for gap in completed.gaps if gap.aspect is None}
        found = []
        cursors = self._world.cursors.kept.get(self._world.key, {})
        if ("company", None) not in excused and "company" in cursors:
            walked = cursors["company"].position or 0
            found += [
                f"company {id_} is missing"
                for id_, row in truth.companies.items()
                if row["created_at"] < walked and f"{truth.home}/company/{id_}" not in mirror
            ]
        if ("contact", None) not in excused:
            for id_, row in truth.contacts.items():
                if row["updated_at"] < until and ("contact", id_) not in excused:
                    found += self._contact(truth, mirror, id_)
        if ("conversation", None) not in excused:
            for id_, row in truth.conversations.items():
                if id_ in self._world.changed_quietly:
                    continue  # Nobody claims to see these before the next reconcile.
                if row["updated_at"] < until and ("conversation", id_) not in excused and self._wanted(row):
                    found += self._conversation(truth, mirror, id_)
        return found

    def _wanted(self, row: dict[str, Any]) -> bool:
        """Tell whether the lookback, as far as it has been read, has this conversation in it."""
        cursor = self._world.cursors.kept.get(self._world.key, {}).get("conversation")
        covered = cursor.covered_from if cursor is not None else None
        return row["state"] != "closed" or (covered is not None and row["updated_at"] >= covered)

    def at_the_end(self) -> list[str]:
        """Return every difference between the workspace and the mirror that no gap names; empty is proof."""
        self.look()
        world = self._world
        truth = Truth(world.workspace, world.key.organization_id)
        gaps = list(world.gaps.kept.get(world.key, {}).values())
        mirror, bus = followed(world.journal.records), compacted(world.journal.records)
        found = [
            f"{gap.resource} {gap.id} stays {gap.reason}" for gap in gaps if self._unexplained(gap, truth)
        ]
        found += [f"{key} is left on the bus" for key in sorted(self._resources(bus).keys() - mirror.keys())]
        found += [f"{key} is not on the bus" for key in sorted(mirror.keys() - bus.keys())]
        found += self._lists(truth, mirror)
        for id_ in truth.contacts:
            found += self._contact(truth, mirror, id_)
        for id_ in truth.companies:
            found += self._company(truth, mirror, id_)
        start = (world.clock.now() - timedelta(days=world.lookback_days)).timestamp()
        cut = {gap.id: gap.missing or 0 for gap in gaps if gap.reason == "parts_cut_at_500"}
        for id_, row in truth.conversations.items():
            wanted = row["state"] != "closed" or row["updated_at"] >= start
            # What moves no time is looked for inside the lookback only.
            kept = f"{truth.home}/conversation/{id_}" in mirror and id_ not in world.changed_quietly
            if wanted or kept:
                found += self._conversation(truth, mirror, id_, cut=cut.get(id_, 0))
        if world.simulation.statistics.violation_count:
            found.append("a write was tried")
        return found

    def _unexplained(self, gap: Gap, truth: Truth) -> bool:
        """Tell whether a gap is left that could be closed, or is not true."""
        if gap.reason == "deleted_before_read":
            return gap.id in truth.conversations or gap.id in self._seen
        return gap.reason not in EXPLAINED_FOR_GOOD

    @staticmethod
    def _resources(bus: dict[str, Event]) -> dict[str, Event]:
        return {key: event for key, event in bus.items() if "/" in key}

    def _lists(self, truth: Truth, mirror: dict[str, Event]) -> list[str]:
        """Compare which ones there are, and names of what has little more than a name."""
        found = []
        kinds = ("admin", "team", "tag", "company", "contact", "conversation")
        wanted_ids = (
            truth.admins, truth.teams, truth.tags, truth.companies, truth.contacts, truth.conversations
        )  # fmt: skip
        for kind, wanted in zip(kinds, wanted_ids, strict=True):
            prefix = f"{truth.home}/{kind}/"
            held = {
                key.removeprefix(prefix): event for key, event in mirror.items() if key.startswith(prefix)
            }
            found += [f"{kind} {id_} should not be there" for id_ in sorted(held.keys() - wanted.keys())]
            if kind in {"admin", "team", "tag"}:
                found += [f"{kind} {id_} is missing" for id_ in sorted(wanted.keys() - held.keys())]
                for id_ in wanted.keys() & held.keys():
                    event: Any = held[id_]
                    if event.name != wanted[id_]["name"]:
                        found.append(f"{kind} {id_} is called {event.name}")
        return found

    @staticmethod
    def _compared(name: str, pairs: dict[str, tuple[Any, Any]]) -> list[str]:
        return [
            f"{name}: {field} is {held!r}, not {wanted!r}"
            for field, (wanted, held) in pairs.items()
            if wanted != held
        ]

    def _contact(self, truth: Truth, mirror: dict[str, Event], id_: str) -> list[str]:
        event: Any = mirror.get(f"{truth.home}/contact/{id_}")
        if event is None:
            return [f"contact {id_} is missing"]
        return self._compared(f"contact {id_}", truth.of_contact(id_, event))

    def _company(self, truth: Truth, mirror: dict[str, Event], id_: str) -> list[str]:
        event: Any = mirror.get(f"{truth.home}/company/{id_}")
        if event is None:
            return [f"company {id_} is missing"]
        return self._compared(f"company {id_}", truth.of_company(id_, event))

    def _beyond_reach(self, wanted: dict[str, dict[str, Any]], part_id: str) -> bool:
        """Tell whether a part was redacted that no answer reaches: only a webhook could tell of it."""
        listed = [id_ for id_ in wanted if not id_.startswith("source-")]
        reached = listed[-self._world.simulation.switches.parts_limit :]
        return bool(wanted[part_id]["redacted"]) and part_id in listed and part_id not in reached

    def _conversation(self, truth: Truth, mirror: dict[str, Event], id_: str, *, cut: int = 0) -> list[str]:
        event: Any = mirror.get(f"{truth.home}/conversation/{id_}")
        if event is None:
            return [f"conversation {id_} is missing"]
        found = self._compared(f"conversation {id_}", truth.of_conversation(id_, event))
        prefix = f"{truth.home}/conversation_part/{id_}/"
        held = {key.removeprefix(prefix): part for key, part in mirror.items() if key.startswith(prefix)}
        wanted = truth.parts(id_)
        missing = sorted(wanted.keys() - held.keys())
        if len(missing) != cut:
            found.append(f"conversation {id_} lacks {len(missing)} parts, and the ledger names {cut}")
        found += [f"conversation {id_} has a part {part} of its own" for part in held.keys() - wanted.keys()]
        if event.part_count != len(held):
            found.append(f"conversation {id_} names {event.part_count} parts and has {len(held)}")
        for part_id in wanted.keys() & held.keys():
            if self._beyond_reach(wanted, part_id):
                continue
            part: Any = held[part_id]
            found += [f"part {part_id} of {id_} {what}" for what in part_differences(wanted[part_id], part)]
        return found
