"""A detector without a bus, over stores in memory or over documents, and short ways to say what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from services.detector.adapters.bus_tombstones import BusTombstones
from services.detector.detectors import Detectors, discover
from services.detector.domain.identity import known_customer_id, provisional_customer_id
from services.detector.engine import Engine, Stores
from services.detector.use_cases.culprits import Culprits
from shared.clock import ManualClock
from shared.contracts.connections import (
    ConnectionChanged,
    ConnectionSettings,
    DataRemovalRequested,
    DataRemoved,
)
from shared.contracts.resources import (
    Author,
    CompanyChanged,
    ContactChanged,
    ConversationChanged,
    ConversationPartChanged,
    ResourceDeleted,
)
from shared.contracts.signals import SignalCleared, SignalDetected, SignalEvent, SignalUpdated
from shared.errors import TransientError
from shared.messaging.recording import RecordingPublisher
from tests.unit.services.detector.fakes.connections import MemoryConnections
from tests.unit.services.detector.fakes.customers import MemoryCustomers, MemoryUnmatched
from tests.unit.services.detector.fakes.health import MemoryHealth
from tests.unit.services.detector.fakes.language_model import MemoryModelUse, MemoryQuestions
from tests.unit.services.detector.fakes.leases import MemoryLeases
from tests.unit.services.detector.fakes.mirror import MemoryFollowed, MemoryMirror
from tests.unit.services.detector.fakes.people import MemoryPeopleCounts
from tests.unit.services.detector.fakes.requests import MemoryRequests
from tests.unit.services.detector.fakes.rereading import MemoryRedetections, MemoryRereads
from tests.unit.services.detector.fakes.reviews import MemoryDueSubjects
from tests.unit.services.detector.fakes.signals import MemoryCorrections, MemorySignals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.detector.use_cases.redetect import Asking
    from shared.contracts.connections import ConnectionState

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ORG, WORKSPACE, CONNECTION = "acme", "ws1", "con1"
NORTHWIND = provisional_customer_id(ORG, f"{WORKSPACE}:co1")
ACC1 = known_customer_id(ORG, "acc-1")

LEAVING = "We have decided to cancel our subscription and switch to another vendor."
STAYING = "Thanks, that works."
WISH = "It would be great if you could add a dark mode to the dashboard."
LOOKING = "We are looking at other vendors."
FURIOUS = "This is terrible, I am really angry about your awful support."
UNRELATED = "Where do I find the invoice of last month?"


async def unreachable(*_: object, **__: object) -> None:
    """Stand in for a method of a store whose database is away."""
    raise TransientError("The database is away.")


@cache
def present_detectors() -> Detectors:
    """Return every detector, built once: compiling their phrases costs more than most tests that use them.

    They are frozen and pure, so that no test can leave anything in them for the next.
    """
    return discover()


@dataclass
class Rig:
    """Everything a test touches. `tell` sends what happened in the workspace."""

    stores: Stores
    publisher: RecordingPublisher
    clock: ManualClock
    detectors: Detectors = field(default_factory=present_detectors)
    organization_id: str = ORG
    asking: Asking = "ask"
    left_out: list[str] = field(default_factory=list)
    _ticks: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.engine = Engine(
            self.stores,
            self.detectors,
            clock=self.clock,
            owner="test",
            asking=self.asking,
            culprits=Culprits(self.left_out.append),
        )

    def observed_at(self) -> datetime:
        """Return a moment later than all it returned before."""
        return NOW + timedelta(milliseconds=next(self._ticks))

    def fields(self, **fields: Any) -> dict[str, Any]:
        """Return what every record of the workspace carries, with these fields."""
        return {
            "organization_id": self.organization_id,
            "connection_id": CONNECTION,
            "workspace_id": WORKSPACE,
            "version": "v",
            "observed_at": self.observed_at(),
            **fields,
        }

    def part(self, conversation: str, number: int, text: str, **fields: Any) -> ConversationPartChanged:
        at = fields.pop("at", self.clock.now() - timedelta(hours=1))
        author = fields.pop(
            "author", Author(type="user", id="dana", name="Dana Ruiz", email="dana@n.example")
        )
        return ConversationPartChanged(
            **self.fields(
                id=f"{conversation}-{number}",
                conversation_id=conversation,
                part_type="comment",
                author=author,
                text=text,
                created_at=at,
                **fields,
            )
        )

    def conversation(self, conversation: str, **fields: Any) -> ConversationChanged:
        at = fields.pop("at", self.clock.now() - timedelta(hours=1))
        return ConversationChanged(
            **self.fields(
                id=conversation,
                contact_ids=fields.pop("contact_ids", ("dana",)),
                created_at=at,
                updated_at=at,
                part_count=fields.pop("part_count", 1),
                **fields,
            )
        )

    def said(self, conversation: str, *texts: str, **fields: Any) -> list[Any]:
        """Return the records of a conversation with these customer messages, a minute apart."""
        at = fields.pop("at", self.clock.now() - timedelta(hours=1))
        parts = [
            self.part(conversation, number, text, at=at + timedelta(minutes=number))
            for number, text in enumerate(texts)
        ]
        return [*parts, self.conversation(conversation, at=at, part_count=len(parts), **fields)]

    def contact(
        self, contact: str = "dana", companies: tuple[str, ...] = ("co1",), **fields: Any
    ) -> ContactChanged:
        return ContactChanged(**self.fields(id=contact, name="Dana Ruiz", company_ids=companies, **fields))

    def company(
        self, company: str = "co1", name: str = "Northwind", external_id: str | None = None, **fields: Any
    ) -> CompanyChanged:
        return CompanyChanged(**self.fields(id=company, name=name, company_id=external_id, **fields))

    def deleted(self, resource: Any, identifier: str, conversation: str | None = None) -> ResourceDeleted:
        return ResourceDeleted(
            organization_id=self.organization_id,
            connection_id=CONNECTION,
            workspace_id=WORKSPACE,
            resource=resource,
            id=identifier,
            conversation_id=conversation,
            reason="deleted",
            observed_at=self.observed_at(),
        )

    def merged(self, contact: str, into: str) -> ResourceDeleted:
        gone = self.deleted("contact", contact)
        return gone.model_copy(update={"reason": "merged", "successor_id": into})

    async def connect(
        self,
        revision: int = 1,
        *,
        lifecycle: bool = True,
        state: ConnectionState = "connected",
        organization_id: str | None = None,
        connection_id: str = CONNECTION,
        workspace_id: str = WORKSPACE,
        workspace_name: str = "Acme",
        changed_at: datetime | None = None,
        **settings: Any,
    ) -> None:
        await self.engine.keep_connections.changed(
            ConnectionChanged(
                organization_id=organization_id or self.organization_id,
                connection_id=connection_id,
                revision=revision,
                state=state,
                workspace_id=workspace_id,
                workspace_name=workspace_name,
                settings=ConnectionSettings(lifecycle_events=lifecycle, **settings),
                changed_at=changed_at or self.clock.now(),
            )
        )

    async def tell(self, *events: Any) -> list[SignalEvent]:
        """Hand records to the intake as the bus would, and return what was published because of them."""
        before = len(self.publisher.published)
        conversations = (ConversationPartChanged, ConversationChanged)
        mine = [
            one
            for one in events
            if isinstance(one, conversations)
            or (isinstance(one, ResourceDeleted) and one.resource.startswith("conversation"))
        ]
        others = [one for one in events if one not in mine]
        if others:
            await self.engine.admission.directory(others)
        if mine:
            await self.engine.admission.conversations(mine)
        await self.review_due()
        return self.published(before)

    async def review_due(self) -> None:
        """Review whoever is due, without waiting for them to be quiet."""
        while await self.engine.due_subjects.round(0, 0):
            pass

    def published(self, start: int = 0) -> list[SignalEvent]:
        return [one for one in self.publisher.published[start:] if isinstance(one, SignalEvent)]

    def removal(self) -> DataRemovalRequested:
        return DataRemovalRequested(
            organization_id=self.organization_id,
            connection_id=CONNECTION,
            removal_id="rem1",
            workspace_id=WORKSPACE,
            requested_by="ann@acme.example",
            requested_at=self.clock.now(),
        )

    async def remove(self) -> None:
        """Let the data be removed: the order comes, then the syncer's word that nothing more will come."""
        await self.engine.remove_data.ordered(self.removal())
        await self.engine.remove_data.source_is_dry(self.dry())

    def dry(self) -> DataRemoved:
        return DataRemoved(
            organization_id=self.organization_id,
            connection_id=CONNECTION,
            removal_id="rem1",
            service="syncer",
            documents=1,
            removed_at=self.clock.now(),
        )

    async def signals(self, **wanted: Any) -> list[Any]:
        """Return all signals of the organization that have these attributes, by kind."""
        found = await self.stores.signals.by_workspace(self.organization_id, WORKSPACE)
        return sorted(
            (one for one in found if all(getattr(one, name) == value for name, value in wanted.items())),
            key=lambda one: (one.slot.key, one.number),
        )

    async def reread_all(self) -> None:
        while await self.engine.reread.work():
            await self.review_due()

    async def rematch_all(self) -> None:
        while await self.engine.rematch.work():
            await self.review_due()

    async def follow_list_all(self) -> None:
        while await self.engine.follow_list.work():
            await self.review_due()

    async def follow_companies_all(self) -> None:
        while await self.engine.follow_companies.work():
            await self.review_due()

    async def follow_contacts_all(self) -> None:
        while await self.engine.follow_contacts.work():
            await self.review_due()

    async def count_people_all(self) -> None:
        """Count everybody who waits, once the stream has been quiet for long enough."""
        self.clock.advance(60)
        while await self.engine.count_people.work():
            pass

    async def redetect_all(self) -> None:
        while await self.engine.redetect.work():
            pass

    def of_version(self, detectors: Detectors, *, asking: Asking = "ask") -> Rig:
        """Return a process of another version over the same stores, which has not looked at them yet."""
        rig = Rig(self.stores, self.publisher, self.clock, detectors, self.organization_id, asking=asking)
        rig._ticks = self._ticks
        return rig

    async def upgraded(self, detectors: Detectors, *, asking: Asking = "ask") -> Rig:
        """Return the process of a later version over the same stores, started as a service starts."""
        rig = self.of_version(detectors, asking=asking)
        for view in await self.stores.connections.all_of(self.organization_id):
            await rig.engine.redetect.ask(view)
        return rig


def memory_rig(detectors: Detectors | None = None) -> Rig:
    """Return a rig over stores in memory."""
    publisher, customers, mirror = RecordingPublisher(), MemoryCustomers(), MemoryMirror()
    stores = Stores(
        mirror=mirror,
        followed=MemoryFollowed(mirror, "company"),
        followed_contacts=MemoryFollowed(mirror, "contact"),
        people_counts=MemoryPeopleCounts(mirror),
        signals=MemorySignals(publisher),
        customers=customers,
        unmatched=MemoryUnmatched(customers),
        health=MemoryHealth(customers),
        corrections=MemoryCorrections(),
        requests=MemoryRequests(),
        connections=MemoryConnections(publisher),
        rereads=MemoryRereads(),
        rematches=MemoryRereads(),
        due=MemoryDueSubjects(),
        redetections=MemoryRedetections(),
        questions=MemoryQuestions(),
        model_use=MemoryModelUse(),
        leases=MemoryLeases(),
        tombstones=BusTombstones(publisher),
    )
    return Rig(stores, publisher, ManualClock(NOW), detectors or present_detectors())


def kinds(events: list[SignalEvent]) -> list[tuple[str, str]]:
    """Return what was published, short: (transition, kind)."""
    names = {SignalDetected: "detected", SignalUpdated: "updated", SignalCleared: "cleared"}
    return [(names[type(one)], one.kind) for one in events]
