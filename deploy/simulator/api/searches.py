"""Searching and listing by cursor: POST /contacts/search, GET /contacts, and the same for conversations."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from deploy.simulator import paging, representations
from deploy.simulator.filters import EVERYTHING, Filter, compile_query
from deploy.simulator.indexes import TIME_FIELDS
from deploy.simulator.responses import ApiError, JsonResponse
from deploy.simulator.vocabularies import CONTACT_FIELDS, contact_vocabulary, conversation_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.simulator.api.call import Call
    from deploy.simulator.indexes import SearchIndex
    from deploy.simulator.paging import Cursor

CONTACTS_PER_SEARCH_PAGE = 50
CONTACTS_PER_LIST_PAGE = 10
CONVERSATIONS_PER_PAGE = 20

Row = tuple[tuple[Any, str], Any]


def search_contacts(call: Call) -> JsonResponse:
    body = call.body()
    compiled = compile_query(body.get("query"), contact_vocabulary(call.switches, call.workspace.timezone))
    field, descending = _contact_sort(body)
    size, cursor = _pagination(body, CONTACTS_PER_SEARCH_PAGE, field)
    return _contacts(call, compiled, field, size, cursor, descending=descending)


def list_contacts(call: Call) -> JsonResponse:
    size = paging.per_page(call.query.get("per_page"), CONTACTS_PER_LIST_PAGE)
    cursor = _cursor(call.query.get("starting_after"), "created_at")
    return _contacts(call, EVERYTHING, "created_at", size, cursor, descending=True)


def search_conversations(call: Call) -> JsonResponse:
    body = call.body()
    compiled = compile_query(body.get("query"), conversation_vocabulary(call.switches))
    field, descending = _conversation_sort(call, body)
    size, cursor = _pagination(body, CONVERSATIONS_PER_PAGE, field)
    return _conversations(call, compiled, field, size, cursor, descending=descending)


def list_conversations(call: Call) -> JsonResponse:
    """Newest change first (FACTS §6)."""
    size = paging.per_page(call.query.get("per_page"), CONVERSATIONS_PER_PAGE)
    cursor = _cursor(call.query.get("starting_after"), "updated_at")
    return _conversations(call, EVERYTHING, "updated_at", size, cursor, descending=True)


def _contact_sort(body: dict[str, Any]) -> tuple[str, bool]:
    sort = body.get("sort") or {}
    if not isinstance(sort, dict):
        raise ApiError(400, "data_invalid", "sort must be an object")
    field, order = sort.get("field", "created_at"), sort.get("order", "descending")
    if field not in CONTACT_FIELDS:
        raise ApiError(400, "invalid_field", f"{field} is not a field to sort by")
    if order not in ("ascending", "descending"):
        raise ApiError(400, "invalid_sort_order", "sort order must be ascending or descending")
    return field, order == "descending"


def _conversation_sort(call: Call, body: dict[str, Any]) -> tuple[str, bool]:
    sort = body.get("sort")
    if call.switches.conversation_sort == "ignored":
        return "created_at", True
    if not isinstance(sort, dict):
        return "updated_at", True
    field = sort.get("field", "updated_at")
    # Sorting is not in the vendor's schema; fields without an order of their own fall back to the default.
    return (field if field in TIME_FIELDS else "updated_at"), sort.get("order") not in ("ascending", "asc")


def _pagination(body: dict[str, Any], default: int, field: str) -> tuple[int, Cursor | None]:
    pagination = body.get("pagination") or {}
    if not isinstance(pagination, dict):
        raise ApiError(400, "parameter_invalid", "pagination must be an object")
    size = paging.per_page(pagination.get("per_page"), default)
    return size, _cursor(pagination.get("starting_after"), field)


def _cursor(text: object, field: str) -> Cursor | None:
    if text is None:
        return None
    cursor = paging.decode(text)
    if cursor.field != field:
        # Changing or leaving out the sort on a further page breaks the search (FACTS §5).
        raise ApiError(500, "server_error", "Something went wrong")
    return cursor


def _page(
    index: SearchIndex[Any],
    compiled: Filter,
    field: str,
    size: int,
    cursor: Cursor | None,
    *,
    descending: bool,
) -> tuple[list[Row], Row | None]:
    """The rows of a page, and the first row of the next page if there is one."""
    if field in TIME_FIELDS:
        after = None if cursor is None else (int(cursor.value), cursor.id)
        rows: Iterator[Row] = index.walk(compiled, field, descending=descending, after=after)
    else:
        rows = _sorted_rows(index, compiled, CONTACT_FIELDS[field].read, cursor, descending=descending)
    found = list(islice(rows, size + 1))
    return found[:size], found[size] if len(found) > size else None


def _sorted_rows(
    index: SearchIndex[Any],
    compiled: Filter,
    read: Callable[[Any], Any],
    cursor: Cursor | None,
    *,
    descending: bool,
) -> Iterator[Row]:
    def key(thing: Any) -> tuple[str, str]:
        value = read(thing)
        text = f"{value:020d}" if isinstance(value, int) else str(value or "")
        return text, thing.id

    rows = sorted(((key(thing), thing) for thing in index.all_matching(compiled)), key=lambda row: row[0])
    if descending:
        rows.reverse()
    if cursor is None:
        return iter(rows)
    place = (str(cursor.value), cursor.id)
    return (row for row in rows if (row[0] < place if descending else row[0] > place))


def _contacts(
    call: Call, compiled: Filter, field: str, size: int, cursor: Cursor | None, *, descending: bool
) -> JsonResponse:
    call.page_size = size
    number = 1 if cursor is None else cursor.page + 1
    if call.blind:
        return JsonResponse(
            {"type": "list", "data": [], "total_count": 0, "pages": paging.cursor_pages(1, size, 0, None)}
        )
    index = call.tenant.contacts
    rows, following = _page(index, compiled, field, size, cursor, descending=descending)
    call.in_bad_stretch = _in_bad_stretch(rows, call)
    total = index.count(compiled)
    pages = paging.cursor_pages(number, size, total, _next(rows, following, number, field))
    data = [representations.contact(row, call.workspace) for _, row in rows]
    if following is not None and call.switches.rows_move:
        call.simulation.move_row(call.tenant, following[1])
    return JsonResponse({"type": "list", "data": data, "total_count": total, "pages": pages})


def _conversations(
    call: Call, compiled: Filter, field: str, size: int, cursor: Cursor | None, *, descending: bool
) -> JsonResponse:
    call.page_size = size
    number = 1 if cursor is None else cursor.page + 1
    body: dict[str, Any] = {"type": "conversation.list"}
    if call.blind:
        pages = paging.cursor_pages(1, size, 0, None)
        return JsonResponse(body | {"pages": pages, "total_count": 0, "conversations": []})
    index = call.tenant.conversations
    rows, following = _page(index, compiled, field, size, cursor, descending=descending)
    call.in_bad_stretch = _in_bad_stretch(rows, call)
    total = index.count(compiled)
    pages = paging.cursor_pages(number, size, total, _next(rows, following, number, field))
    found = [representations.conversation(row, call.workspace) for _, row in rows]
    if following is not None and call.switches.rows_move:
        call.simulation.move_row(call.tenant, following[1])
    return JsonResponse(body | {"pages": pages, "total_count": total, "conversations": found})


def _in_bad_stretch(rows: list[Row], call: Call) -> bool:
    begin, end = call.switches.bad_stretch_from, call.switches.bad_stretch_to
    return begin < end and any(begin <= thing.updated_at < end for _, thing in rows)


def _next(rows: list[Row], following: Row | None, number: int, field: str) -> Cursor | None:
    if following is None:
        return None
    (value, row_id), _ = rows[-1]
    return paging.Cursor(value, row_id, number, field)
