"""An organization's own product is not read as a rival's, by the rules nor by a text model."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.detector.detectors.churn_risk import create
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.own_product import own_product
from services.detector.domain.pieces import clause_text, windows

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def message(text: str, workspace_name: str) -> Message:
    own = own_product(workspace_name)
    return Message("m", AuthorType.CUSTOMER, NOON, text, own_product=own)


def is_risk(text: str, workspace_name: str) -> bool:
    conversation = Conversation("o", "w", "c", (message(text, workspace_name),))
    return bool(create().detect(conversation, Context(now=NOON)))


@pytest.mark.parametrize(
    ("workspace_name", "own"),
    [
        ("HubSpot", "hubspot"),
        ("hubspot support EU", "hubspot"),
        ("Help Scout", "helpscout"),
        ("monday.com", "monday"),
        ("ServiceNow", "servicenow"),
        ("Acme", ""),
        ("Zendesk, Inc.", "zendesk"),
        ("Zendesk (EU)", "zendesk"),
        ("Front", "front"),
        ("Support", ""),
        ("Teams", ""),
        ("Acme for Zendesk", ""),
        ("Zendesk Partners Berlin", ""),
        ("Front Desk Hotels", ""),
        ("Monday Coffee Team", ""),
        ("Close", "close"),
        ("HubSpotters", ""),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_workspace_is_named_after_the_product(workspace_name: str, own: str) -> None:
    """Whoever sells something for a product is not its maker, nor is whose name begins with the same word."""
    assert own_product(workspace_name) == own


@pytest.mark.parametrize("text", ["We are moving to HubSpot next month.", "we have moved over to hubspot"])
def test_a_new_customer_is_no_risk_by_the_rules(text: str) -> None:
    """It is a farewell to everybody but the one whose product it is."""
    assert is_risk(text, "Acme")
    assert not is_risk(text, "HubSpot")


def test_another_rival_stays_a_risk() -> None:
    """Only the own name is spared."""
    assert is_risk("We are moving to Zendesk next month.", "HubSpot")
    assert is_risk("We are switching from HubSpot to Zendesk.", "HubSpot")


def test_a_word_that_is_a_name_as_well_counts_with_a_capital_only() -> None:
    """Rules hear all other uses of the word as they always do."""
    front = message("Front is fine, we pay up front.", "Front")
    assert front.clauses[0].normal == " tidewell is fine we pay up front "


def test_the_model_reads_the_own_name_whole_and_in_pieces() -> None:
    """What it would read as another tool for others stays as it is written."""
    text = "Hello! We went with HubSpot after a demo of Pipedrive."
    (whole,) = windows(message(text, "HubSpot"))
    assert whole == "We went with HubSpot after a demo of another tool."
    assert clause_text(message(text, "HubSpot"), 1) == whole
    (other,) = windows(message(text, "Acme"))
    assert other == "We went with another tool after a demo of another tool."


def test_quotes_and_offsets_are_those_of_the_text() -> None:
    """Only what rules look at differs."""
    text = "We use HubSpot's inbox. All good?"
    own, other = message(text, "HubSpot"), message(text, "Acme")
    assert [(one.start, one.end, one.asks) for one in own.clauses] == [
        (one.start, one.end, one.asks) for one in other.clauses
    ]
    assert own == other
