"""Reading single things and whole lists: everything that is not found by a search."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from deploy.simulator import paging, representations
from deploy.simulator.responses import ApiError, JsonResponse, RawResponse, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deploy.simulator.api.call import Call
    from deploy.simulator.model import Company, Contact, DataAttribute

LONGEST_MERGE_CHAIN = 3
"""Hops that the Link header of a merged contact follows (FACTS §3)."""

DELETED_PER_PAGE, MOST_DELETED_PER_PAGE = 20, 60
COMPANIES_PER_PAGE, MOST_COMPANIES_PER_PAGE = 15, 60
COMPANIES_PER_CONTACT_PAGE = 50
NGINX_404 = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
    b"<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def me(call: Call) -> JsonResponse:
    """Answers in every region: only the data is missing in the wrong one."""
    first = next(admin for admin in call.workspace.admins.values() if not admin.is_bot)
    return JsonResponse(representations.me(first, call.workspace))


def admins(call: Call) -> JsonResponse:
    found = [] if call.blind else [representations.admin(each) for each in call.workspace.admins.values()]
    return JsonResponse({"type": "admin.list", "admins": found})


def admin(call: Call) -> JsonResponse:
    found = call.workspace.admins.get(call.path["id"])
    if found is None or call.blind:
        raise not_found("Admin", "admin_not_found")
    return JsonResponse(representations.admin(found))


def teams(call: Call) -> JsonResponse:
    found = [] if call.blind else [representations.team(each) for each in call.workspace.teams.values()]
    return JsonResponse({"type": "team.list", "teams": found})


def team(call: Call) -> JsonResponse:
    found = call.workspace.teams.get(call.path["id"])
    if found is None or call.blind:
        raise not_found("Team", "team_not_found")
    return JsonResponse(representations.team(found))


def tags(call: Call) -> JsonResponse:
    found = [] if call.blind else [representations.tag(each) for each in call.workspace.tags.values()]
    return JsonResponse({"type": "list", "data": found})


def segments(call: Call) -> JsonResponse:
    counted = call.query.get("include_count") == "true"
    found = [] if call.blind else list(call.workspace.segments.values())
    rows = [
        representations.segment(
            each,
            sum(each.id in contact.segment_ids for contact in call.workspace.contacts) if counted else None,
        )
        for each in found
    ]
    return JsonResponse({"type": "segment.list", "segments": rows})


def data_attributes(call: Call) -> JsonResponse:
    model = call.query.get("model")
    if model == "conversation":
        raise ApiError(422, "parameter_invalid", "model must be contact or company")
    return _attributes(call, {model} if model else {"contact", "company"}, representations.data_attribute)


def conversation_attributes(call: Call) -> JsonResponse:
    return _attributes(call, {"conversation"}, representations.conversation_attribute)


def _attributes(
    call: Call, models: set[str], shown_as: Callable[[DataAttribute, int, int], dict[str, Any]]
) -> JsonResponse:
    found = [] if call.blind else call.workspace.attributes
    rows = [
        shown_as(each, number, call.workspace.created_at)
        for number, each in enumerate(found, start=12_001)
        if each.model in models
    ]
    return JsonResponse({"type": "list", "data": rows})


def _contact(call: Call) -> Contact:
    """The contact of the path. 410 with a Link for a merged one, 404 for none, archived or another region."""
    found = call.workspace.contacts.get(call.path["id"])
    if found is None or call.blind or found.archived:
        raise not_found("User")
    if found.merged_into is None:
        return found
    if call.switches.merged_contacts == "not_found":
        raise not_found("User")
    target = found.merged_into
    for _ in range(LONGEST_MERGE_CHAIN - 1):
        following = call.workspace.contacts.get(target)
        if following is None or following.merged_into is None:
            break
        target = following.merged_into
    raise ApiError(
        410,
        "contact_merged",
        "This contact has been merged. See the 'Link' header for the canonical contact.",
        headers={"Link": f'</contacts/{target}>; rel="canonical"'},
    )


def contact(call: Call) -> JsonResponse:
    return JsonResponse(representations.contact(_contact(call), call.workspace))


def contact_companies(call: Call) -> JsonResponse:
    """The rows come under `data`, whatever the schema says (FACTS §8)."""
    found = _contact(call)
    rows = [call.workspace.companies.get(company_id) for company_id in found.company_ids]
    alive = [row for row in rows if row is not None and not row.archived]
    return _numbered(call, alive, COMPANIES_PER_CONTACT_PAGE, f"/contacts/{found.id}/companies")


def contact_tags(call: Call) -> JsonResponse:
    found = _contact(call)
    rows = [call.workspace.tags[tag_id] for tag_id in found.tag_ids if tag_id in call.workspace.tags]
    return JsonResponse({"type": "list", "data": [representations.tag(each) for each in rows]})


def contact_segments(call: Call) -> JsonResponse:
    found = _contact(call)
    known = call.workspace.segments
    rows = [representations.segment(known[each]) for each in found.segment_ids if each in known]
    return JsonResponse({"type": "list", "data": rows})


def merge_history(call: Call) -> JsonResponse:
    """Pages by `cursor` and `next_cursor`; only users have a history."""
    found = _contact(call)
    if found.role != "user":
        raise not_found("Contact")
    merges = [merge for merge in call.workspace.merges if merge.into_id == found.id]
    if call.query.get("order", "desc") != "asc":
        merges.reverse()
    size = paging.per_page(call.query.get("per_page"), COMPANIES_PER_CONTACT_PAGE)
    call.page_size = size
    cursor = call.query.get("cursor")
    start = 0 if cursor is None else int(paging.decode(cursor).value)
    rows = [
        {
            "type": "merge_history",
            "source_contact_id": merge.source_id,
            "source_contact_role": merge.source_role,
            "merged_at": merge.merged_at,
        }
        for merge in merges[start : start + size]
    ]
    more = start + size < len(merges)
    following = paging.Cursor(start + size, found.id, 1, "merged_at").encode() if more else None
    return JsonResponse({"type": "list", "data": rows, "next_cursor": following, "has_more": more})


def company(call: Call) -> JsonResponse | RawResponse:
    found = call.workspace.companies.get(call.path["id"])
    if found is None or found.archived or call.blind:
        if call.switches.html_404 and found is not None:
            return RawResponse(404, NGINX_404)
        raise not_found("Company", "company_not_found")
    return JsonResponse(representations.company(found, call.workspace))


def companies(call: Call) -> JsonResponse:
    """GET /companies: one by the customer's own id or by name, or a numbered list."""
    company_id, name = call.query.get("company_id"), call.query.get("name")
    if company_id is None and name is None:
        return list_companies(call)
    for each in () if call.blind else call.workspace.companies:
        if not each.archived and (company_id in (None, each.company_id)) and name in (None, each.name):
            return JsonResponse(representations.company(each, call.workspace))
    raise not_found("Company", "company_not_found")


def _listed(call: Call) -> Iterator[Company]:
    shows_deleted = call.switches.deleted_companies_listed
    return (each for each in call.workspace.companies if shows_deleted or not each.archived)


def list_companies(call: Call) -> JsonResponse:
    """Newest request first, without companies that have no users, and only so far (FACTS §8)."""
    rows = [] if call.blind else [each for each in _listed(call) if each.user_count > 0]
    rows.sort(key=lambda each: (each.last_request_at or 0, each.id), reverse=call.query.get("order") != "asc")
    number = paging.page_number(call.query.get("page"))
    size = paging.per_page(call.query.get("per_page"), COMPANIES_PER_PAGE, MOST_COMPANIES_PER_PAGE)
    if (number - 1) * size >= call.switches.companies_list_cap:
        raise ApiError(400, "parameter_invalid", "page limit reached, please use scroll API")
    return _numbered(call, rows, COMPANIES_PER_PAGE, "/companies/list")


def _numbered(call: Call, rows: Sequence[Company], default: int, path: str) -> JsonResponse:
    number = paging.page_number(call.query.get("page"))
    size = paging.per_page(call.query.get("per_page"), default, MOST_COMPANIES_PER_PAGE)
    call.page_size = size
    page = rows[(number - 1) * size : number * size]
    more = number * size < len(rows)
    address = f"https://api.intercom.io{path}?per_page={size}&page={number + 1}" if more else None
    return JsonResponse(
        {
            "type": "list",
            "data": [representations.company(each, call.workspace) for each in page],
            "pages": paging.numbered_pages(number, size, len(rows), address),
            "total_count": len(rows),
        }
    )


def scroll_companies(call: Call) -> JsonResponse:
    param = call.query.get("scroll_param")
    if call.blind:
        ids: list[str] = []
        following = "empty"
    else:
        listed = (each.id for each in _listed(call))
        ids, following = call.tenant.scroll.page(param, call.now, listed, call.switches)
    call.page_size = len(ids)
    rows = [call.workspace.companies.get(each) for each in ids]
    data = [representations.company(row, call.workspace) for row in rows if row is not None]
    return JsonResponse(
        {"type": "list", "data": data, "pages": None, "total_count": None, "scroll_param": following}
    )


def conversation(call: Call) -> JsonResponse:
    found = call.workspace.conversations.get(call.path["id"])
    if found is None or call.blind:
        raise not_found("Resource", "not_found")
    parts = call.workspace.parts(found.id)
    plain = call.query.get("display_as") == "plaintext"
    limit = call.switches.parts_limit
    return JsonResponse(
        representations.whole_conversation(found, parts, call.workspace, plain=plain, parts_limit=limit)
    )


def deleted_conversations(call: Call) -> JsonResponse:
    number = paging.page_number(call.query.get("page"))
    size = paging.per_page(call.query.get("per_page"), DELETED_PER_PAGE, MOST_DELETED_PER_PAGE)
    call.page_size = size
    order = call.query.get("order", "desc")
    found = [] if call.blind else call.workspace.deleted_conversations
    rows = found if order == "asc" else found[::-1]
    page = islice(rows, (number - 1) * size, number * size)
    more = number * size < len(rows)
    address = f"https://api.intercom.io/conversations/deleted?per_page={size}&order={order}&page={number + 1}"
    body: list[dict[str, Any]] = [
        {
            "type": "conversation",
            "id": each.id,
            "metrics_retained": each.metrics_retained,
            "deleted_at": each.deleted_at,
        }
        for each in page
    ]
    pages = paging.numbered_pages(number, size, len(rows), address if more else None)
    return JsonResponse(
        {"type": "conversations.list", "total_count": len(rows), "pages": pages, "conversations": body}
    )
