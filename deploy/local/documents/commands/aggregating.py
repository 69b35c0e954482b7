"""aggregate: the beginning of a pipeline is answered by SQLite, the rest by stages in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.local.documents.aggregation.stages import compile_pipeline, positive, run_pipeline, top
from deploy.local.documents.codec import encode
from deploy.local.documents.commands.call import Call, document_argument, number_argument
from deploy.local.documents.commands.cursors import FIRST_BATCH, OpenCursor
from deploy.local.documents.commands.reading import first_batch
from deploy.local.documents.errors import FailedToParseError, UnsupportedError
from deploy.local.documents.query.clauses import And, parse_filter
from deploy.local.documents.query.execution import count, run_decoded, run_sorted
from deploy.local.documents.query.planner import Plan, plan
from deploy.local.documents.query.sorting import SortOrder, parse_sort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.documents.codec import Document
    from deploy.local.documents.storage.catalog import Collection
    from deploy.local.documents.storage.scan import Source
    from deploy.local.documents.storage.sessions import ReadSession


@dataclass(frozen=True, slots=True)
class Leading:
    """The part of a pipeline that a plan answers: filters, then perhaps a sort, then perhaps a limit."""

    node: And
    order: SortOrder
    limit: int
    rest: list[Any]


def leading_part(pipeline: list[Any]) -> Leading:
    at, filters = 0, []
    while at < len(pipeline) and list(pipeline[at]) == ["$match"]:
        filters.append(parse_filter(pipeline[at]["$match"]))
        at += 1
    order: SortOrder = ()
    limit = 0
    if at < len(pipeline) and list(pipeline[at]) == ["$sort"] and pipeline[at]["$sort"]:
        order = parse_sort(pipeline[at]["$sort"])
        at += 1
        limit = _needed(pipeline[at:])
    return Leading(And(tuple(filters)), order, limit, pipeline[at:])


def _needed(following: list[Any]) -> int:
    """How many sorted documents the next stages look at; 0 means all."""
    skipped = 0
    for stage in following:
        if list(stage) == ["$skip"]:
            skipped += positive("$skip", stage["$skip"], 0)
        elif list(stage) == ["$limit"]:
            return skipped + positive("$limit", stage["$limit"], 1)
        else:
            return 0
    return 0


def aggregate(call: Call, session: ReadSession) -> bytes:
    call.allow("pipeline", "cursor", "hint", "allowDiskUse", "explain", "let")
    if call.body.get("explain") or call.body.get("let"):
        raise UnsupportedError(
            "the option 'explain' or 'let' of aggregate", "use the explain command, or the values"
        )
    if not isinstance(call.body["aggregate"], str):
        raise UnsupportedError("an aggregation without a collection")
    name, pipeline = call.collection_name(), call.body.get("pipeline")
    if not isinstance(pipeline, list) or not all(isinstance(stage, dict) for stage in pipeline):
        raise FailedToParseError("'pipeline' has to be an array of documents")
    if "cursor" not in call.body:
        raise FailedToParseError(
            "The 'cursor' option is required, except for aggregate with the explain argument"
        )
    size = number_argument(document_argument(call.body, "cursor"), "batchSize", FIRST_BATCH)
    compile_pipeline(pipeline)
    source = session.source(call.database)
    collection = session.catalog(call.database).get(name)
    documents = _results(call, pipeline, source, collection)
    identity = collection.uuid if collection is not None else None
    return first_batch(
        call, OpenCursor(call.namespace(), source if collection else None, documents, identity), size
    )


def _results(
    call: Call, pipeline: list[Any], source: Source | None, collection: Collection | None
) -> Iterator[bytes]:
    leading = leading_part(pipeline)
    if source is None or collection is None:
        return map(encode, run_pipeline(iter(()), compile_pipeline(leading.rest)))
    chosen = plan(collection, leading.node, leading.order, call.body.get("hint") or None)
    counted = _counted(leading, chosen, source, collection)
    if counted is not None:
        return iter([encode(document) for document in counted])
    if not leading.rest:
        matches = run_sorted(source, collection, chosen, leading.order, 0, call.settings.max_sort_bytes)
        return (match.body for match in matches)
    if chosen.is_sorted:
        ordered = run_decoded(source, collection, chosen)
    elif leading.limit:
        ordered = top(leading.order, leading.limit)(run_decoded(source, collection, chosen))
    else:
        matches = run_sorted(source, collection, chosen, leading.order, 0, call.settings.max_sort_bytes)
        ordered = (match.decoded() for match in matches)
    return map(encode, run_pipeline(ordered, compile_pipeline(leading.rest)))


def _counted(leading: Leading, chosen: Plan, source: Source, collection: Collection) -> list[Document] | None:
    """The answer of a pipeline that only counts, as drivers' count_documents sends it; None for others."""
    if len(leading.rest) != 1 or leading.order:
        return None
    ((name, operand),) = leading.rest[0].items()
    if name == "$count":
        number = count(source, collection, chosen)
        return [{operand: number}] if number else []
    if name != "$group" or len(operand) != 2:  # noqa: PLR2004 - _id and the number
        return None
    field = next((key for key in operand if key != "_id"), "")
    identity = operand.get("_id")
    if operand.get(field) != {"$sum": 1} or isinstance(identity, str | dict | list):
        return None
    number = count(source, collection, chosen)
    return [{"_id": identity, field: number}] if number else []
