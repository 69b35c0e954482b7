"""Which pieces of which messages a model reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.detector.domain.conversation import AuthorType, Conversation, Message
from services.detector.domain.learned import Learned
from services.detector.domain.message_scoring import CLAUSES_LIMIT, score_messages, together
from services.detector.domain.model_scores import LABELS, MessageScores, ModelScores
from services.detector.domain.pieces import WINDOW_CHARACTERS, WINDOWS_LIMIT, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def scores(**known: float) -> ModelScores:
    return ModelScores(tuple(known.get(label, -9.0) for label in LABELS))


class WordModel:
    """Hears churn risk in the word "leaving" and nothing else; remembers what it was given."""

    def __init__(self) -> None:
        self.learned = Learned("0", {})
        self.calls: list[list[str]] = []

    def read(self, texts: Sequence[str]) -> list[ModelScores]:
        self.calls.append(list(texts))
        return [scores(churn_risk=3.0 if "leaving" in text else -9.0) for text in texts]


def message(text: str, part_id: str = "1", author: AuthorType = AuthorType.CUSTOMER) -> Message:
    return Message(part_id, author, NOON, text)


def conversation(*messages: Message) -> Conversation:
    return Conversation("org", "ws", "1", messages)


def test_all_conversations_are_read_in_one_go() -> None:
    """Messages, what was said around them, clauses: three calls, however many conversations there are."""
    model = WordModel()
    found = score_messages(
        model,
        [
            conversation(
                message("The invoice came twice. We are leaving you in March."), message("Hm.", "2")
            ),
            conversation(message("Where is the export button today?")),
        ],
    )
    assert len(model.calls) == 3
    assert model.calls[2] == ["The invoice came twice.", "We are leaving you in March."]
    assert found[0]["1"].whole.of("churn_risk") == 3.0
    assert found[0]["1"].clauses[1].of("churn_risk") > found[0]["1"].clauses[0].of("churn_risk")
    assert found[1]["1"].clauses == {}


def test_agents_and_other_languages_are_not_read() -> None:
    """Only customers' words in a language that the detectors know."""
    model = WordModel()
    spanish = "Hola, queremos cancelar la cuenta porque el precio es muy alto y no funciona para nosotros."
    found = score_messages(
        model, [conversation(message("We are leaving you.", author=AuthorType.AGENT), message(spanish, "2"))]
    )
    assert found == [{}]
    assert model.calls == []


def test_a_long_letter_is_read_in_windows_from_both_ends() -> None:
    """What stands at the end of a letter counts, and the number of windows is bounded."""
    letter = "We had a long look at it. " * 400 + "So we are leaving you in March."
    pieces = windows(message(letter))
    assert len(pieces) == WINDOWS_LIMIT
    assert all(len(piece) <= WINDOW_CHARACTERS for piece in pieces)
    assert pieces[-1].endswith("leaving you in March.")
    model = WordModel()
    found = score_messages(model, [conversation(message(letter))])
    assert found[0]["1"].whole.of("churn_risk") == 3.0
    assert len(model.calls[1]) == CLAUSES_LIMIT


def test_manners_are_left_to_the_rules() -> None:
    """Thanks and greetings are not read; thanks and a word of substance are."""
    model = WordModel()
    score_messages(
        model,
        [
            conversation(
                message("Ok, thank you so much!"),
                message("Good morning all", "2"),
                message("Thanks, we are leaving", "3"),
            )
        ],
    )
    assert model.calls[0] == ["Thanks, we are leaving"]


def test_a_message_that_may_be_something_is_read_within_what_was_said() -> None:
    """Between an agent's words before and after; bots' words, notes and what is plainly nothing stay out."""
    model = WordModel()
    agent, bot = AuthorType.AGENT, AuthorType.BOT
    found = score_messages(
        model,
        [
            conversation(
                message("Good day from us.", "1", agent),
                message("We are leaving the house at nine.", "2"),
                message("A bot's words.", "3", bot),
                message("Safe travels!", "4", agent),
                message("The red one, in the hall.", "5"),
                message("Noted.", "6", agent),
            )
        ],
    )
    assert model.calls[1] == [
        " || Agent: Good day from us. || Customer: We are leaving the house at nine. || Agent: Safe travels!"
    ]
    assert found[0]["2"].within is not None
    assert found[0]["5"].within is None


def test_an_answer_to_an_offer_is_read_within_what_was_said() -> None:
    """Its own words say little: "the red one then" is what was asked or priced just before."""
    model = WordModel()
    offer = message("That is 40 a month.", "1", AuthorType.AGENT)
    score_messages(model, [conversation(offer, message("Put that on please.", "2"))])
    assert model.calls[1] == [" || Agent: That is 40 a month. || Customer: Put that on please."]


def test_what_a_customer_adds_before_an_answer_comes_belongs_to_it() -> None:
    """The next message may say what the first one meant; what comes after the answer is another matter."""
    model = WordModel()
    score_messages(
        model,
        [
            conversation(
                message("We are leaving"),
                message("the newsletter, I mean", "2"),
                message("Done.", "3", AuthorType.AGENT),
                message("Thanks for the help there", "4"),
            )
        ],
    )
    assert model.calls[1][0] == "We are leaving || Customer: the newsletter, I mean || Agent: Done."


def test_another_matter_that_a_customer_goes_on_to_does_not_hide_the_first() -> None:
    """Each is also read without it: with the agent's words alone, or by itself where there are none."""
    leaving, other = message("We are leaving you in March."), message("How do I export all of our data?", "2")
    model = WordModel()
    found = score_messages(model, [conversation(leaving, other, message("Done.", "3", AuthorType.AGENT))])
    assert model.calls[1] == [
        "We are leaving you in March. || Customer: How do I export all of our data? || Agent: Done.",
        "We are leaving you in March. || Agent: Done.",
    ]
    assert found[0]["1"].within is not None
    assert score_messages(model, [conversation(leaving, other)])[0]["1"].within is None


def test_what_was_said_around_it_weighs_as_much_as_the_message() -> None:
    """It is halfway to the decision, beside the message and its clauses."""
    heard = MessageScores(scores(upsell=2.0), {0: scores(upsell=4.0)}, scores(upsell=-5.0))
    assert heard.decisive("upsell") == -1.0


def test_windows_are_weighed_together() -> None:
    """Moods are averaged, everything else is as strong as in its strongest window."""
    whole = together([scores(negative=2.0, upsell=-1.0), scores(negative=0.0, upsell=4.0)])
    assert whole.of("negative") == 1.0
    assert whole.of("upsell") == 4.0


class CrowdedModel(WordModel):
    """Hears renewal in "renew"; hears churn risk in "leaving", but hardly where it hears renewal as well."""

    def read(self, texts: Sequence[str]) -> list[ModelScores]:
        self.calls.append(list(texts))
        return [
            scores(
                renewal=4.0 if "renew" in text else -9.0,
                upsell=-8.0 if "renew" in text else 1.0,
                churn_risk=(-3.0 if "renew" in text else 5.0) if "leaving" in text else -9.0,
                notice=-5.0 if "renew" in text else 6.0,
            )
            for text in texts
        ]


TWO_MATTERS = "When do we renew and at what price? To be honest we are leaving more and more of it to others."


def test_a_risk_beside_another_matter_is_heard_as_it_would_be_alone() -> None:
    """What another matter drowns is raised to what the rest says, with its notice; all else stays."""
    (found,) = score_messages(CrowdedModel(), [conversation(message(TWO_MATTERS))])
    assert found["1"].whole.of("churn_risk") == 5.0
    assert found["1"].whole.of("notice") == 6.0
    assert found["1"].whole.of("renewal") == 4.0
    assert found["1"].whole.of("upsell") == -8.0
    assert found["1"].by_itself("churn_risk") == 5.0


def test_in_context_the_rest_counts_halfway() -> None:
    """The reply may be about the other matter, and may not be."""
    answer = message("You renew in May.", "2", AuthorType.AGENT)
    (found,) = score_messages(CrowdedModel(), [conversation(message(TWO_MATTERS), answer)])
    assert found["1"].within is not None
    assert found["1"].within.of("churn_risk") == (5.0 - 3.0) / 2


def test_a_short_rest_is_not_read() -> None:
    """It refers to what was left out."""
    (found,) = score_messages(
        CrowdedModel(), [conversation(message("When do we renew, and when not? Or leaving it?"))]
    )
    assert found["1"].whole.of("churn_risk") == -3.0


def test_a_mood_is_halfway_to_the_angriest_clause() -> None:
    """Who asks for the end of a contract in anger is angry; mild clauses change nothing."""
    whole, calm, angry = (
        scores(negative=0.4, neutral=0.6),
        scores(neutral=3.0),
        scores(negative=5.0, neutral=0.0),
    )
    assert MessageScores(whole, {0: calm, 1: angry}).mood().of("negative") == 2.7
    assert MessageScores(whole, {0: calm}).mood() == whole
    assert MessageScores(angry, {0: calm}).mood() == angry
    assert MessageScores(whole).mood() == whole
