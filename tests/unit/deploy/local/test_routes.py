"""The routing table: every address has one owner, and what is internal has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.routes import ROUTES, ToPage, ToService, route
from shared.contracts.topics import SERVICES
from shared.web.navigation import SECTIONS


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "detector"),
        ("/insights", "detector"),
        ("/insights/abc", "detector"),
        ("/customers/", "detector"),
        ("/conversations", "detector"),
        ("/topics", "detector"),
        ("/settings/organization/customers", "detector"),
        ("/settings/organization/integrations/intercom/callback", "connector"),
        ("/settings/me", "notifier"),
        ("/settings/organization/notifications", "notifier"),
        ("/operations/sync", "connector"),
        ("/operations/dead-letters", "notifier"),
        ("/webhooks/intercom", "connector"),
        ("/static/app.0123.css", "connector"),
        ("/api/v1/signals", "detector"),
        ("/api/v1/health", "detector"),
        ("/api/v1/rules/7", "notifier"),
        ("/api/v1/openapi/syncer.json", "syncer"),
        ("/api/v1/openapi/notifier.json", "notifier"),
    ],
)
def test_an_address_belongs_to_its_service(path: str, service: str) -> None:
    """Pages, API, webhooks and documents reach the service that owns them."""
    target = route(path)
    assert isinstance(target, ToService)
    assert target.service == service


@pytest.mark.parametrize(
    "path",
    [
        "/internal/credentials",
        "/internal",
        "/health/ready",
        "/health/serving",
        "/metrics",
        "/insightsx",
        "/api/v1",
        "/api/v1/docs/detector",
        "/api/v2/signals",
        "/insights/../internal/credentials",
        "/insights/./x",
        "//internal",
        "/insights//internal",
        "",
    ],
)
def test_nobody_answers_what_is_not_in_the_table(path: str) -> None:
    """Internal, unknown and ambiguous paths are routed to nobody."""
    assert route(path) is None


@pytest.mark.parametrize("path", ["/settings", "/settings/", "/settings/organization", "/operations"])
def test_a_section_leads_to_its_first_page(path: str) -> None:
    """A section without a page of its own sends the browser to one that is served."""
    target = route(path)
    assert isinstance(target, ToPage)
    assert isinstance(route(target.path), ToService)


def test_every_page_of_the_frame_is_served() -> None:
    """No link in the side bar leads nowhere."""
    paths = [entry.path for section in SECTIONS for entry in (section.entry, *section.children)]
    assert [path for path in paths if route(path) is None] == []


def test_every_service_shows_its_own_documents() -> None:
    """Each service's API is described under its name."""
    assert {service for prefix, service in ROUTES.items() if prefix.startswith("/api/v1/openapi/")} == set(
        SERVICES
    )


@given(st.sampled_from(sorted(ROUTES)), st.text(alphabet="abc/.%-_", max_size=30))
def test_what_lies_under_a_prefix_never_becomes_internal(prefix: str, rest: str) -> None:
    """Whatever follows a prefix, the owner of a path is the owner of one of its own prefixes."""
    target = route(f"{prefix}/{rest}")
    if isinstance(target, ToService):
        owners = {ROUTES[known] for known in ROUTES if f"{prefix}/{rest}".startswith(known)}
        assert target.service in owners
