"""Rendering: frame, token, addresses, fragments, static files and the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from jinja2 import UndefinedError
from starlette.requests import Request

from shared.clock import ManualClock
from shared.web.gallery import NOW, SampleReader, create_gallery
from shared.web.pages import Pages, is_fragment
from shared.web.static_files import StaticAssets

if TYPE_CHECKING:
    from pathlib import Path


def _request(target: str = "/inbox", **headers: str) -> Request:
    path, _, query = target.partition("?")
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "server": ("127.0.0.1", 8700),
            "scheme": "http",
            "state": {"csrf_token": "t0k"},
        }
    )


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """Pages with one template that shows what every template sees."""
    (tmp_path / "page.html").write_text(
        '{% extends "frame.html" %}{% import "components.html" as ui with context %}'
        "{% block content %}{{ words }}{{ csrf_field }}{{ query_url(sort='-name', cursor=None) }}"
        "{{ ui.empty_state('None', 'Why', 'Next', '/next') }}{% endblock %}"
    )
    return Pages(tmp_path, clock=ManualClock(NOW))


def test_a_page_has_frame_token_and_escaped_words(pages: Pages) -> None:
    """Words are escaped, the token is in the form and in the head, the current section is marked."""
    body = bytes(pages.render(_request(), "page.html", identity=SampleReader(), words="<i>").body).decode()
    assert "&lt;i&gt;" in body
    assert '<meta name="csrf-token" content="t0k">' in body
    assert '<input type="hidden" name="csrf_token" value="t0k">' in body
    assert '<a href="/inbox" aria-current="page">' in body


@pytest.mark.parametrize(("currency", "said"), [("USD", "$1,200 in USD"), ("EUR", "€1,200 in EUR")])
def test_amounts_are_shown_in_the_currency_of_the_pages(tmp_path: Path, currency: str, said: str) -> None:
    """A template names no currency, so that none is forgotten."""
    (tmp_path / "amount.html").write_text("{{ 1200 | money }} in {{ currency }}")
    pages = Pages(tmp_path, clock=ManualClock(NOW), currency=currency)
    assert said.encode() in bytes(pages.render(_request(), "amount.html", identity=None).body)


@pytest.mark.parametrize(
    ("path", "heading", "title"),
    [
        ("/inbox", "Inbox", "Inbox · Earshot"),
        ("/settings/organization/keys", "API keys", "API keys · Settings · Earshot"),
        ("/settings/organization/customers", "Customers", "Customers · Settings · Earshot"),
        ("/operations/sync", "Sync", "Sync · Operations · Earshot"),
    ],
)
def test_a_page_is_called_what_leads_to_it(pages: Pages, path: str, heading: str, title: str) -> None:
    """Heading and title are the tab's name, else the section's; of tabs the title names the section too."""
    body = bytes(pages.render(_request(path), "page.html", identity=SampleReader(), words="").body).decode()
    assert f"<h1>{heading}</h1>" in body
    assert f"<title>{title}</title>" in body


def test_a_page_with_a_heading_of_its_own_has_it_as_title(pages: Pages, tmp_path: Path) -> None:
    """A thing's page is called by the thing, once escaped."""
    (tmp_path / "thing.html").write_text(
        '{% extends "frame.html" %}{% block heading %}{{ name }}{% endblock %}'
    )
    request = _request("/operations/deliveries/7")
    body = bytes(pages.render(request, "thing.html", identity=SampleReader(), name="A & B").body).decode()
    assert "<h1>A &amp; B</h1>" in body
    assert "<title>A &amp; B · Operations · Earshot</title>" in body


@pytest.mark.parametrize(("path", "marked"), [("/conversations", True), ("/customers", False)])
def test_more_is_marked_where_it_holds_the_present_section(pages: Pages, path: str, *, marked: bool) -> None:
    """The bar of a phone leads to four sections; the others are behind "More"."""
    body = bytes(pages.render(_request(path), "page.html", identity=SampleReader(), words="").body).decode()
    assert ('<summary aria-current="true">' in body) is marked


def test_a_page_for_a_stranger_has_no_navigation(pages: Pages) -> None:
    """Without an identity neither sections nor the unread count are shown."""
    body = bytes(pages.render(_request(), "page.html", identity=None, words="").body).decode()
    assert "/inbox/unread" not in body
    assert 'aria-label="Sections"' not in body


def test_a_missing_name_is_an_error(pages: Pages) -> None:
    """A template that uses what it was not given fails; it does not render a hole."""
    with pytest.raises(UndefinedError, match="words"):
        pages.render(_request(), "page.html", identity=None)


def test_addresses_keep_the_filters(pages: Pages) -> None:
    """A sort link changes the order, goes back to the first page and keeps every other field."""
    request = _request("/inbox?kind=churn_risk&cursor=abc&sort=name")
    body = bytes(pages.render(request, "page.html", identity=None, words="").body).decode()
    assert "/inbox?kind=churn_risk&amp;sort=-name" in body


def test_pages_are_not_kept_by_anyone(pages: Pages) -> None:
    """A page holds one reader's data, so caches are told to keep nothing."""
    assert (
        pages.render(_request(), "page.html", identity=None, words="").headers["cache-control"] == "no-store"
    )


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        ({"hx_request": "true"}, True),
        ({"hx_request": "true", "hx_boosted": "true"}, False),
        ({"hx_request": "true", "hx_history_restore_request": "true"}, False),
    ],
)
def test_fragments_are_what_htmx_swaps(headers: dict[str, str], *, fragment: bool) -> None:
    """Boosted links and restored history want whole pages although htmx asks."""
    assert is_fragment(_request(**headers)) is fragment


@pytest.fixture
async def client() -> httpx.AsyncClient:
    """A client of the gallery."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=create_gallery()), base_url="http://gallery")


async def test_the_gallery_shows_every_component(client: httpx.AsyncClient) -> None:
    """Every macro renders with sample data, under strict undefined names."""
    response = await client.get("/")
    assert response.status_code == 200
    for part in (
        "Churn risk",
        "· explicit",
        "owner you",
        "3 other signs",
        'role="progressbar"',
        "<dialog",
        "<svg",
    ):
        assert part in response.text
    assert " style=" not in response.text


async def test_static_files_may_be_kept_when_the_hash_fits(client: httpx.AsyncClient) -> None:
    """The present hash is immutable; an older one, or none, gets the present file to be asked for again."""
    url = StaticAssets().url("earshot.css")
    assert "immutable" in (await client.get(url)).headers["cache-control"]
    for stale in ("/static/000000000000/earshot.css", "/static/earshot.css"):
        response = await client.get(stale)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/static/x/../../pages.py", "/static/nothing.css", "/static/"])
async def test_only_listed_files_are_served(client: httpx.AsyncClient, path: str) -> None:
    """A path outside of the folder is simply not there."""
    assert (await client.get(path)).status_code == 404


async def test_static_files_are_only_read(client: httpx.AsyncClient) -> None:
    """Other methods are refused by name."""
    assert (await client.post("/static/earshot.css")).status_code == 405
