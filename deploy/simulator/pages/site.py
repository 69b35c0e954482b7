"""The simulator's own pages: the workspace, its switches, its tokens, its sinks, and each conversation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from deploy.simulator.demo.customers import customers_csv
from deploy.simulator.errors import JournalError, MutationRefusedError
from deploy.simulator.filters import EVERYTHING
from deploy.simulator.pacing import PACES
from deploy.simulator.pages import forms
from deploy.simulator.pages.messages import chat_lines, laid_out
from deploy.simulator.pages.rendering import FOLDER
from deploy.simulator.pages.telling import tell
from deploy.simulator.sinks.receivers import WEBHOOK_SECRET
from deploy.simulator.sinks.store import Mood, SinkKind
from deploy.simulator.switches import Switches
from deploy.simulator.tokens import PERMISSIONS, Token, TokenState, make_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from deploy.simulator.model import Conversation, Workspace
    from deploy.simulator.pages.rendering import Renderer
    from deploy.simulator.pages.telling import Told
    from deploy.simulator.scenarios import Scenarios
    from deploy.simulator.simulation import Simulation
    from deploy.simulator.sinks.store import SinkStore
    from deploy.simulator.webhooks.sender import WebhookSender

SHOWN_HAPPENINGS = 25
SHOWN_MESSAGES = 40
SHOWN_FAULTS = 5
SHOWN_CONVERSATIONS = 40
LARGEST_FORM = 50_000
LONGEST_RECEIVER = 400
SINK_NAMES: tuple[tuple[SinkKind, str], ...] = (
    ("slack", "Slack"),
    ("teams", "Teams"),
    ("mail", "Mail"),
    ("webhook", "Signed webhook"),
)


@dataclass(frozen=True)
class SiteWiring:
    """What the pages name or press: the mailbox, Earshot's address, whether it is the demo, starting over."""

    smtp: str
    earshot: str
    tells_stories: bool
    start_over: Callable[[], None]


class Site:
    """Pages over the parts of one simulator; every form posts to its own page and comes back to it."""

    def __init__(
        self,
        simulation: Simulation,
        sender: WebhookSender,
        sinks: SinkStore,
        renderer: Renderer,
        scenarios: Scenarios,
        wiring: SiteWiring,
    ) -> None:
        self._simulation = simulation
        self._sender = sender
        self._sinks = sinks
        self._renderer = renderer
        self._scenarios = scenarios
        self._wiring = wiring

    def routes(self) -> list[BaseRoute]:
        conversation = "/a/inbox/{workspace}/inbox/conversation/{id}"
        customers = (
            [Route("/customers.csv", self.customers, methods=["GET"])] if self._wiring.tells_stories else []
        )
        return [
            *customers,
            Route("/", self.overview, methods=["GET"]),
            Route("/happen", self.happen, methods=["POST"]),
            Route("/pace", self.pace, methods=["POST"]),
            Route("/webhooks", self.set_live, methods=["POST"]),
            Route("/reset", self.start_over, methods=["POST"]),
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
            said=[each for each in self._scenarios.all.values() if each.expected is not None],
            changed=[each for each in self._scenarios.all.values() if each.expected is None],
            happenings=self._latest(),
            tells_stories=self._wiring.tells_stories,
            earshot=self._wiring.earshot,
            statistics=simulation.statistics,
            faults=list(simulation.statistics.contract_faults)[::-1][:SHOWN_FAULTS],
            sender=self._sender,
            base_url=str(request.base_url).rstrip("/"),
            problem=problem,
        )

    def _latest(self) -> list[Told]:
        simulation = self._simulation
        newest = list(simulation.happenings)[::-1][:SHOWN_HAPPENINGS]
        found = []
        for each in newest:
            tenant = simulation.tenants.get(each.workspace_id)
            if tenant is not None:
                found.append(tell(each, tenant.workspace))
        return found

    async def happen(self, request: Request) -> Response:
        form = await _form(request)
        simulation = self._simulation
        try:
            scenario = self._scenarios.find(form.get("scenario", ""))
            workspace, now = simulation.first.workspace, int(simulation.now())
            mutation = self._scenarios.choose(scenario, workspace, simulation.rng, now)
            simulation.mutate(None, mutation, expected=scenario.expected)
        except (MutationRefusedError, JournalError) as error:
            return self._overview(request, str(error))
        return _to("/#latest")

    async def customers(self, request: Request) -> Response:
        """The demo vendor's own list of customers, with dates that fit this workspace."""
        del request
        headers = {"Content-Disposition": 'attachment; filename="crewlark-customers.csv"'}
        content = customers_csv(self._simulation.started_at)
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

    async def set_live(self, request: Request) -> Response:
        del request
        self._sender.set_live()
        return _to("/")

    async def start_over(self, request: Request) -> Response:
        """Everything as at the first start; asked for with a tick, since changes are lost."""
        if "sure" not in await _form(request):
            return self._overview(request, "Tick the box to start over: every change so far is forgotten.")
        self._wiring.start_over()
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
        only = request.query_params.get("receiver", "")[:LONGEST_RECEIVER]
        found = [each for each in self._sinks.messages if only in ("", f"{each.kind}/{each.name}")]
        return self._renderer.page(
            "sinks.html",
            store=self._sinks,
            kinds=SINK_NAMES,
            sums={kind: self._sinks.sum_of(kind) for kind, _ in SINK_NAMES},
            only=only,
            messages=found[:SHOWN_MESSAGES],
            more=max(0, len(found) - SHOWN_MESSAGES),
            receivers=sorted(self._sinks.counts),
            moods=get_args(Mood),
            secret=WEBHOOK_SECRET,
            base_url=str(request.base_url).rstrip("/"),
            earshot=self._wiring.earshot,
            smtp=self._wiring.smtp,
            chat_lines=chat_lines,
            laid_out=laid_out,
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
