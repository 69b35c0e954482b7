"""Which address reads what, with which permission (FACTS §2). Anything else that writes is a violation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response
from starlette.routing import Route

from deploy.simulator.api import reading, searches
from deploy.simulator.api.gate import NEWEST_MINOR, Endpoint, Gate
from deploy.simulator.contract.requests import read_contracts
from deploy.simulator.responses import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from deploy.simulator.api.call import Call
    from deploy.simulator.responses import JsonResponse, RawResponse
    from deploy.simulator.simulation import Simulation

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]

ONE_ADMIN, ADMINS = "read_single_admin", "read_admins"
TAGS, LISTS, ONE = "read_tags", "read_users_and_companies", "read_one_user_and_company"
CONVERSATIONS = "read_conversations"

# Method, path, permission, handler, and since which 2.x it exists. Fixed words come before ids,
# so that /conversations/deleted is not taken for a conversation.
ENDPOINTS: tuple[tuple[str, str, str, Callable[[Call], JsonResponse | RawResponse], int], ...] = (
    ("GET", "/conversations/deleted", CONVERSATIONS, reading.deleted_conversations, NEWEST_MINOR),
    ("GET", "/conversations/attributes", LISTS, reading.conversation_attributes, NEWEST_MINOR),
    ("GET", "/conversations/{id}", CONVERSATIONS, reading.conversation, 0),
    ("POST", "/conversations/search", CONVERSATIONS, searches.search_conversations, 0),
    ("GET", "/conversations", CONVERSATIONS, searches.list_conversations, 0),
    ("POST", "/contacts/search", LISTS, searches.search_contacts, 0),
    ("GET", "/contacts", LISTS, searches.list_contacts, 0),
    ("GET", "/contacts/{id}", ONE, reading.contact, 0),
    ("GET", "/contacts/{id}/companies", ONE, reading.contact_companies, 0),
    ("GET", "/contacts/{id}/tags", ONE, reading.contact_tags, 0),
    ("GET", "/contacts/{id}/segments", ONE, reading.contact_segments, 0),
    ("GET", "/contacts/{id}/merge_history", ONE, reading.merge_history, NEWEST_MINOR),
    ("POST", "/companies/list", LISTS, reading.list_companies, 0),
    ("GET", "/companies/scroll", LISTS, reading.scroll_companies, 0),
    ("GET", "/companies", LISTS, reading.companies, 0),
    ("GET", "/companies/{id}", ONE, reading.company, 0),
    ("GET", "/me", ONE_ADMIN, reading.me, 0),
    ("GET", "/admins", ADMINS, reading.admins, 0),
    ("GET", "/admins/{id}", ONE_ADMIN, reading.admin, 0),
    ("GET", "/teams", LISTS, reading.teams, 0),
    ("GET", "/teams/{id}", LISTS, reading.team, 0),
    ("GET", "/tags", TAGS, reading.tags, 0),
    ("GET", "/segments", LISTS, reading.segments, 0),
    ("GET", "/data_attributes", LISTS, reading.data_attributes, 0),
)


def api_routes(simulation: Simulation, gate: Gate) -> list[Route]:
    """The reading API, and behind it the refusal of everything else. Goes last in the route table."""

    async def refuse(request: Request) -> Response:
        method, path = request.method, request.url.path
        if method not in READING_METHODS:
            simulation.statistics.violated(method, path, simulation.now())
            error = ApiError(403, "action_forbidden", "This workspace is read only; the call was noted.")
        else:
            error = ApiError(404, "not_found", "The requested resource could not be found")
        return Response(
            orjson.dumps(error.body("refused")), error.status, media_type="application/json; charset=utf-8"
        )

    contracts = read_contracts()
    routes = [
        Route(
            path,
            gate.endpoint(
                Endpoint(
                    f"{method} {path}", permission, handler, since_minor, contracts.get(f"{method} {path}")
                )
            ),
            methods=[method],
        )
        for method, path, permission, handler, since_minor in ENDPOINTS
    ]
    return [*routes, Route("/{path:path}", refuse, methods=EVERY_METHOD)]
