"""Which signals an address of Insights asks for: the same on the page, in its file and in its live stream."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends

from services.detector.domain.identity import as_address
from services.detector.lists import SignalFilter
from services.detector.pages.filters import (
    Word,
    assignee_choice,
    choice,
    confidence_choice,
    kind_choice,
    known_kind,
    least_confidence,
    one_of,
    owner_choice,
    period_choice,
    period_start,
    tag_choice,
)

if TYPE_CHECKING:
    from datetime import datetime

    from services.detector.lists import SignalChoices
    from shared.auth.identity import Identity

_STATES = (("cleared", "closed"), ("any", "open and closed"))


@dataclass(frozen=True, slots=True)
class AskedSignals:
    """The filters in an address; empty ones restrict nothing."""

    kind: str
    customer: str
    tag: str
    owner: str
    period: str
    state: str
    confidence: str
    assigned_to: str

    @property
    def narrows(self) -> bool:
        return any(astuple(self))

    def wanted(self, now: datetime) -> SignalFilter:
        """Return the filter; unknown values are ignored, so that old links still work."""
        state: Literal["open", "cleared", "any"] = (
            "cleared" if self.state == "cleared" else "any" if self.state == "any" else "open"
        )
        return SignalFilter(
            kind=known_kind(self.kind),
            state=state,
            customer_id=self.customer or None,
            tag=self.tag or None,
            owner=self.owner or None,
            since=period_start(self.period, now),
            min_confidence=least_confidence(self.confidence),
            assigned_to=as_address(self.assigned_to) or None,
        )

    def choices(self, offered: SignalChoices, reader: Identity) -> list[dict[str, Any]]:
        """Return the filters as `ui.filter_bar` draws them for a reader."""
        return [
            kind_choice(self.kind),
            choice("customer", "Customer", self.customer, offered.customers),
            tag_choice(self.tag, offered.tags),
            owner_choice(self.owner, offered.owners, reader.email),
            assignee_choice(as_address(self.assigned_to), offered.assignees, reader.email),
            period_choice(self.period),
            confidence_choice(self.confidence),
            one_of("state", "State", self.state, _STATES, "open"),
        ]


def _asked(
    kind: Word = "",
    customer: Word = "",
    tag: Word = "",
    owner: Word = "",
    period: Word = "",
    state: Word = "",
    confidence: Word = "",
    assigned_to: Word = "",
) -> AskedSignals:
    return AskedSignals(kind, customer, tag, owner, period, state, confidence, assigned_to)


Asked = Annotated[AskedSignals, Depends(_asked)]
