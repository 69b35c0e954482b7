"""Wires the use cases together over whatever adapters they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.mood import MoodRules
from services.detector.domain.occasion import OccasionRules
from services.detector.engine.parts import accounts_of, detection_of, reader_of, removal_of
from services.detector.use_cases.admission import PATIENCE_SECONDS, Admission
from services.detector.use_cases.ask import AskLanguageModel
from services.detector.use_cases.companies import MatchCompanies
from services.detector.use_cases.compare_conversations import CompareConversations
from services.detector.use_cases.connections import KeepConnections
from services.detector.use_cases.count_people import CountPeople
from services.detector.use_cases.culprits import Culprits
from services.detector.use_cases.customers import MaintainCustomers
from services.detector.use_cases.decide_matches import DecideMatches
from services.detector.use_cases.due_subjects import ReviewDueSubjects
from services.detector.use_cases.follow_companies import FollowCompanies
from services.detector.use_cases.follow_contacts import FollowContacts
from services.detector.use_cases.follow_in_turns import FollowInTurns
from services.detector.use_cases.follow_list import FollowList
from services.detector.use_cases.follow_on import FollowOn
from services.detector.use_cases.health import KeepHealth
from services.detector.use_cases.intake import Intake
from services.detector.use_cases.redetect import Redetect
from services.detector.use_cases.regroup import Regroup
from services.detector.use_cases.rematch import Rematch
from services.detector.use_cases.reread import Reread
from services.detector.use_cases.review import Review
from services.detector.use_cases.rounds import Rounds
from services.detector.use_cases.settle import Settler

if TYPE_CHECKING:
    from services.detector.detectors import Detectors
    from services.detector.domain.model_scores import TextModel
    from services.detector.engine.stores import Stores
    from services.detector.use_cases.redetect import Asking
    from services.detector.use_cases.second_look import Advice
    from shared.clock import Clock


class Engine:
    """The use cases of the detector, each one object, wired once."""

    def __init__(
        self,
        stores: Stores,
        detectors: Detectors,
        *,
        clock: Clock,
        owner: str,
        rules: OccasionRules | None = None,
        moods: MoodRules | None = None,
        model: TextModel | None = None,
        advice: Advice | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        asking: Asking = "ask",
        culprits: Culprits | None = None,
    ) -> None:
        self.culprits = culprits = culprits or Culprits()
        self.rules = rules or OccasionRules()
        self.moods = moods or MoodRules()
        self.detectors = detectors
        mirror, signals, customers = stores.mirror, stores.signals, stores.customers
        settler = Settler(
            signals=signals,
            customers=customers,
            requests=stores.requests,
            rules=self.rules,
            clock=clock,
        )
        accounts = accounts_of(stores, detectors, self.moods, settler, clock)
        detection = detection_of(stores, detectors, clock, model=model)
        self.reader = reader_of(stores, detectors, detection, settler, clock, advice=advice)
        companies = MatchCompanies(
            mirror=mirror,
            followed=stores.followed,
            customers=customers,
            connections=stores.connections,
            signals=signals,
            accounts=accounts,
            reader=self.reader,
            settler=settler,
            clock=clock,
        )
        self.remove_data = removal_of(stores, settler, clock)
        self.follow_contacts = FollowContacts(
            turns=FollowInTurns(
                "contact",
                lease="contacts to follow",
                followed=stores.followed_contacts,
                leases=stores.leases,
                culprits=culprits,
                clock=clock,
                owner=owner,
            ),
            mirror=mirror,
            follow_on=FollowOn(
                followed=stores.followed_contacts,
                conversations=mirror.keys_by_contacts,
                reader=self.reader,
                clock=clock,
            ),
            remove=self.remove_data,
        )
        self.count_people = CountPeople(
            counts=stores.people_counts, leases=stores.leases, culprits=culprits, clock=clock, owner=owner
        )
        self.intake = Intake(
            mirror=mirror,
            signals=signals,
            reader=self.reader,
            companies=companies,
            contacts=self.follow_contacts,
            people=self.count_people,
        )
        self.admission = Admission(
            intake=self.intake,
            connections=stores.connections,
            remove=self.remove_data,
            clock=clock,
            patience_seconds=patience_seconds,
        )
        self.reread = Reread(
            rereads=stores.rereads,
            mirror=mirror,
            connections=stores.connections,
            reader=self.reader,
            clock=clock,
            owner=owner,
            remove=self.remove_data,
            culprits=culprits,
        )
        self.rematch = Rematch(
            rematches=stores.rematches,
            mirror=mirror,
            connections=stores.connections,
            companies=companies,
            clock=clock,
            owner=owner,
            remove=self.remove_data,
            culprits=culprits,
        )
        self.redetect = Redetect(
            redetections=stores.redetections,
            rereads=stores.rereads,
            reread=self.reread,
            reader=self.reader,
            comparison=CompareConversations(mirror=mirror, detection=detection),
            mirror=mirror,
            connections=stores.connections,
            culprits=culprits,
            clock=clock,
            owner=owner,
            asking=asking,
        )
        self.keep_connections = KeepConnections(
            connections=stores.connections,
            redetect=self.redetect,
            rematch=self.rematch,
            remove=self.remove_data,
        )
        self.follow_companies = FollowCompanies(
            turns=FollowInTurns(
                "company",
                lease="companies to follow",
                followed=stores.followed,
                leases=stores.leases,
                culprits=culprits,
                clock=clock,
                owner=owner,
            ),
            mirror=mirror,
            companies=companies,
            remove=self.remove_data,
        )
        self.follow_list = FollowList(
            unmatched=stores.unmatched,
            customers=customers,
            mirror=mirror,
            settler=settler,
            companies=companies,
            leases=stores.leases,
            culprits=culprits,
            clock=clock,
            owner=owner,
        )
        self.customers = MaintainCustomers(
            customers=customers,
            mirror=mirror,
            rematch=self.rematch,
            follow=self.follow_list,
            clock=clock,
        )
        self.matches = DecideMatches(customers=customers, mirror=mirror, companies=companies, clock=clock)
        self.review = Review(
            signals=signals,
            requests=stores.requests,
            corrections=stores.corrections,
            mirror=mirror,
            reader=self.reader,
            settler=settler,
            rules=self.rules,
            clock=clock,
        )
        self.health = KeepHealth(
            records=stores.health,
            customers=customers,
            mirror=mirror,
            signals=signals,
            connections=stores.connections,
            settler=settler,
            leases=stores.leases,
            clock=clock,
            owner=owner,
            remove=self.remove_data,
            culprits=culprits,
        )
        self.due_subjects = ReviewDueSubjects(
            due=stores.due,
            accounts=accounts,
            leases=stores.leases,
            clock=clock,
            owner=owner,
            remove=self.remove_data,
            culprits=culprits,
        )
        self.ask = AskLanguageModel(
            advice=advice,
            detectors=[detector.name for detector in detectors.conversation],
            questions=stores.questions,
            use=stores.model_use,
            mirror=mirror,
            connections=stores.connections,
            reader=self.reader,
            remove=self.remove_data,
            culprits=culprits,
            clock=clock,
            owner=owner,
        )
        self.regroup = Regroup(requests=stores.requests, signals=signals, settler=settler, clock=clock)
        self.rounds = Rounds(
            signals=signals,
            customers=customers,
            connections=stores.connections,
            accounts=accounts,
            settler=settler,
            leases=stores.leases,
            rules=self.rules,
            clock=clock,
            owner=owner,
            remove=self.remove_data,
            culprits=culprits,
        )
