"""What each kind of signal looks like: a name, one of six tones, and a shape of its own.

The shape tells two kinds of one tone apart, and all kinds where colours cannot be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.contracts.signals import SignalKind

Tone = Literal["risk", "renewal", "growth", "onboarding", "request", "mood"]


@dataclass(frozen=True, slots=True)
class KindLook:
    """How a kind is shown. `path` is SVG path data in a box of 12 by 12."""

    label: str
    tone: Tone
    path: str


KIND_LOOKS: Mapping[SignalKind, KindLook] = {
    "churn_risk": KindLook("Churn risk", "risk", "M6 1 11.5 11H.5Z"),
    "renewal": KindLook(
        "Renewal",
        "renewal",
        "M6 .5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11ZM6 3.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6Z",
    ),
    "upsell": KindLook("Upsell", "growth", "M6 .8 11 6H8v5H4V6H1Z"),
    "expansion": KindLook("Expansion", "growth", "M6 .3 11.7 6 6 11.7.3 6Z"),
    "onboarding": KindLook("Onboarding", "onboarding", "M1.2 1.2h9.6v9.6H1.2Z"),
    "feature_request": KindLook(
        "Feature request", "request", "M4.4 1h3.2v3.4H11v3.2H7.6V11H4.4V7.6H1V4.4h3.4Z"
    ),
    "sentiment_shift": KindLook(
        "Sentiment shift", "mood", "M6 .5a5.5 5.5 0 0 1 0 11Zm-1 0v11a5.5 5.5 0 0 1 0-11Z"
    ),
    "health_change": KindLook(
        "Health change", "mood", "M.5 5h2.4L5 .9 7.6 8 8.8 5h2.7v2H10l-2.4 4.4L4.8 4.8 4 7H.5Z"
    ),
}
"""Every kind there is; a test holds this against the contract."""


def kind_shape(kind: SignalKind) -> Markup:
    """Return the kind's shape as inline SVG, hidden from screen readers since its name stands beside it."""
    look = KIND_LOOKS[kind]
    return Markup(
        '<svg class="shape" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">'
        '<path fill-rule="evenodd" d="{}"/></svg>'
    ).format(look.path)
