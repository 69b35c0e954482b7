"""The list of conversations, for people and machines: what it shows, and what it is narrowed by."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from services.detector.adapters import mongo_conversation_list
from services.detector.domain.customer_list import CustomerRow
from shared.contracts.resources import Author, TagChanged
from shared.web.formats import number
from tests.unit.services.detector.rig import FURIOUS, LEAVING, NOW, STAYING, UNRELATED

if TYPE_CHECKING:
    import httpx

    from tests.unit.services.detector.rig import Rig

MACHINE = {"Accept": "application/json"}
AGENT = Author(type="admin", id="1", name="Sam Okafor", email="sam@acme.example")
LEE = Author(type="user", id="lee", name="Lee Wong", email="lee@contoso.example")
AGO = timedelta(days=1)


@pytest.fixture
async def filled(rig: Rig) -> Rig:
    """Four conversations: in k1 one leaves, k2 was answered, k3 is old and snoozed, k4 is nobody's."""
    await rig.connect()
    rows = [CustomerRow("acc-2", "Contoso", owner="you@localhost")]
    await rig.engine.customers.keep("local", rows)
    await rig.tell(
        TagChanged(**rig.fields(id="t1", name="billing")),
        TagChanged(**rig.fields(id="t2", name="Set up & go")),
        rig.contact(),
        rig.company(),
        rig.contact("lee", ("co2",)).model_copy(update={"name": "Lee Wong"}),
        rig.company("co2", "Contoso", external_id="acc-2"),
    )
    opening = rig.part("k1", 0, f"{FURIOUS} {LEAVING}", at=NOW - timedelta(hours=1))
    source = opening.model_copy(update={"id": "source-k1"})
    await rig.tell(source, rig.conversation("k1", title="Our contract", tag_ids=("t1", "t2"), state="open"))
    await rig.tell(
        rig.part("k2", 0, UNRELATED, author=LEE, at=NOW - AGO),
        rig.part("k2", 1, "Under Settings, Billing.", author=AGENT, at=NOW - AGO + timedelta(minutes=5)),
        rig.conversation("k2", contact_ids=("lee",), at=NOW - AGO, state="open"),
    )
    await rig.tell(
        *rig.said(
            "k3", STAYING, contact_ids=("lee", "dana"), at=NOW - 40 * AGO, state="snoozed", tag_ids=("t1",)
        )
    )
    await rig.tell(*rig.said("k4", UNRELATED, contact_ids=("ghost",), at=NOW - 2 * AGO, state="closed"))
    return rig


async def page(browser: httpx.AsyncClient, query: str = "") -> str:
    answer = await browser.get(f"/conversations{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def shown(browser: httpx.AsyncClient, query: str = "") -> str:
    """Return which conversations the page lists, in its order; the API and the file list the same."""
    listed = re.findall(r'class="cover" href="/conversations/ws1:(\w+)"', await page(browser, query))
    file = csv.DictReader(io.StringIO((await browser.get(f"/conversations/export.csv{query}")).text))
    assert [row["id"].removeprefix("ws1:") for row in file] == listed
    return " ".join(listed)


async def told(browser: httpx.AsyncClient, query: str = "") -> str:
    answer = await browser.get(f"/api/v1/conversations{query}", headers=MACHINE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["count"] == len(found["items"])
    return " ".join(one["id"].removeprefix("ws1:") for one in found["items"])


def row_of(text: str, key: str) -> str:
    """Return the words of one row, as a reader has them, and its addresses."""
    (row,) = [one for one in text.split("<article")[1:] if f'href="/conversations/ws1:{key}"' in one]
    return " ".join(re.sub(r"<(?!a )[^>]*>", " ", row.partition("</article>")[0]).split())


class TestRows:
    """What a row says."""

    async def test_a_row_says_who_what_and_how(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """Person, customer, subject, first words, mood, messages, tags and signals, each a link."""
        row = row_of(await page(browser), "k1")
        (signal,) = [one for one in await filled.signals() if one.slot.kind == "churn_risk"]
        for words in (
            "Dana Ruiz",
            "Northwind",
            "Our contract",
            FURIOUS,
            "mood bad",
            "1 message from the customer",
        ):
            assert words in row
        for address in (
            "/people/ws1:dana",
            f"/customers/{signal.subject.id}",
            f"/insights/{signal.signal_id}",
            "/conversations?tag=Set+up+%26+go",
        ):
            assert f'href="{address}"' in row
        assert "waiting for an answer" in row

    async def test_what_is_not_known_is_left_out(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """Somebody whom Intercom does not know, nobody's conversation, several people."""
        text = await page(browser)
        nobody = row_of(text, "k4")
        for words in ("Somebody", "No customer matched", "Conversation of", "closed"):
            assert words in nobody
        assert "and 1 other" in row_of(text, "k3")
        assert "waits" not in row_of(text, "k2")

    async def test_text_is_never_markup(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """What customers write is shown as text, and a tag is one value of an address."""
        evil = '"><script>alert(1)</script>'
        await filled.tell(TagChanged(**filled.fields(id="t3", name=f"{evil}&state=closed")))
        await filled.tell(*filled.said("k5", UNRELATED, title=evil, tag_ids=("t3",)))
        text = await page(browser)
        assert evil not in text
        assert row_of(text, "k5")
        address = re.findall(r'class="chip" href="([^"]+script[^"]+)"', text)[0].replace("&amp;", "&")
        answer = await browser.get(address)
        assert re.findall(r'class="cover" href="/conversations/ws1:(\w+)"', answer.text) == ["k5"]

    async def test_a_file_is_no_conversation(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """The file has a row each, with what the page says."""
        answer = await browser.get("/conversations/export.csv?tag=billing&period=7")
        assert answer.headers["content-type"].startswith("text/csv")
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert (row["title"], row["customer"], row["people"]) == ("Our contract", "Northwind", "Dana Ruiz")
        assert (row["tags"], row["signals"], row["customer_messages"]) == (
            "billing; Set up & go",
            "churn_risk",
            "1",
        )
        assert float(row["mood"]) < 0
        assert row["waiting_since"].startswith((NOW - timedelta(hours=1)).isoformat()[:19])


class TestNarrowing:
    """What the list is narrowed by."""

    @pytest.mark.usefixtures("filled")
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", "k1 k2 k4 k3"),
            ("?tag=billing", "k1 k3"),
            ("?tag=none", ""),
            ("?period=30", "k1 k2 k4"),
            ("?owner=you@localhost", "k2 k3"),
            ("?person=ws1:dana", "k1 k3"),
            ("?kind=churn_risk", "k1"),
            ("?state=open", "k1 k2"),
            ("?state=waiting", "k1"),
            ("?state=snoozed", "k3"),
            ("?state=closed", "k4"),
            ("?state=waiting&tag=billing&owner=you@localhost", ""),
            ("?state=%00&kind=no&period=x", "k1 k2 k4 k3"),
            ("?q=CONTRACT", "k1"),
            ("?q=lee%20w", "k2 k3"),
            ("?q=contoso", "k2 k3"),
            ("?q=northwind&state=open", "k1"),
            ("?q=.*", ""),
            ("?q=%00", "k1 k2 k4 k3"),
            ("?q=VENDOR.", "k1"),
            ("?q=invoice%20of", "k2 k4"),
            ("?q=invoice%20of&state=closed", "k4"),
            ("?q=settings%2C", "k2"),
            ("?q=invoice%20month", ""),
        ],
    )
    async def test_a_page_lists_what_its_address_asks_for(
        self, browser: httpx.AsyncClient, query: str, names: str
    ) -> None:
        """The latest change first; words are found in subjects, in names and in what either side wrote."""
        assert await shown(browser, query) == names

    @pytest.mark.usefixtures("filled")
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("?state=waiting", "k1"),
            ("?state=snoozed&tag=billing", "k3"),
            ("?q=contract", "k1"),
            ("?q=wong&person=ws1:dana", "k3"),
            ("?person=ws1:dana", "k1 k3"),
        ],
    )
    async def test_machines_ask_the_same(self, browser: httpx.AsyncClient, query: str, names: str) -> None:
        """State and words narrow the API's list, which tells since when somebody waits."""
        assert await told(browser, query) == names
        (first, *_) = (await browser.get(f"/api/v1/conversations{query}", headers=MACHINE)).json()["items"]
        assert (first["waiting_since"] is not None) == (first["id"] == "ws1:k1")
        wrong = await browser.get("/api/v1/conversations?state=mislaid", headers=MACHINE)
        assert wrong.status_code == 422

    async def test_an_answer_ends_the_wait(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """A teammate who answers, or closes, takes the conversation from the list at once."""
        await filled.tell(*filled.said("k6", UNRELATED))
        assert await shown(browser, "?state=waiting") == "k6 k1"
        await filled.tell(
            filled.part("k1", 1, "I am sorry.", author=AGENT, at=NOW), filled.conversation("k1", part_count=2)
        )
        assert await shown(browser, "?state=waiting") == "k6"
        await filled.tell(filled.conversation("k6", state="closed"))
        assert await shown(browser, "?state=waiting") == ""

    async def test_looking_ends_somewhere(
        self, browser: httpx.AsyncClient, filled: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Words are looked for among the newest, of what the other filters leave, and the page says so."""
        monkeypatch.setattr(mongo_conversation_list, "SEARCHED", 2)
        assert await shown(browser, "?q=lee") == "k2"
        assert await shown(browser, "?q=lee&state=snoozed") == "k3"
        found = await page(browser, "?q=lee")
        for words in (f"in the {number(5_000)} conversations", f"in the messages of {number(1_000)} of them"):
            assert words in found
            assert words not in await page(browser)
        monkeypatch.setattr(mongo_conversation_list, "WRITTEN_AMONG", 2)
        assert await shown(browser, "?q=invoice") == "k2"
        assert await shown(browser, "?q=invoice&state=closed") == "k4"
        monkeypatch.setattr(mongo_conversation_list, "WAITING_AMONG", 1)
        assert await shown(browser, "?state=waiting") == "k1"
        looked_for = f"looked for in the {number(2_000)} open conversations that changed last"
        assert looked_for in await page(browser, "?state=waiting")
        assert looked_for not in await page(browser, "?state=open")

    async def test_a_row_shows_the_words_where_they_were_written(
        self, browser: httpx.AsyncClient, filled: Rig
    ) -> None:
        """Marked as they were written; the first message that has them is shown, and markup is text."""
        text = await page(browser, "?q=ANOTHER%20vendor")
        assert "to cancel our subscription and switch to <mark>another vendor</mark>." in text
        assert FURIOUS[:20] not in row_of(await page(browser, "?q=settings"), "k2")
        assert "Under <mark>Settings</mark>, Billing." in await page(browser, "?q=settings")
        assert "<mark>" not in await page(browser, "?q=wong")
        await filled.tell(*filled.said("k8", "I wrote <b>bold & brave</b>."))
        assert "I wrote &lt;b&gt;<mark>bold &amp; brave</mark>&lt;/b&gt;." in await page(
            browser, "?q=bold%20%26%20brave"
        )

    async def test_redacted_words_are_not_found(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """What somebody had taken away is not to be found by what it said; nor what was deleted."""
        said = filled.part("k9", 0, "My card number is 4111.", at=NOW)
        await filled.tell(said, filled.conversation("k9"))
        assert await shown(browser, "?q=4111") == "k9"
        await filled.tell(said.model_copy(update={"redacted": True, "version": "2"}))
        assert await shown(browser, "?q=4111") == ""

    async def test_pages_lead_to_the_next(
        self, browser: httpx.AsyncClient, filled: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A cursor keeps the filters, and what comes in meanwhile shifts nothing."""
        monkeypatch.setattr("services.detector.pages.conversation_list.ROWS", 2)
        first = await page(browser, "?period=365")
        assert "2 of 4 conversations" in first
        following = re.findall(r'href="(/conversations\?[^"]*cursor[^"]*)" rel="next"', first)
        assert len(following) == 2
        await filled.tell(*filled.said("k7", UNRELATED))
        rest = (await browser.get(following[0].replace("&amp;", "&"))).text
        assert re.findall(r'class="cover" href="/conversations/ws1:(\w+)"', rest) == ["k4", "k3"]
        assert (await browser.get("/conversations?cursor=x")).status_code == 400
        monkeypatch.setattr("services.detector.pages.conversation_list._COUNTED", 3)
        assert "2 of more than 3 conversations" in await page(browser)


class TestFilters:
    """What the filters offer."""

    async def test_quiet_customers_are_offered(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """Also those without a signal, every tag, and the reader's own customers first."""
        text = await page(browser)
        for words in (">Contoso</option>", ">Northwind</option>", 'value="Set up &amp; go"', ">me</option>"):
            assert words in text

    async def test_a_customer_beyond_those_is_named(
        self, browser: httpx.AsyncClient, filled: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whom a link leads to is called by name, however many customers come before."""
        customers = (await browser.get("/api/v1/customers", headers=MACHINE)).json()["items"]
        north = next(one["id"] for one in customers if one["name"] == "Northwind")
        monkeypatch.setattr("services.detector.pages.conversation_list.OFFERED", 1)
        assert f'<option value="{north}" selected>Northwind' in await page(browser, f"?customer={north}")

    async def test_a_person_leads_to_what_they_wrote(self, browser: httpx.AsyncClient, filled: Rig) -> None:
        """By a link; people are too many to be offered, so that the filter shows only then."""
        assert 'href="/conversations?person=ws1%3Adana"' in (await browser.get("/people/ws1:dana")).text
        assert '<option value="ws1:dana" selected>Dana Ruiz' in await page(browser, "?person=ws1:dana")
        assert 'name="person"' not in await page(browser)
        assert "No conversation matches" in await page(browser, "?person=ws1:none")


class TestEmptiness:
    """An empty list says why, and the next step."""

    async def test_nothing_is_there_yet(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Not connected, and connected but not read, are told apart."""
        assert "No workspace is connected yet" in await page(browser)
        await rig.connect()
        assert "No conversation has arrived yet" in await page(browser)

    @pytest.mark.usefixtures("filled")
    async def test_nothing_matches(self, browser: httpx.AsyncClient) -> None:
        """The way back is to clear the filters."""
        text = await page(browser, "?tag=none")
        assert "No conversation matches" in text
        assert '<a class="button" href="/conversations">Clear filters</a>' in text


async def test_conversations_of_another_organization_are_nobodys(
    browser: httpx.AsyncClient, filled: Rig
) -> None:
    """What another tenant says is on no page and in no search."""
    filled.organization_id = "other"
    await filled.connect()
    await filled.tell(*filled.said("k9", LEAVING, title="Secret contract"))
    filled.organization_id = "local"
    for query in ("", "?q=secret", "?state=waiting", "?state=open"):
        assert "k9" not in await shown(browser, query)
