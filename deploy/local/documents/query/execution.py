"""Running a plan: documents that match, in the wanted order, read no further than the caller pulls."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from deploy.local.documents.codec import Document, decode, decode_each
from deploy.local.documents.errors import CommandError
from deploy.local.documents.query.sorting import SortOrder, sort_key
from deploy.local.documents.storage.scan import Leg, Source, count_leg, count_rows, scan_leg, scan_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deploy.local.documents.query.planner import Plan
    from deploy.local.documents.storage.catalog import Collection

_ROW_OVERHEAD_BYTES: Final = 200
"""What Python adds to each row held for a sort; keeps the memory limit honest for small documents."""


MAX_HEAP: Final = 10_000
"""A sort with a smaller limit keeps only that many rows; a larger one is bounded by bytes."""


class Match(NamedTuple):
    """One matching document: its row number, its bytes, and its decoded form if a check needed it."""

    rid: int
    body: bytes
    document: Document | None

    def decoded(self) -> Document:
        return self.document if self.document is not None else decode(self.body)


def run(source: Source, collection: Collection, plan: Plan) -> Iterator[Match]:
    """Yield what matches, in the plan's own order (the wanted one only if ``plan.is_sorted``)."""
    residual = plan.residual
    for rid, body in _rows(source, collection, plan):
        if residual is None:
            yield Match(rid, body, None)
        else:
            document = decode(body)
            if residual.matches(document):
                yield Match(rid, body, document)


def run_decoded(source: Source, collection: Collection, plan: Plan) -> Iterator[Document]:
    """`run`, with each match decoded."""
    documents = decode_each(body for _, body in _rows(source, collection, plan))
    return documents if plan.residual is None else filter(plan.residual.matches, documents)


def run_sorted(
    source: Source, collection: Collection, plan: Plan, sort: SortOrder, limit: int, max_bytes: int
) -> Iterator[Match]:
    """`run`, and a sort in memory where the plan does not give the order; ``limit`` 0 means no limit."""
    matches = run(source, collection, plan)
    if plan.is_sorted:
        return matches
    return iter(sort_in_memory(matches, sort, limit, max_bytes))


def sort_in_memory(matches: Iterable[Match], sort: SortOrder, limit: int, max_bytes: int) -> list[Match]:
    """Sort, keeping only the first ``limit``; raises code 292 where the memory limit would be passed."""
    if 0 < limit <= MAX_HEAP:
        keyed = ((sort_key(match.decoded(), sort), at, match) for at, match in enumerate(matches))
        return [match for _, _, match in heapq.nsmallest(limit, keyed)]
    held: list[tuple[bytes, Match]] = []
    size = 0
    for match in matches:
        held.append((sort_key(match.decoded(), sort), Match(match.rid, match.body, None)))
        size += len(match.body) + _ROW_OVERHEAD_BYTES
        if size > max_bytes:
            raise CommandError(
                f"Sort exceeded memory limit of {max_bytes} bytes; add an index for this order, or a limit",
                292,
            )
    held.sort(key=lambda pair: pair[0])
    return [match for _, match in (held[:limit] if limit else held)]


def count(source: Source, collection: Collection, plan: Plan) -> int:
    """How many documents match; counted by SQLite alone where the plan proves the filter."""
    if plan.empty:
        return 0
    if plan.residual is None and not plan.dedupe:
        if not plan.legs:
            return count_rows(source, collection)
        return sum(count_leg(source, collection, leg) for leg in plan.legs)
    return sum(1 for _ in run(source, collection, plan))


def _rows(source: Source, collection: Collection, plan: Plan) -> Iterator[tuple[int, bytes]]:
    if plan.empty:
        return
    if not plan.legs:
        yield from scan_rows(source, collection)
        return
    if plan.merge is not None:
        rows = _merged(source, collection, plan, plan.merge)
    else:
        rows = (
            (rid, body)
            for leg in plan.legs
            for _, rid, body in scan_leg(source, collection, leg, reverse=plan.reverse)
        )
    yield from _once(rows) if plan.dedupe else rows


def _once(rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    seen: set[int] = set()
    for rid, body in rows:
        if rid not in seen:
            seen.add(rid)
            yield rid, body


def _merged(
    source: Source, collection: Collection, plan: Plan, skips: tuple[int, ...]
) -> Iterator[tuple[int, bytes]]:
    """Read several legs side by side in the order of what follows their prefixes."""

    def keyed(leg: Leg, skip: int) -> Iterator[tuple[bytes, int, bytes]]:
        for key, rid, body in scan_leg(source, collection, leg, reverse=plan.reverse):
            yield key[skip:], rid, body

    streams = [keyed(leg, skip) for leg, skip in zip(plan.legs, skips, strict=True)]
    for _, rid, body in heapq.merge(*streams, key=_suffix, reverse=plan.reverse):
        yield rid, body


def _suffix(row: tuple[bytes, int, bytes]) -> Any:
    return row[:2]
