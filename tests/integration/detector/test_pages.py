"""The detector's pages and API, as a browser and as a machine, over a document server."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.adapters.mongo_lists import MongoLists
from services.detector.domain.conversation import AccountFacts
from services.detector.domain.customer import Customer
from services.detector.domain.customer_list import CustomerRow
from services.detector.domain.health import Health
from services.detector.domain.health_history import Measured
from services.detector.lists import SignalFilter
from services.detector.pages.live import LiveFeed
from shared.contracts.resources import AdminChanged
from shared.documents.database import create_client, database_of
from tests.unit.services.detector.rig import LEAVING, NOW, UNRELATED, WISH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from services.detector.settings import Settings
    from tests.unit.services.detector.rig import Rig

MACHINE = {"Accept": "application/json"}
INTERCOM = "/settings/organization/integrations"
FOLLOWED = (
    "/insights",
    "/customers",
    "/requests",
    "/settings/organization/customers",
    "/settings/organization/detection",
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of an application that reads by rules alone, as the rig does that fills its database."""
    return settings.model_copy(update={"text_model": False})


async def filled(rig: Rig) -> None:
    """Two customers; one leaves, both wish for the same."""
    await rig.connect()
    await rig.tell(
        rig.contact(),
        rig.company(monthly_spend=900.0, plan="Pro"),
        rig.contact("lee", ("co2",)),
        rig.company("co2", "Contoso", external_id="acc-2"),
    )
    await rig.engine.customers.keep("local", [CustomerRow("acc-2", "Contoso", owner="ann@acme.example")])
    await rig.tell(*rig.said("k1", LEAVING, WISH, title="Our contract"))
    await rig.tell(*rig.said("k2", "Please add dark mode to dashboards.", contact_ids=("lee",)))


async def measured(rig: Rig) -> None:
    while await rig.engine.health.round(0, timedelta(hours=6)):
        pass


async def text(browser: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


class TestEmptiness:
    """An empty list says why, and the next step."""

    async def test_nothing_is_connected(self, browser: httpx.AsyncClient) -> None:
        """Without a connection every list leads to Integrations."""
        for path in ("/", "/insights", "/customers", "/requests", "/people"):
            page = await text(browser, path)
            assert f'href="{INTERCOM}"' in page, path

    async def test_nothing_has_arrived(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Connected and not read yet says so."""
        await rig.connect()
        assert "No conversation has arrived yet" in await text(browser, "/insights")

    async def test_lifecycle_is_off(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """With the switch off the page says so, with the way to it."""
        await rig.connect(lifecycle=False)
        await rig.tell(*rig.said("k1", UNRELATED))
        page = await text(browser, "/insights")
        assert "Lifecycle events are off" in page
        assert f'href="{INTERCOM}/intercom"' in page

    async def test_silence_and_filters(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Nothing found and nothing matching are told apart."""
        await rig.connect()
        await rig.tell(*rig.said("k1", UNRELATED))
        assert "Nothing to tell right now" in await text(browser, "/insights")
        assert "Nothing matches these filters" in await text(browser, "/insights?kind=renewal")


class TestPages:
    """Every page shows what was found."""

    async def test_insights_are_filtered_by_the_address(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Kind, customer, owner and period narrow the list; rubbish in the address is left out."""
        await filled(rig)
        everything = await text(browser, "/insights")
        assert everything.count('<article class="card') == 3
        assert (await text(browser, "/insights?kind=churn_risk")).count('<article class="card') == 1
        assert (await text(browser, "/insights?owner=ann@acme.example")).count('<article class="card') == 1
        assert (await text(browser, "/insights?period=7")).count('<article class="card') == 3
        rubbish = await text(browser, "/insights?kind=no&period=x&state=%00&sort=%27")
        assert rubbish.count("<article") == 3
        assert [one for one in re.findall(r'<option value="([^"]*)" selected', rubbish) if one] == []
        assert "Nothing matches" in await text(browser, "/insights?state=cleared")

    async def test_a_signal_shows_why(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The words are marked in their message, with history, detector and version."""
        await filled(rig)
        (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        page = await text(browser, f"/insights/{signal.signal_id}")
        marked = re.findall(r"<mark>(.*?)</mark>", page)
        assert marked == [signal.proofs[0].quote]
        for words in ("churn risk, version", "Opened", "Dismiss", "Assign", "Copy link", "Dana Ruiz"):
            assert words in page
        assert "There is no such signal." in await text(browser, "/insights/s-none", 404)

    async def test_account_facts_are_said_in_words(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """What holds, what the number is where that does not say it, and since when."""
        await rig.connect()
        await rig.tell(rig.company(user_count=40))
        rig.clock.advance(3 * 86_400)
        await rig.tell(rig.company(user_count=4))
        (signal,) = await rig.signals()
        page = await text(browser, f"/insights/{signal.signal_id}")
        panel = " ".join(page.partition("s facts say")[2].partition("</ul>")[0].split())
        assert "<strong>People fell from 40 to 4 within 90 days</strong>" in panel
        assert "user count" not in panel
        assert "People fell from 40 to 4 within 90 days" in await text(browser, "/insights")

    async def test_customer_person_conversation_request(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Each thing's page leads to its ties; what is not there is 404."""
        await filled(rig)
        customers = (await browser.get("/api/v1/customers", headers=MACHINE)).json()["items"]
        northwind = next(one for one in customers if one["name"] == "Northwind")
        page = await text(browser, f"/customers/{northwind['id']}")
        for words in (
            "$900",
            "Pro",
            "Dark mode",
            'href="/people/ws1:dana"',
            'href="/conversations/ws1:k1"',
            "<svg",
        ):
            assert words in page
        assert "Northwind" in await text(browser, "/customers?q=northw&sort=-spend")
        for sort, chosen in (("-spend", "-spend"), ("", ""), ("-attention", "")):
            page = await text(browser, f"/customers?sort={sort}")
            (order,) = re.findall(r'<select name="sort">.*?</select>', page, re.DOTALL)
            assert '<option value=""' in order
            assert f'<option value="{chosen}" selected>' in order
            assert ("those who need you most first" in page) is (chosen == "")
        assert "ws1:k1" in await text(browser, "/people/ws1:dana")
        assert "Dana Ruiz" in await text(browser, "/people/graph")
        conversation = await text(browser, "/conversations/ws1:k1")
        assert "<mark>" in conversation
        assert "Our contract" in conversation
        told = conversation.partition('aria-label="What was said"')[2].partition("<h2>About</h2>")[0]
        assert re.search(r'Churn risk <span class="qualifier">· (explicit|implied)</span>', told)
        requests = (await browser.get("/api/v1/requests", headers=MACHINE)).json()["items"]
        assert [one["customers"] for one in requests] == [2]
        assert "Contoso" in await text(browser, f"/requests/{requests[0]['id']}")
        for path in ("/customers/c-none", "/people/ws1:none", "/conversations/ws1:none", "/requests/r-none"):
            await text(browser, path, 404)

    async def test_text_is_never_markup(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """What customers write, names included, is shown as text everywhere."""
        await rig.connect()
        evil = "<script>alert(1)</script>"
        contact = rig.contact().model_copy(update={"name": evil})
        await rig.tell(contact, rig.company(name=evil), *rig.said("k1", f"{evil} {LEAVING}", title=evil))
        (signal,) = await rig.signals()
        paths = ["/insights", f"/insights/{signal.signal_id}", f"/customers/{signal.subject.id}"]
        for path in [
            *paths,
            "/customers",
            "/people",
            "/people/ws1:dana",
            "/people/graph",
            "/conversations/ws1:k1",
        ]:
            assert evil not in await text(browser, path), path

    async def test_a_stand_in_leads_to_its_customer(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The old address of a company that found its customer leads on."""
        await rig.connect()
        await rig.tell(rig.company(external_id="acc-1"))
        old = (await browser.get("/api/v1/customers", headers=MACHINE)).json()["items"][0]["id"]
        await rig.engine.customers.keep("local", [CustomerRow("acc-1", "Northwind")])
        answer = await browser.get(f"/customers/{old}")
        assert answer.status_code == 307
        assert (await browser.get(answer.headers["location"])).status_code == 200

    async def test_exports_are_safe_to_open(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """A CSV has a row each, and no cell that a spreadsheet would calculate."""
        await filled(rig)
        await rig.tell(rig.company("co3", '=HYPERLINK("http://x")'))
        for path, rows in (("/insights", 3), ("/customers", 3), ("/requests", 1), ("/people", 2)):
            answer = await browser.get(f"{path}/export.csv")
            assert answer.headers["content-type"].startswith("text/csv")
            read = list(csv.reader(io.StringIO(answer.text)))
            assert len(read) == rows + 1
            assert not any(cell.startswith("=") for row in read for cell in row)

    async def test_a_file_has_the_order_of_its_page(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """A file ends after so many rows: those must be the ones that the page shows first."""
        await filled(rig)
        for sort, column in (("confidence", "confidence"), ("spend", "monthly_spend")):
            answer = await browser.get(f"/insights/export.csv?sort={sort}")
            found = [float(row[column] or 0) for row in csv.DictReader(io.StringIO(answer.text))]
            assert found == sorted(found, reverse=True)
            assert len(set(found)) > 1


class TestActing:
    """Forms and calls that change something."""

    async def test_confirm_assign_dismiss(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The forms do what they say and lead back; a dismissal without reason is refused."""
        await filled(rig)
        (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        base = f"/insights/{signal.signal_id}"
        for step, fields, said in (
            ("confirm", {}, "Confirmed. It is kept as an example"),
            ("assign", {"to": "bo@acme.example"}, "<p>Assigned to bo@acme.example.</p>"),
            ("assign", {"to": ""}, "It is nobody&#39;s now."),
            ("assign", {"to": "bo@acme.example"}, "<p>Assigned to bo@acme.example.</p>"),
            ("dismiss", {"reason": "a joke"}, "Dismissed, for everybody."),
        ):
            refused = await browser.post(f"{base}/dismiss", data={"reason": " "})
            assert (refused.status_code, said in await text(browser, base)) == (422, False)
            answer = await browser.post(f"{base}/{step}", data=fields)
            assert answer.status_code == 303
            page = await text(browser, answer.headers["location"])
            assert said in page.partition('role="status" tabindex="-1" autofocus')[2][:200]
        assert "is taken back" not in await text(browser, f"{base}?done=undone")
        page = await text(browser, base)
        for words in ("Confirmed by you@localhost", "Assigned to bo@acme.example", "Dismissed: a joke"):
            assert words in page
        assert "<dt>Confirmed by</dt>" not in page

    async def test_whoever_finds_a_dismissed_signal_right_is_named(
        self, browser: httpx.AsyncClient, rig: Rig
    ) -> None:
        """The last judgement counts: it is an example too."""
        await filled(rig)
        (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        base = f"/insights/{signal.signal_id}"
        await browser.post(f"{base}/dismiss", data={"reason": "a joke"})
        assert "<dt>Confirmed by</dt>" not in await text(browser, base)
        await browser.post(f"{base}/confirm")
        assert "<dt>Confirmed by</dt>" in await text(browser, base)

    async def test_a_dismissal_is_taken_back(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The page's button opens the signal again, and two clicks do no more; so does the API."""
        await filled(rig)
        (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        base = f"/insights/{signal.signal_id}"
        await browser.post(f"{base}/confirm")
        assert "Take the dismissal back" not in await text(browser, base)
        await browser.post(f"{base}/dismiss", data={"reason": "a joke"})
        assert "Take the dismissal back" in await text(browser, base)
        for _ in range(2):
            back = await browser.post(f"{base}/undo-dismissal")
            assert (back.status_code, back.headers["location"]) == (303, f"{base}?done=undone")
        page = await text(browser, f"{base}?done=undone")
        assert "The dismissal is taken back. It is open again." in page
        assert "Opened again by you@localhost: the dismissal was taken back" in page
        assert "<dt>Confirmed by</dt>" in page
        assert "Take the dismissal back" not in page
        call = f"/api/v1/signals/{signal.signal_id}"
        await browser.post(f"{call}/dismiss", json={"reason": "a joke"}, headers=MACHINE)
        answer = (await browser.post(f"{call}/undo-dismissal", headers=MACHINE)).json()
        assert (answer["state"], answer["dismissal_reason"]) == ("open", None)
        assert answer["history"][-1]["step"] == "reopened"
        assert (await browser.post("/api/v1/signals/none/undo-dismissal", headers=MACHINE)).status_code == 404

    async def test_what_cannot_be_taken_back_says_why(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Redacted words, and a newer signal of the same kind: words instead of a button, or an answer."""
        await filled(rig)
        (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        base = f"/insights/{signal.signal_id}"
        await browser.post(f"{base}/dismiss", data={"reason": "a joke"})
        await rig.tell(*rig.said("k3", LEAVING, at=NOW))
        refused = await browser.post(f"{base}/undo-dismissal")
        assert (refused.status_code, "Another signal of this kind is open" in refused.text) == (409, True)
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        page = await text(browser, base)
        assert "Take the dismissal back" not in page
        assert "What this signal rested on is gone" in page
        assert (await browser.post(f"{base}/undo-dismissal")).status_code == 422

    async def test_corrections_are_examples(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """A judged signal shows under Detection, and its message leaves as a labelled row."""
        await filled(rig)
        signal = next(one for one in await rig.signals() if one.slot.kind == "churn_risk")
        form = {"reason": "about the renewal", "label": "renewal"}
        await browser.post(f"/insights/{signal.signal_id}/dismiss", data=form)
        page = await text(browser, "/settings/organization/detection")
        assert "Churn risk, explicit" in page
        address = "/settings/organization/detection/corrections.csv"
        (row,) = csv.DictReader(io.StringIO(await text(browser, address)))
        assert (row["text"], row["label"], row["verdict"]) == (LEAVING, "renewal", "dismissed")
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        assert list(csv.DictReader(io.StringIO(await text(browser, address)))) == []

    async def test_redacted_words_are_on_no_page(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """A wish's words that were redacted leave its request, whoever else asks, on pages, files and API."""
        await rig.connect()
        zebra = "It would be great if you could add a zebra dark mode to the dashboard."
        other = "Please add dark mode to dashboards."
        await rig.tell(*rig.said("k1", zebra), *rig.said("k2", other, contact_ids=("lee",)))
        (request_id,) = {one.slot.request_id for one in await rig.signals()}
        places = [
            "/requests",
            f"/requests/{request_id}",
            "/requests/export.csv",
            "/insights",
            "/insights/export.csv",
            *(f"/insights/{one.signal_id}" for one in await rig.signals()),
            "/api/v1/requests",
            "/api/v1/signals",
            f"/api/v1/requests/{request_id}",
        ]
        before = [await text(browser, place) for place in places]
        assert all("zebra" in page.casefold() for page in before)
        await rig.tell(rig.part("k1", 0, "", redacted=True))
        after = [await text(browser, place) for place in places]
        assert all("zebra" not in page.casefold() for page in after)
        assert all("Dark mode to dashboards" in page for page in after)

    async def test_a_signal_outlives_a_conversation_that_cannot_be_shown(
        self, browser: httpx.AsyncClient, rig: Rig
    ) -> None:
        """Deleted in Intercom while the signal is still being settled: its page says what is left."""
        await filled(rig)
        (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
        key = signal.proofs[0].conversation_key
        (held,) = (await rig.stores.mirror.conversations("local", [key])).values()
        gone = rig.deleted("conversation", held.record.id)
        await rig.stores.mirror.bury("local", [gone])
        page = await text(browser, f"/insights/{signal.signal_id}")
        assert signal.title in html.unescape(page)
        assert "Nothing left to show" in page

    async def test_forms_need_their_token(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Without the page's token nothing is changed."""
        await filled(rig)
        signal = (await rig.signals())[0]
        del browser.headers["x-csrf-token"]
        for path in (f"/insights/{signal.signal_id}", f"/api/v1/signals/{signal.signal_id}"):
            for step in ("confirm", "undo-dismissal"):
                assert (await browser.post(f"{path}/{step}")).status_code == 403

    async def test_uploading_a_list(self, browser: httpx.AsyncClient) -> None:
        """Good rows are kept and bad ones shown by line; rubbish and nothing are refused with words."""
        upload = "/settings/organization/customers/upload"
        good = b"external_id,name\nacc-1,Northwind\n,Nobody\n"
        page = await browser.post(upload, files={"file": ("list.csv", good)})
        assert page.status_code == 200
        for words in ("1 new customer", "external_id is empty"):
            assert words in page.text
        assert "no e-mail address" not in page.text
        named = b"external_id,name,owner\nacc-1,Northwind,Ann Lee\n"
        page = await browser.post(upload, files={"file": ("list.csv", named)})
        for words in ("1 changed", "Kept, but 1 row has an owner", "owner &#39;Ann Lee&#39; is no e-mail"):
            assert words in page.text
        rubbish = await browser.post(upload, files={"file": ("list.csv", b"\x89PNG\xff\x00")})
        assert (rubbish.status_code, "UTF-8" in rubbish.text) == (422, True)
        assert "Choose a CSV file" in (await browser.post(upload)).text

    async def test_a_long_list_is_matched_afterwards(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The answer does not wait for it; the page says how many customers are left, until none is."""
        rows = "\n".join(f"acc-{number},Firm {number}" for number in range(60))
        files = {"file": ("list.csv", f"external_id,name\n{rows}\n".encode())}
        page = await browser.post("/settings/organization/customers/upload", files=files)
        for words in ("60 new customers", "60 customers of your list are still being matched"):
            assert words in page.text
        await rig.follow_list_all()
        assert "still being matched" not in await text(browser, "/settings/organization/customers")

    async def test_what_is_still_to_follow_is_said(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Every list that shows less meanwhile says how many conversations are being moved, until none is."""
        await filled(rig)
        await rig.stores.followed.mark("local", ["ws1:co1"], rig.clock.now())
        for path in FOLLOWED:
            assert "1 conversation of 1 company that found another" in await text(browser, path)
        await rig.follow_companies_all()
        for path in FOLLOWED:
            assert "found another customer" not in await text(browser, path)

    async def test_who_is_still_to_follow_is_said(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """People who changed companies, and who are gone, take their conversations with them in slices."""
        await filled(rig)
        followed = rig.stores.followed_contacts
        await followed.mark("local", ["ws1:dana"], rig.clock.now() + timedelta(hours=1))
        assert "still being read again" not in await text(browser, "/insights")
        await followed.mark("local", ["ws1:dana"], rig.clock.now())
        for path in FOLLOWED:
            page = await text(browser, path)
            assert "1 conversation of 1 person whose companies or tags changed, or who is gone, is" in page
            assert 'hx-trigger="every' in page
        await rig.follow_contacts_all()
        for path in FOLLOWED:
            assert "still being read again" not in await text(browser, path)

    async def test_whoever_watches_is_told_the_end(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The sign asks again by itself while something goes on; its last answer leads to the new list."""
        await filled(rig)
        await rig.stores.followed.mark("local", ["ws1:co1"], rig.clock.now())
        assert 'hx-trigger="every' in await text(browser, "/customers?sort=name")
        await rig.follow_companies_all()
        assert 'hx-trigger="every' not in await text(browser, "/customers?sort=name")
        last = await browser.get("/customers?sort=name", headers={"HX-Target": "under-way"})
        assert '<a href="/customers?sort=name">Show the page as it is now</a>' in last.text

    async def test_a_customer_whose_list_is_being_matched_says_so(
        self, browser: httpx.AsyncClient, rig: Rig
    ) -> None:
        """What the page shows of companies and signals may be another's in a moment."""
        await filled(rig)
        (customer,) = [one.customer for one in await rig.signals() if one.slot.kind == "churn_risk"]
        assert customer
        page = f"/customers/{customer.id}"
        assert "still being matched" not in await text(browser, page)
        rows = [CustomerRow(f"acc-{number}", f"Firm {number}") for number in range(100, 160)]
        await rig.engine.customers.keep("local", rows)
        for path in ("/customers", page):
            assert "60 customers of your list are still being matched" in await text(browser, path)

    async def test_who_hears_nothing_says_so(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Signals that are there hide that no more can come; the page says it, with the way out."""
        await filled(rig)
        assert "is disconnected" not in await text(browser, "/insights")
        await rig.connect(2, state="disconnected")
        page = await text(browser, "/insights")
        assert "Acme is disconnected, so nothing that is said there now is heard." in page
        await rig.connect(3, state="needs_attention")
        assert "Acme needs attention, so what is said there now may be missing here." in await text(
            browser, "/insights"
        )

    async def test_nothing_is_said_for_good_while_it_is_being_read(
        self, browser: httpx.AsyncClient, rig: Rig
    ) -> None:
        """Insights that are empty because conversations are read again do not say that all were read."""
        await rig.connect(lifecycle=False)
        await rig.tell(*rig.said("k1", UNRELATED))
        await rig.connect(2)
        assert "Nothing to tell so far" in await text(browser, "/insights")
        await rig.reread_all()
        assert "Nothing to tell right now" in await text(browser, "/insights")

    async def test_deciding_a_suggestion(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """A suggested match is offered, confirmed, and gone from the list."""
        await rig.connect(match_companies_by_name="off")
        await rig.engine.customers.keep("local", [CustomerRow("acc-1", "Northwind")])
        await rig.tell(rig.company())
        page = await text(browser, "/settings/organization/customers")
        customer = re.search(r'name="customer" value="(\w+)"', page)
        assert customer is not None
        answer = await browser.post(
            "/settings/organization/customers/match",
            data={"company": "ws1:co1", "customer": customer[1], "answer": "yes"},
        )
        page = await text(browser, answer.headers["location"])
        assert "Matched. Nobody is alerted again" in page
        assert "Nothing to decide" in page
        rubbish = {"company": "ws1:co1", "customer": customer[1], "answer": "perhaps"}
        refused = await browser.post("/settings/organization/customers/match", data=rubbish)
        assert refused.status_code == 422

    async def test_saying_what_attributes_mean(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The page offers the workspace's own attributes with examples; what is chosen stays chosen."""
        await rig.connect()
        await rig.tell(rig.company(custom_attributes={"term_ends": "2026-12-31", "seats": 7}))
        path = "/settings/organization/customers"
        page = await text(browser, path)
        assert "term_ends (for example 2026-12-31)" in page
        assert "guessed: seats" in page
        form = {"connection": "con1", "renewal_date": "term_ends"}
        saved = await browser.post(f"{path}/attributes", data=form)
        assert "Saved. What is known of each customer" in await text(browser, saved.headers["location"])
        assert re.search(r'<option value="term_ends"[^>]*selected', await text(browser, path))
        (customer,) = (await browser.get("/api/v1/customers", headers=MACHINE)).json()["items"]
        assert (customer["renewal_date"], customer["seats"]) == ("2026-12-31", 7)
        for shown in (path, "/insights"):
            assert "Matching companies with customers again" in await text(browser, shown)
        await rig.rematch_all()
        for shown in (path, "/insights"):
            assert "Matching companies with customers again" not in await text(browser, shown)
        missing = await browser.post(f"{path}/attributes", data={"connection": "none"})
        assert missing.status_code == 404

    async def test_a_request_changes_its_state(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The form moves a request; a state that there is not is refused."""
        await filled(rig)
        request = (await browser.get("/api/v1/requests", headers=MACHINE)).json()["items"][0]["id"]
        moved = await browser.post(f"/requests/{request}/state", data={"state": "planned"})
        assert "<p>Saved.</p>" in await text(browser, moved.headers["location"])
        assert (await browser.post(f"/requests/{request}/state", data={"state": "maybe"})).status_code == 422
        assert "Planned" in await text(browser, f"/requests/{request}")

    async def test_a_trend_counts_who_stands_behind_a_request(
        self, browser: httpx.AsyncClient, rig: Rig
    ) -> None:
        """A wish that was dismissed is in no number of its request; page and API tell the same trend."""
        await filled(rig)
        listed = (await browser.get("/api/v1/requests", headers=MACHINE)).json()["items"][0]
        assert listed["trend"] is None
        place = f"/api/v1/requests/{listed['id']}"
        assert (await browser.get(place, headers=MACHINE)).json()["trend"] == [0] * 11 + [2]
        wish = next(one for one in await rig.signals() if one.slot.request_id == listed["id"])
        dismissal = {"reason": "No wish."}
        await browser.post(f"/api/v1/signals/{wish.signal_id}/dismiss", json=dismissal, headers=MACHINE)
        assert (await browser.get(place, headers=MACHINE)).json()["trend"] == [0] * 11 + [1]
        assert "1 this month" in await text(browser, f"/requests/{listed['id']}")

    async def test_what_is_decided_stands_apart(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Shipped and declined requests are listed where they are asked for, in the file as on the page."""
        await filled(rig)
        (one,) = (await browser.get("/api/v1/requests", headers=MACHINE)).json()["items"]
        row = f'href="/requests/{one["id"]}"'
        for state in ("under_review", "planned"):
            await browser.post(f"/requests/{one['id']}/state", data={"state": state})
            assert row in await text(browser, "/requests")
        assert one["id"] in await text(browser, "/requests/export.csv")
        for state in ("shipped", "declined"):
            await browser.post(f"/requests/{one['id']}/state", data={"state": state})
            page = await text(browser, "/requests?q=dark")
            assert row not in page
            assert 'href="/requests?q=dark&amp;state=any"' in page
            assert one["id"] not in await text(browser, "/requests/export.csv")
            for asked in ("any", state):
                assert row in await text(browser, f"/requests?state={asked}")
                assert one["id"] in await text(browser, f"/requests/export.csv?state={asked}")
        assert "No request matches" in await text(browser, "/requests?q=nothing")
        listed = (await browser.get("/api/v1/requests", headers=MACHINE)).json()
        assert (listed["count"], len(listed["items"])) == (1, 1)

    async def test_requests_are_merged_and_split(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The page offers other requests to merge into; a merged one leads to the one it is now."""
        await filled(rig)
        await rig.tell(*rig.said("k3", "It would be great if you could export invoices to a spreadsheet."))
        found = (await browser.get("/api/v1/requests", headers=MACHINE)).json()["items"]
        assert len(found) == 2
        kept, gone = found[0], found[1]
        page = await text(browser, f"/requests/{gone['id']}")
        assert f'<option value="{kept["id"]}"' in page
        assert re.search(r'<select id="f-into" name="into" required[^>]*>\s*<option value="" selected>', page)
        merged = await browser.post(f"/requests/{gone['id']}/merge", data={"into": kept["id"]})
        assert merged.headers["location"] == f"/requests/{kept['id']}?done=merged"
        assert "<p>Merged. Everybody" in await text(browser, merged.headers["location"])
        assert (await browser.get(f"/requests/{gone['id']}")).headers["location"] == f"/requests/{kept['id']}"
        page = await text(browser, f"/requests/{kept['id']}")
        assert gone["title"] in page
        rows = list(csv.DictReader(io.StringIO(await text(browser, f"/requests/{kept['id']}/asked.csv"))))
        assert {row["customer"] for row in rows} == {"Northwind", "Contoso"}
        assert (await browser.post(f"/requests/{kept['id']}/merge", data={"into": "no"})).status_code == 404
        lee = next(one for one in await rig.signals() if one.customer and one.customer.name == "Contoso")
        path = f"/requests/{kept['id']}/split"
        nobody = await browser.post(path, data={"title": "Dark dashboards"})
        assert (nobody.status_code, "Nothing was split. Choose whose wish" in nobody.text) == (422, True)
        assert 'value="Dark dashboards"' in nobody.text
        everybody = [one.signal_id for one in await rig.signals() if one.slot.request_id == kept["id"]]
        refused = await browser.post(path, data={"title": "All", "signal": everybody})
        assert (refused.status_code, "Leave somebody behind" in refused.text) == (422, True)
        assert refused.text.count('form="split-form" checked') == len(everybody)
        split = {"signal": lee.signal_id, "title": "Dark dashboards"}
        made = await browser.post(f"/requests/{kept['id']}/split", data=split)
        assert "Dark dashboards" in await text(browser, made.headers["location"])
        body = {"signals": [lee.signal_id], "title": "Again"}
        refused = await browser.post(f"/api/v1/requests/{kept['id']}/split", json=body, headers=MACHINE)
        assert (refused.status_code, "Choose whose" in refused.text) == (422, True)

    async def test_words_in_other_languages_are_counted(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """How much was left unread for its language is told where the detectors are."""
        page = "/settings/organization/detection"
        await rig.connect()
        assert "wrote in no other language" in await text(browser, page)
        dutch = "Wij willen het abonnement graag per volgende maand opzeggen, want het is te duur voor ons."
        await rig.tell(*rig.said("k1", dutch, "Thanks, that is all for the moment, have a nice day."))
        await rig.tell(*rig.said("k2", dutch, dutch.replace("duur", "traag"), contact_ids=("lee",)))
        assert "3 messages in 2 conversations were in another language" in await text(browser, page)

    async def test_health_is_shown_and_weighed(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """A customer's health tells what it is made of; other weights are kept, nonsense is named."""
        await filled(rig)
        await measured(rig)
        customers = (await browser.get("/api/v1/health", headers=MACHINE)).json()["items"]
        assert customers[0]["name"] == "Northwind"
        page = await text(browser, f"/customers/{customers[0]['customer_id']}")
        assert f"{customers[0]['score']} of 100" in page
        assert "they said they will leave" in page
        assert f">{customers[0]['score']}<" in await text(browser, "/customers?sort=health")
        detection = "/settings/organization/detection"
        names = ("mood", "churn_risk", "answers", "ratings", "activity", "seats")
        form = {f"weight_{name}": "10" for name in names}
        wrong = await browser.post(f"{detection}/health", data=form | {"weight_mood": "lots"})
        assert (wrong.status_code, 'value="lots"' in wrong.text) == (422, True)
        assert "Each weight is a whole number" in wrong.text
        kept = await browser.post(f"{detection}/health", data=form)
        assert kept.status_code == 303
        weights = (await browser.get("/api/v1/health/weights", headers=MACHINE)).json()["weights"]
        assert weights == dict.fromkeys(names, 10)
        assert "Saved." in await text(browser, kept.headers["location"])


class TestApi:
    """What machines get."""

    async def test_cursors_walk_the_whole_list(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Pages by cursor give every signal once, in each order; a foreign cursor is refused."""
        await rig.connect()
        for number in range(7):
            at = NOW - timedelta(hours=number % 3)
            await rig.tell(*rig.said(f"k{number}", LEAVING, contact_ids=(f"p{number}",), at=at))
        for sort in ("newest", "confidence", "spend"):
            seen: list[str] = []
            cursor = None
            while True:
                query = {"limit": 2, "sort": sort, **({"cursor": cursor} if cursor else {})}
                page = (await browser.get("/api/v1/signals", params=query, headers=MACHINE)).json()
                assert page["count"] == 7
                seen += [one["id"] for one in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)) == 7
        first = (await browser.get("/api/v1/signals?limit=2", headers=MACHINE)).json()["next_cursor"]
        for path in (f"/api/v1/signals?sort=spend&cursor={first}", "/api/v1/signals?cursor=%00%00"):
            assert (await browser.get(path, headers=MACHINE)).status_code in {400, 422}

    @pytest.mark.parametrize("sort", ["health", "-health", "mood", "-mood", "renewal", "-renewal"])
    async def test_who_has_no_value_is_last(self, browser: httpx.AsyncClient, rig: Rig, sort: str) -> None:
        """Walked by cursors in either direction, those with a value come in order before all without one."""
        name = sort.removeprefix("-")
        listed = [
            Customer(
                f"c{number}",
                "local",
                f"Customer {number}",
                external_id=str(number),
                mood=mood,
                facts=AccountFacts(renewal_date=date(2026, 9, 1 + number) if mood else None),
            )
            for number, mood in enumerate((0.5, None, -0.5, None, 0.25, None, None))
        ]
        await rig.stores.customers.save(listed)
        scored = [
            Measured(one.customer_id, 1, Health(NOW, number * 10, ()), keep=False)
            for number, one in enumerate(listed)
            if one.mood
        ]
        await rig.stores.health.save("local", scored)
        for size in (2, 3, 5):
            seen: list[float | str | None] = []
            query: dict[str, Any] = {"limit": size, "sort": sort}
            while True:
                page = (await browser.get("/api/v1/customers", params=query, headers=MACHINE)).json()
                seen += [one["renewal_date" if name == "renewal" else name] for one in page["items"]]
                if page["next_cursor"] is None:
                    break
                query["cursor"] = page["next_cursor"]
            known = [one for one in seen if one is not None]
            assert known == sorted(known, reverse=sort.startswith("-"))
            assert (len(known), seen[len(known) :]) == (3, [None] * 4)

    async def test_a_signal_is_not_sent_twice(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The revision is the ETag; an unchanged signal answers 304, one with a new owner does not."""
        await filled(rig)
        signal = next(one for one in await rig.signals() if one.customer)
        path = f"/api/v1/signals/{signal.signal_id}"
        first = await browser.get(path, headers=MACHINE)
        known = {**MACHINE, "If-None-Match": first.headers["etag"]}
        again = await browser.get(path, headers=known)
        assert (first.json()["revision"], again.status_code) == (1, 304)
        held = await rig.stores.customers.by_ids("local", [signal.customer.id])
        await rig.stores.signals.refresh_customer(replace(held[signal.customer.id], owner="bob@acme.example"))
        owned = await browser.get(path, headers=known)
        assert (owned.status_code, owned.json()["customer"]["owner"]) == (200, "bob@acme.example")

    @pytest.mark.parametrize(
        "path", ["signals", "customers", "people", "conversations", "topics", "requests"]
    )
    async def test_no_list_is_sent_twice(self, browser: httpx.AsyncClient, rig: Rig, path: str) -> None:
        """Every list has an ETag; a caller who names it, weak or among others, gets no body again."""
        await filled(rig)
        etag = (await browser.get(f"/api/v1/{path}", headers=MACHINE)).headers["etag"]
        head = await browser.head(f"/api/v1/{path}", headers=MACHINE)
        assert (head.status_code, head.headers["etag"], head.content) == (200, etag, b"")
        two = [("accept", "application/json"), ("if-none-match", '"other"'), ("if-none-match", etag)]
        assert (await browser.get(f"/api/v1/{path}", headers=two)).status_code == 304
        for named, status in ((f'"other", W/{etag}', 304), ("*", 304), ('"other"', 200)):
            answer = await browser.get(f"/api/v1/{path}", headers={**MACHINE, "If-None-Match": named})
            assert (answer.status_code, answer.headers["etag"]) == (status, etag)
            assert answer.headers["cache-control"] == "private, no-cache"

    async def test_customers_by_machine(self, browser: httpx.AsyncClient) -> None:
        """Upserts say what they did; unknown fields and bad values are refused by name."""
        one = {"external_id": "acc-1", "name": "Northwind", "renewal_date": "2026-12-31"}
        for created, updated in ((1, 0), (0, 0)):
            answer = (await browser.put("/api/v1/customers", json=[one], headers=MACHINE)).json()
            assert (answer["created"], answer["updated"]) == (created, updated)
        wrong = await browser.put("/api/v1/customers", json=[{**one, "spend": 1}], headers=MACHINE)
        assert (wrong.status_code, "spend" in wrong.text) == (422, True)
        for field, value in (("name", "  "), ("external_id", "a\x00b"), ("attributes", {"size": "x" * 501})):
            wrong = await browser.put("/api/v1/customers", json=[{**one, field: value}], headers=MACHINE)
            assert (wrong.status_code, field in wrong.text) == (422, True), field
        padded = {**one, "external_id": " acc-1 ", "name": "Northwind  "}
        same = await browser.put("/api/v1/customers", json=[padded], headers=MACHINE)
        assert same.json()["unchanged"] == 1
        listed = await browser.post(
            "/api/v1/customers/import", content=b"external_id,name\nb,\n", headers=MACHINE
        )
        assert listed.json()["errors"] == [{"line": 2, "reason": "name is empty"}]

    async def test_a_shared_domain_is_asked_about(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Page and API say why a company may be a customer; a refused one is asked about no more."""
        await filled(rig)
        await rig.tell(
            rig.contact("lee", ("co2",), email="lee@contoso.example"),
            rig.company("co3", "Umbrella"),
            rig.contact("kim", ("co3",), email="kim@contoso.example"),
        )
        path = "/api/v1/customers/suggestions"
        (asked,) = (await browser.get(path, headers=MACHINE)).json()["items"]
        (suggested,) = asked["suggestions"]
        assert (asked["company_id"], asked["name"]) == ("ws1:co3", "Umbrella")
        assert (suggested["name"], suggested["domain"]) == ("Contoso", "contoso.example")
        assert suggested["reasons"] == ["people of both write from contoso.example"]
        page = await text(browser, "/settings/organization/customers")
        assert "Because people of both write from contoso.example" in page
        answer = {"company_id": "ws1:co3", "customer_id": suggested["customer_id"], "confirmed": False}
        assert (await browser.post(path, json=answer, headers=MACHINE)).status_code == 204
        assert (await browser.get(path, headers=MACHINE)).json()["items"] == []
        assert (
            await browser.post(path, json={**answer, "company_id": "no"}, headers=MACHINE)
        ).status_code == 404

    async def test_health_by_machine(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """The ingredients add up to the score; weights are put, and wrong ones refused by name."""
        await filled(rig)
        await measured(rig)
        listed = (await browser.get("/api/v1/health", headers=MACHINE)).json()
        assert listed["count"] == 2
        path = f"/api/v1/health/customers/{listed['items'][0]['customer_id']}"
        found = (await browser.get(path, headers=MACHINE)).json()
        points = sum(one["points"] for one in found["ingredients"])
        assert found["score"] == pytest.approx(points, abs=0.6)
        assert [one["score"] for one in found["history"]] == [found["score"]]
        weights = (await browser.get("/api/v1/health/weights", headers=MACHINE)).json()["weights"]
        path = "/api/v1/health/weights"
        put = await browser.put(path, json={"weights": weights | {"mood": 0}}, headers=MACHINE)
        assert put.json()["weights"]["mood"] == 0
        for wrong in (weights | {"mood": 101}, {"mood": 1}, weights | {"luck": 1}):
            refused = await browser.put(path, json={"weights": wrong}, headers=MACHINE)
            assert refused.status_code == 422, wrong

    async def test_the_people_graph(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """People are tied to their company and to who answered them; an unknown customer is not found."""
        await filled(rig)
        ann = AdminChanged(**rig.fields(id="ann", name="Ann Lee", email="ann@acme.example"))
        again = rig.said("k1", LEAVING, WISH, title="Our contract", teammate_ids=("ann",))
        await rig.tell(ann, *again)
        listed = (await browser.get("/api/v1/customers?q=northwind", headers=MACHINE)).json()["items"]
        path = f"/api/v1/people/graph?customer={listed[0]['id']}"
        graph = (await browser.get(path, headers=MACHINE)).json()
        assert {one["type"] for one in graph["nodes"]} == {"customer", "company", "person", "teammate"}
        ties = {(one["type"], one["source"], one["target"]) for one in graph["ties"]}
        assert ("talks_to", "ws1:dana", "ws1:ann") in ties
        assert ("member_of", "ws1:dana", "ws1:co1") in ties
        page = await text(browser, f"/people/graph?customer={listed[0]['id']}")
        assert "Ann Lee" in page
        missing = await browser.get("/api/v1/people/graph?customer=nobody", headers=MACHINE)
        assert missing.status_code == 404

    async def test_walking_the_graph(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """From a customer to a person to a teammate and back, by the picture's own links; 404 beyond."""
        await filled(rig)
        ann = AdminChanged(**rig.fields(id="ann", name="Ann Lee", email="ann@acme.example"))
        await rig.tell(ann, *rig.said("k1", LEAVING, title="Our contract", teammate_ids=("ann",)))
        listed = (await browser.get("/api/v1/customers?q=northwind", headers=MACHINE)).json()["items"]
        path = f"/people/graph?around=customer%2F{listed[0]['id']}"
        for name, leads_to in (
            ("Northwind", "person%2Fws1%3Adana"),
            ("Dana Ruiz", "teammate%2Fws1%3Aann"),
            ("Ann Lee", f"customer%2F{listed[0]['id']}"),
        ):
            page = await text(browser, path)
            assert f'class="hub-name">{name}</text>' in page
            assert "Our contract" in page.partition("<table")[2]
            assert f'href="/people/graph?around={leads_to}"' in page
            path = f"/people/graph?around={leads_to}"
        around = "/api/v1/people/graph?around="
        found = (await browser.get(f"{around}teammate/ws1:ann", headers=MACHINE)).json()
        assert {one["type"] for one in found["nodes"]} == {"teammate", "customer", "person", "conversation"}
        for gone in ("customer/c-none", "person/ws1:none", "teammate/ws1:none"):
            assert (await browser.get(f"{around}{gone}", headers=MACHINE)).status_code == 404
            await text(browser, f"/people/graph?around={gone}", 404)
        for wrong in ("", "team/x", f"person/ws1:dana&customer={listed[0]['id']}"):
            assert (await browser.get(f"{around}{wrong}", headers=MACHINE)).status_code == 422
        rig.clock.advance(40 * 86_400)
        assert "is tied to nobody" in await text(browser, "/people/graph?around=teammate/ws1:ann&period=30")

    async def test_a_conversation_with_its_marks(self, browser: httpx.AsyncClient, rig: Rig) -> None:
        """Each mark lies in its message's text."""
        await filled(rig)
        found = (await browser.get("/api/v1/conversations/ws1:k1", headers=MACHINE)).json()
        marks = [(mark, message["text"]) for message in found["messages"] for mark in message["marks"]]
        assert {mark["kind"] for mark, _ in marks} >= {"churn_risk", "feature_request"}
        assert all(0 <= mark["start"] < mark["end"] <= len(said) for mark, said in marks)

    @pytest.mark.parametrize("path", ["/api/v1/people", "/api/v1/conversations", "/api/v1/customers"])
    async def test_lists_answer_from_the_start(self, browser: httpx.AsyncClient, path: str) -> None:
        """An empty organization has empty lists, not errors."""
        answer = await browser.get(path, headers=MACHINE)
        assert (answer.status_code, answer.json()["items"]) == (200, [])


def await_next(stream: AsyncIterator[str]) -> asyncio.Task[str]:
    async def take() -> str:
        return await anext(stream)

    return asyncio.create_task(take())


async def yield_once() -> None:
    await asyncio.sleep(0)


async def test_watchers_hear_of_what_their_page_lists(settings: Settings, rig: Rig) -> None:
    """A page that shows one kind announces no other; its stream and its link have the page's filter."""
    client = create_client(settings, service="detector")
    lists = MongoLists(database_of(client, settings, service="detector"))
    feed = LiveFeed(lists=lists, clock=rig.clock, every_seconds=1)
    churn = await_next(feed.watch("local", lambda: SignalFilter(kind="churn_risk")))
    wishes = await_next(feed.watch("local", lambda: SignalFilter(kind="feature_request")))
    cleared = await_next(feed.watch("local", lambda: SignalFilter(state="cleared")))
    await rig.connect()
    await yield_once()
    rig.clock.advance(1)
    await rig.tell(*rig.said("k1", WISH))
    await feed.look()
    assert '"kind": "feature_request"' in await wishes
    assert not churn.done()
    assert not cleared.done()
    for task in (churn, cleared):
        task.cancel()
    await yield_once()
    await client.close()


async def test_watchers_hear_of_what_has_changed_since_it_opened(settings: Settings, rig: Rig) -> None:
    """A signal that gained evidence, or a customer's owner, before the first look is news all the same."""
    client = create_client(settings, service="detector")
    lists = MongoLists(database_of(client, settings, service="detector"))
    feed = LiveFeed(lists=lists, clock=rig.clock, every_seconds=1)
    await rig.connect()
    await rig.tell(*rig.said("k0", LEAVING, contact_ids=("p0",)))
    rig.clock.advance(10)
    news = await_next(feed.watch("local", SignalFilter))
    await yield_once()
    rig.clock.advance(1)
    await rig.tell(*rig.said("k1", WISH))
    await rig.tell(*rig.said("k1", WISH, "Dark mode would help us a lot. Please add dark mode."))
    # What had opened before is no news, whatever happens to it.
    await rig.tell(*rig.said("k0", LEAVING, LEAVING, contact_ids=("p0",)))
    assert min(one.revision for one in await rig.signals()) > 1
    await feed.look()
    assert '"kind": "feature_request"' in await news
    await client.close()


async def test_the_announcement_follows_the_filter(browser: httpx.AsyncClient, rig: Rig) -> None:
    """It stands in the part that a filter exchanges, with the stream of that filter."""
    await rig.connect()
    page = await text(browser, "/insights?kind=renewal&owner=ann")
    shown = page[page.index('id="list"') :]
    assert 'data-stream="/insights/events?kind=renewal&amp;owner=ann"' in shown
    assert 'data-counted="/insights/new?kind=renewal&amp;owner=ann&amp;since=' in shown
    assert 'href="/insights?kind=renewal&amp;owner=ann" hidden data-announcement' in shown


async def test_an_open_page_can_ask_how_many_came_since_it_was_drawn(
    browser: httpx.AsyncClient, rig: Rig
) -> None:
    """Whatever its stream told or missed: what its list would show, and none that it shows."""
    await rig.connect()
    await rig.tell(*rig.said("k1", LEAVING))
    rig.clock.advance(1)
    addresses = {}
    for query in ("", "?kind=churn_risk", "?kind=renewal", "?state=cleared", "?state=any"):
        found = re.search(r'data-counted="([^"]+)"', await text(browser, f"/insights{query}"))
        assert found is not None
        addresses[query] = html.unescape(found[1])
    rig.clock.advance(1)
    assert {await text(browser, one) for one in addresses.values()} == {"0"}
    await rig.tell(*rig.said("k2", LEAVING, contact_ids=("p2",)))
    assert {query: await text(browser, one) for query, one in addresses.items()} == {
        "": "1",
        "?kind=churn_risk": "1",
        "?kind=renewal": "0",
        "?state=cleared": "0",
        "?state=any": "1",
    }


async def test_a_filter_holds_what_the_list_does(settings: Settings, rig: Rig) -> None:
    """For each field, what a filter says of a signal is what the database finds by it."""
    await filled(rig)
    client = create_client(settings, service="detector")
    lists = MongoLists(database_of(client, settings, service="detector"))
    leaving, *_ = found = sorted(await rig.signals(), key=lambda one: one.slot.kind)
    ann = next(one for one in found if one.customer and one.customer.owner)
    by = "ann@acme.example"
    await rig.engine.review.assign("local", leaving.signal_id, "bob@acme.example", by=by)
    await rig.engine.review.dismiss("local", ann.signal_id, "No", by=by)
    found = await rig.signals()
    wish = next(one for one in found if one.slot.request_id)
    middle = sorted(one.shown_at for one in found)[1]
    assert ann.customer
    wanted = [
        SignalFilter(state="any"),
        SignalFilter(state="open"),
        SignalFilter(state="cleared"),
        SignalFilter(state="any", kind="churn_risk"),
        SignalFilter(state="any", customer_id=ann.customer.id),
        SignalFilter(state="any", tag="billing"),
        SignalFilter(state="any", owner="ann@acme.example"),
        SignalFilter(state="any", since=middle),
        SignalFilter(state="any", until=middle),
        SignalFilter(state="any", min_confidence=max(one.confidence for one in found)),
        SignalFilter(state="any", request_id=wish.slot.request_id),
        SignalFilter(state="any", person=leaving.people[0].id),
        SignalFilter(state="any", conversation=leaving.proofs[0].conversation_key),
        SignalFilter(state="any", assigned_to="bob@acme.example"),
    ]
    for one in wanted:
        listed = await lists.signals("local", one, sort="newest", position=None, limit=10)
        assert {signal.signal_id for signal in listed.items} == {
            signal.signal_id for signal in found if one.holds(signal)
        }, one
    await client.close()


async def test_watchers_hear_of_new_signals_of_their_own(settings: Settings, rig: Rig) -> None:
    """A watching reader hears of each signal that opens once, and of no other organization's."""
    client = create_client(settings, service="detector")
    lists = MongoLists(database_of(client, settings, service="detector"))
    feed = LiveFeed(lists=lists, clock=rig.clock, every_seconds=1)
    mine, others = feed.watch("local", SignalFilter), feed.watch("other", SignalFilter)
    first, foreign = await_next(mine), await_next(others)
    await rig.connect()
    await yield_once()
    rig.clock.advance(1)
    await rig.tell(*rig.said("k1", LEAVING))
    await feed.look()
    await feed.look()
    assert '"kind": "churn_risk"' in await first
    second = await_next(mine)
    await yield_once()
    assert not second.done()
    assert not foreign.done()
    for task in (second, foreign):
        task.cancel()
    await yield_once()
    await client.close()
