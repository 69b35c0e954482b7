"""The simulated workspace from behind: its truth, its switches, its happenings, what its receivers got."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from deploy.simulator.sinks.receivers import WEBHOOK_SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CALL_SECONDS = 60


class Workspace:
    """Client of one simulator's control API (deploy/simulator/README.md)."""

    secret = WEBHOOK_SECRET
    """What its webhook receivers check signatures with."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = httpx.Client(base_url=f"{address}/_control", timeout=_CALL_SECONDS)

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def _get(self, path: str, **query: str) -> Any:
        return self._client.get(path, params=query).raise_for_status().json()

    def truth(self, resource: str) -> Iterator[dict[str, Any]]:
        """Yield every record of the first workspace, whatever lag or cut hides."""
        with self._client.stream("GET", f"truth/{resource}") as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                yield json.loads(line)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get("state")
        return found

    @property
    def id(self) -> str:
        return str(self.state()["workspaces"][0]["id"])

    @property
    def neighbour_id(self) -> str:
        """The id of the second workspace, where there is one."""
        return str(self.state()["workspaces"][1]["id"])

    def start_over(self) -> None:
        """Put workspace, switches, tokens, receivers and statistics back to the start."""
        self.switch(reset=True)
        for token in self._get("tokens")["tokens"]:
            self._post("tokens", {"value": token["value"], "state": "active", "missing": []})
        self._post("reset", {})
        self._post("sinks/clear", {})
        for name in self._get("sinks")["moods"]:
            kind, _, receiver = name.partition("/")
            self.mood(kind, receiver, "well")
        self._post("statistics/reset", {})

    def switch(self, **switches: Any) -> None:
        self._post("switches", switches)

    def set_token(self, value: str, state: str) -> None:
        self._post("tokens", {"value": value, "state": state})

    def new_token(self, workspace_id: str | None = None) -> str:
        """Make another token for the first workspace, or for another one; return it."""
        return str(self._post("tokens", {"workspace": workspace_id})["value"])

    def mutate(self, *mutations: tuple[str, dict[str, Any]]) -> list[Any]:
        """Make changes in order; return the webhook events of each."""
        made = self._post("mutate", {"mutations": [{"name": n, "arguments": a} for n, a in mutations]})
        found: list[Any] = made["events"]
        return found

    def write(self, contact_id: str, words: str) -> str:
        """Let a customer open a conversation with these words; return its id."""
        arguments = {"contact_id": contact_id, "body": f"<p>{words}</p>"}
        return str(self.mutate(("create_conversation", arguments))[0][0]["id"])

    def some_contacts(self, count: int) -> Sequence[str]:
        """Return users with a company, no two of the same one while there are enough."""
        by_company: dict[str, str] = {}
        for contact in self.truth("contacts"):
            if contact["company_ids"] and not contact["archived"] and contact["merged_into"] is None:
                by_company.setdefault(contact["company_ids"][0], contact["id"])
        found = list(by_company.values())
        assert len(found) >= count, f"{len(found)} companies have people, {count} are wanted"
        return found[:count]

    def received(self, kind: str, name: str) -> list[dict[str, Any]]:
        """Return what a receiver got, oldest first."""
        found: list[dict[str, Any]] = self._get("sinks", kind=kind, name=name)["messages"]
        return found[::-1]

    def mood(self, kind: str, name: str, mood: str) -> None:
        """Let a receiver behave: well, error, slow, gone."""
        self._post("sinks/mood", {"kind": kind, "name": name, "mood": mood})

    def webhook_url(self, name: str) -> str:
        return f"{self.address}/sink/webhook/{name}"

    def slack_url(self, name: str) -> str:
        return f"{self.address}/sink/slack/{name}"

    def teams_url(self, name: str) -> str:
        return f"{self.address}/sink/teams/{name}"

    def authorized(self, workspace_id: str, query: Mapping[str, str]) -> str:
        """Agree on Intercom's authorization screen; return the query that the browser is sent back with."""
        form = {**query, "workspace": workspace_id, "decision": "authorize"}
        form.pop("redirect_uri", None)  # Where it leads is the caller's affair.
        answer = httpx.post(f"{self.address}/oauth", data=form, timeout=_CALL_SECONDS)
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        return urlsplit(answer.headers["location"]).query

    def calls(self) -> int:
        """Return how many API calls came since the statistics were put back."""
        return int(self.statistics()["calls_total"])

    def statistics(self) -> dict[str, Any]:
        found: dict[str, Any] = self._get("statistics")
        return found

    def notify(self, url: str | None) -> None:
        """Send webhooks to this address from now on."""
        self._post("webhooks", {"url": url})
