"""The three decisions: retry, put aside, stop."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.sync import SyncRequested
from shared.errors import PartlyTransientError, PermanentError, ProcessingStopped, TransientError
from shared.messaging.processor import BatchProcessor
from shared.messaging.retrying import RetryPolicy
from tests.unit.shared.messaging.records import record, record_of, request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts.event import Event
    from shared.errors import DeadLetterReason
    from shared.messaging.dead_letters import DeadLetter
    from shared.messaging.processor import BatchHandler
    from shared.messaging.received import Received


class Shelf:
    """Dead letters in memory."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.calls = 0
        self.broken = False
        self.full_for: dict[int, int] = {}

    async def put(self, *letters: DeadLetter) -> None:
        if self.broken:
            raise TransientError("the shelf is away")
        self.calls += 1
        left = [place for place, letter in enumerate(letters) if self.full_for.get(letter.record.offset, 0)]
        self.letters += [letter for place, letter in enumerate(letters) if place not in left]
        if left:
            for place in left:
                self.full_for[letters[place].record.offset] -= 1
            raise PartlyTransientError("no place for some", waiting=left)


class Told:
    """What processing said of itself."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def waiting(self, why: str) -> None:
        self.said.append("waiting")

    def going_on(self) -> None:
        self.said.append("going on")

    def put_aside(self, reason: DeadLetterReason) -> None:
        self.said.append(reason)

    def handled(self, records: int) -> None:
        self.said.append(f"handled {records}")


class Bench:
    """A processor with everything around it observable."""

    def __init__(self, *, attempts: int = 4, unforeseen_limit: int = 3) -> None:
        self.shelf, self.told = Shelf(), Told()
        self.slept: list[float] = []
        self.seen: list[list[str]] = []
        self.done: list[str] = []
        self.poison: dict[str, list[Exception]] = {}
        self.retry = RetryPolicy(attempts=attempts, unforeseen_limit=unforeseen_limit)
        self.processor = self.processing(self.handle)

    def processing(self, handler: BatchHandler) -> BatchProcessor:
        return BatchProcessor(
            handler=handler,
            events=[SyncRequested],
            dead_letters=self.shelf,
            state=self.told,
            retry=self.retry,
            sleep=self.sleep,
            rng=random.Random(1),
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def handle(self, batch: Sequence[Received[Event]]) -> None:
        names = [str(received.event.fact()) for received in batch]
        self.seen.append(names)
        for name in names:
            if self.poison.get(name):
                raise self.poison[name].pop(0)
        self.done += names


async def test_a_good_batch_is_handed_over_once() -> None:
    """Records arrive decoded, in order, in one call."""
    bench = Bench()
    await bench.processor.process([record_of(request("a")), record_of(request("b"))])
    assert bench.seen == [["a", "b"]]
    assert bench.told.said == ["going on", "handled 2"]


async def test_a_transient_error_that_heals_is_retried_with_backoff() -> None:
    """The batch comes again after growing waits, and nothing is put aside."""
    bench = Bench()
    bench.poison["a"] = [TransientError("away"), TransientError("away")]
    await bench.processor.process([record_of(request("a"))])
    assert bench.seen == [["a"]] * 3
    assert len(bench.slept) == 2
    assert bench.slept[0] < bench.slept[1]
    assert bench.shelf.letters == []


async def test_a_transient_error_that_does_not_heal_keeps_the_offset() -> None:
    """The error leaves the processor, so that nothing is committed."""
    bench = Bench(attempts=3)
    bench.poison["a"] = [TransientError("away")] * 9
    with pytest.raises(TransientError):
        await bench.processor.process([record_of(request("a"))])
    assert len(bench.seen) == 3
    assert bench.shelf.letters == []


async def test_a_wait_that_the_source_asks_for_is_kept() -> None:
    """Retry-After of the source wins over a shorter backoff, within bounds."""
    bench = Bench()
    bench.poison["a"] = [TransientError("slow down", retry_after_seconds=5)]
    await bench.processor.process([record_of(request("a"))])
    assert bench.slept == [5]


async def test_a_part_that_waits_is_returned_and_the_rest_is_done() -> None:
    """Nobody sleeps for it, nothing is put aside, and the rest counts as handled."""
    bench = Bench()
    bench.poison["c"] = [PartlyTransientError("c waits", waiting=[1, 2])]
    records = [record_of(request(name), offset=at) for at, name in enumerate("abc")]
    waiting = await bench.processor.process(records)
    assert [one.offset for one in waiting] == [1, 2]
    assert bench.slept == []
    assert bench.shelf.letters == []
    assert bench.told.said == ["going on", "handled 1"]


async def test_a_part_that_waits_is_found_beside_a_culprit() -> None:
    """A batch that was halved for one record's sake still says which others wait."""
    bench = Bench()
    bench.poison["a"] = [PermanentError("no")] * 3
    bench.poison["d"] = [PartlyTransientError("d waits", waiting=[1])]
    records = [record_of(request(name), offset=at) for at, name in enumerate("abcd")]
    assert [one.offset for one in await bench.processor.process(records)] == [3]
    assert [letter.record.offset for letter in bench.shelf.letters] == [0]


async def test_only_the_culprit_of_a_batch_is_put_aside() -> None:
    """A refused record takes nobody with it."""
    bench = Bench()
    bench.poison["b"] = [PermanentError("no")] * 3
    await bench.processor.process([record_of(request(name), offset=i) for i, name in enumerate("abc")])
    assert bench.seen == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    (letter,) = bench.shelf.letters
    assert (letter.record.offset, letter.reason, letter.error) == (1, "handler_rejected", "no")


@pytest.mark.parametrize("culprit", [0, 1, 499, 500, 700, 999])
async def test_finding_the_culprit_of_a_large_batch_takes_few_calls(culprit: int) -> None:
    """A batch is halved, so that one bad record among many does not have each handled alone."""
    bench = Bench()
    bench.poison[str(culprit)] = [PermanentError("no")] * 20
    await bench.processor.process([record_of(request(str(at)), offset=at) for at in range(1_000)])
    assert [letter.record.offset for letter in bench.shelf.letters] == [culprit]
    assert len(bench.seen) <= 1 + 2 * 10
    assert bench.done == [str(at) for at in range(1_000) if at != culprit]


@pytest.mark.parametrize(("every", "most_calls"), [(1, 1_010), (2, 1_510), (50, 20 * 11 + 1)])
async def test_a_batch_full_of_culprits_is_searched_in_one_go(every: int, most_calls: int) -> None:
    """Where one was found the next is looked for close by, and all are put aside together, in order."""
    bench = Bench()
    bad = range(0, 1_000, every)
    bench.poison = {str(at): [PermanentError("no")] * 2_000 for at in bad}
    await bench.processor.process([record_of(request(str(at)), offset=at) for at in range(1_000)])
    assert [letter.record.offset for letter in bench.shelf.letters] == list(bad)
    assert bench.done == [str(at) for at in range(1_000) if at not in bad]
    assert len(bench.seen) <= most_calls
    assert bench.shelf.calls == 1


@given(st.lists(st.sampled_from(["good", "bad", "waits"]), max_size=40))
async def test_each_record_of_any_batch_is_handled_put_aside_or_waits(kinds: list[str]) -> None:
    """Nobody is handled twice, nobody is forgotten, and order is kept, wherever the culprits stand."""
    bench = Bench()
    records = [record_of(request(str(at)), offset=at) for at in range(len(kinds))]

    async def handle(batch: Sequence[Received[Event]]) -> None:
        of_batch = [kinds[received.offset] for received in batch]
        if "bad" in of_batch:
            raise PermanentError("no")
        bench.done += [str(received.offset) for received in batch if kinds[received.offset] == "good"]
        if "waits" in of_batch:
            waiting = [place for place, kind in enumerate(of_batch) if kind == "waits"]
            raise PartlyTransientError("they wait", waiting=waiting)

    waiting = await bench.processing(handle).process(records)
    found = {"good": [int(name) for name in bench.done], "waits": [one.offset for one in waiting]}
    found["bad"] = [letter.record.offset for letter in bench.shelf.letters]
    assert found == {kind: [at for at, its in enumerate(kinds) if its == kind] for kind in found}


async def test_what_a_transient_error_interrupts_is_put_aside_when_it_comes_again() -> None:
    """A search that could not be finished has put nobody aside yet, and nobody twice in the end."""
    bench = Bench(attempts=1)
    bench.poison = {"a": [PermanentError("no")] * 9, "d": [TransientError("away")]}
    records = [record_of(request(name), offset=at) for at, name in enumerate("abcd")]
    with pytest.raises(TransientError):
        await bench.processor.process(records)
    assert bench.shelf.letters == []
    await bench.processor.process(records)
    assert [letter.record.offset for letter in bench.shelf.letters] == [0]


async def test_a_search_that_is_cut_short_has_put_nobody_aside() -> None:
    """Whoever dies half-way leaves no letter of a record that the next one may be able to handle."""
    bench = Bench()

    async def handle(batch: Sequence[Received[Event]]) -> None:
        if len(batch) == 1 and batch[0].offset == 1:
            raise asyncio.CancelledError
        raise PermanentError("no")

    with pytest.raises(asyncio.CancelledError):
        await bench.processing(handle).process([record_of(request(str(at)), offset=at) for at in range(3)])
    assert bench.shelf.letters == []


async def test_the_last_of_a_failing_stretch_may_pass_alone() -> None:
    """Nobody is blamed for their neighbours: whoever is put aside failed alone."""
    bench = Bench()
    bench.poison["b"] = [PermanentError("only in company")]
    await bench.processor.process([record_of(request(name), offset=at) for at, name in enumerate("ab")])
    assert bench.seen == [["a", "b"], ["a"], ["b"]]
    assert bench.shelf.letters == []


async def test_an_unforeseen_failure_is_put_aside_with_its_name() -> None:
    """What no code expected still ends in a decision that an operator can read."""
    bench = Bench()
    bench.poison["a"] = [KeyError("x")] * 2
    await bench.processor.process([record_of(request("a"))])
    (letter,) = bench.shelf.letters
    assert letter.reason == "handler_failed"
    assert "KeyError" in letter.error


@pytest.mark.parametrize("failure", [KeyError("x"), PermanentError("no")])
async def test_a_letter_carries_the_trace_that_its_record_came_with(failure: Exception) -> None:
    """Whoever reads it finds what the log says about the same change."""
    bench = Bench()
    bench.poison["a"] = [failure]
    encoded = record_of(request("a"))
    traced = ("ce_traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    await bench.processor.process([record(encoded.value, [*encoded.headers, traced])])
    assert [letter.trace_id for letter in bench.shelf.letters] == ["0af7651916cd43dd8448eb211c80319c"]


async def test_a_letter_without_a_trace_gets_one() -> None:
    """A record that nobody traced, or traced wrongly, is found in the log all the same."""
    bench = Bench()
    await bench.processor.process([record(b"", [("ce_traceparent", b"\xff")])])
    (letter,) = bench.shelf.letters
    assert letter.trace_id is not None
    assert int(letter.trace_id, 16) > 0


async def test_a_header_without_a_value_is_put_aside_as_any_other() -> None:
    """Kafka allows it; it decides nothing, and stops nobody."""
    bench = Bench()
    nothing: Any = None
    await bench.processor.process([record(b"{}", [("ce_type", nothing)]), record_of(request("a"), offset=1)])
    assert [letter.reason for letter in bench.shelf.letters] == ["invalid_event"]
    assert bench.seen == [["a"]]


async def test_too_many_unforeseen_failures_in_a_row_stop_the_service() -> None:
    """Then the fault is ours, and going on would only put more aside."""
    bench = Bench(unforeseen_limit=3)
    for name in "abcd":
        bench.poison[name] = [KeyError("x")] * 3
    with pytest.raises(ProcessingStopped):
        await bench.processor.process(
            [record_of(request(name), offset=offset) for offset, name in enumerate("abcd")]
        )
    assert len(bench.shelf.letters) == 3


async def test_one_record_that_fails_again_and_again_is_one_failure() -> None:
    """While no dead letter can be kept it comes again; that is no row of failures of ours."""
    bench = Bench(unforeseen_limit=3)
    bench.poison["a"] = [KeyError("x") for _ in range(21)]
    bench.shelf.broken = True
    for _ in range(20):
        with pytest.raises(TransientError):
            await bench.processor.process([record_of(request("a"), offset=7)])
    bench.shelf.broken = False
    await bench.processor.process([record_of(request("a"), offset=7)])
    assert [letter.record.offset for letter in bench.shelf.letters] == [7]


async def test_failures_of_the_same_offset_in_two_partitions_are_two() -> None:
    """What fails is told apart by topic, partition and offset, however often each comes again."""
    bench = Bench(unforeseen_limit=3)
    bench.poison["a"] = [KeyError("x") for _ in range(9)]
    records = [replace(record_of(request("a"), offset=7), partition=number) for number in range(4)]
    for _ in range(2):
        await bench.processor.process(records[:3])
    with pytest.raises(ProcessingStopped):
        await bench.processor.process(records[3:])


async def test_a_success_between_failures_resets_the_count() -> None:
    """Now and then a bad record is life, not a fault of ours."""
    bench = Bench(unforeseen_limit=2)
    for round_ in range(5):
        bench.poison[f"bad{round_}"] = [KeyError("x")] * 2
        await bench.processor.process([record_of(request(f"bad{round_}"), offset=2 * round_)])
        await bench.processor.process([record_of(request(f"good{round_}"), offset=2 * round_ + 1)])
    assert len(bench.shelf.letters) == 5


async def test_broken_records_never_reach_the_handler() -> None:
    """Bytes, versions and fields that are wrong are put aside, each with its reason; the rest goes on."""
    bench = Bench()
    good = record_of(request("a"), offset=3)
    headers = list(good.headers)
    future = [(k, b"earshot.sync.requested.v9" if k == "ce_type" else v) for k, v in headers]
    await bench.processor.process(
        [
            record(b"\xff", headers, offset=0),
            record(b"{}", headers, offset=1),
            record(good.value, future, offset=2),
            good,
        ]
    )
    assert [(letter.record.offset, letter.reason) for letter in bench.shelf.letters] == [
        (0, "broken_bytes"),
        (1, "invalid_event"),
        (2, "unknown_version"),
    ]
    assert bench.seen == [["a"]]


@pytest.mark.parametrize("timestamp", [1_772_366_400_000_000, 2**63 - 1, -1])
async def test_a_record_whose_timestamp_is_no_moment_holds_up_nothing(timestamp: int) -> None:
    """A producer may set any, microseconds for one; nothing of ours rests on it."""
    bench = Bench()
    odd = replace(record_of(request("a")), timestamp=timestamp)
    await bench.processor.process([odd, record_of(request("b"), offset=1)])
    assert bench.seen == [["a", "b"]]


async def test_a_dead_letter_that_cannot_be_kept_keeps_the_offset() -> None:
    """Nothing is committed that is neither handled nor put aside."""
    bench = Bench()
    bench.shelf.broken = True
    with pytest.raises(TransientError):
        await bench.processor.process([record(b"\xff", list(record_of(request("a")).headers))])


async def test_a_dead_letter_that_cannot_be_kept_is_waited_for() -> None:
    """As for a handler: longer each time, and whoever asks is told until it works."""
    bench = Bench()
    bench.shelf.full_for = {0: 2}
    await bench.processor.process([record(b"\xff", list(record_of(request("a")).headers))])
    assert len(bench.slept) == 2
    assert bench.slept[0] < bench.slept[1]
    assert bench.told.said == ["waiting", "waiting", "broken_bytes", "going on"]


async def test_letters_that_are_kept_are_not_sent_again_with_those_that_are_not() -> None:
    """Neither at the next attempt nor when the batch comes again; the handler is not asked meanwhile."""
    bench = Bench(attempts=2)
    headers = list(record_of(request("a")).headers)
    records = [record(b"\xff", headers, offset=at) for at in range(3)]
    records.append(record_of(request("a"), offset=3))
    bench.shelf.full_for = {1: 2}
    with pytest.raises(TransientError):
        await bench.processor.process(records)
    assert bench.seen == [["a"]]
    await bench.processor.process(records)
    assert [letter.record.offset for letter in bench.shelf.letters] == [0, 2, 1]
    assert sorted(bench.told.said).count("broken_bytes") == 3
    await bench.processor.process(records[:1])
    assert [letter.record.offset for letter in bench.shelf.letters] == [0, 2, 1, 0]


async def test_tombstones_and_other_events_are_passed_over() -> None:
    """A handler sees what it asked for, nothing else."""
    bench = Bench()
    await bench.processor.process([record(None, [])])
    assert bench.seen == []
    assert bench.shelf.letters == []


def test_all_waits_together_stay_below_kafkas_poll_interval() -> None:
    """A patient consumer must not be taken for a dead one."""
    policy = RetryPolicy()
    longest = sum(policy.delay_seconds(attempt, 1.0) for attempt in range(1, policy.attempts))
    assert longest < 120
