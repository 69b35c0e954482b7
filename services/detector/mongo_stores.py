"""The detector's collections over the database and the bus that a foundation gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.adapters.bus_tombstones import BusTombstones
from services.detector.adapters.mongo_connections import MongoConnections, MongoLeases, MongoRereads
from services.detector.adapters.mongo_corrections import MongoCorrections
from services.detector.adapters.mongo_customers import MongoCustomers
from services.detector.adapters.mongo_due_subjects import MongoDueSubjects
from services.detector.adapters.mongo_followed import MongoFollowed
from services.detector.adapters.mongo_health import MongoHealth
from services.detector.adapters.mongo_mirror import MongoMirror
from services.detector.adapters.mongo_model_use import MongoModelUse
from services.detector.adapters.mongo_old_people import MongoOldPeople
from services.detector.adapters.mongo_people import MongoPeopleCounts
from services.detector.adapters.mongo_questions import MongoQuestions
from services.detector.adapters.mongo_redetections import MongoRedetections
from services.detector.adapters.mongo_requests import MongoRequests
from services.detector.adapters.mongo_signals import MongoSignals
from services.detector.adapters.mongo_unmatched import MongoUnmatched
from services.detector.engine import Stores

if TYPE_CHECKING:
    from shared.foundation import Foundation


class MongoStores:
    """Every store that decisions stand on, each one object.

    Where a document cannot be read they raise: nothing is decided without all that is there.
    """

    def __init__(self, base: Foundation) -> None:
        database = base.database
        self.mirror = MongoMirror(database)
        self.followed = MongoFollowed(database, "company")
        self.followed_contacts = MongoFollowed(database, "contact")
        self.people_counts = MongoPeopleCounts(database)
        self.old_people = MongoOldPeople(database, base.clock)
        self.signals = MongoSignals(database, base.publisher, base.clock)
        self.customers = MongoCustomers(database)
        self.unmatched = MongoUnmatched(database)
        self.health = MongoHealth(database)
        self.requests = MongoRequests(database)
        self.corrections = MongoCorrections(database)
        self.connections = MongoConnections(database, base.publisher, base.clock)
        self.rereads = MongoRereads(database)
        self.rematches = MongoRereads(database, "rematches")
        self.due = MongoDueSubjects(database)
        self.redetections = MongoRedetections(database)
        self.questions = MongoQuestions(database)
        self.model_use = MongoModelUse(database)
        self.leases = MongoLeases(database)
        self.tombstones = BusTombstones(base.publisher)

    def for_engine(self) -> Stores:
        """The ports that the use cases stand on."""
        return Stores(
            mirror=self.mirror,
            followed=self.followed,
            followed_contacts=self.followed_contacts,
            people_counts=self.people_counts,
            signals=self.signals,
            customers=self.customers,
            unmatched=self.unmatched,
            health=self.health,
            requests=self.requests,
            corrections=self.corrections,
            connections=self.connections,
            rereads=self.rereads,
            rematches=self.rematches,
            due=self.due,
            redetections=self.redetections,
            questions=self.questions,
            model_use=self.model_use,
            leases=self.leases,
            tombstones=self.tombstones,
        )

    def start_with(self, base: Foundation) -> None:
        """Let their indexes be made, one store after the other, before anything is consumed."""
        marks = (self.followed, self.followed_contacts, self.people_counts, self.unmatched)
        records = (self.mirror, *marks, self.signals, self.customers, self.health, self.requests)
        works = (self.rereads, self.rematches, self.redetections, self.due, self.questions, self.model_use)
        for store in (*records, self.corrections, self.connections, *works):
            base.lifecycle.start(f"indexes of {type(store).__name__}", store.prepare)
