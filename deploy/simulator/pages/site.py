"""The simulator's own pages: the workspace, its switches, its tokens, its sinks, and each conversation."""

from __future__ import annotations

import secrets
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from deploy.simulator.errors import JournalError, MutationRefusedError
from deploy.simulator.filters import EVERYTHING
from deploy.simulator.happenings import SCENARIOS
from deploy.simulator.pacing import PACES
from deploy.simulator.pages import forms
from deploy.simulator.pages.rendering import FOLDER
from deploy.simulator.sinks.receivers import WEBHOOK_SECRET
from deploy.simulator.sinks.store import Mood
from deploy.simulator.switches import Switches
from deploy.simulator.tokens import PERMISSIONS, Token, TokenState, make_token

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from deploy.simulator.model import Conversation, Workspace
    from deploy.simulator.pages.rendering import Renderer
    from deploy.simulator.simulation import Happening, Simulation
    from deploy.simulator.sinks.store import SinkStore
    from deploy.simulator.webhooks.sender import WebhookSender

SHOWN_HAPPENINGS = 25
SHOWN_MESSAGES = 40
SHOWN_CONVERSATIONS = 40
LARGEST_FORM = 50_000


class Site:
    """Pages over the parts of one simulator; every form posts to its own page and comes back to it."""

    def __init__(
        self, simulation: Simulation, sender: WebhookSender, sinks: SinkStore, renderer: Renderer, smtp: str
    ) -> None:
        self._simulation = simulation
        self._sender = sender
        self._sinks = sinks
        self._renderer = renderer
        self._smtp = smtp

    def routes(self) -> list[BaseRoute]:
        conversation = "/a/inbox/{workspace}/inbox/conversation/{id}"
        return [
            Route("/", self.overview, methods=["GET"]),
            Route("/happen", self.happen, methods=["POST"]),
            Route("/pace", self.pace, methods=["POST"]),
            Route("/switches", self.switches, methods=["GET"]),
            Route("/switches", self.save_switches, methods=["POST"]),
            Route("/tokens", self.tokens, methods=["GET"]),
            Route("/tokens", self.save_token, methods=["POST"]),
            Route("/sinks", self.sinks, methods=["GET"]),
            Route("/sinks", self.change_sinks, methods=["POST"]),
            Route("/inbox", self.inbox, methods=["GET"]),
            Route(conversation, self.conversation, methods=["GET"]),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ]

    async def overview(self, request: Request) -> Response:
        return self._overview(request)

    def _overview(self, request: Request, problem: str | None = None) -> Response:
        simulation = self._simulation
        return self._renderer.page(
            "overview.html",
            status=200 if problem is None else 409,
            tenants=list(simulation.tenants.values()),
            workspace=simulation.first.workspace,
            pace=simulation.pace,
            paces=PACES,
            scenarios=SCENARIOS,
            happenings=[self._shown(each) for each in list(simulation.happenings)[::-1][:SHOWN_HAPPENINGS]],
            statistics=simulation.statistics,
            sender=self._sender,
            base_url=str(request.base_url).rstrip("/"),
            problem=problem,
        )

    def _shown(self, happening: Happening) -> dict[str, Any]:
        arguments = happening.mutation.arguments
        conversation_id = arguments.get("conversation_id")
        if conversation_id is None and happening.events and happening.events[0].kind == "conversation":
            conversation_id = happening.events[0].id
        return {
            "at": happening.at,
            "what": happening.mutation.name.replace("_", " "),
            "words": str(arguments.get("body") or arguments.get("name") or ""),
            "topics": [event.topic for event in happening.events],
            "workspace_id": happening.workspace_id,
            "conversation_id": conversation_id,
        }

    async def happen(self, request: Request) -> Response:
        form = await _form(request)
        scenario = SCENARIOS.get(form.get("scenario", ""))
        if scenario is None:
            return self._overview(request, "There is no such button.")
        try:
            mutation = scenario[1](self._simulation.first.workspace, self._simulation.rng)
            self._simulation.mutate(None, mutation)
        except (MutationRefusedError, JournalError) as error:
            return self._overview(request, str(error))
        return _to("/")

    async def pace(self, request: Request) -> Response:
        pace = (await _form(request)).get("pace", "")
        if pace not in PACES:
            return self._overview(request, "There is no such pace.")
        self._simulation.set_pace(pace)
        return _to("/")

    async def switches(self, request: Request) -> Response:
        del request
        return self._renderer.page(
            "switches.html", groups=forms.grouped(self._simulation.switches), problem=None
        )

    async def save_switches(self, request: Request) -> Response:
        form = await _form(request)
        try:
            switches = Switches() if "reset" in form else forms.read(form)
        except ValidationError as error:
            problem = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            groups = forms.grouped(self._simulation.switches)
            return self._renderer.page("switches.html", status=422, groups=groups, problem=problem)
        self._simulation.set_switches(switches)
        return _to("/switches")

    async def tokens(self, request: Request) -> Response:
        return self._renderer.page(
            "tokens.html",
            tokens=self._simulation.tokens.all(),
            states=get_args(TokenState),
            permissions=PERMISSIONS,
            workspaces={
                tenant.workspace.id_code: tenant.workspace for tenant in self._simulation.tenants.values()
            },
            base_url=str(request.base_url).rstrip("/"),
        )

    async def save_token(self, request: Request) -> Response:
        form = await _form(request)
        value, workspace_id = form.get("value"), form.get("workspace")
        if value is None and workspace_id in self._simulation.tenants:
            number = len(self._simulation.tokens.all()) + 1
            text = make_token(workspace_id, number, secrets.token_hex(12))
            self._simulation.put_token(Token(text, workspace_id, f"private-{workspace_id}", made_by="page"))
            return _to("/tokens")
        token = self._simulation.tokens.get(value or "")
        state = form.get("state")
        if token is not None and state in get_args(TokenState):
            missing = frozenset(key for key in PERMISSIONS if f"may_{key}" not in form)
            changed = self._simulation.tokens.change(token.value, state=state, missing=missing)
            self._simulation.put_token(changed)
        return _to("/tokens")

    async def sinks(self, request: Request) -> Response:
        base_url = str(request.base_url).rstrip("/")
        return self._renderer.page(
            "sinks.html",
            store=self._sinks,
            messages=list(self._sinks.messages)[:SHOWN_MESSAGES],
            receivers=sorted(self._sinks.counts),
            moods=get_args(Mood),
            secret=WEBHOOK_SECRET,
            base_url=base_url,
            smtp=self._smtp,
        )

    async def change_sinks(self, request: Request) -> Response:
        form = await _form(request)
        if "clear" in form:
            self._sinks.clear()
        if "receiver" in form:
            self._sinks.set_mood(form["receiver"], form.get("mood", ""))
        return _to("/sinks")

    async def inbox(self, request: Request) -> Response:
        tenant = (
            self._simulation.tenants.get(request.query_params.get("workspace", "")) or self._simulation.first
        )
        workspace = tenant.workspace
        walk = tenant.conversations.walk(EVERYTHING, "updated_at", descending=True)
        found = [thing for _, thing in islice(walk, SHOWN_CONVERSATIONS)]
        return self._renderer.page(
            "inbox.html", workspace=workspace, conversations=[_line(each, workspace) for each in found]
        )

    async def conversation(self, request: Request) -> Response:
        tenant = self._simulation.tenants.get(request.path_params["workspace"])
        found = None if tenant is None else tenant.workspace.conversations.get(request.path_params["id"])
        if tenant is None or found is None:
            problem = "This conversation does not exist in this workspace, or it was deleted."
            return self._renderer.page("refused.html", status=404, problem=problem)
        workspace = tenant.workspace
        return self._renderer.page(
            "conversation.html",
            workspace=workspace,
            conversation=found,
            parts=workspace.parts(found.id),
            contacts=[workspace.contacts.get(each) for each in found.contact_ids],
            company=None if found.company_id is None else workspace.companies.get(found.company_id),
            assignee=workspace.admins.get(found.admin_assignee_id or ""),
            tags=[workspace.tags[each.tag_id] for each in found.tags if each.tag_id in workspace.tags],
        )


def _line(found: Conversation, workspace: Workspace) -> dict[str, Any]:
    company = None if found.company_id is None else workspace.companies.get(found.company_id)
    return {
        "id": found.id,
        "state": found.state,
        "title": found.title,
        "words": found.source.body,
        "who": found.source.author.name or found.source.author.email or "Someone",
        "company": None if company is None else company.name,
        "updated_at": found.updated_at,
        "count": found.statistics.count_parts,
    }


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; a body that is too large counts as empty."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_FORM:
            return {}
    return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)
