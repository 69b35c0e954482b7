"""The use cases that others stand on: reading conversations, reviewing accounts, removing data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.use_cases.accounts import Accounts
from services.detector.use_cases.attribution import Attributor
from services.detector.use_cases.connections import RemoveData
from services.detector.use_cases.detect import DetectConversations
from services.detector.use_cases.newcomers import Newcomers
from services.detector.use_cases.read_conversations import ReadConversations
from services.detector.use_cases.remove_signals import RemoveSignals
from services.detector.use_cases.second_look import SecondLook
from services.detector.use_cases.wishes import Wishes

if TYPE_CHECKING:
    from services.detector.detectors import Detectors
    from services.detector.domain.model_scores import TextModel
    from services.detector.domain.mood import MoodRules
    from services.detector.engine.stores import Stores
    from services.detector.use_cases.second_look import Advice
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock


def accounts_of(
    stores: Stores, detectors: Detectors, moods: MoodRules, settler: Settler, clock: Clock
) -> Accounts:
    """Return what reviews customers and people as a whole."""
    return Accounts(
        mirror=stores.mirror,
        customers=stores.customers,
        connections=stores.connections,
        signals=stores.signals,
        detectors=detectors,
        moods=moods,
        settler=settler,
        newcomers=Newcomers(
            rereads=stores.rereads,
            redetections=stores.redetections,
            detectors=(*detectors.conversation, *detectors.account),
            clock=clock,
        ),
        clock=clock,
    )


def detection_of(
    stores: Stores, detectors: Detectors, clock: Clock, *, model: TextModel | None
) -> DetectConversations:
    """Return what runs the detectors, with the scores of the text model where there is one."""
    return DetectConversations(
        mirror=stores.mirror,
        connections=stores.connections,
        detectors=detectors,
        attributor=Attributor(mirror=stores.mirror, customers=stores.customers),
        clock=clock,
        model=model,
    )


def reader_of(
    stores: Stores,
    detectors: Detectors,
    detection: DetectConversations,
    settler: Settler,
    clock: Clock,
    *,
    advice: Advice | None,
) -> ReadConversations:
    """Return what reads conversations, with the advice of a language model where there is one."""
    return ReadConversations(
        mirror=stores.mirror,
        connections=stores.connections,
        corrections=stores.corrections,
        detection=detection,
        wishes=Wishes(requests=stores.requests, signals=stores.signals, clock=clock),
        due=stores.due,
        settler=settler,
        second_look=SecondLook(
            advice=advice,
            detectors=detectors,
            questions=stores.questions,
            use=stores.model_use,
            signals=stores.signals,
            clock=clock,
        ),
        clock=clock,
    )


def removal_of(stores: Stores, settler: Settler, clock: Clock) -> RemoveData:
    """Return what removes a connection's data."""
    return RemoveData(
        connections=stores.connections,
        mirror=stores.mirror,
        customers=stores.customers,
        corrections=stores.corrections,
        rereads=stores.rereads,
        rematches=stores.rematches,
        due=stores.due,
        redetections=stores.redetections,
        questions=stores.questions,
        followed=stores.followed,
        remove_signals=RemoveSignals(
            connections=stores.connections,
            signals=stores.signals,
            requests=stores.requests,
            settler=settler,
            tombstones=stores.tombstones,
            clock=clock,
        ),
        clock=clock,
    )
