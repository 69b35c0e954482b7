"""How support agents respond to each kind of matter: what they reply, and what they offer.

These are words of the vendor's own staff. They add points to a customer's words or take some away, and never
make a finding where the customer said nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from services.detector.domain.cues.offering import (
    OFFER_ANOTHER,
    OFFER_CANCEL,
    OFFER_PLAN,
    OFFER_PRICE,
    OFFER_RAISE,
    OFFER_SEATS,
    OFFER_START,
    OFFER_TERM,
)
from services.detector.domain.cues.replying import (
    BEGUN,
    ENDED,
    GROWN,
    IS_THERE,
    NO_WISH,
    NOT_ENDED,
    NOT_GROWN,
    NOT_RENEWED,
    RENEWED,
    SOLD,
    SOLD_ELSEWHERE,
    WISH_FILED,
    WISH_KEPT,
    WISH_NOT_YET,
    WORRIED,
)
from services.detector.domain.finding import Kind
from services.detector.domain.rules import RuleBook
from services.detector.domain.vocabulary import GROUPS

if TYPE_CHECKING:
    from services.detector.domain.rules import Cue

_GROUPS = {
    **GROUPS,
    "wish": "wish request idea suggestion feedback vote votes wishes requests ask proposal",
    "kept": "added noted recorded logged registered filed captured raised counted tracked adding noting "
    "recording logging",
    "passed": "passed pass passing sent sending forwarded forwarding shared sharing put raised relayed "
    "handed brought taken bring take",
    "makers": "product engineering engineers developers devs development design designers",
    "further": "second third fourth fifth sixth another extra additional further each",
    "unit": "place line number sim card car vehicle seat user license location site branch workspace brand "
    "property pet dog cat child",
    "list": "wishlist roadmap backlog radar",
    "shall": "shall should want like happy ready prefer could can would",
}

_REPLIES: dict[Kind, tuple[Cue, ...]] = {
    Kind.FEATURE_REQUEST: (WISH_KEPT, WISH_FILED, WISH_NOT_YET, IS_THERE, NO_WISH),
    Kind.UPSELL: (SOLD, SOLD_ELSEWHERE),
    Kind.EXPANSION: (GROWN, NOT_GROWN),
    Kind.RENEWAL: (RENEWED, NOT_RENEWED),
    Kind.ONBOARDING: (BEGUN,),
    Kind.CHURN_RISK: (ENDED, NOT_ENDED),
}

_OFFERS: dict[Kind, tuple[Cue, ...]] = {
    Kind.CHURN_RISK: (OFFER_CANCEL, OFFER_ANOTHER),
    Kind.UPSELL: (OFFER_PLAN, OFFER_PRICE, OFFER_RAISE, SOLD_ELSEWHERE, OFFER_ANOTHER),
    Kind.EXPANSION: (OFFER_SEATS, OFFER_ANOTHER),
    Kind.RENEWAL: (OFFER_TERM, OFFER_ANOTHER),
    Kind.ONBOARDING: (OFFER_START,),
}


@cache
def replies(kind: Kind) -> RuleBook:
    """The rule book of replies that accept (or turn away from) a matter of this kind."""
    return RuleBook(_REPLIES[kind], _GROUPS)


@cache
def doubts() -> RuleBook:
    """The rule book of replies to a customer who may leave but has not said so."""
    return RuleBook((WORRIED,), _GROUPS)


@cache
def offers(kind: Kind) -> RuleBook:
    """The rule book of offers to which a yes means this kind."""
    return RuleBook(_OFFERS[kind], _GROUPS)
