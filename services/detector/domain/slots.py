"""Which slot a finding belongs to, and how a signal in that slot is titled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.finding import Finding, Kind
from services.detector.domain.occasion import EXPLICIT, IMPLIED, Slot

if TYPE_CHECKING:
    from collections.abc import Mapping

_TITLES: Mapping[str, str] = {
    "onboarding": "Getting started",
    "renewal": "Renewal is being discussed",
    "upsell": "Asks about a bigger plan",
    "expansion": "Wants to bring in more people or teams",
    "churn_risk/explicit": "Says they will leave",
    "churn_risk/implied": "Signs of leaving",
    "sentiment_shift/down": "Mood turned for the worse",
    "sentiment_shift/up": "Mood turned for the better",
    "health_change": "Health fell",
}

_PLAIN_SLOTS: Mapping[Kind, Slot] = {
    Kind.ONBOARDING: Slot("onboarding"),
    Kind.RENEWAL: Slot("renewal"),
    Kind.UPSELL: Slot("upsell"),
    Kind.EXPANSION: Slot("expansion"),
}


def title_of(slot: Slot) -> str:
    """Return a signal's title in plain words; a wish's title comes from the request instead."""
    return _TITLES.get(slot.key, slot.kind.replace("_", " ").capitalize())


def slot_of(finding: Finding, requests: Mapping[str, tuple[str, str]]) -> Slot | None:
    """Return the slot in which a finding may open a signal; None for a finding that opens none itself.

    `requests` gives a wish's (request id, title) by its subject text. A single message's mood opens no
    signal: only a shift of mood does.
    """
    if finding.kind is Kind.CHURN_RISK:
        return Slot("churn_risk", EXPLICIT if finding.explicit else IMPLIED)
    if finding.kind is Kind.FEATURE_REQUEST:
        known = requests.get(finding.subject)
        return Slot("feature_request", known[0]) if known else None
    return _PLAIN_SLOTS.get(finding.kind)
