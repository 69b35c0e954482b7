"""Tags as topics: counted, renamed, and a filter of every list, for people and machines."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.domain.customer_list import CustomerRow
from shared.contracts.resources import TagChanged
from tests.unit.services.detector.rig import LEAVING, NOW, UNRELATED, WISH

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig

MACHINE = {"Accept": "application/json"}


def tag(rig: Rig, identifier: str, name: str, **fields: Any) -> TagChanged:
    return TagChanged(**{**rig.fields(id=identifier, name=name), **fields})


@pytest.fixture
async def filled(rig: Rig) -> Rig:
    """Two customers: Northwind leaves and wishes under "billing", Contoso asks under "setup" a month ago."""
    await rig.connect()
    await rig.engine.customers.keep("local", [CustomerRow("acc-2", "Contoso", owner="bo@acme.example")])
    await rig.tell(
        *(tag(rig, f"t{number}", name) for number, name in enumerate(("billing", "setup", "idle"), 1)),
        rig.contact(),
        rig.company(),
        rig.contact("lee", ("co2",)).model_copy(update={"tag_ids": ("t2",)}),
        rig.company("co2", "Contoso", external_id="acc-2"),
    )
    await rig.tell(*rig.said("k1", LEAVING, WISH, tag_ids=("t1",)))
    await rig.tell(*rig.said("k2", UNRELATED, contact_ids=("lee",), tag_ids=("t1",)))
    old = NOW - timedelta(days=40)
    await rig.tell(*rig.said("k3", WISH, contact_ids=("lee",), tag_ids=("t2",), at=old))
    return rig


async def items(browser: httpx.AsyncClient, path: str, name: str = "id") -> list[Any]:
    answer = await browser.get(f"/api/v1/{path}", headers=MACHINE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    if found["count"] is not None:
        assert found["count"] == len(found["items"]), path
    return sorted(one[name] for one in found["items"])


async def counts(browser: httpx.AsyncClient, query: str = "") -> dict[str, tuple[int, int, int]]:
    found = (await browser.get(f"/api/v1/topics{query}", headers=MACHINE)).json()["items"]
    return {one["tag"]: (one["conversations"], one["customers"], one["signals"]) for one in found}


async def test_topics_are_counted(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Conversations, customers and open signals of each tag; a period counts what moved in it."""
    assert await counts(browser) == {"billing": (2, 2, 2), "idle": (0, 0, 0), "setup": (1, 1, 1)}
    since = (NOW - timedelta(days=7)).isoformat().replace("+", "%2B")
    assert (await counts(browser, f"?since={since}"))["setup"] == (0, 0, 0)
    assert (await counts(browser, f"?until={since}"))["setup"] == (1, 1, 1)
    assert (await counts(browser, f"?until={since}"))["billing"] == (0, 0, 0)


async def test_topics_are_paged_and_not_sent_twice(browser: httpx.AsyncClient, filled: Rig) -> None:
    """A cursor leads through all tags by name; the same answer is 304, another one is not."""
    first = await browser.get("/api/v1/topics?limit=2", headers=MACHINE)
    assert [one["tag"] for one in first.json()["items"]] == ["billing", "idle"]
    assert first.json()["count"] == 3
    cursor = first.json()["next_cursor"]
    rest = (await browser.get(f"/api/v1/topics?limit=2&cursor={cursor}", headers=MACHINE)).json()
    assert ([one["tag"] for one in rest["items"]], rest["next_cursor"]) == (["setup"], None)
    held = {**MACHINE, "If-None-Match": first.headers["etag"]}
    assert (await browser.get("/api/v1/topics?limit=2", headers=held)).status_code == 304
    await filled.tell(*filled.said("k9", UNRELATED, tag_ids=("t1",)))
    assert (await browser.get("/api/v1/topics?limit=2", headers=held)).status_code == 200
    foreign = (await browser.get("/api/v1/conversations?limit=1", headers=MACHINE)).json()["next_cursor"]
    assert (await browser.get(f"/api/v1/topics?cursor={foreign}", headers=MACHINE)).status_code == 422


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["also", "billing", "idle", "setup"]),
        ("-name", ["setup", "idle", "billing", "also"]),
        ("conversations", ["idle", "also", "setup", "billing"]),
        ("-conversations", ["billing", "also", "setup", "idle"]),
        ("last", ["setup", "billing", "also", "idle"]),
        ("-last", ["also", "billing", "setup", "idle"]),
    ],
)
async def test_topics_come_in_any_order(
    browser: httpx.AsyncClient, filled: Rig, sort: str, order: list[str]
) -> None:
    """By name, by how much they have or by their last change, page after page; never changed come last."""
    await filled.tell(tag(filled, "t5", "also"))
    await filled.tell(*filled.said("k5", UNRELATED, tag_ids=("t5",), at=NOW + timedelta(minutes=1)))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/api/v1/topics?limit=1&sort={sort}" + (f"&cursor={cursor}" if cursor else "")
        answer = (await browser.get(path, headers=MACHINE)).json()
        found += [one["tag"] for one in answer["items"]]
        cursor = answer["next_cursor"]
        if len(found) == 1:
            other = "last" if sort != "last" else "name"
            foreign = await browser.get(f"/api/v1/topics?sort={other}&cursor={cursor}", headers=MACHINE)
            assert foreign.status_code == 422
    assert found == order
    page = (await browser.get(f"/topics?sort={sort}")).text
    assert re.findall(r"data-row-link>([^<]+)<", page) == order
    rows = (await browser.get(f"/topics/export.csv?sort={sort}")).text.splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == order


async def test_a_period_bounds_the_order_of_topics(browser: httpx.AsyncClient, filled: Rig) -> None:
    """What moved before it counts for nothing."""
    since = (NOW - timedelta(days=7)).isoformat().replace("+", "%2B")
    path = f"/api/v1/topics?sort=-conversations&since={since}"
    listed = (await browser.get(path, headers=MACHINE)).json()["items"]
    assert [(one["tag"], one["conversations"]) for one in listed] == [
        ("billing", 2),
        ("idle", 0),
        ("setup", 0),
    ]
    assert (await browser.get("/api/v1/topics?sort=spend", headers=MACHINE)).status_code == 422


async def test_every_list_takes_a_tag(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Signals, customers, people, conversations, requests and health are narrowed by a tag's name."""
    assert len(await items(browser, "signals?tag=billing")) == 2
    assert await items(browser, "conversations?tag=billing") == ["ws1:k1", "ws1:k2"]
    assert await items(browser, "conversations?tag=setup") == ["ws1:k3"]
    assert await items(browser, "customers?tag=billing", "name") == ["Contoso", "Northwind"]
    assert await items(browser, "customers?tag=setup", "name") == ["Contoso"]
    assert await items(browser, "health?tag=setup", "name") == ["Contoso"]
    assert await items(browser, "people?tag=setup") == ["ws1:lee"]
    assert await items(browser, "people?tag=billing") == ["ws1:dana", "ws1:lee"]
    assert len(await items(browser, "requests?tag=billing")) == 1
    for name in ("idle", "no such tag"):
        for path in ("signals", "customers", "people", "conversations", "requests", "health"):
            assert await items(browser, f"{path}?tag={name}", "id" if path != "health" else "name") == []


async def test_every_list_takes_the_other_filters(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Kind, customer, owner, period and confidence narrow each list where they mean something."""
    (north,) = await items(browser, "customers?kind=churn_risk")
    assert await items(browser, "customers?owner=bo@acme.example", "name") == ["Contoso"]
    assert await items(browser, "customers?min_confidence=1", "name") == []
    assert await items(browser, f"customers?customer={north}", "name") == ["Northwind"]
    assert await items(browser, "people?kind=churn_risk") == ["ws1:dana"]
    assert await items(browser, f"people?customer={north}") == ["ws1:dana"]
    assert await items(browser, "people?owner=bo@acme.example") == ["ws1:lee"]
    assert await items(browser, "conversations?kind=churn_risk") == ["ws1:k1"]
    assert await items(browser, "conversations?min_confidence=1") == []
    assert await items(browser, f"conversations?customer={north}") == ["ws1:k1"]
    assert await items(browser, "conversations?owner=bo@acme.example") == ["ws1:k2", "ws1:k3"]
    recent = (NOW - timedelta(days=7)).isoformat().replace("+", "%2B")
    assert await items(browser, f"conversations?until={recent}") == ["ws1:k3"]
    assert await items(browser, f"conversations?since={recent}") == ["ws1:k1", "ws1:k2"]
    assert await items(browser, f"customers?until={recent}", "name") == ["Contoso"]
    assert len(await items(browser, f"requests?customer={north}")) == 1
    assert len(await items(browser, f"requests?owner=bo@acme.example&until={recent}")) == 1
    assert await items(browser, f"requests?owner=bo@acme.example&since={recent}") == []
    assert await items(browser, "requests?min_confidence=1") == []
    assert (await browser.get("/api/v1/people?kind=no", headers=MACHINE)).status_code == 422


async def test_a_settled_request_is_found_by_who_asked(browser: httpx.AsyncClient, filled: Rig) -> None:
    """A shipped request is still found by its customer and tag, and not by whose wish was dismissed."""
    (north,) = await items(browser, "customers?kind=churn_risk")
    (request,) = await items(browser, "requests")
    (wish,) = await items(browser, f"signals?request={request}&owner=bo@acme.example")
    dismissal = {"reason": "No wish."}
    await browser.post(f"/api/v1/signals/{wish}/dismiss", json=dismissal, headers=MACHINE)
    await browser.post(f"/api/v1/requests/{request}/state", json={"state": "shipped"}, headers=MACHINE)
    for query, found in (
        (f"customer={north}", [request]),
        ("tag=billing", [request]),
        ("owner=bo@acme.example", []),
    ):
        assert await items(browser, f"requests?state=shipped&{query}") == found
    assert await items(browser, f"requests?customer={north}&min_confidence=0.1") == []


async def test_people_are_listed_with_their_customers(browser: httpx.AsyncClient, filled: Rig) -> None:
    """The list says of everybody whose they are, as does a person's own address, which tells the mood too."""
    listed = (await browser.get("/api/v1/people", headers=MACHINE)).json()["items"]
    assert [len(one["customer_ids"]) for one in listed] == [1, 1]
    for one in listed:
        shown = (await browser.get(f"/api/v1/people/{one['id']}", headers=MACHINE)).json()
        assert shown == one | {"mood": shown["mood"], "mood_messages": shown["mood_messages"]}
        if one["id"] == "ws1:dana":
            felt = f"({shown['mood']:+.2f})</span> from {shown['mood_messages']} message"
            assert felt in (await browser.get("/people/ws1:dana")).text
        else:
            assert (shown["mood"], shown["mood_messages"]) == (None, 0)


async def test_a_renamed_tag_shows_its_new_name(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Filters and signals have the new name at once and the old one nowhere; nobody is told of it."""
    told = await filled.tell(tag(filled, "t1", "invoices"))
    assert told == []
    assert (await counts(browser))["invoices"] == (2, 2, 2)
    assert "billing" not in await counts(browser)
    for path in ("/insights", "/customers", "/people", "/requests", "/conversations"):
        page = (await browser.get(path)).text
        assert '<option value="invoices"' in page, path
        assert "billing" not in page, path
    assert len(await items(browser, "signals?tag=invoices")) == 2
    assert await filled.tell(*filled.said("k1", LEAVING, WISH, tag_ids=("t1",))) == []


async def test_a_late_record_of_a_tag_renames_nothing(browser: httpx.AsyncClient, filled: Rig) -> None:
    """An older record that is fed in again changes no name; a deleted tag goes from signals."""
    await filled.tell(tag(filled, "t1", "early", observed_at=NOW - timedelta(days=1)))
    assert len(await items(browser, "signals?tag=billing")) == 2
    assert await items(browser, "signals?tag=early") == []
    await filled.tell(filled.deleted("tag", "t1"))
    assert await items(browser, "signals?tag=billing") == []
    assert "billing" not in (await browser.get("/insights")).text


async def test_quiet_tags_lead_to_their_conversations(browser: httpx.AsyncClient, filled: Rig) -> None:
    """Where no signal bears a tag, Insights offers what does; a tag that nothing bears offers nothing."""
    await filled.tell(tag(filled, "t9", "small & quiet"))
    await filled.tell(*filled.said("k8", UNRELATED, contact_ids=("ghost",), tag_ids=("t9",)))
    page = (await browser.get("/insights?tag=small+%26+quiet")).text
    assert 'href="/conversations?tag=small+%26+quiet">Conversations with this tag<' in page
    assert 'href="/insights">Clear filters<' in page
    assert "Conversations with this tag" not in (await browser.get("/insights?tag=idle")).text
    assert "Conversations with this tag" not in (await browser.get("/insights?state=cleared")).text
    one = (await browser.get("/conversations/ws1:k8")).text
    assert 'class="chip" href="/conversations?tag=small%20%26%20quiet"' in one


class TestThePage:
    """What /topics shows, and where its numbers lead."""

    async def test_each_number_leads_to_what_it_counts(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """Conversations, customers and open signals of a tag; nothing leads to an empty list."""
        page = (await browser.get("/topics")).text
        assert re.findall(r"data-row-link>([^<]*)<", page) == ["billing", "idle", "setup"]
        for words in ("2 conversations", "2 customers", "2 open signals"):
            assert f'aria-label="{words} with the tag billing">2<' in page
        for path, count in (("conversations", 2), ("customers", 2), ("insights", 2)):
            assert f'href="/{path}?tag=billing"' in page
            listed = (await browser.get(f"/{path}?tag=billing")).text
            assert listed.count("data-row-link") == count, path
        assert 'href="/customers?tag=idle"' not in page
        assert 'href="/conversations?tag=idle" data-row-link' in page

    async def test_a_period_counts_and_leads_alike(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """What moved in it is counted, and the lists are of the same period."""
        page = (await browser.get("/topics?period=7")).text
        assert 'href="/conversations?tag=billing&amp;period=7"' in page
        assert 'href="/insights?tag=billing&amp;period=7"' in page
        assert 'href="/insights?tag=setup' not in page
        assert 'href="/insights?tag=setup&amp;period=90"' in (await browser.get("/topics?period=90")).text

    async def test_tags_are_paged_and_filed(
        self, browser: httpx.AsyncClient, filled: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A cursor leads on, and the file has all."""
        monkeypatch.setattr("services.detector.pages.topics.ROWS", 2)
        first = (await browser.get("/topics")).text
        assert "2 of 3 tags" in first
        following = re.findall(r'href="(/topics\?cursor[^"]*)" rel="next"', first)[0]
        assert (await browser.get(following)).text.count("<tr data-row>") == 1
        file = (await browser.get("/topics/export.csv")).text.splitlines()
        assert [line.split(",")[:4] for line in file[1:]] == [
            ["billing", "2", "2", "2"],
            ["idle", "0", "0", "0"],
            ["setup", "1", "1", "1"],
        ]

    async def test_it_is_a_tab_beside_conversations(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """Each leads to the other, and says which of them is open."""
        for path, other in (("/topics", "/conversations"), ("/conversations", "/topics")):
            tabs = (await browser.get(path)).text.partition('<nav class="tabs"')[2].partition("</nav>")[0]
            assert f'<a href="{path}" aria-current="page">' in tabs
            assert f'<a href="{other}">' in tabs

    async def test_no_tag_yet(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Not connected, and connected without a tag, are told apart."""
        assert "No workspace is connected yet" in (await browser.get("/topics")).text
        await rig.connect()
        assert "No tag yet" in (await browser.get("/topics")).text


async def test_pages_are_narrowed_by_tag(browser: httpx.AsyncClient, filled: Rig) -> None:
    """What the address names is what the page shows, exports included; confidence narrows insights."""
    assert "Northwind" not in (await browser.get("/customers?tag=setup")).text.partition('id="list"')[2]
    assert "Contoso" in (await browser.get("/customers?tag=setup")).text.partition('id="list"')[2]
    assert "No customer matches" in (await browser.get("/customers?tag=idle")).text
    assert "Nobody matches" in (await browser.get("/people?tag=idle")).text
    assert "No request matches" in (await browser.get("/requests?tag=idle")).text
    assert "Nothing matches these filters" in (await browser.get("/insights?tag=idle")).text
    assert "Contoso" not in (await browser.get("/customers/export.csv?kind=churn_risk")).text
    assert len((await browser.get("/requests/export.csv?tag=idle")).text.splitlines()) == 1
    await filled.tell(*filled.said("k4", "The price is too high for us.", contact_ids=("lee",)))
    sure = sum(one.confidence >= 0.9 for one in await filled.signals())
    shown = (await browser.get("/insights?confidence=0.9")).text.count('<article class="card')
    everything = (await browser.get("/insights")).text.count('<article class="card')
    assert 0 < shown == sure < everything
    assert (await browser.get("/insights?confidence=x")).status_code == 200
