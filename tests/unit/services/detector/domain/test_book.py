"""Which evidence opens, strengthens, moves and closes which signal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.book import SignalBook
from services.detector.domain.contribution import Assessment, Contribution
from services.detector.domain.identity import Subject
from services.detector.domain.moves import fold
from services.detector.domain.occasion import OccasionRules, Slot
from services.detector.domain.settling import settle
from services.detector.domain.signal import MAX_PROOFS, Proof, Signal, proofs_without

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CUSTOMER = Subject("customer", "c1")
CHURN = Slot("churn_risk", "explicit")
RULES = OccasionRules()


def proof(source: str = "ws1:k1", part: str = "p1", days_ago: float = 1, start: int = 0) -> Proof:
    return Proof(
        source=source,
        said_at=NOW - timedelta(days=days_ago),
        confidence=0.9,
        detector="churn_risk",
        version="1",
        conversation_key=source,
        conversation_id=source.partition(":")[2],
        part_id=part,
        start=start,
        end=start + 4,
        quote="word",
    )


def assessment(
    *proofs: Proof, subject: Subject = CUSTOMER, slot: Slot = CHURN, source: str = "ws1:k1"
) -> Assessment:
    texts = {source: {one.part_id: " " * one.start + "word" for one in proofs}}
    contribution = Contribution(
        subject=subject,
        slot=slot,
        title="Says they will leave",
        connection_id="con1",
        workspace_id="ws1",
        proofs=proofs,
    )
    return Assessment(source=source, contributions=(contribution,) if proofs else (), texts=texts)


def book(*signals: Signal, now: datetime = NOW, known_before: datetime | None = None) -> SignalBook:
    return SignalBook("acme", signals, rules=RULES, now=now, known_before=known_before)


def settled(*assessments: Assessment, stored: tuple[Signal, ...] = (), now: datetime = NOW) -> list[Signal]:
    """Return all signals after a unit of work, with their revisions."""
    one = book(*stored, now=now)
    for each in assessments:
        settle(one, each)
    one.expire()
    after = {signal.signal_id: signal for signal in stored}
    after.update({change.after.signal_id: change.after for change in one.changes()})
    return list(after.values())


def test_settling_twice_changes_nothing() -> None:
    """The second time there is no change to store or tell."""
    stored = settled(assessment(proof(), proof(part="p2")))
    again = book(*stored)
    settle(again, assessment(proof(), proof(part="p2")))
    assert again.changes() == ()


def test_weak_words_said_first_join_what_sure_words_open() -> None:
    """However they come, what is stored is the same, and a second settling changes nothing."""
    weak = replace(proof(part="p1", days_ago=2), confidence=0.6)
    told = assessment(weak, proof(part="p2", days_ago=1))
    told = replace(told, contributions=(replace(told.contributions[0], least=0.8),))
    (found,) = settled(told)
    assert {one.part_id for one in found.proofs} == {"p1", "p2"}
    assert found.best is not None
    assert found.best.part_id == "p2"
    again = book(found)
    settle(again, told)
    assert again.changes() == ()


def test_evidence_far_apart_is_two_occasions() -> None:
    """Words a year apart speak of two occasions, whichever was read first."""
    signals = settled(
        assessment(proof(days_ago=1)), assessment(proof("ws1:k0", days_ago=400), source="ws1:k0")
    )
    assert sorted((one.number, one.state) for one in signals) == [(0, "open"), (1, "cleared")]


def test_late_evidence_joins_an_occasion_that_ran_out() -> None:
    """Old words that belong to an expired occasion are added to it; it stays closed."""
    (old,) = settled(assessment(proof(days_ago=300)))
    (after,) = settled(assessment(proof("ws1:k2", days_ago=250), source="ws1:k2"), stored=(old,))
    assert (after.signal_id, after.cleared_because, len(after.proofs)) == (old.signal_id, "expired", 2)


def test_late_evidence_may_revive_an_occasion() -> None:
    """Words that make an expired occasion recent again open it again."""
    (old,) = settled(assessment(proof(days_ago=130)))
    assert old.cleared_because == "expired"
    (after,) = settled(assessment(proof("ws1:k2", days_ago=30), source="ws1:k2"), stored=(old,))
    assert after.is_open


def test_taken_back_keeps_the_words_readable() -> None:
    """Words that still stand but no longer mean it close the signal as withdrawn, and come back quietly."""
    (opened,) = settled(assessment(proof()))
    empty = Assessment(source="ws1:k1", contributions=(), texts={"ws1:k1": {"p1": "word"}})
    (closed,) = settled(empty, stored=(opened,))
    assert (closed.cleared_because, len(closed.proofs)) == ("withdrawn", 1)
    again = book(closed)
    settle(again, assessment(proof()))
    (change,) = again.changes()
    assert (change.after.is_open, [step for step, _ in change.told]) == (True, ["updated"])


EMPTY = Assessment(source="ws1:k1", contributions=(), texts={"ws1:k1": {"p1": "word"}})


def _withdrawn() -> Signal:
    """Return a signal of forty days ago that was taken back a day later."""
    then = NOW - timedelta(days=39)
    (opened,) = settled(assessment(proof(days_ago=40)), now=then)
    (closed,) = settled(EMPTY, stored=(opened,), now=then + timedelta(days=1))
    assert closed.cleared_because == "withdrawn"
    return closed


def test_new_words_after_those_taken_back_are_another_occasion() -> None:
    """Notice given again after it was taken back is told like any other; the old signal stays closed."""
    closed = _withdrawn()
    later = book(closed)
    settle(later, EMPTY)
    settle(later, assessment(proof("ws1:k2"), source="ws1:k2"))
    (change,) = later.changes()
    assert (change.after.signal_id != closed.signal_id, change.after.historical) == (True, False)
    assert [step for step, _ in change.told] == ["detected"]


def test_older_words_than_those_taken_back_reopen_them_quietly() -> None:
    """What was said no later than what was taken back is no news."""
    later = book(_withdrawn())
    settle(later, assessment(proof("ws1:k2", days_ago=41), source="ws1:k2"))
    (change,) = later.changes()
    assert (change.after.is_open, [step for step, _ in change.told]) == (True, ["updated"])


def test_words_that_mean_it_again_join_the_newer_occasion() -> None:
    """Where new words opened another signal meanwhile, the old ones are its evidence; one stays open."""
    closed = _withdrawn()
    stored = tuple(settled(assessment(proof("ws1:k2"), source="ws1:k2"), stored=(closed,)))
    again = assessment(proof(days_ago=40))
    after = settled(again, stored=stored)
    (opened,) = (one for one in after if one.is_open)
    assert ({one.source for one in opened.proofs}, len(after)) == ({"ws1:k1", "ws1:k2"}, 2)
    repeated = book(*after)
    settle(repeated, again)
    assert repeated.changes() == ()


def test_muted_kinds_are_left_alone() -> None:
    """What was not looked for is not missing; words that are gone are."""
    (opened,) = settled(assessment(proof()))
    muted = Assessment(source="ws1:k1", contributions=(), texts={"ws1:k1": {"p1": "word"}}, muted=True)
    assert settled(muted, stored=(opened,)) == [opened]
    (closed,) = settled(replace(muted, texts={"ws1:k1": {}}), stored=(opened,))
    assert closed.cleared_because == "evidence_gone"


def test_words_stand_where_nobody_says_that_they_went() -> None:
    """A source tells of some conversations what stands; a part of the same id elsewhere is another one."""
    both = [replace(proof(place), source="mood/c1") for place in ("ws1:k1", "ws2:k1")]
    (opened,) = settled(assessment(*both, source="mood/c1"))
    less = Assessment(source="mood/c1", contributions=(), texts={"ws1:k1": {}}, muted=True)
    (after,) = settled(less, stored=(opened,))
    assert [one.conversation_key for one in after.proofs] == ["ws2:k1"]
    assert settled(replace(less, texts={}), stored=(opened,)) == [opened]


def test_a_conversation_with_somebody_else_moves_its_signal() -> None:
    """A signal that rests on one conversation moves with it and keeps its id; nobody is alerted."""
    (opened,) = settled(assessment(proof()))
    other = Subject("customer", "c2")
    moved = book(opened)
    settle(moved, assessment(proof(), subject=other))
    (change,) = moved.changes()
    assert (change.after.signal_id, change.after.subject) == (opened.signal_id, other)
    assert [step for step, _ in change.told] == ["updated"]


def test_part_of_a_signal_moves_without_an_alert() -> None:
    """When one of two conversations turns out to be somebody else's, their new signal is not announced."""
    (opened,) = settled(assessment(proof()), assessment(proof("ws1:k2"), source="ws1:k2"))
    parting = book(opened)
    settle(parting, assessment(proof("ws1:k2"), subject=Subject("customer", "c2"), source="ws1:k2"))
    told = {step: signal for change in parting.changes() for step, signal in change.told}
    assert (len(told["updated"].proofs), told["detected"].historical) == (1, True)


def test_folding_joins_open_signals() -> None:
    """Two customers that are one keep one open signal with all the evidence; the other is merged."""
    other = Subject("customer", "c2")
    stored = settled(assessment(proof()), assessment(proof("ws1:k2"), subject=other, source="ws1:k2"))
    one = book(*stored)
    fold(one, CUSTOMER, other, None)
    after = {change.after.subject: change.after for change in one.changes()}
    assert after[CUSTOMER].cleared_because == "merged"
    assert {held.source for held in after[other].proofs} == {"ws1:k1", "ws1:k2"}


def test_known_words_are_not_announced() -> None:
    """With `known_before` what was said earlier opens historically, what was said later is announced."""
    one = book(known_before=NOW - timedelta(days=2))
    settle(one, assessment(proof(days_ago=3)))
    assert [signal.historical for change in one.changes() for _, signal in change.told] == [True]
    settle(one, assessment(proof(days_ago=3), proof(part="p2", days_ago=1)))
    assert [signal.historical for change in one.changes() for _, signal in change.told] == [False]


def test_a_full_signal_stays_as_it_is() -> None:
    """Beyond the most evidence a signal keeps, older words change nothing when they are read again."""
    many = tuple(proof(part=f"p{number:03}", days_ago=1 + number / 100) for number in range(MAX_PROOFS + 10))
    (full,) = settled(assessment(*many))
    assert len(full.proofs) == MAX_PROOFS
    again = book(full)
    settle(again, assessment(*many))
    assert again.changes() == ()


def test_a_moved_id_is_not_given_twice() -> None:
    """After a signal moved away, a new one of its old subject gets another id."""
    (opened,) = settled(assessment(proof()))
    moved = replace(opened, subject=Subject("customer", "c2"))
    signals = settled(assessment(proof("ws1:k9"), source="ws1:k9"), stored=(moved,))
    assert len({one.signal_id for one in signals}) == 2


def test_removing_a_workspace_keeps_the_others_words() -> None:
    """Only proofs of the workspace go; its account facts go with it."""
    (signal,) = settled(assessment(proof()), assessment(proof("ws2:k1"), source="ws2:k1"))
    assert [one.source for one in proofs_without(signal, "ws1")] == ["ws2:k1"]


_PROOFS = st.builds(
    proof,
    source=st.sampled_from(["ws1:k1", "ws1:k2", "ws1:k3"]),
    part=st.sampled_from(["p1", "p2", "p3"]),
    days_ago=st.floats(0, 500),
    start=st.integers(0, 3),
)


@given(st.lists(_PROOFS, min_size=1, max_size=8))
def test_one_proof_is_held_once(proofs: list[Proof]) -> None:
    """However conversations are read, no slot holds the same proof twice, and a repeat is silent."""
    unique = {one.identity: one for one in proofs}
    assessments = [
        assessment(*[one for one in unique.values() if one.source == source], source=source)
        for source in sorted({one.source for one in unique.values()})
    ]
    stored = settled(*assessments)
    held = [one.identity for signal in stored for one in signal.proofs]
    assert len(held) == len(set(held))
    again = book(*stored)
    for each in assessments:
        settle(again, each)
    again.expire()
    assert again.changes() == ()
    numbers = [(signal.subject, signal.slot, signal.number) for signal in stored]
    assert len(numbers) == len(set(numbers))


@given(st.lists(_PROOFS, min_size=1, max_size=6))
def test_nothing_is_left_when_all_is_deleted(proofs: list[Proof]) -> None:
    """Deleting every conversation leaves no open signal and no quote."""
    sources = sorted({one.source for one in proofs})
    unique = {one.identity: one for one in proofs}
    assessments = [
        assessment(*[one for one in unique.values() if one.source == source], source=source)
        for source in sources
    ]
    stored = tuple(settled(*assessments))
    gone = [Assessment(source=source, contributions=(), texts={source: {}}) for source in sources]
    after = settled(*gone, stored=stored)
    assert not any(one.is_open or one.proofs for one in after)
