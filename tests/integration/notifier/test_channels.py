"""Channels against real receivers on loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import orjson
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from services.notifier.adapters.local_announcements import LocalAnnouncements
from services.notifier.channels.email import EmailChannel
from services.notifier.channels.inbox import InboxChannel
from services.notifier.channels.outgoing import OutgoingHttp, outgoing_client, resolve_by_system
from services.notifier.channels.slack import SlackChannel
from services.notifier.channels.teams import TeamsChannel
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.domain.notification import Notification
from services.notifier.domain.rule import Recipient
from services.notifier.domain.teams_hosts import TeamsHosts
from services.notifier.errors import DeliveryPostponed, DeliveryRefused
from services.notifier.ports import Message
from services.notifier.settings import Settings
from shared.clock import SystemClock
from shared.contracts.signals import CustomerRef, SignalDetected
from tests.integration.notifier.receivers import Mailbox, Receivers, mail_server, receiving
from tests.unit.services.notifier.channels.answering import answering
from tests.unit.services.notifier.fakes import NOW, MemoryInbox, a_fact, a_signal

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from services.notifier.domain.addresses import Address

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def receivers() -> AsyncIterator[Receivers]:
    """Receivers on loopback."""
    async with receiving() as running:
        yield running


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server on loopback."""
    async with mail_server() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[OutgoingHttp]:
    """What posts, allowed to reach loopback, with half a second of patience."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield OutgoingHttp(client, timeout_seconds=0.5, allow_private=True)


def _message(
    url: str | None = None, signal: SignalDetected | None = None, to: str = "tom@example.com"
) -> Message:
    return Message(
        notification=Notification(
            id="0123456789abcdef0123456789abcdef",
            organization_id="acme",
            connection_id="c-1",
            signal=signal or a_signal(),
            rule_id="r-1",
            channel="webhook",
            recipient=Recipient(to.casefold(), to),
            state="pending",
            created_at=NOW,
            next_attempt_at=NOW,
            tries=1,
        ),
        rule_name="Churn",
        link="https://earshot.example.com/insights/s-1",
        at=SystemClock().now(),
        url=SecretStr(url) if url else None,
        secret=SecretStr(SECRET),
    )


async def test_a_webhook_is_a_signed_cloudevent(receivers: Receivers, http: OutgoingHttp) -> None:
    """The receiver's library accepts the signature, and the body is the signal's CloudEvent."""
    said = await WebhookChannel(http).deliver(_message(f"{receivers.base}/good"))
    assert said == "The receiver answered 200."
    (got,) = receivers.got
    event = Webhook(SECRET).verify(got.body, got.headers)
    assert event["type"] == "earshot.signal.detected.v1"
    assert event["id"] == a_signal().event_id()
    assert SignalDetected.model_validate(event["data"]) == a_signal()
    assert got.headers["webhook-id"] == "0123456789abcdef0123456789abcdef"
    assert got.headers["content-type"] == "application/cloudevents+json"


MORE_THAN_A_POOL = 110
"""httpx opens 100 connections at a time, if it is not told another number."""


async def test_each_delivery_under_way_has_a_connection(receivers: Receivers) -> None:
    """Receivers that take their time keep no delivery waiting for another's connection."""
    async with (
        asyncio.timeout(20),
        outgoing_client(concurrency=MORE_THAN_A_POOL) as client,
        asyncio.TaskGroup() as deliveries,
    ):
        http = OutgoingHttp(client, timeout_seconds=15, allow_private=True)
        for _ in range(MORE_THAN_A_POOL):
            deliveries.create_task(WebhookChannel(http).deliver(_message(f"{receivers.base}/slow")))
        while len(receivers.got) < MORE_THAN_A_POOL:
            await asyncio.sleep(0.01)
        receivers.gate.set()


@pytest.mark.parametrize(
    ("name", "error", "reason", "words"),
    [
        ("broken", DeliveryPostponed, "rejected", "The receiver answered 500: this is broken"),
        ("busy", DeliveryPostponed, "rejected", "The receiver answered 429: this is busy"),
        ("slow", DeliveryPostponed, "timed_out", "The receiver did not answer in time."),
        ("wrong", DeliveryRefused, "rejected", "The receiver answered 404: this is wrong"),
        ("gone", DeliveryRefused, "rejected", "The receiver answered 410: this is gone"),
        ("redirect", DeliveryRefused, "rejected", "a redirect"),
    ],
)
async def test_answers_decide_what_comes_next(
    receivers: Receivers, http: OutgoingHttp, name: str, error: type[Exception], reason: str, words: str
) -> None:
    """Trouble that passes is tried again, the rest is given up; a redirect is followed nowhere."""
    with pytest.raises(error, match=re.escape(words)) as caught:
        await WebhookChannel(http).deliver(_message(f"{receivers.base}/{name}"))
    assert getattr(caught.value, "failure", None) == reason
    assert receivers.at("good") == []
    if name == "busy":
        assert isinstance(caught.value, DeliveryPostponed)
        assert caught.value.retry_after_seconds == 120


@pytest.mark.parametrize("status", [401, 403])
async def test_a_signature_that_is_refused_is_sent_again(status: int) -> None:
    """A rule's new secret reaches its receiver a while later, or earlier: what is sent meanwhile waits."""
    async with answering(status, "bad signature") as http:
        with pytest.raises(DeliveryPostponed, match="bad signature") as caught:
            await WebhookChannel(http).deliver(_message("https://hooks.example.com/h"))
        assert (caught.value.failure, caught.value.status) == ("rejected", status)
        with pytest.raises(DeliveryRefused):
            await SlackChannel(http).deliver(_message("https://hooks.example.com/h"))


async def test_an_endless_answer_is_cut(receivers: Receivers, http: OutgoingHttp) -> None:
    """Nothing waits for its end."""
    await WebhookChannel(http).deliver(_message(f"{receivers.base}/endless"))


async def test_a_receiver_that_is_not_there_is_tried_again(http: OutgoingHttp) -> None:
    """A refused connection is no answer."""
    async with receiving() as closed:
        base = closed.base
    with pytest.raises(DeliveryPostponed, match="could not be reached") as caught:
        await WebhookChannel(http).deliver(_message(f"{base}/good"))
    assert caught.value.failure == "unreachable"


async def test_nothing_that_is_shown_holds_the_address(receivers: Receivers, http: OutgoingHttp) -> None:
    """Messages of failures name no path and no key, for they are shown in the log."""
    with pytest.raises(DeliveryPostponed) as caught:
        await WebhookChannel(http).deliver(_message(f"{receivers.base}/broken?key=k3y"))
    assert "k3y" not in f"{caught.value!r} {caught.value}"
    assert receivers.base not in str(caught.value)


async def _refused(url: str, *addresses: str) -> DeliveryRefused:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ipaddress.ip_address(address) for address in addresses]

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=False, resolve=resolve)
        with pytest.raises(DeliveryRefused) as caught:
            await http.post(url, b"", {})
    return caught.value


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://internal.example", ("10.0.0.7",)),
        ("https://two.example", ("93.184.216.34", "127.0.0.1")),
        ("https://wrapped.example", ("::ffff:169.254.169.254",)),
        ("https://nowhere.example", ()),
        ("http://plain.example", ("93.184.216.34",)),
    ],
)
async def test_private_addresses_are_refused(url: str, addresses: tuple[str, ...]) -> None:
    """One private address among a name's is enough; plain http is refused as well."""
    assert (await _refused(url, *addresses)).failure == "refused_address"


@pytest.mark.parametrize("allow_private", [True, False])
@pytest.mark.parametrize("host", ["hooks..example.com", f"{'a' * 70}.example", "\u00fc-.example"])
async def test_an_address_that_has_no_possible_host_is_refused(host: str, *, allow_private: bool) -> None:
    """No trying again makes a host of it; the resolver's own error would say nothing to anybody."""
    async with httpx.AsyncClient(trust_env=False) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=allow_private)
        with pytest.raises(DeliveryRefused, match="Edit it") as caught:
            await http.post(f"https://{host}/x", b"", {})
    assert caught.value.failure == "not_configured"


async def test_a_name_of_another_alphabet_is_asked_for_as_the_certificate_has_it() -> None:
    """The name that is resolved and judged is the one that the connection is made for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ipaddress.ip_address("93.184.216.34")]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["sni_hostname"])
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=False, resolve=resolve)
        await http.post("https://fa\u00df.example/x", b"{}", {})
    assert asked == ["xn--fa-hia.example", "xn--fa-hia.example"]


async def test_loopback_by_name_is_refused_after_resolution(receivers: Receivers) -> None:
    """The system's own resolver is asked, and `localhost` is private under any name."""
    async with httpx.AsyncClient(trust_env=False) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=False)
        with pytest.raises(DeliveryRefused):
            await http.post(f"https://localhost:{receivers.base.rpartition(':')[2]}/good", b"", {})
    assert receivers.got == []
    assert all(address.is_loopback for address in await resolve_by_system("localhost", 443))


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """A name that changes its mind gains nothing: asked once, and the certificate is the name's."""
    sent: list[httpx.Request] = []

    async def resolve(host: str, port: int) -> list[Address]:
        return [ipaddress.ip_address("93.184.216.34")]

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=False, resolve=resolve)
        await http.post("https://hooks.example.com:8443/x?y=z", b"{}", {})
    (request,) = sent
    assert str(request.url) == "https://93.184.216.34:8443/x?y=z"
    assert request.headers["host"] == "hooks.example.com:8443"
    assert request.extensions["sni_hostname"] == "hooks.example.com"


class _Network(httpcore.AsyncNetworkBackend):
    """Takes every connection but those to `shut`, answers 200 on it, and notes where to and for whom."""

    def __init__(self, *shut: str) -> None:
        self.shut = shut
        self.asked: list[str] = []
        self.named: list[str | None] = []

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        if host in self.shut:
            raise httpcore.ConnectError("no way")
        return _Stream(self.named)


class _Stream(httpcore.AsyncMockStream):
    def __init__(self, named: list[str | None]) -> None:
        super().__init__([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"] * 2)
        self._named = named

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        self._named.append(server_hostname)
        return self


@asynccontextmanager
async def _over(network: _Network, *addresses: str) -> AsyncIterator[OutgoingHttp]:
    """Yield what posts over a network where every name has these addresses."""

    async def resolve(host: str, port: int) -> list[Address]:
        return [ipaddress.ip_address(address) for address in addresses]

    transport = httpx.AsyncHTTPTransport()
    transport._pool = httpcore.AsyncConnectionPool(network_backend=network)
    async with httpx.AsyncClient(transport=transport) as client:
        yield OutgoingHttp(client, timeout_seconds=1, allow_private=False, resolve=resolve)


async def test_two_names_of_one_address_share_no_connection() -> None:
    """Each is asked for by its own name and certificate: servers refuse what comes by another's."""
    network = _Network()
    async with _over(network, "93.184.216.34") as http:
        await http.post("https://one.example/x", b"{}", {})
        await http.post("https://two.example/x", b"{}", {})
    assert network.named == ["one.example", "two.example"]


@pytest.mark.parametrize(
    ("addresses", "asked"),
    [
        (("2606:4700::1", "2606:4700::2", "93.184.216.34"), ["2606:4700::1", "93.184.216.34"]),
        (("1.1.1.1", "93.184.216.34"), ["1.1.1.1", "93.184.216.34"]),
    ],
)
async def test_a_name_is_reached_by_another_address_of_it(
    addresses: tuple[str, ...], asked: list[str]
) -> None:
    """Where the first cannot be reached, as IPv6 in many a cluster, nothing was sent yet."""
    network = _Network(*addresses[:-1])
    async with _over(network, *addresses) as http:
        assert (await http.post("https://one.example/x", b"{}", {})).status == 200
    assert network.asked == asked


async def test_a_name_that_none_of_its_addresses_reaches_is_tried_again() -> None:
    """The last refusal is what is told."""
    network = _Network("1.1.1.1", "93.184.216.34")
    async with _over(network, "1.1.1.1", "93.184.216.34") as http:
        with pytest.raises(DeliveryPostponed, match="could not be reached"):
            await http.post("https://one.example/x", b"{}", {})
    assert len(network.asked) == 2


async def test_a_name_without_address_is_tried_again() -> None:
    """A resolver that fails says nothing about tomorrow."""

    async def resolve(host: str, port: int) -> list[Address]:
        raise OSError("no such name")

    async with httpx.AsyncClient() as client:
        http = OutgoingHttp(client, timeout_seconds=1, allow_private=False, resolve=resolve)
        with pytest.raises(DeliveryPostponed, match="no address"):
            await http.post("https://hooks.example.com", b"", {})


async def test_slack_gets_blocks_and_plain_text(receivers: Receivers, http: OutgoingHttp) -> None:
    """What a customer wrote can neither mention people nor make links."""
    quote = "<!channel> & <https://x|y>\nnow #general https://evil.example @here"
    evidence = a_signal().evidence[0].model_copy(update={"quote": quote})
    signal = a_signal(evidence=(evidence,), customer=CustomerRef(id="x", name="A < B"))
    await SlackChannel(http).deliver(_message(f"{receivers.base}/good", signal))
    body = orjson.loads(receivers.got[0].body)
    assert body["text"].startswith("Churn risk (explicit): A &lt; B: “&lt;!channel&gt; &amp;")
    assert [block["type"] for block in body["blocks"]] == ["header", "section", "context", "section"]
    assert "<!channel>" not in orjson.dumps(body["blocks"][1]).decode()
    # Slack is told to make nothing of plain words; only the link that is ours is written as one.
    sections = [body["blocks"][1]["text"], body["blocks"][2]["elements"][0], body["blocks"][3]["text"]]
    assert [text["verbatim"] for text in sections] == [True, True, True]
    assert [text["text"].count("<") for text in sections] == [0, 0, 1]


DAY = timedelta(days=1)
_FACTS = (
    a_fact(),
    a_fact(name="renewal_date", value="2026-04-10", reason="renews on 10 Apr 2026", since=NOW - DAY),
)
_REASONS = ["Fell from 40 within 90 days (seats: 4)", "Renews on 10 Apr 2026"]


async def test_slack_gets_the_account_facts_that_a_signal_rests_on(
    receivers: Receivers, http: OutgoingHttp
) -> None:
    """Without any words of a customer it says why, also where only the plain text is shown."""
    signal = a_signal(evidence=(), facts=(*_FACTS, a_fact(reason="<!channel>", since=NOW - 2 * DAY)))
    await SlackChannel(http).deliver(_message(f"{receivers.base}/good", signal))
    body = orjson.loads(receivers.got[0].body)
    said = [*_REASONS, "&lt;!channel&gt; (seats: 4)"]
    assert body["text"] == f"Churn risk (explicit): Northwind: {' · '.join(said)}"
    assert [block["type"] for block in body["blocks"]] == ["header", "section", "context", "section"]
    assert body["blocks"][1]["text"]["text"] == "\n".join(said)


async def test_slack_takes_as_many_facts_as_there_may_be(receivers: Receivers, http: OutgoingHttp) -> None:
    """A section holds 3,000 characters; what is left out is counted."""
    long = a_fact(reason="fell & rose " * 40)
    await SlackChannel(http).deliver(_message(f"{receivers.base}/good", a_signal(facts=(long,) * 50)))
    header, quote, reasons, context, link = orjson.loads(receivers.got[0].body)["blocks"]
    assert (header["type"], quote["text"]["text"][0], link["type"]) == ("header", ">", "section")
    assert len(reasons["text"]["text"]) < 3_000
    assert reasons["text"]["text"].count("…") == 5
    assert "45 other signs" in context["elements"][0]["text"]


async def test_a_webhook_has_the_account_facts(receivers: Receivers, http: OutgoingHttp) -> None:
    """As they are on the bus."""
    signal = a_signal(evidence=(), facts=_FACTS)
    await WebhookChannel(http).deliver(_message(f"{receivers.base}/good", signal))
    data = orjson.loads(receivers.got[0].body)["data"]
    assert data["facts"] == [fact.model_dump(mode="json") for fact in _FACTS]


async def test_mail_has_the_account_facts_in_both_forms(mailbox: Mailbox) -> None:
    """Each on a line of its own, the newest first, beside the words that there are."""
    facts = (*_FACTS, a_fact(reason="a <b>\r\nBcc: all@example.com", since=NOW - 2 * DAY))
    await _mail(mailbox.port).deliver(_message(signal=a_signal(facts=facts)))
    mail = message_from_bytes(mailbox.mails[0], policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    lines = plain.get_content().splitlines()
    place = lines.index(_REASONS[0])
    assert lines[place - 3 : place + 4] == [
        "“we won't be renewing once the contract ends in March”",
        "Dana Ruiz",
        "",
        *_REASONS,
        "A <b> Bcc: all@example.com (seats: 4)",
        "",
    ]
    assert [reason in html.get_content() for reason in _REASONS] == [True, True]
    assert "A &lt;b&gt; Bcc" in html.get_content()


async def test_teams_gets_a_card_with_words_and_facts(receivers: Receivers, http: OutgoingHttp) -> None:
    """In a message as a workflow's trigger takes it; the only link is ours."""
    quote = "<at>all</at> [look](https://evil.example)"
    evidence = a_signal().evidence[0].model_copy(update={"quote": quote})
    signal = a_signal(evidence=(evidence,), facts=_FACTS)
    said = await TeamsChannel(http, TeamsHosts(("127.0.0.1",))).deliver(
        _message(f"{receivers.base}/good", signal)
    )
    assert said.startswith("Teams answered 200.")
    (got,) = receivers.got
    assert got.headers["content-type"] == "application/json"
    body = orjson.loads(got.body)
    assert (body["type"], body["attachments"][0]["contentType"]) == (
        "message",
        "application/vnd.microsoft.card.adaptive",
    )
    card = body["attachments"][0]["content"]
    kinds = [element["type"] for element in card["body"]]
    assert kinds == ["TextBlock", "RichTextBlock", "Container", *["RichTextBlock"] * 3]
    assert [card["body"][place]["inlines"][0]["text"] for place in (3, 4)] == _REASONS
    assert [action["url"] for action in card["actions"]] == ["https://earshot.example.com/insights/s-1"]


@pytest.mark.parametrize("kind", [SlackChannel, WebhookChannel])
async def test_a_rule_without_address_says_so(http: OutgoingHttp, kind: Any) -> None:
    """Nothing to send to is a matter of configuration, not of trying again."""
    with pytest.raises(DeliveryRefused) as caught:
        await kind(http).deliver(_message(None))
    assert caught.value.failure == "not_configured"


def _mail(port: int | None, **changes: Any) -> EmailChannel:
    return EmailChannel(
        Settings(
            signing_key=SecretStr("k" * 40),
            credential_keys=SecretStr(Fernet.generate_key().decode()),
            smtp_host="127.0.0.1" if port else None,
            smtp_port=port or 25,
            notify_timeout_seconds=2,
            **{"smtp_tls": "none", **changes},
        )
    )


async def test_mail_has_both_forms_and_a_lasting_id(mailbox: Mailbox) -> None:
    """Text and HTML say the same; a subject made of a customer's words stays one line."""
    signal = a_signal(customer=CustomerRef(id="x", name="North\r\nBcc: all@example.com <wind>"))
    await _mail(mailbox.port).deliver(_message(signal=signal))
    mail = message_from_bytes(mailbox.mails[0], policy=policy.default)
    assert mail["subject"] == "Churn risk (explicit): North Bcc: all@example.com <wind>"
    assert mail["bcc"] is None
    assert mail["message-id"] == "<0123456789abcdef0123456789abcdef@earshot.invalid>"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "we won't be renewing" in plain.get_content()
    assert "https://earshot.example.com/insights/s-1" in plain.get_content()
    assert "&lt;wind&gt;" in html.get_content()


@pytest.mark.parametrize(
    "owner",
    ["jane doe", "", "tom@example.com\r\nBcc: all@example.com", "Tom <tom@example.com>", "to\nm@x.com"],
)
async def test_an_owner_that_is_no_address_is_given_up_at_once(mailbox: Mailbox, owner: str) -> None:
    """Owners come from Intercom and from files: the log says what is wrong, and nothing is tried again."""
    with pytest.raises(DeliveryRefused, match="is no e-mail address") as caught:
        await _mail(mailbox.port).deliver(_message(to=owner))
    assert caught.value.failure == "refused_address"
    assert str(caught.value).isprintable()
    assert mailbox.mails == []


async def test_an_inbox_that_nobody_could_open_gets_no_entry() -> None:
    """Whoever reads is known by address; an owner that is none is named in the log instead."""
    inbox = MemoryInbox()
    channel = InboxChannel(inbox, LocalAnnouncements())
    with pytest.raises(DeliveryRefused, match="'jane doe' is no e-mail address"):
        await channel.deliver(_message(to="jane doe"))
    for audience in ("everyone", "tom@example.com"):
        assert await channel.deliver(_message(to=audience)) == "Put into the inbox."


@pytest.mark.parametrize("to", ["Ann.O'Hara@example.com", "josé@example.com", "ann@exämple.de"])
async def test_an_address_is_written_to_as_it_was_given(mailbox: Mailbox, to: str) -> None:
    """In the letters it was given in, those of other languages included."""
    mailbox.takes_all_letters = True
    await _mail(mailbox.port).deliver(_message(to=to))
    assert mailbox.recipients == [to]
    assert f"\r\nTo: {to}\r\n" in mailbox.mails[0].decode()


async def test_a_mail_server_without_other_letters_is_no_reason_to_try_again(mailbox: Mailbox) -> None:
    """What it cannot take today it cannot take in an hour; the log says so in words."""
    with pytest.raises(DeliveryRefused, match="only takes addresses of plain ASCII letters") as caught:
        await _mail(mailbox.port).deliver(_message(to="josé@example.com"))
    assert caught.value.failure == "refused_address"


@pytest.mark.parametrize(
    ("reply", "error"), [("550 no such user", DeliveryRefused), ("451 later", DeliveryPostponed)]
)
async def test_a_mail_servers_reply_decides(mailbox: Mailbox, reply: str, error: type[Exception]) -> None:
    """Replies of the five hundreds are final, those of the four hundreds are not."""
    mailbox.refuse = reply
    with pytest.raises(error, match=reply[:3]):
        await _mail(mailbox.port).deliver(_message())


@pytest.mark.parametrize(
    ("reply", "error", "reason"),
    [
        ("535 5.7.8 no", DeliveryRefused, "not_configured"),
        ("454 4.7.0 Temporary authentication failure", DeliveryPostponed, "rejected"),
    ],
)
async def test_a_sign_in_that_fails_for_now_is_tried_again(
    mailbox: Mailbox, reply: str, error: type[Exception], reason: str
) -> None:
    """A wrong password is for the operator; a directory that is away, or too many sign-ins, pass."""
    mailbox.sign_in = reply
    with pytest.raises(error, match=reply[:3]) as caught:
        await _mail(mailbox.port, smtp_username="u", smtp_password="p").deliver(_message())
    assert getattr(caught.value, "failure", None) == reason


async def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    """A refused connection is trouble that passes."""
    async with mail_server() as closed:
        port = closed.port
    with pytest.raises(DeliveryPostponed) as caught:
        await _mail(port).deliver(_message())
    assert caught.value.failure == "unreachable"


async def test_a_mail_server_without_what_the_settings_ask_for_is_named(mailbox: Mailbox) -> None:
    """It was reached, and there is something to mend: tried again, with the settings' names in the log."""
    with pytest.raises(DeliveryPostponed, match="STARTTLS") as caught:
        await _mail(mailbox.port, smtp_tls="starttls").deliver(_message())
    assert "Check EARSHOT_SMTP_TLS" in str(caught.value)
    assert caught.value.failure == "not_configured"


async def test_without_a_mail_server_the_setting_is_named() -> None:
    """The log says what an operator has to do."""
    with pytest.raises(DeliveryRefused, match="EARSHOT_SMTP_HOST"):
        await _mail(None).deliver(_message())
