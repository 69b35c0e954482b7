"""What each stage does to the stream of documents; a stage is compiled once and pulled lazily."""

from __future__ import annotations

import heapq
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from bson.int64 import Int64

from deploy.local.documents.aggregation.expressions import compile_expression
from deploy.local.documents.aggregation.grouping import bucket, group, held
from deploy.local.documents.errors import CommandError, FailedToParseError, UnsupportedError
from deploy.local.documents.paths import MISSING, as_mapping, split
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.query.operators import whole_number
from deploy.local.documents.query.projection import compile_projection, set_computed
from deploy.local.documents.query.sorting import parse_sort, sort_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploy.local.documents.codec import Document

Stream = Any  # Iterator[Document]
Stage = Any  # Callable[[Stream], Stream]; plain aliases keep the table below readable


def compile_pipeline(pipeline: Any) -> list[Stage]:
    """Compile all stages; raises by name for a stage that is not known."""
    if not isinstance(pipeline, list):
        raise FailedToParseError("a pipeline has to be an array")
    stages = []
    for specification in pipeline:
        if not isinstance(specification, dict) or len(specification) != 1:
            raise CommandError("A pipeline stage specification object must contain exactly one field.", 40323)
        ((name, operand),) = specification.items()
        if name not in _STAGES:
            raise UnsupportedError(f"the aggregation stage {name}")
        stages.append(_STAGES[name](operand))
    return stages


def run_pipeline(documents: Stream, stages: list[Stage]) -> Stream:
    for stage in stages:
        documents = stage(documents)
    return documents


def _match(operand: Any) -> Stage:
    node = parse_filter(operand)
    return lambda documents: (document for document in documents if node.matches(document))


def _project(operand: Any) -> Stage:
    project = compile_projection(operand, for_find=False)
    if project is None:
        raise CommandError("projection specification must have at least one field", 51272)
    return lambda documents: map(project, documents)


def _unset(operand: Any) -> Stage:
    names = operand if isinstance(operand, list) else [operand]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise CommandError("$unset specification must be a string or an array of strings", 31002)
    return _project(dict.fromkeys(names, 0))


def _add_fields(operand: Any) -> Stage:
    if not isinstance(operand, dict):
        raise CommandError("$addFields specification stage must be an object", 40272)
    fields = list(_computed_fields(operand, ()))

    def add(document: Document) -> Document:
        result = dict(document)
        for path, compute in fields:
            value = compute(document)
            if value is MISSING:
                _remove(result, path)
            else:
                set_computed(result, path, value)
        return result

    return lambda documents: map(add, documents)


def _computed_fields(
    operand: Document, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Callable[[Document], Any]]]:
    for name, value in operand.items():
        if not name or name.startswith("$"):
            raise CommandError(f"the field {name!r} cannot be set", 16410)
        path = (*above, *split(name))
        if isinstance(value, dict) and value and not next(iter(value)).startswith("$"):
            yield from _computed_fields(value, path)
        else:
            yield path, compile_expression(value)


def _remove(document: Document, path: tuple[str, ...]) -> None:
    if len(path) == 1:
        document.pop(path[0], None)
    elif isinstance(document.get(path[0]), dict):
        document[path[0]] = dict(document[path[0]])
        _remove(document[path[0]], path[1:])


def _sort(operand: Any) -> Stage:
    order = parse_sort(operand)
    if not order:
        raise CommandError("$sort stage must have at least one sort key", 15976)
    return lambda documents: iter(
        sorted(held(documents, "$sort"), key=lambda document: sort_key(document, order))
    )


def top(order: Any, limit: int) -> Stage:
    """A sort of which only the first documents are wanted; holds no more than those."""

    def run(documents: Stream) -> Stream:
        keyed = ((sort_key(document, order), at, document) for at, document in enumerate(documents))
        return (document for _, _, document in heapq.nsmallest(limit, keyed))

    return run


def positive(name: str, operand: Any, least: int) -> int:
    number = whole_number(operand)
    if number is None or number != operand or number < least:
        raise CommandError(f"the argument to {name} must be a whole number of at least {least}", 15958)
    return number


def _limit(operand: Any) -> Stage:
    number = positive("$limit", operand, 1)
    return lambda documents: islice(documents, number)


def _skip(operand: Any) -> Stage:
    number = positive("$skip", operand, 0)
    return lambda documents: islice(documents, number, None)


def _unwind(operand: Any) -> Stage:
    options = {"path": operand} if isinstance(operand, str) else operand
    if not isinstance(options, dict) or not set(options) <= {
        "path",
        "includeArrayIndex",
        "preserveNullAndEmptyArrays",
    }:
        raise CommandError("unrecognized option to $unwind stage", 28811)
    source = options.get("path")
    if not isinstance(source, str) or not source.startswith("$") or len(source) == 1:
        raise CommandError("path option to $unwind stage should be prefixed with a '$'", 28818)
    path = split(source[1:])
    position, keeps = options.get("includeArrayIndex"), bool(options.get("preserveNullAndEmptyArrays"))

    def unwind(document: Document) -> Iterator[Document]:
        value = _plain_value(document, path)
        if isinstance(value, list) and value:
            for at, item in enumerate(value):
                result = dict(document)
                set_computed(result, path, item)
                yield _with_position(result, position, Int64(at))
        elif value is not MISSING and value is not None and not isinstance(value, list):
            yield _with_position(dict(document), position, None)
        elif keeps:
            result = dict(document)
            if isinstance(value, list):
                _remove(result, path)
            yield _with_position(result, position, None)

    return lambda documents: (result for document in documents for result in unwind(document))


def _plain_value(document: Document, path: tuple[str, ...]) -> Any:
    value: Any = document
    for name in path:
        value = as_mapping(value)
        if not isinstance(value, dict):
            return MISSING
        value = value.get(name, MISSING)
    return value


def _with_position(document: Document, field: Any, position: Any) -> Document:
    if field:
        set_computed(document, split(field), position)
    return document


def _count(operand: Any) -> Stage:
    if not isinstance(operand, str) or not operand or operand.startswith("$") or "." in operand:
        raise CommandError("the count field must be a non-empty string without $ and dots", 40156)

    def run(documents: Stream) -> Stream:
        number = sum(1 for _ in documents)
        if number:
            yield {operand: number}

    return run


def _sort_by_count(operand: Any) -> Stage:
    gather, sort = group({"_id": operand, "count": {"$sum": 1}}), _sort({"count": -1})
    return lambda documents: sort(gather(documents))


def _replace_root(operand: Any) -> Stage:
    if not isinstance(operand, dict) or set(operand) != {"newRoot"}:
        raise CommandError("$replaceRoot needs exactly newRoot", 40229)
    return _replace_with(operand["newRoot"])


def _replace_with(operand: Any) -> Stage:
    evaluate = compile_expression(operand)

    def replace(document: Document) -> Document:
        value = as_mapping(evaluate(document))
        if not isinstance(value, dict):
            raise CommandError("'newRoot' expression must evaluate to an object", 40228)
        return value

    return lambda documents: map(replace, documents)


def _facet(operand: Any) -> Stage:
    if not isinstance(operand, dict) or not operand:
        raise CommandError("the $facet specification must be a non-empty object", 40169)
    for pipeline in operand.values():
        if isinstance(pipeline, list) and any(
            isinstance(stage, dict) and "$facet" in stage for stage in pipeline
        ):
            raise CommandError("$facet is not allowed to be used within a $facet stage", 40600)
    branches = {name: compile_pipeline(pipeline) for name, pipeline in operand.items()}

    def run(documents: Stream) -> Stream:
        everything = held(documents, "$facet")
        yield {name: list(run_pipeline(iter(everything), stages)) for name, stages in branches.items()}

    return run


_STAGES: Final[Mapping[str, Callable[[Any], Stage]]] = {
    "$match": _match,
    "$project": _project,
    "$addFields": _add_fields,
    "$set": _add_fields,
    "$unset": _unset,
    "$sort": _sort,
    "$limit": _limit,
    "$skip": _skip,
    "$group": group,
    "$unwind": _unwind,
    "$count": _count,
    "$sortByCount": _sort_by_count,
    "$replaceRoot": _replace_root,
    "$replaceWith": _replace_with,
    "$facet": _facet,
    "$bucket": bucket,
}
