"""Installing the app, being told by webhooks, and driving the simulator from outside."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from standardwebhooks.webhooks import Webhook

from deploy.simulator.app import create_simulator
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.sinks.receivers import WEBHOOK_SECRET
from deploy.simulator.webhooks.notifications import sign
from shared.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.simulator.app import Simulator

CREDENTIALS = {"client_id": "demo-client", "client_secret": "demo-secret"}
FORM = {"client_id": "demo-client", "state": "s t/a&te", "workspace": "gen12345", "decision": "authorize"}


async def authorize(client: httpx.AsyncClient, **changes: str) -> dict[str, list[str]]:
    answer = await client.post("/oauth", data=FORM | changes)
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)


async def test_the_screen_names_workspace_and_permissions(client: httpx.AsyncClient) -> None:
    """What is asked for is on the page, and nobody else's app or address is."""
    page = await client.get("/oauth", params={"client_id": "demo-client", "state": "x"})
    assert "Read conversations" in page.text
    assert "Generated workspace" in page.text
    for wrong in (
        {"client_id": "other"},
        {"client_id": "demo-client", "redirect_uri": "https://evil.example/"},
    ):
        assert (await client.get("/oauth", params=wrong)).status_code == 400


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_code_is_exchanged_once(client: httpx.AsyncClient, as_json: bool) -> None:
    """State comes back, the code ends with =, both bodies work, the token opens the workspace."""
    query = await authorize(client)
    assert query["state"] == ["s t/a&te"]
    (code,) = query["code"]
    assert code.endswith("=")
    body = CREDENTIALS | {"code": code}
    sent: dict[str, Any] = {"json": body} if as_json else {"data": body}
    lost = CREDENTIALS | {"code": code.rstrip("=")}
    assert (await client.post("/auth/eagle/token", json=lost)).json()["errors"][0][
        "message"
    ] == "Unauthorized Code"
    answer = (await client.post("/auth/eagle/token", **sent)).json()
    assert answer["token_type"] == "Bearer"
    assert answer["token"] == answer["access_token"]
    assert answer["token"].startswith("dG9rO")
    assert (await client.post("/auth/eagle/token", **sent)).status_code == 401
    headers = {"Authorization": f"Bearer {answer['token']}"}
    assert (await client.get("/me", headers=headers)).json()["app"]["id_code"] == "gen12345"
    assert (await client.post("/auth/uninstall", headers=headers)).status_code == 200
    assert (await client.get("/me", headers=headers)).status_code == 401


async def test_a_refusal_comes_back_as_one(client: httpx.AsyncClient) -> None:
    """Cancel brings an error and the state, no code."""
    query = await authorize(client, decision="cancel")
    assert query == {"error": ["access_denied"], "state": ["s t/a&te"]}


async def test_wrong_client_secret(client: httpx.AsyncClient) -> None:
    """The code is not used up by somebody who does not know the secret."""
    code = (await authorize(client))["code"][0]
    wrong = {"client_id": "demo-client", "client_secret": "x", "code": code}
    assert (await client.post("/auth/eagle/token", json=wrong)).status_code == 401
    assert (await client.post("/auth/eagle/token", json=CREDENTIALS | {"code": code})).status_code == 200


class Receiver:
    """Stands for Earshot's webhook address."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[dict[str, Any], str]] = []
        self._statuses = list(statuses)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append((orjson.loads(request.content), request.headers["x-hub-signature"]))
        assert request.headers["user-agent"] == "intercom-parrot-service-client/1.0"
        return httpx.Response(self._statuses.pop(0) if self._statuses else 200)


async def until(reached: Callable[[], bool]) -> None:
    """Wait for something that other tasks of this loop do."""
    while not reached():
        await asyncio.sleep(0.01)


async def happen_with(receiver: Receiver, times: int, wanted: int, **switches: Any) -> Simulator:
    settings = SimulatorSettings(workspace="generated", webhook_url="http://earshot/hook", pace="paused")
    simulator = create_simulator(settings, SystemClock(), httpx.MockTransport(receiver))
    simulator.simulation.set_switches(
        simulator.simulation.switches.changed(webhook_retry_seconds=0, **switches)
    )
    simulator.sender.start()
    for _ in range(times):
        simulator.pacer.step()
    await until(lambda: len(receiver.got) >= wanted)
    await simulator.sender.stop()
    return simulator


async def test_notifications_are_signed_and_retried_once() -> None:
    """A failing receiver gets the same notification twice, marked as a retry, and no third time."""
    receiver = Receiver(500, 500)
    simulator = await happen_with(receiver, 1, 2)
    (first, signature), (second, _) = receiver.got
    assert signature == sign(orjson.dumps(first), "demo-secret")
    assert first["id"] == second["id"]
    assert (first["delivery_status"], second["delivery_status"]) == ("pending", "retry")
    assert simulator.sender.counts["retried"] == 1


async def test_a_410_ends_the_subscription() -> None:
    """Nothing is sent after it."""
    receiver = Receiver(410)
    simulator = await happen_with(receiver, 1, 1)
    assert not simulator.sender.enabled
    simulator.pacer.step()
    assert len(receiver.got) == 1


async def test_webhook_switches() -> None:
    """15: duplicates, null ids, wrong signatures, disorder, drops."""
    receiver = Receiver()
    await happen_with(
        receiver, 6, 9, webhook_duplicate_every=2, webhook_null_id_every=3, webhook_bad_signature_every=4
    )
    ids = [body["id"] for body, _ in receiver.got]
    assert len(ids) == 9
    assert ids.count(None) == 3
    wrong = [body for body, signature in receiver.got if signature != sign(orjson.dumps(body), "demo-secret")]
    assert len(wrong) == 2
    reordered = Receiver()
    await happen_with(reordered, 4, 4, webhook_reorder=True)
    numbers = [body["id"] for body, _ in reordered.got]
    assert numbers == sorted(numbers, reverse=True)
    dropped = Receiver()
    await happen_with(dropped, 4, 2, webhook_drop_every=2)
    assert len(dropped.got) == 2


async def test_the_address_must_answer_head(client: httpx.AsyncClient) -> None:
    """An address that does not is not saved."""
    answer = await client.post("/_control/webhooks", json={"url": "http://127.0.0.1:1/none"})
    assert answer.status_code == 422
    assert "HEAD" in answer.json()["error"]


async def test_control_changes_and_tells_the_truth(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """Mutations by name, several at once; the truth holds what switches hide."""
    await client.post("/_control/switches", json={"parts_limit": 1})
    conversation_id = next(simulator.simulation.first.workspace.conversations.ids())
    reply = {"name": "reply", "arguments": {"conversation_id": conversation_id, "body": "hello"}}
    made = await client.post("/_control/mutate", json={"mutations": [reply, reply]})
    assert [events[0]["topic"] for events in made.json()["events"]] == ["conversation.user.replied"] * 2
    lines = (await client.get("/_control/truth/conversations")).text.splitlines()
    truth = {row["id"]: row for row in map(orjson.loads, lines)}
    assert len(truth) == 330
    parts = truth[conversation_id]["conversation_parts"]
    assert len(parts["conversation_parts"]) == parts["total_count"] > 1
    assert (await client.post("/_control/reset")).status_code == 200
    lines = (await client.get("/_control/truth/conversations")).text.splitlines()
    assert all(b"hello" not in line.encode() for line in lines)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_control/mutate", b"{broken"),
        ("/_control/mutate", b"[]"),
        ("/_control/mutate", b'{"mutations":5}'),
        ("/_control/mutate", b'{"name":"reply","arguments":5}'),
        ("/_control/mutate", b'{"name":"reply","workspace":"none","arguments":{}}'),
        ("/_control/switches", b'{"no_such":1}'),
        ("/_control/switches", b'{"app_limit":"many"}'),
        ("/_control/pace", b'{"pace":"warp"}'),
        ("/_control/happen", b'{"scenario":"flood"}'),
        ("/_control/happen", b'{"scenario":{"a":[]}}'),
        ("/_control/happen", b'{"scenario":"praise","workspace":[]}'),
        ("/_control/mutate", b'{"name":"reply","workspace":[1],"arguments":{}}'),
        ("/_control/mutate", b'{"name":["reply"],"arguments":{"conversation_id":[]}}'),
        ("/_control/pace", b'{"pace":["fast"]}'),
        ("/_control/ping", b'{"workspace":5}'),
        ("/_control/switches", b'{"reset":true,"contract":["noted"]}'),
        ("/_control/tokens", b'{"missing":[["fly"]]}'),
        ("/_control/tokens", b'{"value":"none"}'),
        ("/_control/tokens", b'{"missing":["fly"]}'),
        ("/_control/sinks/mood", b'{"kind":"slack","mood":"sad"}'),
    ],
)
async def test_rubbish_for_the_control_api_is_refused(
    client: httpx.AsyncClient, path: str, body: bytes
) -> None:
    """With a reason, and never a 500."""
    answer = await client.post(path, content=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


async def test_other_sites_cannot_press_buttons(client: httpx.AsyncClient) -> None:
    """A browser on another origin is refused; this site's own pages are not."""
    other = await client.post("/pace", data={"pace": "fast"}, headers={"Origin": "https://evil.example"})
    assert other.status_code == 403
    own = await client.post("/pace", data={"pace": "fast"}, headers={"Origin": "http://127.0.0.1:8710"})
    assert own.status_code == 303


async def test_pages_show_words_never_markup(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """A message with a script in it is shown as text; every page carries a strict policy."""
    contact_id = next(simulator.simulation.first.workspace.contacts.ids())
    body = {
        "name": "create_conversation",
        "arguments": {"contact_id": contact_id, "body": "&lt;script&gt;x()"},
    }
    made = (await client.post("/_control/mutate", json=body)).json()["events"][0][0]["id"]
    for path in (
        "/",
        "/inbox",
        "/switches",
        "/tokens",
        "/sinks",
        f"/a/inbox/gen12345/inbox/conversation/{made}",
    ):
        page = await client.get(path)
        assert page.status_code == 200
        assert not re.search(r"<script>|style=|onclick", page.text)
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert (await client.get("/a/inbox/gen12345/inbox/conversation/1")).status_code == 404


async def test_sinks_keep_what_they_got(client: httpx.AsyncClient) -> None:
    """Slack answers ok and Teams 202, signatures are checked, repeats are counted, a bad mood is honoured."""
    slack = await client.post("/sink/slack/team", json={"text": "Churn risk"})
    assert slack.text == "ok"
    assert (await client.post("/sink/slack/team", content=b"nonsense")).text == "invalid_payload"
    card = {"content": {"body": [{"type": "TextBlock", "text": "Churn risk"}]}}
    teams = await client.post("/sink/teams/team", json={"type": "message", "attachments": [card]})
    assert (teams.status_code, teams.text) == (202, "")
    assert (await client.post("/sink/teams/team", json={"text": "Churn risk"})).status_code == 400
    signer, body = Webhook(WEBHOOK_SECRET), b'{"type":"signal.detected"}'
    now = SystemClock().now()
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign("m1", now, body.decode()),
    }
    for _ in range(2):
        assert (await client.post("/sink/webhook/crm", content=body, headers=headers)).status_code == 200
    await client.post("/_control/sinks/mood", json={"kind": "webhook", "name": "crm", "mood": "error"})
    forged = headers | {"webhook-signature": "v1,AAAA"}
    assert (await client.post("/sink/webhook/crm", content=body, headers=forged)).status_code == 500
    got = (await client.get("/_control/sinks")).json()
    assert got["duplicates"] == {"webhook/crm": 2}
    assert [each["verified"] for each in got["messages"]] == [False, True, True, None, None]


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/tokens", "/_control/state", "/_control/tokens", "/oauth", "/customers.csv"]
)
async def test_a_foreign_name_opens_nothing(client: httpx.AsyncClient, path: str) -> None:
    """A name that somebody points at this machine reaches neither pages nor control API."""
    answer = await client.get(path, headers={"Host": "evil.example:8710"})
    assert answer.status_code == 421
    assert "EARSHOT_SIMULATOR_ALLOWED_HOSTS" in answer.text


async def test_programs_may_use_any_name(client: httpx.AsyncClient) -> None:
    """The API and the receivers are called across a network of containers."""
    headers = {"Host": "simulator:8710"}
    assert (await client.get("/tags", headers=headers)).status_code == 200
    sent = await client.post("/sink/slack/team", json={"text": "hello"}, headers=headers)
    assert sent.status_code == 200


async def test_a_button_says_what_should_be_found(client: httpx.AsyncClient) -> None:
    """By control API and by page; the list of what happened says it too."""
    made = (await client.post("/_control/happen", json={"scenario": "cancel"})).json()
    assert (made["scenario"], made["expected"]) == ("cancel_notice", "churn_risk explicit")
    assert made["events"][0]["topic"] == "conversation.user.created"
    known = (await client.get("/_control/scenarios")).json()
    assert known["meeting"]["expected"] == "nothing"
    assert known["merge"]["expected"] is None
    pressed = await client.post("/happen", data={"scenario": "praise"})
    assert pressed.headers["location"] == "/#latest"
    page = (await client.get("/")).text
    assert "should be found: a better mood" in page
    assert "should be found: churn risk, explicit" in page
    unknown = await client.post("/happen", data={"scenario": "flood"})
    assert unknown.status_code == 409


async def test_starting_over_is_asked_for_twice(simulator: Simulator, client: httpx.AsyncClient) -> None:
    """Without the tick nothing is lost; with it the workspace is as at its start."""
    await client.post("/happen", data={"scenario": "praise"})
    assert (await client.post("/reset")).status_code == 409
    assert len(simulator.simulation.first.workspace.conversations) == 331
    assert (await client.post("/reset", data={"sure": "on"})).status_code == 303
    assert len(simulator.simulation.first.workspace.conversations) == 330


async def test_the_demo_offers_its_customers(client: httpx.AsyncClient) -> None:
    """As a file to upload, linked on the first page; a generated workspace has no such list."""
    assert (await client.get("/customers.csv")).status_code == 404
    demo = create_simulator(SimulatorSettings(webhook_url=None, pace="paused"), SystemClock())
    transport = httpx.ASGITransport(demo.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as own:
        assert 'href="/customers.csv" download' in (await own.get("/")).text
        answer = await own.get("/customers.csv")
    await demo.sender.stop()
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    header, *rows = answer.text.splitlines()
    assert header.startswith("external_id,name,owner")
    assert len(rows) > 40


async def test_the_page_of_sinks_shows_what_readers_see(client: httpx.AsyncClient) -> None:
    """Words of Slack blocks as text, signatures judged, repeats named, one receiver alone."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "&lt;b&gt;“we leave”&lt;/b&gt;"}}
    await client.post("/sink/slack/team", json={"text": "short", "blocks": [block]})
    for _ in range(2):
        await client.post(
            "/sink/webhook/crm", content=b'{"type":"signal.detected"}', headers={"webhook-id": "m1"}
        )
    page = (await client.get("/sinks")).text
    assert "&lt;b&gt;“we leave”&lt;/b&gt;" in page
    assert "signature wrong" in page
    assert "duplicate, copy 2" in page
    only = (await client.get("/sinks", params={"receiver": "webhook/crm"})).text
    assert "we leave" not in only
