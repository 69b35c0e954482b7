"""Which texts count as the same one, and that none of them is both learned from and tested on."""

from __future__ import annotations

from services.detector.training.duplicates import Known
from services.detector.training.examples import (
    Example,
    apart,
    read_authored,
    read_public,
    targets_of,
    without,
)


def test_case_digits_and_marks_do_not_make_a_text_new() -> None:
    """The same words are the same text."""
    known = Known(["How do I cancel order 4711, please?"])
    assert known.resembles("how do i CANCEL order 12 please")
    assert not known.resembles("how do i see order 12 please")


def test_a_word_changed_in_a_long_text_is_still_the_same() -> None:
    """Templates that are filled in differently are near duplicates; a shared half is none."""
    text = (
        "we would like to move the whole company to the yearly plan before the end of this quarter if we can"
    )
    known = Known([text])
    assert known.resembles(text.replace("quarter", "month"))
    assert not known.resembles(" ".join(text.split()[:10]) + " but nobody here knows who has to sign it")


def test_short_texts_are_alike_only_when_equal() -> None:
    """A polite word more is no copy."""
    known = Known(["thank you so"])
    assert known.resembles("Thank you so!")
    assert not known.resembles("thank you very much")


def test_nothing_that_is_tested_is_learned_from() -> None:
    """What training takes has no near duplicate among the held-out messages, nor among those kept aside."""
    tested = [one.text for split in ("held_out", "calibrate") for one in read_authored(split=split)]
    known = Known(tested)
    authored = without(read_authored(), tested)
    public = apart(read_public(), tested)
    assert len(authored) > 1_000
    assert len(public.train) > 30_000
    assert not any(known.resembles(one.text) for one in (*authored, *public.train))
    assert not {one.text for one in public.train} & {one.text for one in public.aside}


def test_a_row_speaks_to_its_own_task_only() -> None:
    """The loss of what nobody labelled is masked."""
    review = Example("Lovely place.", "sentiment_x", targets_of(frozenset({"positive"}), "sentiment"))
    assert review.sentiment == 2
    assert review.counts("churn_risk") == 0.0
    assert review.counts("feature_request") == 0.0
    chat = Example("Close it.", "lifecycle_x", targets_of(frozenset({"churn_risk"}), "lifecycle", "yes"))
    assert chat.sentiment is None
    assert chat.targets == {
        "onboarding": 0.0,
        "renewal": 0.0,
        "upsell": 0.0,
        "expansion": 0.0,
        "churn_risk": 1.0,
        "notice": 1.0,
    }
