"""What an agent's words add to a customer's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.detector.detectors import discover
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.finding import Finding, Kind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DETECTORS = [one for one in discover().conversation if Kind.SENTIMENT not in one.kinds]


def listen(*said: str) -> list[Finding]:
    """Findings of a talk; a line that begins with > is the agent's."""
    messages = tuple(
        Message(
            str(at),
            AuthorType.AGENT if text.startswith("> ") else AuthorType.CUSTOMER,
            NOON + timedelta(minutes=at),
            text.removeprefix("> "),
        )
        for at, text in enumerate(said)
    )
    return [
        found
        for one in DETECTORS
        for found in one.detect(Conversation("o", "w", "c", messages), Context(NOON))
    ]


def names(findings: list[Finding]) -> str:
    """Kinds in order, churn risk with + (notice) or - (implied)."""
    mark = {True: "+", False: "-", None: ""}
    return " ".join(sorted(found.kind + mark[found.explicit] for found in findings))


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (["> Shall I cancel your subscription for you?", "Yes, go ahead."], "churn_risk+"),
        (["> Shall I cancel your subscription for you?", "No, leave it as it is."], ""),
        (["> You can cancel your subscription at any time.", "Perfect, thank you."], ""),
        (["> Shall I cancel the appointment?", "Yes please."], ""),
        (["> The reporting add-on is 20 a month. Would you like it?", "Yes please, switch it on."], "upsell"),
        (["> Would you like to upgrade to Premium?", "No thanks."], ""),
        (["> The 60 GB tariff is 6 euro more a month.", "sure, do that"], "upsell"),
        (["> Another 100 GB is 8 a month on top.", "So the 100 GB then"], "upsell"),
        (["> The Sport pack is 7 a month.", "until then"], ""),
        (["> Five more seats are 90 a month, shall I add them?", "Go ahead."], "expansion"),
        (["Can the invoice be blue?", "> Not yet, I have noted your wish."], "feature_request"),
        (["Can the invoice be blue?", "> Settings, Colours."], ""),
        (["Can the invoice be blue?"], ""),
        (["I wish the invoice was blue.", "> I have passed that on to product."], "feature_request"),
        (["Thank you.", "> I have noted your wish."], ""),
    ],
)
def test_an_answer_tells_what_was_meant(said: list[str], kinds: str) -> None:
    """It lifts what was hinted and makes a yes mean something, and says nothing by itself."""
    assert names(listen(*said)) == kinds


def test_only_the_customers_words_are_evidence() -> None:
    """What the agent offered is not what the customer said."""
    (found,) = listen("> Shall I cancel your subscription for you?", "Yes, go ahead.")
    assert [quote.quote for quote in found.evidence] == ["Yes, go ahead."]
