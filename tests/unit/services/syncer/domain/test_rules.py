"""Windows, cursors, page sizes, concurrency, progress and pauses: the small rules, each by its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.syncer.domain.concurrency import Concurrency, PageSize
from services.syncer.domain.cursor import Cursor, asking_due, lookback_start
from services.syncer.domain.fingerprint import Fingerprint
from services.syncer.domain.pace import Pace
from services.syncer.domain.progress import remaining_seconds, sequence, work_done
from services.syncer.domain.run import Count, Run, pause_seconds, strongest
from services.syncer.domain.version import version_of
from services.syncer.domain.window import Descending, Window, is_settled
from tests.unit.services.syncer.store_suite import KEY, NOW

if TYPE_CHECKING:
    from shared.contracts.sync import ResourceType

ZONES = (
    "UTC",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
)


def day_start(moment: int, zone: str) -> int:
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    return int(local.replace(hour=0, minute=0, second=0).timestamp())


@given(
    cursor=st.integers(1_500_000_000, 1_900_000_000),
    age=st.integers(0, 900),
    zone=st.sampled_from(ZONES),
    inclusive=st.booleans(),
)
def test_a_day_safe_window_holds_under_every_reading(
    cursor: int, age: int, zone: str, inclusive: bool
) -> None:
    """A change inside the overlap is found whether the filter means seconds, a UTC day, or a local day."""
    window = Window.since(cursor, overlap_seconds=900)
    changed_at = cursor - age
    asked = window.asked_after()
    assert window.holds(changed_at)
    assert changed_at > asked
    day = day_start(asked, zone)
    following = day_start(day + 36 * 3_600, zone)
    assert changed_at >= (day if inclusive else following)


@given(cursor=st.integers(1_000, 2_000_000_000), age=st.integers(0, 900))
def test_an_exact_window_includes_its_own_second(cursor: int, age: int) -> None:
    """Where seconds are exact, a change in the very second of the window's start is asked for."""
    window = Window.since(cursor, overlap_seconds=900, exact=True)
    changed_at = cursor - min(age, cursor)
    assert window.holds(changed_at)
    assert changed_at > window.asked_after() or window.low == 0


def test_rows_without_a_time_count() -> None:
    """A row that does not say when it changed cannot be ruled out; an older one can."""
    window = Window(100)
    assert window.holds(None)
    assert window.holds(100)
    assert not window.holds(99)


def test_a_version_is_final_two_seconds_later() -> None:
    """Within the second of a change another one can follow unseen, so the version is read once more."""
    assert not is_settled(100, 101)
    assert is_settled(100, 102)
    assert not is_settled(None, 102)
    assert Fingerprint("contact", "1", "v", 100).proves_unchanged(100)
    assert not Fingerprint("contact", "1", "v", 100, settled=False).proves_unchanged(100)
    assert not Fingerprint("contact", "1", "v", None).proves_unchanged(None)


@given(st.lists(st.none() | st.integers(0, 50), max_size=20), st.integers(0, 50))
def test_a_walk_stops_early_only_in_order(times: list[int | None], low: int) -> None:
    """When it says that the rest is older, every row so far came newest first and the last one is older."""
    order = Descending()
    for when in times:
        order.saw(when)
    if order.passed(low):
        assert None not in times
        assert times == sorted(times, key=lambda when: -(when or 0))
        assert times[-1] is not None
        assert times[-1] < low


def test_a_cursor_never_moves_back() -> None:
    """A run that began earlier and ended later takes nothing back."""
    assert Cursor("contact", 10).advanced(5).position == 10
    assert Cursor("contact").advanced(5).position == 5


def test_walks_cost_a_call_a_minute() -> None:
    """A list of two pages is walked every two minutes, a huge one daily, an unknown one at once."""
    assert Cursor("company").walk_due(0)
    small = Cursor("company", walked_at=0, walk_calls=2)
    assert not small.walk_due(119)
    assert small.walk_due(120)
    assert not small.walk_due(120, shortest_pause_seconds=600)
    assert Cursor("company", walked_at=0, walk_calls=100_000).walk_due(86_400)
    assert asking_due(None, 0, 5)
    assert not asking_due(0, 86_399, 5)
    assert not asking_due(0, 86_400, 10_000)
    assert asking_due(0, 600_000, 10_000)


def test_the_lookback_never_leaves_the_calendar() -> None:
    """A lookback longer than time itself starts at its beginning."""
    assert lookback_start(86_400 * 10, 3) == 86_400 * 7
    assert lookback_start(86_400, 3_650) == 0


@given(st.lists(st.booleans(), max_size=80))
def test_page_sizes_stay_within_bounds(pages: list[bool]) -> None:
    """Whatever happens a page has between 1 and 150 rows."""
    size = PageSize()
    for came in pages:
        if came:
            size.came()
        else:
            size.broke()
        assert 1 <= size.size <= PageSize.LARGEST


def test_a_page_size_recovers_ever_more_patiently() -> None:
    """One break is forgotten after three good pages; a second one asks for six."""
    size = PageSize()
    size.broke()
    for _ in range(3):
        size.came()
    assert size.size == 150
    size.broke()
    for _ in range(5):
        size.came()
    assert size.size == 75
    size.came()
    assert size.size == 150


def test_concurrency_follows_the_source() -> None:
    """Quick answers raise it to its bound, queueing lowers it gently, failures halve it down to one."""
    concurrency = Concurrency(most=20)
    for _ in range(300):
        concurrency.succeeded(0.1)
    assert concurrency.allowed == 20
    for _ in range(60):
        concurrency.succeeded(0.5)
    assert 6 <= concurrency.allowed < 20
    for _ in range(10):
        concurrency.strained()
    assert concurrency.allowed == 1


def a_pace(*, watched: float = 20.0, rate: float = 10.0) -> Pace:
    return Pace(rate, watched, datetime(2026, 1, 1, tzinfo=UTC))


def test_the_share_is_of_calls_and_not_of_things() -> None:
    """Contacts come by the page: all of them read leaves a sync that waits for its conversations near 0."""
    counts: dict[ResourceType, Count] = {"contact": Count(284, 284), "conversation": Count(3, 274)}
    share = work_done(counts)
    assert share is not None
    assert 0.01 < share < 0.03
    assert work_done(counts | {"conversation": Count(274, 274)}) == 1.0
    assert work_done(counts | {"conversation": Count()}) is None
    assert work_done({"tag": Count(0, 0)}) is None
    assert work_done({}) is None


LEFT: dict[ResourceType, Count] = {"conversation": Count(50, 200), "contact": Count(0, 150)}


def test_remaining_time_counts_calls() -> None:
    """A conversation costs a call and its share of a page; a contact only the share."""
    paces: dict[ResourceType, Pace] = {"conversation": a_pace(), "contact": a_pace(rate=1.0)}
    assert remaining_seconds(LEFT, paces) == pytest.approx((150 + 1 + 1) / 10, rel=0.01)
    assert remaining_seconds({"conversation": Count(9, 9)}, paces) == 0.0


@pytest.mark.parametrize(
    "paces",
    [
        {},
        {"contact": a_pace()},
        {"conversation": a_pace(watched=19.9)},
        {"conversation": a_pace(rate=0.0)},
    ],
)
def test_nobody_guesses_how_long_it_takes(paces: dict[ResourceType, Pace]) -> None:
    """Not by seconds of watching, not by a source that stands still, not by the pace of the lesser part."""
    assert remaining_seconds(LEFT, paces) is None


def test_what_is_not_counted_has_no_time_left() -> None:
    """However fast it goes."""
    assert remaining_seconds(LEFT | {"tag": Count()}, {"conversation": a_pace()}) is None
    assert remaining_seconds({}, {"conversation": a_pace()}) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=20))
def test_counts_never_shrink(steps: list[tuple[bool, int]]) -> None:
    """Neither number goes back, and nothing is more done than there is."""
    count, before = Count(), (0, 0)
    for expected, number in steps:
        if expected:
            count.expect(number)
        else:
            count.reached(number)
        after = (count.done, count.total or 0)
        assert after[0] >= before[0]
        assert after[1] >= before[1]
        assert count.total is None or count.done <= count.total
        before = after


def test_report_numbers_rise_across_owners() -> None:
    """Whoever takes a run over counts on from above everything that was told before."""
    assert sequence(1, 1) < sequence(1, 9_999) == sequence(1, 50_000) < sequence(2, 0)


@given(st.integers(1, 60), st.floats(0, 0.999))
def test_pauses_grow_and_are_bounded(failures: int, jitter: float) -> None:
    """A pause is between half a step and the whole of it, and a minute at most."""
    assert 0.25 <= pause_seconds(failures, jitter) <= 60
    assert pause_seconds(failures, jitter) <= pause_seconds(failures + 1, 0.999) + 1e-9


def test_the_strongest_reason_wins() -> None:
    """One run for the reason that asks for most satisfies all who asked."""
    assert strongest(["scheduled", "reconcile", "manual"]) == "reconcile"
    assert strongest(["hint"]) == "hint"


def test_calls_are_counted_once() -> None:
    """However often a slice brings its number, the run's total is right."""
    run = Run(KEY, "main", "r", "manual", 1, NOW, calls=10)
    for of_this_slice in (3, 3, 7):
        run.count_calls(of_this_slice)
    assert run.calls == 17


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(-(2**63), 2**63 - 1)))
def test_versions_see_content_and_not_order(content: dict[str, int]) -> None:
    """Equal content has one version however it is arranged; a difference has another."""
    assert version_of(content) == version_of(dict(reversed(content.items())))
    assert version_of(content) != version_of({**content, "more": 1}) or content.get("more") == 1
    assert version_of(datetime(2026, 1, 1, tzinfo=UTC)) != version_of(datetime(2026, 1, 2, tzinfo=UTC))
    assume(content)
