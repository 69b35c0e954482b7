"""The control API under `/_control`: for tests and benchmarks that drive the simulator and know its truth.

JSON in, JSON out; a refused request answers 422 with `{"error": "why"}`.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, get_args

import orjson
from pydantic import ValidationError
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deploy.simulator.api.call import LARGEST_BODY
from deploy.simulator.errors import JournalError, MutationRefusedError
from deploy.simulator.model import Mutation
from deploy.simulator.mutations import MUTATIONS, parameters
from deploy.simulator.pacing import PACES
from deploy.simulator.tokens import PERMISSIONS, Token, TokenState, make_token
from deploy.simulator.truth import truth_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from starlette.requests import Request

    from deploy.simulator.pacing import Pacer
    from deploy.simulator.scenarios import Scenarios
    from deploy.simulator.simulation import Simulation, Tenant
    from deploy.simulator.sinks.store import SinkStore
    from deploy.simulator.webhooks.sender import WebhookSender

BATCH_BYTES = 64_000
"""Truth is sent in pieces of about this size."""


class Control:
    """The endpoints, over the parts of one simulator. `start_over` rebuilds the workspaces."""

    def __init__(
        self,
        simulation: Simulation,
        sender: WebhookSender,
        sinks: SinkStore,
        pacer: Pacer,
        scenarios: Scenarios,
        start_over: Callable[[], None],
    ) -> None:
        self._simulation = simulation
        self._sender = sender
        self._sinks = sinks
        self._pacer = pacer
        self._scenarios = scenarios
        self._start_over = start_over

    def routes(self) -> list[Route]:
        reading: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/_control/state": self.state,
            "/_control/truth/{resource}": self.truth,
            "/_control/mutations": self.known_mutations,
            "/_control/scenarios": self.known_scenarios,
            "/_control/switches": self.switches,
            "/_control/statistics": self.statistics,
            "/_control/tokens": self.tokens,
            "/_control/webhooks": self.webhooks,
            "/_control/sinks": self.sinks,
        }
        changing: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/_control/mutate": self.mutate,
            "/_control/happen": self.happen,
            "/_control/switches": self.set_switches,
            "/_control/statistics/reset": self.reset_statistics,
            "/_control/tokens": self.set_token,
            "/_control/webhooks": self.set_webhooks,
            "/_control/webhooks/live": self.set_live,
            "/_control/ping": self.ping,
            "/_control/pace": self.set_pace,
            "/_control/sinks/clear": self.clear_sinks,
            "/_control/sinks/mood": self.set_mood,
            "/_control/reset": self.reset,
        }
        return [Route(path, _guarded(handler), methods=["GET"]) for path, handler in reading.items()] + [
            Route(path, _guarded(handler), methods=["POST"]) for path, handler in changing.items()
        ]

    async def state(self, request: Request) -> Response:
        del request
        return _json(
            {
                "pace": self._simulation.pace,
                "now": self._simulation.now(),
                "workspaces": [_counts(tenant) for tenant in self._simulation.tenants.values()],
            }
        )

    async def truth(self, request: Request) -> Response:
        """Newline-delimited JSON of one resource of one workspace (`?workspace=`, else the first)."""
        tenant = self._simulation.tenant(request.query_params.get("workspace"))
        lines = truth_lines(tenant.workspace, request.path_params["resource"])
        return StreamingResponse(_batched(lines), media_type="application/x-ndjson")

    async def known_mutations(self, request: Request) -> Response:
        del request
        return _json(
            {name: {k: str(v.annotation) for k, v in parameters(name).items()} for name in MUTATIONS}
        )

    async def mutate(self, request: Request) -> Response:
        """One change, or several under `mutations`, made in order; the answer lists the events of each."""
        body = await _body(request)
        wanted = body.get("mutations", [body])
        if not isinstance(wanted, list):
            raise MutationRefusedError("mutations must be a list.")
        made = []
        for each in wanted:
            if not isinstance(each, dict) or not isinstance(each.get("arguments", {}), dict):
                raise MutationRefusedError("A mutation is an object with a name and arguments.")
            mutation = Mutation(str(each.get("name")), each.get("arguments", {}))
            events = self._simulation.mutate(_workspace_id(each) or _workspace_id(body), mutation)
            made.append([{"topic": event.topic, "kind": event.kind, "id": event.id} for event in events])
        return _json({"events": made})

    async def happen(self, request: Request) -> Response:
        """One of the page's scenarios by name, or, without a name, whatever happens next."""
        body = await _body(request)
        name = body.get("scenario")
        if name is None:
            return _json({"happened": self._pacer.step()})
        scenario = self._scenarios.find(str(name))
        workspace = self._simulation.tenant(_workspace_id(body)).workspace
        rng, now = self._simulation.rng, int(self._simulation.now())
        mutation = self._scenarios.choose(scenario, workspace, rng, now)
        events = self._simulation.mutate(workspace.id_code, mutation, expected=scenario.expected)
        return _json(
            {
                "scenario": scenario.key,
                "expected": scenario.expected,
                "workspace": workspace.id_code,
                "mutation": {"name": mutation.name, "arguments": mutation.arguments},
                "events": [{"topic": event.topic, "id": event.id} for event in events],
            }
        )

    async def known_scenarios(self, request: Request) -> Response:
        """Every button: its key, its words, what a detector should make of it (null: no words are said)."""
        del request
        return _json(
            {
                each.key: {"label": each.label, "expected": each.expected}
                for each in self._scenarios.all.values()
            }
        )

    async def switches(self, request: Request) -> Response:
        del request
        return _json(self._simulation.switches.model_dump(mode="json"))

    async def set_switches(self, request: Request) -> Response:
        """Throw the switches that are named; the others stay. `{"reset": true}` puts all back first."""
        body = await _body(request)
        start = type(self._simulation.switches)() if body.pop("reset", False) else self._simulation.switches
        self._simulation.set_switches(start.changed(**body))
        return await self.switches(request)

    async def statistics(self, request: Request) -> Response:
        del request
        return _json(self._simulation.statistics.as_json())

    async def reset_statistics(self, request: Request) -> Response:
        del request
        in_flight = self._simulation.statistics.in_flight
        self._simulation.statistics = type(self._simulation.statistics)(in_flight=in_flight)
        return _json({})

    async def tokens(self, request: Request) -> Response:
        del request
        return _json({"tokens": [_token(each) for each in self._simulation.tokens.all()]})

    async def set_token(self, request: Request) -> Response:
        """Change a token (`value`, with `state` and/or `missing`), or make one (`workspace`, no `value`)."""
        body = await _body(request)
        value, missing = body.get("value"), body.get("missing")
        if value is None:
            workspace = self._simulation.tenant(_workspace_id(body)).workspace
            number = len(self._simulation.tokens.all()) + 1
            text = make_token(workspace.id_code, number, secrets.token_hex(12))
            token = Token(text, workspace.id_code, f"private-{workspace.id_code}", made_by="control")
        else:
            known = self._simulation.tokens.get(str(value))
            if known is None:
                raise MutationRefusedError("There is no such token.")
            token = known
        state = body.get("state", token.state)
        wanted = (
            token.missing
            if missing is None
            else frozenset(map(str, missing) if isinstance(missing, list) else ["?"])
        )
        if state not in get_args(TokenState) or not wanted <= PERMISSIONS.keys():
            raise MutationRefusedError(
                f"state is one of {', '.join(get_args(TokenState))}; "
                f"missing lists some of {', '.join(PERMISSIONS)}."
            )
        put = self._simulation.put_token(
            Token(token.value, token.workspace_id, token.app, state, wanted, token.made_by)
        )
        return _json(_token(put))

    async def webhooks(self, request: Request) -> Response:
        del request
        return _json(self._sender.as_json())

    async def set_webhooks(self, request: Request) -> Response:
        """Save another address: it must answer HEAD, as in the Developer Hub. Null stops sending."""
        url = (await _body(request)).get("url")
        if url is not None:
            problem = await self._sender.check(str(url))
            if problem is not None:
                raise MutationRefusedError(problem)
        self._sender.set_url(None if url is None else str(url))
        return await self.webhooks(request)

    async def set_live(self, request: Request) -> Response:
        """Forget errors, and enable a subscription that was disabled, paused or suspended."""
        self._sender.set_live()
        return await self.webhooks(request)

    async def ping(self, request: Request) -> Response:
        body = await _body(request)
        self._sender.ping(self._simulation.tenant(_workspace_id(body)).workspace.id_code)
        return _json({})

    async def set_pace(self, request: Request) -> Response:
        pace = str((await _body(request)).get("pace"))
        if pace not in PACES:
            raise MutationRefusedError(f"pace is one of {', '.join(PACES)}.")
        self._simulation.set_pace(pace)
        return await self.state(request)

    async def sinks(self, request: Request) -> Response:
        query = request.query_params
        return _json(self._sinks.as_json(query.get("kind"), query.get("name")))

    async def clear_sinks(self, request: Request) -> Response:
        del request
        self._sinks.clear()
        return _json({})

    async def set_mood(self, request: Request) -> Response:
        """How a receiver behaves from now on: well, error (500), slow, gone (410)."""
        body = await _body(request)
        wanted = f"{body.get('kind')}/{body.get('name', '')}"
        if not self._sinks.set_mood(wanted, str(body.get("mood"))):
            raise MutationRefusedError(
                "mood is well, error, slow or gone; kind is slack, teams, webhook or mail."
            )
        return _json(self._sinks.moods)

    async def reset(self, request: Request) -> Response:
        """All workspaces as they were made at the first start, from now; the journal is forgotten."""
        self._start_over()
        return await self.state(request)


def _workspace_id(body: dict[str, Any]) -> str | None:
    found = body.get("workspace")
    if found is None or isinstance(found, str):
        return found
    raise MutationRefusedError("workspace must be an id.")


def _counts(tenant: Tenant) -> dict[str, Any]:
    workspace = tenant.workspace
    return {
        "id": workspace.id_code,
        "name": workspace.name,
        "region": workspace.region,
        "timezone": workspace.timezone,
        "admins": len(workspace.admins),
        "teams": len(workspace.teams),
        "tags": len(workspace.tags),
        "contacts": len(workspace.contacts),
        "companies": len(workspace.companies),
        "conversations": len(workspace.conversations),
        "deleted_conversations": len(workspace.deleted_conversations),
        "waiting_for_index": tenant.contacts.waiting + tenant.conversations.waiting,
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        "value": token.value,
        "workspace": token.workspace_id,
        "app": token.app,
        "state": token.state,
        "missing": sorted(token.missing),
        "made_by": token.made_by,
    }


async def _batched(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    batch = bytearray()
    for line in lines:
        batch += line
        if len(batch) >= BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    yield bytes(batch)


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    if len(content) > LARGEST_BODY:
        raise MutationRefusedError("The body is too large.")
    try:
        body = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError as error:
        raise MutationRefusedError("The body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise MutationRefusedError("The body must be a JSON object.")
    return body


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except MutationRefusedError as error:
            return _json({"error": str(error)}, 422)
        except JournalError as error:
            return _json({"error": str(error)}, 507)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            return _json({"error": reasons}, 422)

    return answer
