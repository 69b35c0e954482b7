"""Pages and JSON API over in-memory ports: what people see, what they may do, what is never shown."""

from __future__ import annotations

import asyncio
import csv
import html
import re
from contextlib import ExitStack, aclosing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

import services.notifier.pages
from services.notifier import api, pages
from services.notifier.adapters.local_announcements import LocalAnnouncements
from services.notifier.domain.preferences import Preferences
from services.notifier.domain.rule import Recipient
from services.notifier.errors import DeliveryPostponed
from services.notifier.pages import inbox
from services.notifier.ports import DeadLetterView
from services.notifier.use_cases.read_log import LogReading
from shared.config import ServiceSettings
from shared.contracts.signals import SignalUpdated
from shared.errors import TransientError
from shared.http.application import create_api
from shared.http.lifecycle import Lifecycle
from shared.http.live_streams import MOST_STREAMS, LiveStreams
from shared.observability.readiness import Readiness
from shared.web.pages import Pages
from tests.unit.services.notifier.fakes import (
    ADMIN,
    MEMBER,
    NOW,
    MemoryDeadLetters,
    ScriptedChannel,
    a_fact,
    a_rule,
    a_signal,
)
from tests.unit.services.notifier.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.auth.identity import Identity
    from shared.contracts.deliveries import ChannelName

RULES = "/settings/organization/notifications"
TEMPLATES = Path(services.notifier.pages.__file__).parent / "templates"


class SignedIn:
    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    async def identify(self, headers: Mapping[str, str], client_host: str | None) -> Identity:
        return self.identity


class Site:
    """The notifier's pages, looked at by one person whose browser keeps cookies and sends form tokens."""

    def __init__(self, rig: Rig, identity: Identity = ADMIN, dead: MemoryDeadLetters | None = None) -> None:
        self.rig = rig
        self.signed_in = SignedIn(identity)
        readiness = Readiness()
        web = Pages(TEMPLATES, clock=rig.clock)
        self.announcements, self.streams = LocalAnnouncements(), LiveStreams()
        log = LogReading(notifications=rig.notifications, dead_letters=dead or MemoryDeadLetters())
        app = create_api(
            service="notifier",
            settings=ServiceSettings(http_port=1, signing_key=SecretStr("k" * 40)),
            routers=[
                api.routes(rig.administration, log, rig.reading),
                pages.routes(
                    web,
                    rig.administration,
                    log,
                    rig.reading,
                    self.announcements,
                    streams=self.streams,
                    clock=rig.clock,
                    public_url="https://earshot.example.com/",
                    settle_seconds=120,
                ),
            ],
            lifecycle=Lifecycle(readiness, grace_seconds=1),
            readiness=readiness,
            authenticator=self.signed_in,
            clock=rig.clock,
            registry=CollectorRegistry(),
            pages=web,
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1",
            headers={"Accept": "text/html"},
        )

    async def get(self, path: str) -> str:
        response = await self.http.get(path)
        assert response.status_code == 200, (path, response.status_code, response.text[:300])
        return response.text

    async def token(self) -> str:
        found = re.search(r'csrf-token" content="([^"]+)"', await self.get("/settings/me"))
        assert found is not None
        return found[1]

    async def post(self, path: str, data: dict[str, Any] | None = None) -> httpx.Response:
        return await self.http.post(path, data={"csrf_token": await self.token(), **(data or {})})


WEBHOOK_FORM = {"name": "Hook", "channel": "webhook", "url": "https://h.example/k3y", "enabled": "on"}


async def test_an_inbox_shows_cards_and_opens_them() -> None:
    """An unread card leads to the signal and is read afterwards."""
    site = Site(Rig())
    await site.rig.inbox.put(a_signal(signal_id="s/1", title="<b>"), "everyone", NOW)
    body = await site.get("/inbox")
    assert "won&#39;t be renewing" in body
    assert "1 unread" in body
    assert await site.get("/inbox/unread") == "1"
    opened = await site.http.get("/inbox/open/s%2F1")
    assert (opened.status_code, opened.headers["location"]) == (303, "/insights/s-1")
    assert await site.get("/inbox/unread") == ""
    assert "Nothing unread" in await site.get("/inbox?show=unread")


def counted_at(page: str) -> str:
    """Return the address that says how many came since a page was drawn."""
    found = re.search(r'data-counted="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


async def test_an_open_inbox_can_ask_how_many_came_since_it_was_drawn() -> None:
    """Whatever it heard or missed meanwhile: entries of its reader alone, and none that it shows."""
    site = Site(Rig())
    await site.rig.inbox.put(a_signal(signal_id="shown"), "everyone", site.rig.clock.now())
    site.rig.clock.advance(1)
    address = counted_at(await site.get("/inbox?sort=oldest"))
    site.rig.clock.advance(1)
    assert await site.get(address) == "0"
    for number in range(3):
        await site.rig.inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", site.rig.clock.now())
    await site.rig.inbox.put(a_signal(signal_id="other"), "somebody@else.example", site.rig.clock.now())
    assert await site.get(address) == "3"
    for no_moment in ("yesterday", "2026-03-01T12:00:00", "0001-01-01T00:00:00%2B14:00"):
        # The last one has a year in its own zone, and none in UTC, which a database is asked in.
        answer = await site.http.get(f"/inbox/new?since={no_moment}")
        assert answer.status_code == 422, no_moment


async def test_an_open_inbox_is_told_of_what_its_list_shows_and_once() -> None:
    """Not of kinds that its reader does not want, of others' entries, nor twice of one of two rules."""
    announcements = LocalAnnouncements()
    wishes = Preferences("acme", "u-1", "Ann@Acme.example", kinds=("churn_risk",), minimum_confidence=0.5)
    async with aclosing(inbox.told(announcements, wishes.email, wishes)) as events:
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        for signal, audience in (
            (a_signal(signal_id="s-2", kind="upsell"), "everyone"),
            (a_signal(signal_id="s-3", confidence=0.4), "everyone"),
            (a_signal(signal_id="s-4"), "somebody@else.example"),
            (a_signal(signal_id="s-5", organization_id="other"), "everyone"),
        ):
            announcements.announce(signal, audience)
            await asyncio.sleep(0)
        assert not coming.done()
        announcements.announce(a_signal(), "everyone")
        announcements.announce(a_signal(), "ann@acme.example")
        assert (await coming).event == "entry"
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        assert not coming.done()
        announcements.announce(a_signal(signal_id="s-6"), "everyone")
        assert (await coming).event == "entry"


async def test_more_live_streams_than_anybody_looks_at_are_refused() -> None:
    """In words, with when to ask again; the page itself is shown as ever."""
    site = Site(Rig())
    with ExitStack() as held:
        for _ in range(MOST_STREAMS):
            held.enter_context(site.streams.counted(site.signed_in.identity))
        refused = await site.http.get("/inbox/stream", headers={"accept": "text/event-stream"})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        assert "Close a page" in refused.json()["detail"]
        assert "Inbox" in await site.get("/inbox")


async def test_lists_tell_how_many_there_are_and_go_into_files() -> None:
    """Inbox and log count all that match, on pages and for machines, and export them, filters kept."""
    site = Site(Rig())
    for number in range(35):
        signal = a_signal(signal_id=f"s-{number}", title="=1+1")
        await site.rig.take(signal)
        await site.rig.inbox.put(signal, "everyone", NOW + timedelta(seconds=number))
    await site.rig.reading.open(ADMIN, "s-0")
    assert "30 of 35 notifications" in await site.get("/inbox")
    assert "30 of 34 notifications" in await site.get("/inbox?show=unread")
    file = await site.http.get("/inbox/export.csv?show=unread")
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.text.splitlines()
    assert (len(lines), lines[0].startswith("id,kind,title,customer")) == (35, True)
    # What a customer wrote is never taken for a formula.
    assert all("'=1+1" in line for line in lines[1:])
    assert "35 notifications" in await site.get("/operations/deliveries")
    log = (await site.http.get("/operations/deliveries/export.csv?channel=inbox")).text.splitlines()
    assert (len(log), log[1].split(",")[1]) == (36, "delivered")
    assert len((await site.http.get("/operations/deliveries/export.csv?state=failed")).text.splitlines()) == 1
    for path, count in (
        ("/inbox", 35),
        ("/inbox?unread=true", 34),
        ("/deliveries?limit=2", 35),
        ("/notifications?state=failed", 0),
    ):
        assert (await site.http.get(f"/api/v1{path}")).json()["count"] == count, path


async def test_a_long_inbox_says_that_there_is_more_than_is_counted() -> None:
    """Read or not: a page says from where on it does not count, and machines get no number."""
    site = Site(Rig())
    for number in range(1_000):
        await site.rig.inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW)
    for path in ("/inbox", "/inbox?show=unread"):
        assert "30 of more than 999 notifications" in await site.get(path), path
    for path in ("/inbox", "/inbox?unread=true"):
        assert (await site.http.get(f"/api/v1{path}")).json()["count"] is None, path


@pytest.mark.parametrize(
    ("path", "of_one"),
    [("/inbox", r"/inbox/open/(s-\d+)"), ("/operations/deliveries", r"/operations/deliveries/(\w{10,})")],
)
async def test_lists_begin_with_the_oldest_where_that_is_asked(path: str, of_one: str) -> None:
    """Page by page and in the file the order is the other way round; an unknown word means newest first."""
    site = Site(Rig())
    for number in range(60):
        signal = a_signal(signal_id=f"s-{number:02}")
        site.rig.clock.advance(1)
        await site.rig.take(signal)
        await site.rig.inbox.put(signal, "everyone", site.rig.clock.now())

    async def listed(sort: str) -> list[str]:
        found: list[str] = []
        following: str | None = f"{path}?sort={sort}"
        while following:
            body = await site.get(following)
            found += re.findall(of_one, body)
            more = re.search(r'href="([^"]*)" rel="next"', body)
            following = more[1].replace("&amp;", "&") if more else None
        return found

    newest, oldest = await listed("x"), await listed("oldest")
    assert len(set(newest)) == 60
    assert oldest == newest[::-1]
    files = [(await site.http.get(f"{path}/export.csv?sort={sort}")).text for sort in ("", "oldest")]
    assert files[1].splitlines()[1:] == files[0].splitlines()[:0:-1]
    assert '<option value="oldest" selected>' in await site.get(f"{path}?sort=oldest")


async def test_an_empty_inbox_says_why() -> None:
    """Nothing is never just an empty page."""
    assert "See the rules" in await Site(Rig()).get("/inbox")


async def test_all_is_read_by_a_form() -> None:
    """The form needs its token; without it nothing changes."""
    site = Site(Rig())
    await site.rig.inbox.put(a_signal(), "everyone", NOW)
    assert (await site.http.post("/inbox/read-all")).status_code == 403
    read = await site.post("/inbox/read-all")
    assert (read.status_code, read.headers["location"]) == (303, "/inbox?done=read")
    assert "All of it is marked as read." in await site.get(read.headers["location"])
    assert await site.get("/inbox/unread") == ""


async def test_reading_all_leaves_what_came_since_the_page_was_drawn() -> None:
    """An alert that arrives while a page is open has been seen by nobody."""
    site = Site(Rig())
    await site.rig.inbox.put(a_signal(), "everyone", NOW)
    drawn = re.search(r'name="until" value="([^"]+)"', await site.get("/inbox"))
    assert drawn
    await site.rig.inbox.put(a_signal(signal_id="s-late"), "everyone", NOW + timedelta(seconds=1))
    assert (await site.post("/inbox/read-all", {"until": drawn[1]})).status_code == 303
    assert await site.get("/inbox/unread") == "1"


async def test_a_webhook_rule_is_written_shown_changed_and_removed() -> None:
    """Its secret is shown once; its address never comes back, not even into the form."""
    site = Site(Rig())
    made = await site.post(f"{RULES}/new", WEBHOOK_FORM)
    assert "whsec_" in made.text
    (rule,) = [rule for rule in await site.rig.rules.list_of("acme") if rule.channel == "webhook"]
    for path in (RULES, f"{RULES}/{rule.id}", "/operations/deliveries", "/api/v1/rules"):
        body = await site.get(path)
        assert "k3y" not in body
        assert "whsec_" not in body.replace('placeholder="whsec_', "")
    changed = await site.post(f"{RULES}/{rule.id}", {**WEBHOOK_FORM, "url": "", "name": "Renamed"})
    assert changed.status_code == 303
    assert "“Renamed” is saved. Send a test" in await site.get(changed.headers["location"])
    assert "is saved" not in await site.get(f"{RULES}?saved=none")
    removed = await site.post(f"{RULES}/{rule.id}/remove")
    assert "The rule is removed." in await site.get(removed.headers["location"])
    assert "Renamed" not in await site.get(RULES)
    assert (await site.http.get(f"{RULES}/{rule.id}")).status_code == 404


async def test_names_keep_their_commas() -> None:
    """Customers and tags are one a line; addresses may be parted by commas too."""
    site = Site(Rig())
    form = {"customers": "Acme, Inc.\r\nNorthwind; North\n", "tags": "won, lost", "owners": "a@b.c, d@e.f"}
    await site.post(f"{RULES}/new", {**WEBHOOK_FORM, **form})
    (rule,) = [rule for rule in await site.rig.rules.list_of("acme") if rule.channel == "webhook"]
    assert rule.customers == ("Acme, Inc.", "Northwind; North")
    assert (rule.tags, rule.owners) == (("won, lost",), ("a@b.c", "d@e.f"))
    again = {"customers": "\n".join(rule.customers), "tags": "\n".join(rule.tags)}
    assert "Acme, Inc.\nNorthwind; North</textarea>" in await site.get(f"{RULES}/{rule.id}")
    await site.post(f"{RULES}/{rule.id}", {**WEBHOOK_FORM, "url": "", **again})
    stored = await site.rig.rules.get("acme", rule.id)
    assert stored is not None
    assert (stored.customers, stored.tags) == (rule.customers, rule.tags)


async def test_who_saves_a_form_that_is_out_of_date_is_told_so() -> None:
    """Two administrators opened the form; the second to save changes nothing and can reload."""
    site = Site(Rig())
    await site.post(f"{RULES}/new", WEBHOOK_FORM)
    (rule,) = [rule for rule in await site.rig.rules.list_of("acme") if rule.channel == "webhook"]
    assert 'name="revision" value="1"' in await site.get(f"{RULES}/{rule.id}")
    form = {**WEBHOOK_FORM, "url": "", "revision": "1"}
    assert (await site.post(f"{RULES}/{rule.id}", {**form, "name": "First"})).status_code == 303
    for stale in ("1", "x"):
        second = await site.post(f"{RULES}/{rule.id}", {**form, "name": "Second", "revision": stale})
        assert second.status_code == 422
        assert "Somebody else changed this rule meanwhile" in second.text
    stored = await site.rig.rules.get("acme", rule.id)
    assert stored is not None
    assert (stored.name, stored.revision) == ("First", 2)
    again = await site.post(f"{RULES}/{rule.id}", {**form, "name": "Second", "revision": "2"})
    assert again.status_code == 303


async def test_good_moods_are_ticked_on_the_rule() -> None:
    """The form keeps the tick and shows it again; a rule that is saved without it tells none."""
    site = Site(Rig())
    await site.post(f"{RULES}/new", {**WEBHOOK_FORM, "good_moods": "on"})
    (rule,) = [rule for rule in await site.rig.rules.list_of("acme") if rule.channel == "webhook"]
    assert rule.good_moods
    assert "moods that turn for the better too" in await site.get(RULES)
    assert 'name="good_moods" value="on" checked' in await site.get(f"{RULES}/{rule.id}")
    await site.post(f"{RULES}/{rule.id}", {**WEBHOOK_FORM, "url": ""})
    (rule,) = [rule for rule in await site.rig.rules.list_of("acme") if rule.channel == "webhook"]
    assert not rule.good_moods


async def test_a_wrong_rule_comes_back_with_its_faults() -> None:
    """What was typed stays, and each fault stands at its field."""
    site = Site(Rig())
    answer = await site.post(
        f"{RULES}/new",
        {"name": "Mail", "channel": "email", "recipients": "nobody", "minimum_confidence": "much"},
    )
    assert answer.status_code == 422
    assert 'value="Mail"' in answer.text
    assert "is no e-mail address" in answer.text
    assert "Give a number from 0 to 1." in answer.text
    for nobody in ("a..b@example.com", "ann@bob@example.com"):
        form = {"name": "Mail", "channel": "email", "recipients": nobody}
        assert "is no e-mail address" in (await site.post(f"{RULES}/new", form)).text
    pigeon = await site.post(f"{RULES}/new", {"name": "x", "channel": "pigeon"})
    assert pigeon.status_code == 422


async def test_a_rule_says_that_implied_risk_waits() -> None:
    """Beside the kinds, how long and why."""
    page = html.unescape(await Site(Rig()).get(f"{RULES}/new"))
    assert "only implied by words is told after 2 min, if it stands then" in page


async def test_who_was_picked_is_told_without_script_too() -> None:
    """A teammate's address beside the lines joins them when the form is saved, once, and an owner's too."""
    site = Site(Rig())
    page = await site.get(f"{RULES}/new?channel=email")
    assert page.count('<datalist id="addresses" hx-get="/people/teammates"') == 1
    assert page.count('list="addresses"') == 2
    form = {"name": "Mail", "channel": "email", "recipients": "owner\nann@example.com", "enabled": "on"}
    picked = {"add_recipient": "bo@example.com", "add_owner": "cem@example.com"}
    assert (await site.post(f"{RULES}/new", {**form, **picked})).status_code == 303
    again = {**form, "add_recipient": "Ann@example.com"}
    assert (await site.post(f"{RULES}/new", again)).status_code == 303
    told = {
        (rule.recipients, rule.owners)
        for rule in await site.rig.rules.list_of("acme")
        if rule.channel == "email"
    }
    assert told == {
        (("owner", "ann@example.com", "bo@example.com"), ("cem@example.com",)),
        (("owner", "ann@example.com"), ()),
    }


async def test_customers_and_tags_are_offered() -> None:
    """The form asks for names like what is typed, and what was picked joins the lines without script too."""
    site = Site(Rig())
    page = await site.get(f"{RULES}/new")
    for name, to, url in (("customer", "customers", "/customers"), ("tag", "tags", "/topics")):
        assert f'<datalist id="{to}-offered" hx-get="{url}/offered"' in page
        assert re.search(f'<input id="f-{name}" name="{name}" list="{to}-offered"', page)
        assert f'<div role="status" hx-get="{url}/unknown"' in page
    form = {"name": "VIP", "channel": "inbox", "recipients": "everyone", "enabled": "on"}
    picked = {"customers": "Contoso", "customer": "Northwind, Inc.", "tags": "vip", "tag": "VIP"}
    assert (await site.post(f"{RULES}/new", {**form, **picked})).status_code == 303
    (made,) = [rule for rule in await site.rig.rules.list_of("acme") if rule.name == "VIP"]
    assert (made.customers, made.tags) == (("Contoso", "Northwind, Inc."), ("vip",))


async def test_a_test_says_what_the_receiver_said() -> None:
    """The outcome of a sample stands on the page."""
    rig = Rig(ScriptedChannel("inbox", DeliveryPostponed("No answer.", reason="unreachable")))
    await rig.rules.insert(a_rule())
    site = Site(rig)
    sent = await site.post(f"{RULES}/r-1/test")
    assert "The sample did not arrive. No answer." in await site.get(sent.headers["location"])
    body = await site.get(RULES)
    assert "Needs attention" in body
    sent = await site.post(f"{RULES}/r-1/test")
    body = await site.get(sent.headers["location"])
    assert "The sample arrived." in body
    assert f"“{a_rule().name}”: " in html.unescape(body)


@pytest.mark.parametrize("path", [f"{RULES}/new", f"{RULES}/r-1", f"{RULES}/r-1/remove", f"{RULES}/r-1/test"])
async def test_members_read_and_do_not_write(path: str) -> None:
    """A member sees the rules without buttons, and is refused what the buttons do."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    site = Site(rig, MEMBER)
    assert "Send a test" not in await site.get(RULES)
    assert (await site.post(path, WEBHOOK_FORM)).status_code == 403


async def test_preferences_are_kept_and_checked() -> None:
    """Saved wishes come back; nonsense comes back with its fault and is not saved."""
    site = Site(Rig(), MEMBER)
    form = {"kinds": ["renewal", "upsell"], "minimum_confidence": "0,5", "quiet": "on", "start": "20:00"}
    bad = await site.post("/settings/me", {**form, "end": "08:00", "zone": "Mars"})
    assert bad.status_code == 422
    assert "is no time zone" in bad.text
    bad = await site.post("/settings/me", {**form, "end": "08:00+02:00", "zone": "Europe/Berlin"})
    assert bad.status_code == 422
    assert "without an offset" in bad.text
    for empty in ("", "noon"):
        bad = await site.post("/settings/me", {**form, "end": empty, "zone": "Europe/Berlin"})
        assert bad.status_code == 422
        assert "Give both times of day" in bad.text
        assert "isoformat" not in bad.text
    assert (await site.post("/settings/me", {"minimum_confidence": "2"})).status_code == 422
    assert await site.rig.people.get("acme", "u-2") is None
    good = await site.post("/settings/me", {**form, "end": "08:00", "zone": "Europe/Berlin"})
    assert good.status_code == 303
    assert "Saved." in await site.get(good.headers["location"])
    wishes = await site.rig.people.get("acme", "u-2")
    assert wishes is not None
    assert (wishes.kinds, wishes.minimum_confidence) == (("renewal", "upsell"), 0.5)


async def test_a_confidence_is_asked_for_in_words() -> None:
    """On a rule and for oneself: what the number means, written without a needless nought."""
    rig = Rig()
    await rig.rules.insert(a_rule(minimum_confidence=0.75))
    site = Site(rig)
    for path, value in ((f"{RULES}/new", "0"), (f"{RULES}/r-1", "0.75"), ("/settings/me", "0")):
        page = await site.get(path)
        assert re.search(rf'name="minimum_confidence" type="number" value="{value}"', page)
        assert "0 tells of everything; of those at 0.8 about eight in ten are right." in page
    wrong = await site.post("/settings/me", {"minimum_confidence": "2"})
    assert re.search(r'name="minimum_confidence" type="number" value="2"', wrong.text)


async def test_preferences_say_who_else_has_the_address() -> None:
    """Mail that somebody else wants comes to the address as well, and the page says why."""
    site = Site(Rig(), MEMBER)
    await site.rig.people.save(Preferences("acme", MEMBER.user_id, MEMBER.email))
    await site.rig.people.save(Preferences("other", "u-9", MEMBER.email))
    assert "also signs in" not in await site.get("/settings/me")
    await site.rig.people.save(Preferences("acme", "u-8", MEMBER.email.upper()))
    assert "Somebody else also signs in with" in await site.get("/settings/me")


@pytest.mark.parametrize(
    ("changes", "words", "columns"),
    [
        ({"explicit": True}, "· explicit", ("true", "")),
        ({"explicit": False, "facts": (a_fact(),), "evidence": ()}, "· implied", ("false", "")),
        ({"kind": "sentiment_shift", "explicit": None, "direction": "down"}, "· worse", ("", "down")),
    ],
)
async def test_notice_and_risk_are_kept_apart_in_lists(
    changes: dict[str, Any], words: str, columns: tuple[str, str]
) -> None:
    """The log, the inbox, their files and the API say which it is, as the list of signals does."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    await rig.take(a_signal(**changes))
    await rig.inbox.put(a_signal(**changes), "everyone", NOW)
    site = Site(rig)
    for path in ("/operations/deliveries", "/inbox"):
        assert words in await site.get(path)
        rows = list(csv.DictReader((await site.http.get(f"{path}/export.csv")).text.splitlines()))
        assert (rows[0]["explicit"], rows[0]["direction"]) == columns
    (told,) = (await site.http.get("/api/v1/deliveries")).json()["items"]
    assert (told["explicit"], told["direction"]) == (changes["explicit"], changes.get("direction"))


async def test_the_log_shows_every_attempt() -> None:
    """The list says the last word, the page behind it each try; filters are kept in the address."""
    rig = Rig(ScriptedChannel("inbox", DeliveryPostponed("Busy.", reason="rejected", status=503)))
    await rig.rules.insert(a_rule())
    await rig.take(a_signal())
    await rig.sweep(10)
    site = Site(rig)
    (notification,) = await rig.log()
    assert notification.id in await site.get("/operations/deliveries?state=delivered&channel=inbox&rule=r-1")
    assert "Nothing in the log matches" in await site.get("/operations/deliveries?state=failed")
    body = await site.get(f"/operations/deliveries/{notification.id}")
    assert "Busy." in body
    assert "503" in body
    assert (await site.http.get("/operations/deliveries/none")).status_code == 404


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("inbox", ("Churn risk (explicit): Northwind", "“no <b>renewal</b>”", "The entry as it reads now")),
        (
            "email",
            (
                "Churn risk (explicit): Northwind",
                "“no <b>renewal</b>”",
                "Sent by the rule “All”.",
                "As it was sent; the rule is called what it is called now.",
            ),
        ),
        (
            "slack",
            (
                "Churn risk (explicit): Northwind",
                "“no <b>renewal</b>”",
                "https://earshot.example.com/insights/s-1",
            ),
        ),
        (
            "teams",
            (
                "Churn risk (explicit): Northwind",
                "“no <b>renewal</b>”",
                "https://earshot.example.com/insights/s-1",
            ),
        ),
        ("webhook", ('"quote": "no <b>renewal</b>"', '"specversion": "1.0"', "As it was sent.")),
    ],
)
async def test_a_delivery_shows_what_was_received(channel: ChannelName, told: tuple[str, ...]) -> None:
    """Subject and body as the channel makes them, as text; what was redacted since is nowhere."""
    rig = Rig()
    hook = Recipient("hook", "https://hook.example")
    await rig.rules.insert(a_rule(channel=channel, recipients=("tom@example.com",), destination=hook))
    said = a_signal().evidence[0].model_copy(update={"quote": "no <b>renewal</b>"})
    await rig.take(a_signal(evidence=(said,)))
    site = Site(rig)
    (notification,) = await rig.log()
    address = f"/operations/deliveries/{notification.id}"
    body = await site.get(address)
    assert "<b>renewal</b>" not in body
    for words in told:
        assert words in html.unescape(body)
    after = {**a_signal().model_dump(), "revision": 2, "evidence": ()}
    await rig.take(SignalUpdated.model_validate(after))
    body = html.unescape(await site.get(address))
    assert "renewal" not in body
    assert ("What was sent is not kept" in body) == (channel != "inbox")


async def test_a_long_message_is_cut_on_the_page() -> None:
    """A webhook's body may be as long as all that a signal rests on."""
    rig = Rig()
    hook = Recipient("hook", "https://hook.example")
    await rig.rules.insert(a_rule(channel="webhook", recipients=(), destination=hook))
    said = a_signal().evidence[0].model_copy(update={"quote": "word " * 400})
    await rig.take(a_signal(evidence=tuple(said.model_copy(update={"part_id": str(n)}) for n in range(5))))
    (notification,) = await rig.log()
    body = await Site(rig).get(f"/operations/deliveries/{notification.id}")
    assert "characters more" in body
    assert len(body) < 30_000


async def test_dead_letters_are_shown_with_their_reason() -> None:
    """The page names record, reason and the command that handles them; when Kafka is away it says so."""
    letter = DeadLetterView(
        None,
        "notifier",
        7,
        NOW,
        "broken_bytes",
        "no JSON",
        "1",
        "signals.customer/2@40",
        "t",
        "abc",
        "<script>",
    )
    body = await Site(Rig(), dead=MemoryDeadLetters(letter)).get("/operations/dead-letters")
    assert "broken_bytes" in body
    assert "signals.customer/2@40" in body
    assert "&lt;script&gt;" in body
    assert "earshot dlq redrive" in body
    assert "No dead letters" in await Site(Rig()).get("/operations/dead-letters")
    away = MemoryDeadLetters(failure=TransientError("away"))
    assert "The bus does not answer" in await Site(Rig(), dead=away).get("/operations/dead-letters")


async def test_dead_letters_of_another_organization_are_not_shown() -> None:
    """A record that names another tenant is not on the page, whatever is in it."""
    letter = DeadLetterView(
        "globex", "notifier", 7, NOW, "broken_bytes", "no JSON", "1", "signals.customer/2@40", "t", "a", "x"
    )
    body = await Site(Rig(), dead=MemoryDeadLetters(letter)).get("/operations/dead-letters")
    assert "signals.customer/2@40" not in body
    assert "Every record that came in the last 90 days was processed." in body


async def test_the_dead_letter_page_says_what_was_not_looked_at() -> None:
    """Where older records were left, it does not say that there is nothing."""
    mine = DeadLetterView(
        "acme", "notifier", 7, NOW, "broken_bytes", "no JSON", "1", "signals.customer/2@40", "t", "a", "x"
    )
    none = await Site(Rig(), dead=MemoryDeadLetters(looked_at=2_000)).get("/operations/dead-letters")
    assert "Every record that came" not in none
    assert "No dead letters among the newest" in none
    some = await Site(Rig(), dead=MemoryDeadLetters(mine, looked_at=2_000)).get("/operations/dead-letters")
    assert "signals.customer/2@40" in some
    assert "1 record among the newest 2,000 of all organizations; older ones were not looked at." in some


async def test_the_api_does_what_the_pages_do() -> None:
    """Rules are made, changed, tried and removed with a bearer key, which needs no form's token."""
    site = Site(Rig(), replace(ADMIN, ambient=False))
    http = site.http
    body = {"name": "Hook", "channel": "webhook", "url": "https://h.example/k3y", "kinds": ["churn_risk"]}
    made = (await http.post("/api/v1/rules", json=body)).json()
    assert made["signing_secret"].startswith("whsec_")
    path = f"/api/v1/rules/{made['id']}"
    assert (await http.get(path)).json()["signing_secret"] is None
    changed = await http.put(path, json={**body, "name": "New", "url": None})
    assert (changed.json()["name"], changed.json()["revision"]) == ("New", 2)
    stale = await http.put(path, json={**body, "name": "Late", "url": None, "revision": 1})
    assert stale.status_code == 422
    assert "Somebody else" in stale.text
    tried = (await http.post(f"{path}/test")).json()
    assert tried["delivered"] is True
    deliveries = (await http.get("/api/v1/deliveries", params={"rule_id": made["id"]})).json()
    assert [attempt["outcome"] for attempt in deliveries["items"][0]["attempts"]] == ["delivered"]
    one = await http.get(f"/api/v1/deliveries/{tried['notification_id']}")
    assert one.json()["test"] is True
    assert (await http.delete(path)).status_code == 204
    assert (await http.get(path)).status_code == 404
    assert (await http.post("/api/v1/rules", json={**body, "url": "ftp://x"})).status_code == 422
    assert (await http.post("/api/v1/rules", json={**body, "colour": "red"})).status_code == 422


async def test_api_lists_go_on_by_cursor() -> None:
    """Every item comes once; a cursor that was not made here is refused."""
    site = Site(Rig(), replace(MEMBER, ambient=False))
    for number in range(5):
        await site.rig.take(a_signal(signal_id=f"s-{number}"))
        await site.rig.inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW)
    for path in ("/api/v1/notifications", "/api/v1/inbox"):
        seen, cursor = [], None
        while True:
            params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await site.http.get(path, params=params)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 5
        for broken in ("zzz", "eyJhIjoxfQ", "eyJhdCI6IjIwMjYtMDEtMDEiLCJpZCI6ImEifQ"):
            assert (await site.http.get(path, params={"cursor": broken})).status_code == 400


async def test_the_api_reads_and_marks_the_inbox() -> None:
    """Unread entries are counted, marked one by one or all at once."""
    site = Site(Rig(), replace(MEMBER, ambient=False))
    for number in range(3):
        await site.rig.inbox.put(a_signal(signal_id=f"s-{number}"), "everyone", NOW)
    assert (await site.http.get("/api/v1/inbox/unread")).json() == {"unread": 3}
    assert (await site.http.post("/api/v1/inbox/read", json={"id": "s-1"})).json() == {"marked": 1}
    assert (await site.http.post("/api/v1/inbox/read", json={"id": "s-1"})).json() == {"marked": 0}
    assert (await site.http.post("/api/v1/inbox/read", json={})).json() == {"marked": 2}
    assert (await site.http.post("/api/v1/inbox/read", json={"id": "none"})).status_code == 404
    assert (await site.http.get("/api/v1/inbox", params={"unread": True})).json()["items"] == []


async def test_the_openapi_document_covers_the_api() -> None:
    """It can be made, names each path, and has an example of a rule."""
    document = (await Site(Rig()).http.get("/api/v1/openapi/notifier.json")).json()
    assert {"/api/v1/rules", "/api/v1/deliveries", "/api/v1/inbox", "/api/v1/notifications"} <= set(
        document["paths"]
    )
    assert document["components"]["schemas"]["RuleBody"]["examples"]
