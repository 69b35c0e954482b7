"""The ports that the detector's use cases stand on, passed around together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.detector.ports import (
        Connections,
        Corrections,
        Customers,
        DueSubjects,
        Followed,
        HealthRecords,
        Leases,
        Mirror,
        ModelUse,
        PeopleCounts,
        Questions,
        Redetections,
        Requests,
        Rereads,
        Signals,
        Tombstones,
        Unmatched,
    )


@dataclass(frozen=True)
class Stores:
    """Every port that the use cases stand on."""

    mirror: Mirror
    followed: Followed
    followed_contacts: Followed
    people_counts: PeopleCounts
    signals: Signals
    customers: Customers
    unmatched: Unmatched
    health: HealthRecords
    requests: Requests
    corrections: Corrections
    connections: Connections
    rereads: Rereads
    rematches: Rereads
    due: DueSubjects
    redetections: Redetections
    questions: Questions
    model_use: ModelUse
    leases: Leases
    tombstones: Tombstones
