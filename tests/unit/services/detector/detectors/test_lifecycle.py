"""What the lifecycle detectors hear in words, and what they do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from services.detector.detectors import discover
from services.detector.domain.conversation import AccountFacts, AuthorType, Context, Conversation, Message
from services.detector.domain.finding import LIFECYCLE_KINDS, Finding

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DETECTORS = [one for one in discover().conversation if one.kinds & LIFECYCLE_KINDS]


@dataclass(frozen=True)
class Heard:
    """A message and the kinds that must come out, churn risk with + (notice) or - (implied)."""

    text: str
    kinds: str


def listen(*texts: str, facts: AccountFacts | None = None) -> list[Finding]:
    messages = tuple(
        Message(str(at), AuthorType.CUSTOMER, NOON + timedelta(minutes=at), text)
        for at, text in enumerate(texts)
    )
    conversation = Conversation("o", "w", "c", messages)
    context = Context(NOON, facts or AccountFacts())
    return [found for one in DETECTORS for found in one.detect(conversation, context)]


def names(findings: list[Finding]) -> str:
    mark = {True: "+", False: "-", None: ""}
    return " ".join(sorted(found.kind + mark[found.explicit] for found in findings))


@pytest.mark.parametrize(
    "heard",
    [
        Heard("Please cancel our subscription at the end of the month.", "churn_risk+"),
        Heard("We will not be renewing this year.", "churn_risk+"),
        Heard("we are switching to another provider", "churn_risk+"),
        Heard("My CFO is asking why we pay for this.", "churn_risk-"),
        Heard("If this is not fixed by Friday we will have to look elsewhere.", "churn_risk-"),
        Heard("We may have to switch to another vendor.", "churn_risk-"),
        Heard("Our contract is up for renewal in May, please send a quote.", "renewal"),
        Heard("We'd like to upgrade to the Pro plan.", "upsell"),
        Heard("We need ten more seats.", "expansion"),
        Heard("We just signed up, where do we begin?", "onboarding"),
        Heard("Please cancel my meeting with Sarah tomorrow.", ""),
        Heard("Please cancel order 4411.", ""),
        Heard("Unsubscribe me from the newsletter.", ""),
        Heard("We are not cancelling, I only have a question.", ""),
        Heard("The SSL certificate expired, please renew it.", ""),
        Heard("Our members want to cancel their membership.", ""),
        Heard("We left our previous vendor because of their support.", ""),
        Heard("Can we upgrade the tablets of the night crew to the new Android?", ""),
        Heard("The price of diesel is ridiculous, it went up again and nobody can afford it.", ""),
        Heard("Your price is ridiculous, it went up again and we can not afford it.", "churn_risk-"),
        Heard("If nothing changes by June they will pull the plug.", "churn_risk-"),
        Heard("They will pull the plug in June.", "churn_risk+"),
        Heard("My visa expires in May, I'm waiting for the renewal.", ""),
        Heard("Where do I sign up my daughter for the course?", ""),
        Heard("Please let the sync go the other way too.", ""),
        Heard("After the upgrade to version 5 the search is broken.", ""),
        Heard("How do I add a user to the group Managers?", ""),
        Heard('Your mail said "we will cancel your subscription today", why?', ""),
        Heard("Fine.\n> Do you want to cancel your subscription?", ""),
        Heard("The new report is fine.", ""),
    ],
    ids=lambda heard: heard.text[:40],
)
def test_words_are_heard_as_meant(heard: Heard) -> None:
    """Plain cases and the classic traps of each kind."""
    assert names(listen(heard.text)) == heard.kinds


def test_notice_outweighs_doubt_and_all_proof_is_quoted() -> None:
    """A conversation with both is explicit; further notice is more evidence, doubts are not."""
    (found,) = listen("It is too expensive for us.", "Cancel our subscription.", "I said: close our account.")
    assert found.explicit is True
    assert {quote.part_id for quote in found.evidence} == {"1", "2"}


def test_notice_taken_back_is_no_risk() -> None:
    """Two messages later they stay."""
    assert listen("Please close our account.", "Really?", "Ok, we decided to stay.") == []


def test_a_fresh_account_makes_first_steps_likelier() -> None:
    """Facts move confidence, in both directions, and never stand alone."""
    text = "How does the setup wizard continue?"
    plain = listen(text)[0].confidence
    fresh = listen(text, facts=AccountFacts(signed_up_at=NOON - timedelta(days=5)))[0].confidence
    assert fresh > plain
    assert listen(text, facts=AccountFacts(signed_up_at=NOON - timedelta(days=900))) == []
    middle = AccountFacts(signed_up_at=NOON - timedelta(days=100))
    assert listen(text, facts=middle)[0].confidence == plain
    future = AccountFacts(signed_up_at=NOON + timedelta(days=100))
    assert listen(text, facts=future)[0].confidence == plain


@pytest.mark.parametrize(("day", "likelier"), [(date(2026, 4, 1), True), (date(2028, 4, 1), False)])
def test_a_near_renewal_date_makes_renewal_likelier(day: date, likelier: bool) -> None:
    """The same words weigh more when the date is close."""
    text = "When does our plan expire?"
    plain = listen(text)[0].confidence
    assert (listen(text, facts=AccountFacts(renewal_date=day))[0].confidence > plain) is likelier
