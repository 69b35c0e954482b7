"""What every detector promises, whoever wrote it: new files in detectors/ are picked up by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.detector.detectors import discover, module_names
from services.detector.domain.conversation import (
    AccountFacts,
    AccountHistory,
    AuthorType,
    Context,
    Conversation,
    ConversationSummary,
    FactsAt,
    Message,
)
from services.detector.domain.learned import HIGHEST_CONFIDENCE, Curve, Learned
from services.detector.domain.model_scores import LABELS, MessageScores, ModelScores

if TYPE_CHECKING:
    from services.detector.domain.detector import AccountDetector, Detector

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
DETECTORS = discover()
LEARNED = discover(learned=Learned("abc", {label: Curve(points=0.6) for label in LABELS}))
ALL = (*DETECTORS.conversation, *DETECTORS.account)
SPEAKING = (
    "We want to cancel our subscription. It would be great if we could export tags. We just signed up, "
    "where do we begin? Please send the renewal quote. How much is the Enterprise plan? We need ten more "
    "seats. I love it, thank you so much!"
)


def conversation_of(*texts: str) -> Conversation:
    messages = tuple(
        Message(str(at), AuthorType.CUSTOMER, NOW + timedelta(minutes=at), text, author_id="kim")
        for at, text in enumerate(texts)
    )
    return Conversation("org", "ws", "1", messages)


def by_name(detector: Detector | AccountDetector) -> str:
    return detector.name


some_scores = st.lists(st.floats(-12, 12), min_size=len(LABELS), max_size=len(LABELS)).map(
    lambda logits: ModelScores(tuple(logits))
)
some_text = st.one_of(
    st.text(max_size=400),
    st.lists(st.sampled_from([*SPEAKING.split(), '"', ">", "\n", "-- ", "wrote:", "😡", "ß", "\u202e"])).map(
        " ".join
    ),
)


def test_every_module_is_a_detector_of_one_of_the_two_shapes() -> None:
    """Each file gives exactly one detector named like itself."""
    assert sorted(one.name for one in ALL) == sorted(module_names())


@pytest.mark.parametrize("detector", ALL, ids=by_name)
def test_a_detector_names_its_version_and_kinds(detector: Detector | AccountDetector) -> None:
    """Findings can be traced to what made them."""
    assert detector.version
    assert detector.kinds
    assert 0 < detector.parameters.threshold < 1


@pytest.mark.parametrize("detector", DETECTORS.conversation, ids=by_name)
@given(texts=st.lists(some_text, max_size=4))
@settings(max_examples=60, deadline=None)
def test_findings_are_repeatable_and_quote_what_was_written(detector: Detector, texts: list[str]) -> None:
    """Same input, same findings; every quote lies in a message of the conversation."""
    conversation = conversation_of(*texts)
    findings = detector.detect(conversation, Context(now=NOW))
    assert findings == detector.detect(conversation_of(*texts), Context(now=NOW))
    messages = {message.part_id: message for message in conversation.messages}
    for found in findings:
        assert found.kind in detector.kinds
        assert found.confidence >= detector.parameters.threshold
        assert found.evidence
        for quote in found.evidence:
            quote.verify(messages[quote.part_id])


@pytest.mark.parametrize("detector", LEARNED.conversation, ids=by_name)
@given(texts=st.lists(some_text, max_size=3), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_model_may_say_anything(detector: Detector, texts: list[str], data: st.DataObject) -> None:
    """Whatever the scores are: same input, same findings, quotes from the text, never certainty."""
    conversation = conversation_of(*texts)
    scores = {
        message.part_id: MessageScores(
            data.draw(some_scores),
            {clause.index: data.draw(some_scores) for clause in message.clauses[:3]},
        )
        for message in conversation.messages
    }
    context = Context(now=NOW, scores=scores)
    findings = detector.detect(conversation, context)
    assert findings == detector.detect(conversation_of(*texts), context)
    messages = {message.part_id: message for message in conversation.messages}
    for found in findings:
        assert detector.parameters.threshold <= found.confidence <= HIGHEST_CONFIDENCE
        assert found.version.endswith("+abc")
        for quote in found.evidence:
            quote.verify(messages[quote.part_id])


@pytest.mark.parametrize("detector", DETECTORS.conversation, ids=by_name)
@pytest.mark.parametrize("text", ["", " \n\t", "...", "🙂", "\x00\ud800"])
def test_a_text_without_words_finds_nothing(detector: Detector, text: str) -> None:
    """Silence is the answer to nothing said."""
    assert detector.detect(conversation_of(text), Context(now=NOW)) == ()


@pytest.mark.parametrize("detector", DETECTORS.conversation, ids=by_name)
def test_only_customers_are_listened_to(detector: Detector) -> None:
    """What teammates, bots and internal notes say is no evidence."""
    others = tuple(
        Message(str(at), author, NOW, SPEAKING, internal=internal)
        for at, (author, internal) in enumerate(
            [(AuthorType.AGENT, False), (AuthorType.BOT, False), (AuthorType.CUSTOMER, True)]
        )
    )
    assert detector.detect(Conversation("org", "ws", "1", others), Context(now=NOW)) == ()


@pytest.mark.parametrize("detector", DETECTORS.conversation, ids=by_name)
def test_another_language_makes_it_abstain(detector: Detector) -> None:
    """A language that the rules do not know is never guessed at."""
    text = "Hola, queremos cancelar la cuenta porque el precio es muy alto y no funciona para nuestro equipo."
    assert detector.detect(conversation_of(text), Context(now=NOW)) == ()


HUGE = {
    "prose": (SPEAKING + " ") * 450,
    "one word": "cancel" * 17_000,
    "no spaces": "a" * 100_000,
    "quotes": 'said "' * 17_000,
    "angles": "<a@b " * 20_000,
    "greater": "> " * 50_000,
    "lines": "\n" * 100_000,
    "blank": " " * 99_999 + "x",
    "on on": "on " * 33_000,
    "dots": ". " * 50_000,
    "we want": "we want to " * 9_000,
    "not not": "not " * 25_000,
    "apostrophes": "a'" * 50_000,
    "header": "From: a\n" * 12_000,
    "closings": "br\n" * 33_000,
}


@pytest.mark.parametrize("shape", sorted(HUGE))
@pytest.mark.timeout(20)
def test_a_huge_message_is_read_within_bounds(shape: str) -> None:
    """100 KB of anything ends: all detectors together, far within the timeout of this test."""
    conversation = conversation_of(HUGE[shape])
    for detector in DETECTORS.conversation:
        for found in detector.detect(conversation, Context(now=NOW)):
            assert len(found.evidence) <= 5
            assert all(len(quote.quote) <= 500 for quote in found.evidence)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by hypothesis's contract
facts = st.builds(
    AccountFacts,
    seats=st.none() | st.integers(0, 500),
    user_count=st.none() | st.integers(0, 500),
    signed_up_at=st.none() | moments,
    renewal_date=st.none() | st.dates(date(2024, 1, 1), date(2028, 1, 1)),
    last_seen_at=st.none() | moments,
)
histories = st.builds(
    AccountHistory,
    snapshots=st.lists(st.builds(FactsAt, at=moments, facts=facts), max_size=4).map(tuple),
    conversations=st.lists(
        st.builds(
            ConversationSummary,
            conversation_id=st.text("abc", min_size=1),
            opened_at=moments,
            state=st.sampled_from(["open", "closed", "snoozed"]),
            last_customer_at=st.none() | moments,
            last_asked_at=st.none() | moments,
            last_agent_at=st.none() | moments,
            rating=st.none() | st.integers(1, 5),
            rated_at=st.none() | moments,
        ),
        max_size=5,
    ).map(tuple),
)


@pytest.mark.parametrize("detector", DETECTORS.account, ids=by_name)
@given(known=facts, history=histories)
@settings(max_examples=60, deadline=None)
def test_account_findings_are_repeatable_and_name_their_facts(
    detector: AccountDetector, known: AccountFacts, history: AccountHistory
) -> None:
    """Same facts, same findings; each says which fact it rests on and why."""
    context = Context(now=NOW)
    findings = detector.detect_account(known, history, context)
    assert findings == detector.detect_account(known, history, context)
    for found in findings:
        assert found.kind in detector.kinds
        assert found.confidence >= detector.parameters.threshold
        assert all(proof.name and proof.value and proof.reason for proof in found.facts)
        assert found.facts


@pytest.mark.parametrize("detector", DETECTORS.account, ids=by_name)
def test_an_account_without_facts_finds_nothing(detector: AccountDetector) -> None:
    """What nobody knows is not guessed."""
    assert detector.detect_account(AccountFacts(), AccountHistory(), Context(now=NOW)) == ()
