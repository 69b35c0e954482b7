"""What the detector's use cases need from outside. Every method raises TransientError for passing failures.

Every call names the organization first, so that no adapter can forget it (DESIGN §9).
"""

from __future__ import annotations

from services.detector.ports.connections import Connections
from services.detector.ports.customers import Customers, ToMatch, Unmatched
from services.detector.ports.health import Due, HealthRecords
from services.detector.ports.language_model import Answered, LanguageModel, ModelUse, Questions, Spent
from services.detector.ports.leases import Leases
from services.detector.ports.mirror import Followed, Mirror
from services.detector.ports.people import DuePerson, PeopleCounts
from services.detector.ports.requests import Requests
from services.detector.ports.rereading import Redetections, Rereads
from services.detector.ports.reviews import DueSubject, DueSubjects
from services.detector.ports.signals import Corrections, Signals, Tombstones, Uncounted

__all__ = [
    "Answered",
    "Connections",
    "Corrections",
    "Customers",
    "Due",
    "DuePerson",
    "DueSubject",
    "DueSubjects",
    "Followed",
    "HealthRecords",
    "LanguageModel",
    "Leases",
    "Mirror",
    "ModelUse",
    "PeopleCounts",
    "Questions",
    "Redetections",
    "Requests",
    "Rereads",
    "Signals",
    "Spent",
    "ToMatch",
    "Tombstones",
    "Uncounted",
    "Unmatched",
]
