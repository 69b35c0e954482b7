"""Paging by cursor: where the next page is, and how a walk over many pages remembers its position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from services.syncer.domain.concurrency import PageSize
from services.syncer.domain.fields import count, record, text
from services.syncer.errors import RequestRefusedError, SourceUnavailableError, WalkRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.syncer.domain.reads import Call
    from services.syncer.ports import Answer
    from services.syncer.resources.reading import Reading


_MOST_RESTARTS = 5
"""A cursor may expire while a run waits; one that is refused so often is refused whatever we do."""

_MOST_NUMBERED = 10_000
"""Pages of a list that is paged by number: Intercom's longest ends after as many rows (FACTS §5)."""


def next_cursor(body: Mapping[str, Any]) -> str | None:
    """Return the cursor of the next page; None on the last one, where `next` is absent or null (FACTS §5)."""
    following = record(body.get("pages")).get("next")
    if isinstance(following, dict):
        return text(following.get("starting_after"), 8_192)
    if isinstance(following, str):
        return next(iter(parse_qs(urlsplit(following).query).get("starting_after", ())), None)
    return None


def next_page(body: Mapping[str, Any]) -> int | None:
    """Return the number of the next page of a list that is paged by number; None on the last one."""
    following = record(body.get("pages")).get("next")
    if isinstance(following, dict):
        return count(following.get("page"))
    if isinstance(following, str):
        return count(next(iter(parse_qs(urlsplit(following).query).get("page", ())), None))
    return None


def total_count(body: Mapping[str, Any]) -> int | None:
    """Return the source's own count for the query, where it tells one."""
    return count(body.get("total_count"))


class Pages:
    """A walk by cursor inside a step's position, which survives any crash.

    Keys of the position: `after` (cursor of the next page), `size`, `good`, `breaks` (see PageSize), `from`
    (the source's clock when the walk began), `ended`, `pages` (how many came), `restarts`, and `mark`,
    `since`, `reach` (a cursor that came before, how many pages ago, and after how many another is kept).
    """

    def __init__(self, position: dict[str, Any]) -> None:
        self._position = position

    @property
    def ended(self) -> bool:
        return bool(self._position.get("ended"))

    @property
    def began_at(self) -> int:
        """The source's clock when the first page was given; only after it came."""
        return int(self._position["from"])

    @property
    def calls(self) -> int:
        return int(self._position.get("pages", 0))

    async def next(self, reading: Reading, call: Callable[[int, str | None], Call]) -> Answer:
        """Read the next page; `call` makes its request from a page size and a cursor.

        The walk starts again from the top when its cursor is no longer known, and asks for smaller pages
        where the source breaks on large ones.

        Raises:
            WalkRefusedError: it started again often enough.
        """
        after = self._position.get("after")
        size = PageSize(
            self._position.get("size", PageSize.LARGEST),
            self._position.get("good", 0),
            self._position.get("breaks", 0),
        )
        try:
            answer = await reading.intercom.read(call(size.size, after))
        except SourceUnavailableError as error:
            if error.overloaded:
                size.broke()
                self._remember(size)
            raise
        except RequestRefusedError as error:
            if after is None:
                raise
            raise self._again(f"A page's cursor was refused. {error}") from error
        size.came()
        self._remember(size)
        self._position.setdefault("from", answer.at)
        self._position["pages"] = self.calls + 1
        return answer

    def turn(self, answer: Answer) -> None:
        """Go on to the page after this one. Called when what the page held is safely kept or queued.

        Only a page that names no next one is the last. One whose next page cannot be asked for, or came
        before, as where a cursor is not heeded, has others behind it that nobody saw: the walk starts again.

        Raises:
            SourceUnavailableError: it starts again.
            WalkRefusedError: it started again often enough.
        """
        following = next_cursor(answer.body)
        if not record(answer.body.get("pages")).get("next"):
            self._position["ended"] = True
            self._position.pop("after", None)
        elif following is None or following == self._position.get("after"):
            raise self._again("A page leads to no other, though it is not the last.")
        elif self._came_before(following):
            raise self._again("A page leads back to one that came before it.")
        else:
            self._position["after"] = following

    def _came_before(self, following: str) -> bool:
        """Tell whether the walk goes in a circle, by one cursor that it keeps (Brent's algorithm).

        That one is replaced after twice as many pages each time, so that a circle of any length is found
        within a few rounds, and no walk remembers more than one cursor.
        """
        if following == self._position.get("mark"):
            return True
        reach, since = self._position.get("reach", 1), self._position.get("since", 0) + 1
        if since >= reach:
            self._position.update(mark=following, reach=reach * 2, since=0)
        else:
            self._position["since"] = since
        return False

    def end(self) -> None:
        """End the walk early: everything that follows is known to be too old."""
        self._position["ended"] = True

    def _again(self, why: str) -> SourceUnavailableError | WalkRefusedError:
        """Start again from the top; return what to raise, which after several starts gives the walk up."""
        for key in ("after", "mark", "since", "reach"):
            self._position.pop(key, None)
        return _started_again(self._position, why)

    def _remember(self, size: PageSize) -> None:
        self._position.update(size=size.size, good=size.good_pages, breaks=size.breaks)


def _started_again(position: dict[str, Any], why: str) -> SourceUnavailableError | WalkRefusedError:
    position["restarts"] = position.get("restarts", 0) + 1
    if position["restarts"] > _MOST_RESTARTS:
        return WalkRefusedError(f"It goes on after {_MOST_RESTARTS} restarts: {why}")
    return SourceUnavailableError(f"A walk is started again. {why}")


class NumberedPages:
    """A walk by page number inside a step's position; rows are counted, so that the page size may change.

    Keys of the position: `offset` (rows that went by), `size`, `good`, `breaks` (see PageSize), `from`,
    `ended`, `pages`, `restarts`.
    """

    def __init__(self, position: dict[str, Any], *, largest: int) -> None:
        self._position = position
        self._largest = largest
        self._page = 1
        self._rows = 0
        self._repeated = 0

    @property
    def repeated(self) -> int:
        """How many rows at the beginning of the page that `next` has just returned went by already."""
        return self._repeated

    @property
    def ended(self) -> bool:
        return bool(self._position.get("ended"))

    @property
    def began_at(self) -> int:
        return int(self._position["from"])

    @property
    def calls(self) -> int:
        return int(self._position.get("pages", 0))

    @property
    def first(self) -> bool:
        return not self._position.get("offset")

    @property
    def may_shrink(self) -> bool:
        """Whether a smaller page is left to be tried."""
        return int(self._position.get("size", self._largest)) > 1

    async def next(self, reading: Reading, call: Callable[[int, int], Call]) -> Answer:
        """Read the next page; `call` makes its request from a page size and a page number, from 1.

        After a change of size the page may begin with rows that went by already.
        """
        size = PageSize(
            min(self._position.get("size", self._largest), self._largest),
            self._position.get("good", 0),
            self._position.get("breaks", 0),
        )
        offset = self._position.get("offset", 0)
        page = offset // size.size + 1
        try:
            answer = await reading.intercom.read(call(size.size, page))
        except SourceUnavailableError as error:
            if error.overloaded:
                size.broke()
                self._position.update(size=size.size, good=size.good_pages, breaks=size.breaks)
            raise
        self._page, self._rows, self._repeated = page, page * size.size, offset % size.size
        size.came()
        self._position.update(size=size.size, good=size.good_pages, breaks=size.breaks)
        self._position.setdefault("from", answer.at)
        self._position["pages"] = self.calls + 1
        return answer

    def turn(self, answer: Answer) -> None:
        """Go on behind the page that `next` has just returned. Called when what it held is safely kept.

        Only a page that names no next one is the last. One whose next page cannot be understood, or does not
        come after it, as where the number is not heeded, has others behind it: the walk starts again.

        Raises:
            SourceUnavailableError: it starts again.
            WalkRefusedError: it started again often enough, or never ends.
        """
        if not record(answer.body.get("pages")).get("next"):
            self.end()
            return
        if self._page > _MOST_NUMBERED:
            raise WalkRefusedError(f"A list that is paged by number goes on after {_MOST_NUMBERED} pages.")
        following = next_page(answer.body)
        if following is None or following <= self._page:
            self._position.pop("offset", None)
            raise _started_again(self._position, "A page leads to none after it, though it is not the last.")
        self._position["offset"] = self._rows

    def end(self) -> None:
        """End the walk early: everything that follows is known, or of no use."""
        self._position["ended"] = True
