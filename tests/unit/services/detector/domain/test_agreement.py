"""What model and rules say is weighed together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from services.detector.detectors import discover
from services.detector.detectors.renewal import create
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.detector import Parameters
from services.detector.domain.learned import Curve, Learned
from services.detector.domain.model_scores import LABELS, MessageScores, ModelScores

if TYPE_CHECKING:
    from services.detector.domain.finding import Finding

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BACKED = "Could you send the renewal quote for our contract?"
SILENT = "Could you send the blue folder to our office?"


def scored(**known: float) -> MessageScores:
    return MessageScores(ModelScores(tuple(known.get(label, -4.0) for label in LABELS)))


def found(text: str, scores: MessageScores, threshold: float) -> bool:
    learned = Learned("m1", {label: Curve(points=0.5) for label in LABELS})
    detector = create(Parameters(threshold=threshold)).with_model(learned)
    conversation = Conversation("o", "c", "k", (Message("m", AuthorType.CUSTOMER, NOON, text),))
    return bool(detector.detect(conversation, Context(now=NOON, scores={"m": scores})))


@pytest.mark.parametrize(
    ("text", "threshold", "said"), [(BACKED, 0.85, True), (SILENT, 0.85, False), (SILENT, 0.7, True)]
)
def test_rules_that_agree_make_it_surer(text: str, threshold: float, said: bool) -> None:
    """Where no rule agrees, the model must reach the threshold by itself."""
    assert found(text, scored(renewal=1.2), threshold) is said


@pytest.mark.parametrize(
    ("scores", "points", "granted"),
    [
        (scored(renewal=-3.5), 4.0, 0.0),
        (scored(renewal=-3.5), 6.0, 0.0),
        (scored(renewal=-3.5), -2.0, -2.0),
        (scored(renewal=-0.5), 4.0, 4.0),
        (scored(renewal=-0.5, churn_risk=3.0), 4.0, 0.0),
        (scored(renewal=-0.5, churn_risk=3.0), 6.0, 0.0),
        (scored(renewal=0.5, churn_risk=4.0), 4.0, 4.0),
        (scored(renewal=-2.5, churn_risk=-0.5), 4.0, 4.0),
    ],
)
def test_points_for_a_denied_kind_count_nothing(scores: MessageScores, points: float, granted: float) -> None:
    """Surely not, or another kind plainly in its place: then phrases count nothing; vetoes count in any case.

    Mere doubt is no denial, and two kinds may stand in one message.
    """
    assert scores.granted("renewal", points) == granted


@pytest.mark.parametrize(("points", "granted"), [(4.0, 0.0), (6.0, 6.0)])
def test_many_phrases_say_that_a_customer_grows_in_both_ways(points: float, granted: float) -> None:
    """More seats and a higher plan often come in one sentence, of which the model may hear one only."""
    assert scored(upsell=-0.9, expansion=3.8).granted("upsell", points) == granted
    assert scored(upsell=-0.9, renewal=3.8).granted("upsell", points) == 0.0


def test_phrases_do_not_outvote_a_denial() -> None:
    """A message full of a kind's phrases that the model takes for another kind is not of that kind."""
    assert not found(BACKED, scored(renewal=-0.2, churn_risk=4.0), 0.6)
    assert found(BACKED, scored(renewal=-0.2), 0.6)


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("upsell", "Move me to the free tier when the month is up, please.", False),
        ("upsell", "Move me from the free tier to Pro, please.", True),
        ("renewal", "Could you resend the invoice of last year's renewal?", False),
        ("renewal", "Could you send the invoice of this year's renewal?", True),
        ("renewal", "Can we get the discount of last year's renewal invoice again in May?", True),
    ],
)
def test_what_a_phrase_rules_out_no_model_outvotes(kind: str, text: str, told: bool) -> None:
    """The words of the kind are there, and what is meant is its opposite or long past."""
    assert bool(talked(kind, {"0": scored(**{kind: 6.0})}, text)) is told


def test_a_yes_is_about_what_the_model_hears_in_context() -> None:
    """Thirteen months of kept data are an add-on, and no next term."""
    said = (
        "Why do only 14 days of metrics show up?",
        "> Pro keeps 14 days. With the retention add-on it would be 13 months, €40 per month.",
        "ok, then please activate that for us",
    )
    within = {
        label: ModelScores(tuple(5.0 if name == label else -4.0 for name in LABELS)) for label in LABELS
    }
    heard = {label: {"2": MessageScores(scored().whole, within=within[label])} for label in LABELS}
    assert talked("renewal", {}, *said) == [said[-1]]
    assert talked("renewal", heard["renewal"], *said)
    assert talked("renewal", heard["upsell"], *said) == []


def heard_in(kind: str, scores: dict[str, MessageScores], *said: str) -> tuple[Finding, ...]:
    """What a kind's detector finds in a talk; a line that begins with > is the agent's."""
    learned = Learned("m1", {label: Curve(points=0.9) for label in LABELS})
    overrides = {kind: {"threshold": 0.7}}
    detector = next(one for one in discover(overrides, learned).conversation if one.name == kind)
    messages = tuple(
        Message(
            str(at),
            AuthorType.AGENT if text.startswith("> ") else AuthorType.CUSTOMER,
            NOON,
            text.removeprefix("> "),
        )
        for at, text in enumerate(said)
    )
    return detector.detect(Conversation("o", "w", "k", messages), Context(now=NOON, scores=scores))


def talked(kind: str, scores: dict[str, MessageScores], *said: str) -> list[str]:
    """The quotes of what is found."""
    return [quote.quote for one in heard_in(kind, scores, *said) for quote in one.evidence]


@pytest.mark.parametrize(("score", "found"), [(0.2, True), (-2.5, False)])
def test_an_answer_counts_where_no_phrase_is_heard(score: float, found: bool) -> None:
    """What the agent passes on was a wish, unless the model hears nothing of the kind."""
    said = ("On the coach I tick off forty children on paper.", "> I will pass it on to the product team.")
    heard = talked("feature_request", {"0": scored(feature_request=score)}, *said)
    assert bool(heard) is found


@pytest.mark.parametrize(
    ("matter", "quotes"),
    [({"expansion": 3.0}, []), ({"upsell": 3.0}, ["Yes please."]), ({}, ["Yes please."])],
)
def test_a_yes_means_what_was_talked_of(matter: dict[str, float], quotes: list[str]) -> None:
    """A yes to a price is an upsell only where the model has not heard another matter before."""
    said = ("Hello there.", "> The module is 9 a month, shall I switch it on?", "Yes please.")
    assert [one for one in talked("upsell", {"0": scored(**matter)}, *said) if one == "Yes please."] == quotes


def test_what_is_only_likely_is_quoted_beside_what_is_sure() -> None:
    """A second message that is likelier than not shows more of the matter; by itself it says nothing."""
    said = ("The annual contract is up in May.", "> Shall I send it?", "Twelve months, as before.")
    sure, likely = scored(renewal=3.0), scored(renewal=0.4)
    assert talked("renewal", {"0": sure, "2": likely}, *said) == [said[0], said[2]]
    assert talked("renewal", {"0": sure, "2": scored(renewal=-0.4)}, *said) == [said[0]]
    assert talked("renewal", {"2": likely}, "Good morning!", *said[1:]) == []


def test_a_sure_message_is_quoted_by_its_sure_words_only() -> None:
    """A weaker clause of the same message is not shown in place of the one that says it."""
    text = "It rains again here. Please renew the contract for a year."
    said = MessageScores(
        scored(renewal=3.0).whole, {0: scored(renewal=0.4).whole, 1: scored(renewal=3.0).whole}
    )
    assert talked("renewal", {"0": said}, text) == ["Please renew the contract for a year."]


def test_a_wish_that_is_only_likely_adds_to_one_that_is_sure() -> None:
    """How somebody makes do is quoted with the wish; without a wish it begins none."""
    said = ("We wish the calendar had a print view.", "> Not today.", "It hangs on the wall of the workshop.")
    sure, likely = scored(feature_request=3.0), scored(feature_request=0.4)
    assert talked("feature_request", {"0": sure, "2": likely}, *said)[-1] == said[2]
    assert talked("feature_request", {"2": likely}, "Good morning!", *said[1:]) == []


@pytest.mark.parametrize(
    ("later", "wishes"),
    [
        ("My wife types sixty of those lines a night.", 1),
        ("The neighbours had that in their old program.", 1),
        ("Also, the night shift sits before a white screen.", 2),
        ("While you're at it, the night shift sits before a white screen.", 2),
        ("Please add a field for their times.", 1),
    ],
)
def test_who_tells_of_one_wish_comes_back_to_it(later: str, wishes: int) -> None:
    """Words that name other things go on about the wish, unless they say that they add one."""
    said = ("The guard tours come out as paper and nothing else.", "> I see.", later)
    sure = scored(feature_request=3.0)
    assert len(heard_in("feature_request", {"0": sure, "2": sure}, *said)) == wishes
