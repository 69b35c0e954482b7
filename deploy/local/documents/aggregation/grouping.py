"""$group and $bucket: documents gathered by a value, and how many a stage may hold at once."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final

from deploy.local.documents.aggregation.accumulators import compile_accumulator
from deploy.local.documents.aggregation.expressions import compile_expression
from deploy.local.documents.aggregation.values import comparison_key
from deploy.local.documents.errors import CommandError
from deploy.local.documents.paths import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deploy.local.documents.codec import Document

Stream = Any  # Iterator[Document]
Stage = Any  # Callable[[Stream], Stream]; plain aliases keep the signatures readable

MAX_HELD: Final = 500_000
"""Documents or groups that a stage may hold at once; beyond it the answer is error 292."""


def held(items: Iterable[Any], name: str) -> list[Any]:
    """All items, or error 292 where they are too many to hold."""
    result = list(islice(items, MAX_HELD + 1))
    if len(result) > MAX_HELD:
        raise CommandError(
            f"{name} would hold more than {MAX_HELD} documents in memory; narrow the $match", 292
        )
    return result


def group(operand: Any) -> Stage:
    if not isinstance(operand, dict) or "_id" not in operand:
        raise CommandError("a group specification must include an _id", 15955)
    identify = compile_expression(operand["_id"])
    fields = {name: compile_accumulator(name, spec) for name, spec in operand.items() if name != "_id"}

    def run(documents: Stream) -> Stream:
        groups: dict[bytes | str, tuple[Any, list[Any], list[Any]]] = {}
        for document in documents:
            identity = identify(document)
            if type(identity) is str:
                # Strings are equal where their keys are, and no key is a string.
                key: bytes | str = identity
            else:
                identity = None if identity is MISSING else identity
                key = comparison_key(identity)
            group = groups.get(key)
            if group is None:
                if len(groups) >= MAX_HELD:
                    raise CommandError(f"$group would hold more than {MAX_HELD} groups in memory", 292)
                accumulators = [make() for make, _ in fields.values()]
                steps = [
                    (accumulator.add, feed)
                    for accumulator, (_, feed) in zip(accumulators, fields.values(), strict=True)
                ]
                group = groups[key] = (identity, accumulators, steps)
            for add, feed in group[2]:
                add(feed(document))
        for identity, accumulators, _ in groups.values():
            results = (accumulator.result() for accumulator in accumulators)
            yield {"_id": identity, **dict(zip(fields, results, strict=True))}

    return run


def bucket(operand: Any) -> Stage:
    known = {"groupBy", "boundaries", "default", "output"}
    if not isinstance(operand, dict) or not set(operand) <= known or "groupBy" not in operand:
        raise CommandError("$bucket takes groupBy, boundaries, default and output", 40197)
    boundaries = operand.get("boundaries")
    if not isinstance(boundaries, list) or len(boundaries) < 2:  # noqa: PLR2004 - one bucket has two ends
        raise CommandError("The $bucket 'boundaries' field must be an array of at least 2 values", 40192)
    keys = [comparison_key(boundary) for boundary in boundaries]
    if any(left >= right for left, right in pairwise(keys)):
        raise CommandError("The 'boundaries' option to $bucket must be sorted in ascending order", 40194)
    locate = compile_expression(operand["groupBy"])
    output = operand.get("output", {"count": {"$sum": 1}})
    fields = {name: compile_accumulator(name, spec) for name, spec in output.items()}

    def run(documents: Stream) -> Stream:
        groups: dict[bytes, tuple[Any, list[Any]]] = {}
        for document in documents:
            start = _bucket_of(comparison_key(locate(document)), keys, boundaries, operand)
            group = groups.setdefault(comparison_key(start), (start, [make() for make, _ in fields.values()]))
            for accumulator, (_, feed) in zip(group[1], fields.values(), strict=True):
                accumulator.add(feed(document))
        for key in sorted(groups):
            start, accumulators = groups[key]
            results = (accumulator.result() for accumulator in accumulators)
            yield {"_id": start, **dict(zip(fields, results, strict=True))}

    return run


def _bucket_of(key: bytes, keys: list[bytes], boundaries: list[Any], operand: Document) -> Any:
    for low, high, start in zip(keys, keys[1:], boundaries, strict=False):
        if low <= key < high:
            return start
    if "default" not in operand:
        raise CommandError("$bucket found a value outside all boundaries and has no default", 40066)
    return operand["default"]
