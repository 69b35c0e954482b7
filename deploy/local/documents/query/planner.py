"""Which index answers a filter and a sort, and what is left to check document by document.

Order of preference: a whole unique key, the longest run of fields held equal, then a range or the wanted
order. Where an index holds arrays, only as many bounds are used as every matching document must satisfy
with one single element.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bson import ObjectId

from deploy.local.documents.errors import BadValueError
from deploy.local.documents.keys import encode_key, invert
from deploy.local.documents.query.bounds import Bound, Span, after, bounds_of
from deploy.local.documents.query.clauses import And, Clause, Node, Or
from deploy.local.documents.query.sorting import SortOrder, parse_sort
from deploy.local.documents.storage.catalog import ID_INDEX_NAME
from deploy.local.documents.storage.scan import Leg

if TYPE_CHECKING:
    from deploy.local.documents.paths import Path
    from deploy.local.documents.storage.catalog import Collection, Index

MAX_LEGS: Final = 20_000
"""Intervals of one plan; a filter that needs more is answered by another index or by reading all."""

_ID: Final = ("_id",)
_ID_ORDER: Final[SortOrder] = ((_ID, 1),)
_PLAIN: Final = (str, int, ObjectId)


class Plan(NamedTuple):
    """How to read a collection.

    Attributes:
        legs: Intervals to read; none means every row.
        residual: What the legs do not prove, or None.
        is_sorted: Whether the legs, read in order, give the wanted sort.
        reverse: Whether to read backwards.
        dedupe: Whether a document can turn up more than once.
        merge: Bytes to skip in each leg's keys so that what follows is in the wanted order; None if the
            legs are read one after another.
        empty: Whether the bounds contradict each other.
    """

    legs: tuple[Leg, ...]
    residual: Node | None
    is_sorted: bool
    reverse: bool = False
    dedupe: bool = False
    merge: tuple[int, ...] | None = None
    empty: bool = False

    @property
    def index_names(self) -> list[str]:
        return list(dict.fromkeys(leg.index.name if leg.index else ID_INDEX_NAME for leg in self.legs))


@dataclass(slots=True)
class _Candidate:
    index: Index | None
    order: SortOrder
    prefixes: list[bytes] = field(default_factory=lambda: [b""])
    span: Span | None = None
    span_direction: int = 1
    equal: int = 0
    used: list[Bound] = field(default_factory=list)
    empty: bool = False

    @property
    def multikey(self) -> frozenset[int]:
        return self.index.multikey if self.index else frozenset()

    @property
    def is_whole(self) -> bool:
        return self.equal == len(self.order)

    def legs(self) -> tuple[Leg, ...]:
        if self.is_whole:
            return tuple(Leg(self.index, prefix, after(prefix), point=True) for prefix in self.prefixes)
        if self.span is None:
            # An untouched index is read whole; no key starts with 0xFF.
            return tuple(
                Leg(self.index, prefix, after(prefix) if prefix else b"\xff") for prefix in self.prefixes
            )
        limits = (self.span.limits(prefix, self.span_direction) for prefix in self.prefixes)
        return tuple(Leg(self.index, low, high) for low, high in limits if low < high)


def plan(collection: Collection, node: And, sort: SortOrder, hint: Any = None) -> Plan:
    """Choose how to read the collection; raises `BadValueError` for a hint that names no index."""
    if hint is None and (direct := _by_identity(node)) is not None:
        return direct
    if hint is not None and _is_natural(hint):
        return Plan((), _residual(node, ()), is_sorted=not sort)
    bounds: dict[Path, list[Bound]] = {}
    for path, bound in bounds_of(node):
        bounds.setdefault(path, []).append(bound)
    candidates = _candidates(collection, bounds, sort, hint)
    scored = [(_score(candidate, sort), candidate) for candidate in candidates]
    if scored:
        score, best = max(scored, key=lambda pair: pair[0])
        if hint is not None or score > (0, 0, 0, 0):
            return _finish(best, node, sort)
    return _plan_alternatives(collection, node, sort) or Plan((), _residual(node, ()), is_sorted=not sort)


def _by_identity(node: And) -> Plan | None:
    """The plan for one document by its plain ``_id``: nothing can beat it."""
    found = identity_of(node)
    if found is None:
        return None
    key, rest = found
    return Plan((Leg(None, key, after(key), point=True),), rest, is_sorted=True)


def identity_of(node: And) -> tuple[bytes, And | None] | None:
    """The key of the one document that a filter by plain ``_id`` can mean, and what is left to ask of it."""
    for child in node.children:
        if (
            isinstance(child, Clause)
            and child.path == _ID
            and child.operator == "$eq"
            and child.opens
            and isinstance(child.operand, _PLAIN)
            and not isinstance(child.operand, bool)
        ):
            rest = tuple(other for other in node.children if other is not child)
            return encode_key(child.operand), And(rest) if rest else None
    return None


def _is_natural(hint: Any) -> bool:
    return isinstance(hint, dict) and list(hint) == ["$natural"]


def _candidates(
    collection: Collection, bounds: dict[Path, list[Bound]], sort: SortOrder, hint: Any
) -> list[_Candidate]:
    indexes: list[Index | None] = [None, *collection.indexes]
    if hint is not None:
        indexes = [_hinted(collection, hint)]
    result = []
    for index in indexes:
        order = index.order if index else _ID_ORDER
        if hint is None and not sort and order[0][0] not in bounds:
            continue  # nothing is known of its first field, and nobody asks for its order
        candidate = _Candidate(index, order)
        _narrow(candidate, bounds)
        if index is None or not index.sparse or any(bound.excludes_missing for bound in candidate.used):
            result.append(candidate)
        elif hint is not None:
            raise BadValueError(
                f"the hinted index {index.name} is sparse and cannot answer this filter whole"
            )
    return result


def _hinted(collection: Collection, hint: Any) -> Index | None:
    if hint in (ID_INDEX_NAME, {"_id": 1}):
        return None
    for index in collection.indexes:
        if index.name == hint or (isinstance(hint, dict) and index.order == parse_sort(hint)):
            return index
    raise BadValueError("planner returned error :: hint provided does not correspond to an existing index")


def _narrow(candidate: _Candidate, bounds: dict[Path, list[Bound]]) -> None:
    """Use the bounds of the index's leading fields: points as long as there are any, then one range."""
    array_source: Any = None
    for at, (path, direction) in enumerate(candidate.order):
        usable = bounds.get(path, [])
        if at in candidate.multikey:
            if array_source is not None:
                # Two fields of one array: only bounds from the same $elemMatch speak of the same element.
                usable = [bound for bound in usable if bound.clause is array_source and _is_element(bound)]
            if usable:
                usable = [min(usable, key=_width)]
                array_source = usable[0].clause
        pointed = [bound for bound in usable if bound.points is not None]
        if not pointed:
            _narrow_range(candidate, usable, direction)
            return
        chosen = pointed[0] if len(pointed) == 1 else min(pointed, key=_width)
        points = chosen.points or ()
        if len(points) * len(candidate.prefixes) > MAX_LEGS:
            return
        if direction < 0:
            points = tuple(sorted(map(invert, points)))
        candidate.prefixes = [prefix + point for prefix, point in product(candidate.prefixes, points)]
        candidate.used.append(chosen)
        candidate.equal += 1
        candidate.empty = candidate.empty or not points


def _is_element(bound: Bound) -> bool:
    return isinstance(bound.clause, Clause) and bound.clause.inner is not None


def _width(bound: Bound) -> int:
    return len(bound.points) if bound.points is not None else MAX_LEGS + 1


def _narrow_range(candidate: _Candidate, usable: list[Bound], direction: int) -> None:
    spans = [(bound, bound.span) for bound in usable if bound.span is not None]
    if not spans:
        return
    span = spans[0][1]
    for _, other in spans[1:]:
        low = max((span.low, span.low_open), (other.low, other.low_open))
        # An upper limit that is the start of another is the wider of the two.
        high = min((span, other), key=lambda one: after(one.high) if not one.high_open else one.high)
        span = Span(low[0], high.high, low[1], high.high_open)
    low_bytes, high_bytes = span.limits(b"", 1)
    candidate.span, candidate.span_direction = span, direction
    candidate.used += [bound for bound, _ in spans]
    candidate.empty = candidate.empty or low_bytes >= high_bytes


def _score(candidate: _Candidate, sort: SortOrder) -> tuple[int, int, int, int]:
    unique = candidate.index is None or candidate.index.unique
    whole = int(unique and candidate.is_whole and len(candidate.prefixes) == 1)
    ordered = int(bool(sort) and _order_given(candidate, sort) is not None)
    return whole, candidate.equal, ordered + int(candidate.span is not None), ordered


def _order_given(candidate: _Candidate, sort: SortOrder) -> bool | None:
    """Whether the index gives the sort: False forwards, True backwards, None not at all."""
    fixed = {
        path: at
        for at, (path, _) in enumerate(candidate.order[: candidate.equal])
        if at not in candidate.multikey
    }
    constant = set(fixed) if len(candidate.prefixes) == 1 else set()
    wanted = [(path, direction) for path, direction in sort if path not in constant]
    position, backwards = candidate.equal, None
    for path, direction in wanted:
        if position >= len(candidate.order) or position in candidate.multikey:
            return None
        own_path, own_direction = candidate.order[position]
        if own_path != path or (backwards is not None and backwards != (own_direction != direction)):
            return None
        backwards = own_direction != direction
        position += 1
    if len(candidate.prefixes) > 1 and any(path in fixed for path, _ in wanted):
        return None
    return bool(backwards)


def _finish(candidate: _Candidate, node: And, sort: SortOrder) -> Plan:
    given = _order_given(candidate, sort)
    legs = candidate.legs()
    merge = (
        tuple(len(prefix) for prefix in candidate.prefixes)
        if sort and given is not None and len(legs) > 1
        else None
    )
    if merge is not None and len(merge) != len(legs):
        merge, given = None, None
    return Plan(
        legs,
        _residual(node, tuple(bound for bound in candidate.used if bound.exact)),
        is_sorted=not sort or given is not None,
        reverse=bool(given),
        dedupe=bool(candidate.multikey),
        merge=merge,
        empty=candidate.empty or not legs,
    )


def _plan_alternatives(collection: Collection, node: And, sort: SortOrder) -> Plan | None:
    """A filter whose only bounds are inside an ``$or``: every branch by its own index, or not at all."""
    for child in node.children:
        if not isinstance(child, Or) or not child.children:
            continue
        plans = [plan(collection, branch, ()) for branch in child.children if isinstance(branch, And)]
        if len(plans) == len(child.children) and all(one.legs or one.empty for one in plans):
            legs = tuple(leg for one in plans for leg in one.legs)
            if len(legs) <= MAX_LEGS:
                return Plan(legs, node, is_sorted=not sort, dedupe=True, empty=not legs)
    return None


def _residual(node: And, proven: tuple[Bound, ...]) -> Node | None:
    """The filter without the clauses that the bounds prove."""
    done = {id(bound.clause) for bound in proven}
    rest = tuple(_without(child, done) for child in node.children)
    kept = tuple(child for child in rest if child is not None)
    return And(kept) if kept else None


def _without(node: Node, done: set[int]) -> Node | None:
    if id(node) in done:
        return None
    if isinstance(node, And):
        kept = tuple(
            child for child in (_without(child, done) for child in node.children) if child is not None
        )
        return And(kept) if kept else None
    return node
