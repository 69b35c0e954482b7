"""What both sides make moot between them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.finding import Kind
from services.detector.domain.learned import Curve, Learned
from services.detector.domain.model_scores import CHURN_RISK, LABELS, MOOT, MessageScores, ModelScores
from services.detector.domain.moot import REACH_MESSAGES, declined, denied, found_there, heard_moot, kept
from services.detector.domain.withdrawal import Withdrawals

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def talk(*said: str) -> Conversation:
    """A talk of one person and an agent; a line that begins with > is the agent's."""
    messages = tuple(
        Message(
            str(at),
            AuthorType.AGENT if text.startswith("> ") else AuthorType.CUSTOMER,
            NOON,
            text.removeprefix("> "),
            author_id="tom" if text.startswith("> ") else "kim",
        )
        for at, text in enumerate(said)
    )
    return Conversation("o", "w", "c", messages)


WISH = "It would be useful if a ticket could have two owners."


@pytest.mark.parametrize(
    "rest",
    [
        ("> It can: type a second name into the field.", "So it does."),
        ("> Have you seen View, Combine boards?", "no", "wow. since when", "exactly what i needed"),
        ("> Under settings, top right.", "Ah. Thank you!"),
    ],
)
def test_a_wish_that_was_there_all_along_is_moot(rest: tuple[str, ...]) -> None:
    """The agent shows it, and the answer may come in several messages."""
    assert found_there(talk(WISH, *rest)) == {0}


@pytest.mark.parametrize(
    "rest",
    [
        ("> It can't yet, I noted it as a wish.", "Thank you!"),
        ("> You can add a watcher under settings.", "Thanks, but a watcher is no owner."),
        ("> Under settings, top right.",),
        ("> Good morning!", "Thanks, you too."),
        ("> That is a good point, I will let the team know.", "Great, thanks!"),
        ("> This is coming in March.", "Great, thanks!"),
        ("> It is planned for the next release.", "Great, thanks!"),
        ("> It is on our list.", "Thank you!"),
        ("> That is interesting! Why do you need it?", "Oh, because we work in shifts."),
        ("> This has been asked often! Which settings do you use?", "Oh, all the defaults."),
        ("> I see. Could you send me a screenshot of your settings?", "Done, thanks!"),
        ("> There is a beta of it. Want in?", "Great, yes!"),
    ],
)
def test_a_wish_that_is_passed_on_or_not_met_stays(rest: tuple[str, ...]) -> None:
    """Thanks for an answer are no sign that the thing is there."""
    assert found_there(talk(WISH, *rest)) == frozenset()


def test_an_offer_that_is_let_be_is_moot() -> None:
    """Who was only nosy buys nothing; who says yes in the same words does."""
    asked = ("what does premium even have", "> The archive. Five a month. Interested?")
    assert declined(talk(*asked, "nah, just nosy")) == {0}
    assert declined(talk(*asked, "nah just kidding, sign me up")) == frozenset()
    assert declined(talk(*asked)) == frozenset()


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ("> Done, five seats added. Anything else I can do for you?", "No, we are good, thanks."),
        ("> You will have them in a minute.", "That's all, thanks!"),
        ("> That is 10 each. Yearly billing comes with a discount?", "No need, we pay monthly."),
        ("> That is 50 more a month.", "We are fine with that."),
        ("> That is 50 more a month.", "That's fine, thanks."),
    ],
)
def test_what_is_let_be_beside_an_order_takes_nothing_from_it(answer: str, reply: str) -> None:
    """Who has what was asked for needs nothing more."""
    assert declined(talk("Please add five seats.", answer, reply)) == frozenset()


def test_no_need_alone_declines() -> None:
    """Nothing has to follow it."""
    assert declined(talk("What does premium have?", "> The archive. Interested?", "No need.")) == {0, 1}


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ("> Is there anything we can do to keep your account?", "No, just cancel it."),
        ("> May I ask what made you unhappy with your subscription?", "No, I am done."),
        ("> Can I offer you 20% off your subscription?", "No, thanks, we are done."),
        ("> Do you want to close the account today?", "No, at the end of the month."),
        ("> Sorry to hear you're thinking of leaving. Is it the price?", "No, the bugs."),
        ("> Would you like us to keep your account?", "No."),
    ],
)
def test_a_no_to_being_kept_is_no_denial(answer: str, reply: str) -> None:
    """Who leaves says no to what is offered against it."""
    assert denied(talk("Cancel our subscription, please.", answer, reply)) == frozenset()


def test_what_was_taken_for_leaving_and_is_not_is_moot() -> None:
    """A denial counts where leaving was asked about, and not where staying was."""
    assert denied(
        talk("Delete everything!", "> Just to be sure: your account?", "God no, the demo data.")
    ) == {0}
    assert denied(talk("Close it", "> Do you mean to close your account?", "No.")) == {0}
    assert denied(talk("Close it", "> Shall I keep the free plan for you?", "No.")) == frozenset()


OFFER = (
    "Please cancel our subscription.",
    "> Sorry to hear that! Could I offer you three months at half price?",
)


@pytest.mark.parametrize(
    "reply", ["Oh, yes, that would do.", "ok fine, deal", "That works. Leave it as it is."]
)
def test_who_takes_what_is_offered_stays(reply: str) -> None:
    """The notice no longer holds."""
    assert kept(talk(*OFFER, reply)) == {0}


@pytest.mark.parametrize(
    "reply",
    [
        "No thanks, it's fine.",
        "That's kind, but no.",
        "ok, but please just cancel it",
        "Too late, we've signed.",
        "That would work, but we have already signed.",
    ],
)
def test_who_refuses_what_is_offered_leaves(reply: str) -> None:
    """The notice holds, and so it does where nothing was offered."""
    assert kept(talk(*OFFER, reply)) == frozenset()
    assert kept(talk(OFFER[0], "> You will keep access until May.", "ok fine, deal")) == frozenset()


def test_a_no_to_an_offer_is_no_order() -> None:
    """What follows the no gives its reason."""
    told = talk("How do I tint a label?", "> There. Shall I add five seats?", "No need, we are 17 people.")
    assert declined(told) == {0, 1}


def test_each_kind_is_settled_in_its_own_way() -> None:
    """A wish that is found is no farewell taken back."""
    told = talk(WISH, "> It can, under settings.", "So it does.")
    assert Withdrawals().moot(told, Kind.FEATURE_REQUEST) == {0}
    assert Withdrawals().moot(told, Kind.CHURN_RISK) == frozenset()
    assert Withdrawals().moot(told, Kind.RENEWAL) == frozenset()


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=80)), max_size=8))
def test_what_is_moot_was_said(lines: list[tuple[bool, str]]) -> None:
    """Positions are those of readable messages, whatever is said."""
    told = talk(*(f"> {text}" if agent else text for agent, text in lines))
    places = range(len(told.readable_messages))
    for settle in (found_there, declined, denied, kept):
        assert settle(told) <= set(places)


LEARNED = Learned("m1", {MOOT: Curve()})


def heard(**moot: float) -> dict[str, MessageScores]:
    """What the model hears in messages by part id ("_1"): how much each makes moot what was said before."""
    return {
        name.removeprefix("_"): MessageScores(
            ModelScores(tuple(score if label == MOOT else 0.0 for label in LABELS))
        )
        for name, score in moot.items()
    }


def test_what_the_model_hears_makes_moot_what_its_author_said_before() -> None:
    """The message itself stays, and so does what comes later."""
    told = talk(WISH, "> Thank you, noted.", "Oh, that was for our landlord.", "Is there an office in Bath?")
    assert heard_moot(told, heard(_0=-4.0, _2=2.0, _3=-4.0), LEARNED, Kind.FEATURE_REQUEST) == {0}
    assert heard_moot(told, heard(_0=-4.0, _2=-0.1, _3=-4.0), LEARNED, Kind.FEATURE_REQUEST) == frozenset()


def test_a_no_to_being_kept_retracts_nothing() -> None:
    """It sounds like a retraction to the model."""
    told = talk(*OFFER, "No thanks, the new one is in.")
    assert heard_moot(told, heard(_0=-4.0, _2=3.0), LEARNED, Kind.CHURN_RISK) == frozenset()
    told = talk(*OFFER, "Sorry, that was meant for our landlord.")
    assert heard_moot(told, heard(_0=-4.0, _2=3.0), LEARNED, Kind.CHURN_RISK) == {0}


def test_who_goes_on_about_leaving_retracts_neither_notice_nor_wish() -> None:
    """An order for more is another thing."""
    told = talk(WISH, "> Why?", "Our group has its own tool, it is nothing you did.")
    leaving = MessageScores(
        ModelScores(tuple(3.0 if label in {MOOT, CHURN_RISK} else 0.0 for label in LABELS))
    )
    assert heard_moot(told, {"2": leaving}, LEARNED, Kind.CHURN_RISK) == frozenset()
    assert heard_moot(told, {"2": leaving}, LEARNED, Kind.FEATURE_REQUEST) == frozenset()
    assert heard_moot(told, {"2": leaving}, LEARNED, Kind.UPSELL) == {0}


def test_nobody_makes_moot_what_another_said() -> None:
    """A colleague's mix-up is not this person's."""
    told = talk(WISH)
    other = Message("1", AuthorType.CUSTOMER, NOON, "Sorry, wrong thread.", author_id="lee")
    both = Conversation("o", "w", "c", (*told.messages, other))
    assert heard_moot(both, heard(_0=-4.0, _1=3.0), LEARNED, Kind.FEATURE_REQUEST) == frozenset()


def test_a_long_past_is_not_made_moot() -> None:
    """One sentence takes back what stands near it, and what was not read makes nothing moot."""
    told = talk(*[f"Please add field {at}." for at in range(REACH_MESSAGES + 2)], "For our landlord.")
    last = REACH_MESSAGES + 2
    assert heard_moot(told, heard(**{f"_{last}": 3.0}), LEARNED, Kind.FEATURE_REQUEST) == set(range(2, last))
    assert heard_moot(told, {}, LEARNED, Kind.FEATURE_REQUEST) == frozenset()
