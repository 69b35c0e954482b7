"""Taking back what was said."""

from __future__ import annotations

from datetime import UTC, datetime

from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.finding import Kind
from services.detector.domain.withdrawal import Withdrawals

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def conversation(*turns: tuple[str, str]) -> Conversation:
    messages = tuple(
        Message(str(at), AuthorType.CUSTOMER, NOON, text, author_id=who)
        for at, (who, text) in enumerate(turns)
    )
    return Conversation("o", "w", "c", messages)


def test_never_mind_takes_back_ones_own_words() -> None:
    """Only the same person's last messages are taken back."""
    told = conversation(
        ("kim", "a"), ("lee", "b"), ("kim", "c"), ("kim", "d"), ("kim", "e"), ("kim", "never mind")
    )
    assert Withdrawals().withdrawn(told, Kind.RENEWAL) == {2, 3, 4}


def test_found_it_takes_back_a_wish_and_no_notice() -> None:
    """Who found the cancel button still cancels."""
    told = conversation(("kim", "something"), ("kim", "Thanks, found it."))
    assert Withdrawals().withdrawn(told, Kind.FEATURE_REQUEST) == {0}
    assert Withdrawals().withdrawn(told, Kind.CHURN_RISK) == frozenset()


def test_a_wish_is_dropped_or_was_there_all_along() -> None:
    """Both take the wish back; dropping a package somewhere does not."""
    for words in ("Ah, drop that one please.", "I never noticed the arrow, it was there all along."):
        told = conversation(("kim", "something"), ("kim", words))
        assert Withdrawals().withdrawn(told, Kind.FEATURE_REQUEST) == {0}
    told = conversation(("kim", "something"), ("kim", "They drop the parcel at noon."))
    assert Withdrawals().withdrawn(told, Kind.FEATURE_REQUEST) == frozenset()


def test_staying_takes_back_notice() -> None:
    """A customer who is won back is no risk by those words."""
    told = conversation(("kim", "close it"), ("kim", "We decided to stay with you."))
    assert Withdrawals().withdrawn(told, Kind.CHURN_RISK) == {0, 1}


def test_staying_is_no_notice_even_when_it_names_one() -> None:
    """Cancelling the cancellation is not cancelling; without notice before there is nothing to take back."""
    told = conversation(("kim", "cancel it"), ("kim", "We want to stay, please cancel the cancellation."))
    assert Withdrawals().withdrawn(told, Kind.CHURN_RISK) == {0, 1}
    alone = conversation(("lee", "hello"), ("kim", "We decided to stay with you."))
    assert Withdrawals().withdrawn(alone, Kind.CHURN_RISK) == frozenset()


def test_a_notice_that_is_withdrawn_in_the_same_breath_is_none() -> None:
    """Who names the notice, takes it back and says that they stay gives none."""
    words = "You remember that we wanted to give notice? Please disregard it, we are staying with you."
    assert Withdrawals().withdrawn(conversation(("kim", words)), Kind.CHURN_RISK) == {0}
    assert Withdrawals().withdrawn(conversation(("kim", words)), Kind.UPSELL) == frozenset()


def test_a_wish_that_its_author_thinks_better_of_is_dropped() -> None:
    """The idea goes, however it is called off."""
    for words in ("No, scrap that, bad idea.", "On second thought don't build it."):
        told = conversation(("kim", "something"), ("kim", words))
        assert Withdrawals().withdrawn(told, Kind.FEATURE_REQUEST) == {0}


def test_there_are_many_words_for_staying() -> None:
    """Each takes its own notice back, and what stays for another reason takes nothing."""
    for words in (
        "Please ignore it. The owners sat together, and so we stay, same as before.",
        "Please treat my mail of Tuesday as not written. The club keeps the program after all.",
    ):
        assert Withdrawals().withdrawn(conversation(("kim", words)), Kind.CHURN_RISK) == {0}
    told = conversation(("kim", "we leave in May"), ("kim", "The data has to stay where it is till then."))
    assert Withdrawals().withdrawn(told, Kind.CHURN_RISK) == frozenset()


def test_who_does_not_stay_takes_no_notice_back() -> None:
    """The words for staying are also those for refusing to."""
    for words in (
        "We will not stay with you.",
        "We can no longer stay with you",
        "I see no reason to stay with you.",
        "We are not keeping it after all.",
        "We stay with our decision.",
        "We would only stay with you if it worked.",
    ):
        told = conversation(("kim", "Please cancel our account."), ("kim", words))
        assert Withdrawals().withdrawn(told, Kind.CHURN_RISK) == frozenset()
    told = conversation(("kim", "Please cancel our account."), ("kim", "We talked it over. We stay."))
    assert Withdrawals().withdrawn(told, Kind.CHURN_RISK) == {0, 1}
