"""How a syncer under test is put together: as it should be, or with one bug planted that others have had."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from services.syncer.domain.reads import Call, Read
from services.syncer.domain.window import Window
from services.syncer.errors import ScrollLostError, SourceUnavailableError
from services.syncer.ports import Answer
from services.syncer.resources.reading import Gone, ReadingRules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.domain.run import StepState
    from services.syncer.resources.reading import Reading, Resource, Step

    Change = Callable[[Any], Any]
    Advance = Callable[[Reading, StepState], Any]


def _same(thing: Any) -> Any:
    return thing


@dataclass(frozen=True)
class Assembly:
    """What is done to each part before the syncer is wired; by default nothing.

    Attributes:
        claimed_overlap: what the reports take for the overlap.
        wrap_intercom: puts something between the use cases and the client.
    """

    name: str = "healthy"
    rules: Callable[[ReadingRules], ReadingRules] = _same
    claimed_overlap: Callable[[int], int] = _same
    resources: Callable[[tuple[Resource, ...]], tuple[Resource, ...]] = _same
    wrap_fingerprints: Change = _same
    wrap_intercom: Change = _same


HEALTHY = Assembly()


def _with_step(name: str, planted: Callable[[Step], Advance]) -> Change:
    """Return what puts another `advance` into one step."""

    def changed(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
        return tuple(
            replace(
                resource,
                steps=tuple(
                    replace(step, advance=planted(step)) if step.name == name else step
                    for step in resource.steps
                ),
            )
            for resource in resources
        )

    return changed


def _early(step: Step) -> Advance:
    async def advance(reading: Reading, state: StepState) -> bool:
        await reading.save_cursor(reading.cursor(step.resource).advanced(reading.now()))
        return await step.advance(reading, state)

    return advance


def _absent_is_gone(step: Step) -> Advance:
    async def advance(reading: Reading, state: StepState) -> bool:
        done = await step.advance(reading, state)
        if done:
            absent = await reading.fingerprints.unseen(
                reading.connection.key, step.resource, walk=state.position["walk"], after="", limit=1_000
            )
            await reading.changes.gone([Gone(step.resource, held.id, held) for held in absent])
        return done

    return advance


class _After(Window):
    """`>` where it must be `>=`."""

    def asked_after(self) -> int:
        return self.low

    def holds(self, updated_at: int | None) -> bool:
        return updated_at is None or updated_at > self.low


class _StrictRules(ReadingRules):
    def window(self, position: int | None, *, exact: bool = False) -> Window:
        right = super().window(position, exact=exact)
        return _After(right.low, right.exact)


class _AlwaysSettled:
    """Takes a conversation read within the second of its change for final: only a later second counts."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def store(self, key: Any, records: Sequence[Fingerprint], *, writer: str) -> Any:
        return await self._inner.store(
            key, [replace(record, settled=True) for record in records], writer=writer
        )


class _Reader:
    """Passes on what a reader says, unless `instead` finds another word for it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._rows: dict[str, Mapping[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def read(self, call: Call) -> Answer:
        try:
            answer: Answer = await self._inner.read(call)
        except (ScrollLostError, SourceUnavailableError) as error:
            instead = self.instead(call, error)
            if instead is None:
                raise
            return instead
        for row in answer.body.get("conversations", ()):
            self._rows[str(row["id"])] = row
        return answer

    def instead(self, call: Call, error: Exception) -> Answer | None:
        raise NotImplementedError


class _ScrollEndsAt404(_Reader):
    def instead(self, call: Call, error: Exception) -> Answer | None:
        lost = isinstance(error, ScrollLostError) and call.read is Read.COMPANY_SCROLL and call.query
        return Answer({"data": [], "scroll_param": "over"}, 1) if lost else None


class _EmptyIsAnswer(_Reader):
    def instead(self, call: Call, error: Exception) -> Answer | None:
        row = self._rows.get(call.id or "")
        if call.read is not Read.CONVERSATION or row is None or "(0 bytes)" not in str(error):
            return None
        parts = {"conversation_parts": [], "total_count": 0}
        return Answer({**row, "conversation_parts": parts}, int(row["updated_at"]) + 60)


class _TimeIsEnough:
    """Forgets what a row showed: only its time counts."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def store(self, key: Any, records: Sequence[Fingerprint], *, writer: str) -> Any:
        return await self._inner.store(key, [replace(record, row=None) for record in records], writer=writer)


def _readers(kind: type[_Reader]) -> Change:
    class Wrapped:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def reader(self, *arguments: Any, **named: Any) -> _Reader:
            return kind(self._inner.reader(*arguments, **named))

    return Wrapped


NO_OVERLAP = Assembly("no overlap", rules=lambda rules: replace(rules, overlap_seconds=0))
CURSOR_FIRST = Assembly("cursor before the last page", resources=_with_step("conversations:changed", _early))
AFTER_NOT_FROM = Assembly("> instead of >=", rules=lambda rules: _StrictRules(**asdict(rules)))
SAME_SECOND_IS_SAME = Assembly("only a later second counts", wrap_fingerprints=_AlwaysSettled)
SCROLL_ENDS_AT_404 = Assembly("404 ends the scroll", wrap_intercom=_readers(_ScrollEndsAt404))
ABSENT_IS_GONE = Assembly("absent is gone", resources=_with_step("companies", _absent_is_gone))
NO_LAG_GUARD = Assembly("no lag guard", claimed_overlap=lambda _: 0)
TIME_IS_ENOUGH = Assembly(
    "only a row's time is compared",
    rules=lambda rules: replace(rules, audit_calls_per_minute=0),
    wrap_fingerprints=_TimeIsEnough,
)
NO_AUDIT = Assembly("no audit", rules=lambda rules: replace(rules, audit_calls_per_minute=0))
EMPTY_IS_ANSWER = Assembly("an empty 200 is an answer", wrap_intercom=_readers(_EmptyIsAnswer))
