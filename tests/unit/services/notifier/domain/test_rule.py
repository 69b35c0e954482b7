"""Which signals a rule announces, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifier.domain.rule import EVERYONE, OWNER, Recipient, default_rule
from shared.contracts.signals import CustomerRef
from tests.unit.services.notifier.fakes import NOW, a_rule, a_signal


@pytest.mark.parametrize(
    ("conditions", "matches"),
    [
        ({}, True),
        ({"kinds": ("churn_risk", "renewal")}, True),
        ({"kinds": ("renewal",)}, False),
        ({"customers": ("NORTHWIND",)}, True),
        ({"customers": ("cu-1",)}, True),
        ({"customers": ("Contoso",)}, False),
        ({"owners": ("Tom@Example.com",)}, True),
        ({"owners": ("ines@example.com",)}, False),
        ({"tags": ("vip", "beta")}, True),
        ({"tags": ("beta",)}, False),
        ({"minimum_confidence": 0.94}, True),
        ({"minimum_confidence": 0.95}, False),
        ({"enabled": False}, False),
        ({"kinds": ("churn_risk",), "tags": ("beta",)}, False),
    ],
)
def test_every_condition_must_hold(conditions: dict[str, Any], *, matches: bool) -> None:
    """An empty condition holds for everything; names are compared without regard to case."""
    assert a_rule(**conditions).matches(a_signal(tags=("VIP",))) is matches


@pytest.mark.parametrize("conditions", [{"customers": ("Northwind",)}, {"owners": ("tom@example.com",)}])
def test_a_signal_without_customer_meets_no_condition_on_one(conditions: dict[str, Any]) -> None:
    """What is not known is not assumed."""
    assert not a_rule(**conditions).matches(a_signal(customer=None))


def test_one_person_named_twice_is_told_once() -> None:
    """The owner and their address are one recipient."""
    rule = a_rule(channel="email", recipients=(OWNER, "TOM@example.com", "ines@example.com"))
    assert [recipient.key for recipient in rule.recipients_for(a_signal())] == [
        "tom@example.com",
        "ines@example.com",
    ]


def test_an_unknown_owner_is_nobody() -> None:
    """A customer without an owner, or no customer at all, leaves the owner out."""
    rule = a_rule(recipients=(OWNER,))
    assert rule.recipients_for(a_signal(customer=CustomerRef(id="x", name="X"))) == ()
    assert rule.recipients_for(a_signal(customer=None)) == ()


@pytest.mark.parametrize("owner", ["Everyone", "owner", "Ann Lee", " "])
def test_an_owner_that_is_no_address_is_nobody_else(owner: str) -> None:
    """Files may have any words there: they name no audience, and the log can say what is wrong."""
    signal = a_signal(customer=CustomerRef(id="x", name="X", owner=owner))
    (recipient,) = a_rule(recipients=(OWNER,)).recipients_for(signal)
    assert recipient.key == f"owner {owner.strip().casefold()}"
    assert recipient.label == owner.strip()
    assert a_rule(recipients=(OWNER,)).may_tell("inbox", recipient.key)


def test_other_channels_go_to_their_address() -> None:
    """Slack and webhooks have one destination, whoever owns the account."""
    there = Recipient("k", "webhook at example.com")
    assert a_rule(channel="webhook", recipients=(), destination=there).recipients_for(a_signal()) == (there,)
    assert a_rule(channel="slack", recipients=(), destination=None).recipients_for(a_signal()) == ()


def test_the_default_rule_tells_everyone_of_the_telling_kinds() -> None:
    """A new organization hears of churn, renewals, growth and requests in the inbox, and of nothing else."""
    rule = default_rule("acme", NOW)
    assert rule.recipients == (EVERYONE,)
    assert rule.matches(a_signal())
    assert not rule.matches(a_signal(kind="sentiment_shift"))


def test_good_moods_are_told_only_where_they_were_chosen() -> None:
    """A rule without conditions and one for shifts hear of moods that fall; good ones need their own tick."""
    down, up = (
        a_signal(kind="sentiment_shift", explicit=None, direction=one, title="Mood turned")
        for one in ("down", "up")
    )
    for kinds in ((), ("sentiment_shift",)):
        assert a_rule(kinds=kinds).matches(down)
        assert not a_rule(kinds=kinds).matches(up)
        assert a_rule(kinds=kinds, good_moods=True).matches(up)
    assert not a_rule(kinds=("churn_risk",), good_moods=True).matches(up)
    assert not default_rule("acme", NOW).matches(up)
