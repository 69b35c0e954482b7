"""explain: which plan a command would use, enough to see whether an index serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.local.documents.commands.call import Call, document_argument, reply
from deploy.local.documents.errors import UnsupportedError
from deploy.local.documents.query.clauses import parse_filter
from deploy.local.documents.query.execution import count
from deploy.local.documents.query.planner import Plan, plan
from deploy.local.documents.query.sorting import parse_sort
from deploy.local.documents.storage.catalog import ID_INDEX_NAME, check_collection_name

if TYPE_CHECKING:
    from deploy.local.documents.codec import Document
    from deploy.local.documents.storage.catalog import Collection
    from deploy.local.documents.storage.scan import Leg
    from deploy.local.documents.storage.sessions import ReadSession


def explain(call: Call, session: ReadSession) -> bytes:
    """``queryPlanner`` and, beyond that verbosity, ``executionStats`` with the number of matches."""
    call.allow("verbosity")
    inner = document_argument(call.body, "explain")
    name = next(iter(inner), "")
    query, sort = _query_of(name, inner)
    collection_name = check_collection_name(inner[name])
    source = session.source(call.database)
    collection = session.catalog(call.database).get(collection_name)
    node, order = parse_filter(query), parse_sort(sort)
    fields: Document = {"explainVersion": "1", "command": inner}
    namespace = f"{call.database}.{collection_name}"
    if source is None or collection is None:
        fields["queryPlanner"] = {
            "namespace": namespace,
            "winningPlan": {"stage": "EOF"},
            "rejectedPlans": [],
        }
        return reply(fields)
    chosen = plan(collection, node, order, inner.get("hint") or None)
    fields["queryPlanner"] = {
        "namespace": namespace,
        "parsedQuery": query,
        "winningPlan": describe(chosen, query, sort),
        "rejectedPlans": [],
    }
    if call.body.get("verbosity") != "queryPlanner":
        fields["executionStats"] = _statistics(chosen, count(source, collection, chosen), source, collection)
    return reply(fields)


def _query_of(name: str, inner: Document) -> tuple[Any, Any]:
    if name == "find":
        return document_argument(inner, "filter"), inner.get("sort")
    if name in {"count", "distinct", "findAndModify", "findandmodify"}:
        return document_argument(inner, "query"), inner.get("sort")
    if name in {"update", "delete"}:
        (statement,) = inner["updates" if name == "update" else "deletes"]
        return document_argument(statement, "q"), None
    if name == "aggregate":
        return _leading(inner.get("pipeline") or [])
    raise UnsupportedError(f"explain of {name!r}")


def _leading(pipeline: list[Any]) -> tuple[Any, Any]:
    """The filter and sort of a pipeline's beginning: what is answered by an index."""
    matches: list[Any] = []
    for at, stage in enumerate(pipeline):
        if list(stage) != ["$match"]:
            sort = stage["$sort"] if list(stage) == ["$sort"] else None
            return ({"$and": matches} if matches else {}), sort if at <= len(matches) else None
        matches.append(stage["$match"])
    return ({"$and": matches} if matches else {}), None


def describe(chosen: Plan, query: Any, sort: Any) -> Document:
    """A plan in the shape of MongoDB's winningPlan: FETCH over IXSCAN, COLLSCAN, EOF, SORT on top."""
    if chosen.empty:
        stage: Document = {"stage": "EOF"}
    elif not chosen.legs:
        stage = {"stage": "COLLSCAN", "direction": "forward", "filter": query}
    else:
        scan = _scan(chosen)
        stage = {"stage": "FETCH", "inputStage": scan}
        if chosen.residual is not None:
            stage["filter"] = query
    if not chosen.is_sorted:
        stage = {"stage": "SORT", "sortPattern": sort, "inputStage": stage}
    return stage


def _scan(chosen: Plan) -> Document:
    scans = []
    for name in chosen.index_names:
        legs = [leg for leg in chosen.legs if (leg.index.name if leg.index else ID_INDEX_NAME) == name]
        scans.append(
            {
                "stage": "IXSCAN",
                "indexName": name,
                "keyPattern": legs[0].index.key_pattern if legs[0].index else {"_id": 1},
                "isMultiKey": bool(legs[0].index and legs[0].index.multikey),
                "direction": "backward" if chosen.reverse else "forward",
                "intervals": len(legs),
            }
        )
    return scans[0] if len(scans) == 1 else {"stage": "OR", "inputStages": scans}


def _statistics(chosen: Plan, returned: int, source: Any, collection: Collection) -> Document:
    legs: tuple[Leg, ...] = chosen.legs
    proven = Plan(legs, None, is_sorted=True, empty=chosen.empty)
    examined = count(source, collection, proven)
    return {
        "executionSuccess": True,
        "nReturned": returned,
        "totalKeysExamined": examined if legs else 0,
        "totalDocsExamined": examined,
    }
