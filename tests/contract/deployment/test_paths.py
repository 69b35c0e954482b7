"""The ingress and the edge of compose answer what the one path table says, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from fastapi.routing import iter_route_contexts

from deploy.compose.edge import routes_conf
from deploy.k8s.rendering import render
from deploy.local.routes import ROUTES, ToPage, ToService, route
from shared.auth.authenticator import TOKEN_HEADERS
from shared.contracts.topics import SERVICES
from tests.contract.services import application_of

if TYPE_CHECKING:
    from pathlib import Path

    from shared.contracts.topics import Service

KUBERNETES = "1.37.0"


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_describes_reaches_it(service: Service) -> None:
    """Each address of a service's published API is routed to that service from outside."""
    app = application_of(service)
    described = [app.openapi_url, *(path for path in app.openapi()["paths"] if path.startswith("/api/"))]
    assert {path: route(path) for path in described} == dict.fromkeys(described, ToService(service))


@pytest.mark.parametrize("service", SERVICES)
def test_every_page_and_file_of_a_service_reaches_it(service: Service) -> None:
    """No link of a page leads to an address that its service answers and nobody is sent to."""
    inside = ("/internal/", "/health/", "/metrics", "/static")
    answered = iter_route_contexts(application_of(service).routes)
    paths = {re.sub(r"\{[^}]+\}", "x", one.path) for one in answered if one.path is not None}
    outside = sorted(path for path in paths if not path.startswith(inside))
    assert outside
    assert {path: route(path) for path in outside} == dict.fromkeys(outside, ToService(service))


def test_the_ingress_is_the_path_table(manifests: list[dict[str, Any]]) -> None:
    """Every row of the table is a prefix of one Ingress, to the same service; `/` is the detector."""
    rows: dict[tuple[str, str], str] = {}
    for item in manifests:
        if item["kind"] == "Ingress" and item["metadata"]["name"].startswith("earshot-"):
            for path in item["spec"]["rules"][0]["http"]["paths"]:
                key = (path["path"], path["pathType"])
                assert key not in rows
                rows[key] = path["backend"]["service"]["name"]
    table = {(prefix, "Prefix"): service for prefix, service in ROUTES.items()}
    assert rows == table | {("/", "Exact"): "detector"}


def test_what_people_see_is_behind_sign_in(manifests: list[dict[str, Any]]) -> None:
    """Without sign-in at the ingress are the API, webhooks and static files alone."""
    machines = next(item for item in manifests if item["metadata"]["name"] == "earshot-machines")
    paths = [path["path"] for path in machines["spec"]["rules"][0]["http"]["paths"]]
    assert paths
    assert all(path.startswith(("/api/v1/", "/webhooks", "/static")) for path in paths)


def test_the_sign_in_that_pages_name_is_there(root: Path) -> None:
    """The annotation's middleware is in the examples, for the same host, and passes a header that is read."""
    pages = next(
        item
        for item in render(root / "deploy/k8s/overlays/production")
        if item["metadata"]["name"] == "earshot-pages"
    )
    named = pages["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.middlewares"]
    middleware, back = yaml.safe_load_all((root / "deploy/k8s/examples/sign-in-traefik.yaml").read_text())
    where = middleware["metadata"]
    assert named == f"{where['namespace']}-{where['name']}@kubernetescrd"
    assert where["namespace"] == pages["metadata"]["namespace"]
    (header,) = middleware["spec"]["forwardAuth"]["authResponseHeaders"]
    assert header.lower() in TOKEN_HEADERS
    assert back["spec"]["rules"][0]["host"] == pages["spec"]["rules"][0]["host"]
    kubernetes_validate.validate(back, KUBERNETES, strict=True)


def test_the_edge_of_compose_is_fresh(root: Path) -> None:
    """The written table is what the code makes of the routes now."""
    assert (root / "deploy/compose/routes.conf").read_text() == routes_conf()


@pytest.mark.parametrize(
    "path",
    [
        *ROUTES,
        *(f"{prefix}/x" for prefix in ROUTES),
        *(f"{prefix}x" for prefix in ROUTES),
        "/",
        "/settings",
        "/settings/",
        "/operations",
        "/internal/v1/connections/x/credential",
        "/health/live",
        "/health/ready",
        "/health/serving",
        "/metrics",
        "/nothing",
    ],
)
def test_the_edge_of_compose_decides_as_the_table(path: str) -> None:
    """Nginx's maps, first match first, send each path where `route` does."""
    answered, sent = re.findall(r"map \$uri \$\w+ \{(.*?)\n\}", routes_conf(), re.DOTALL)
    match route(path):
        case ToService(service):
            assert _looked_up(answered, path) == service
        case ToPage(target):
            assert _looked_up(sent, path) == target
        case None:
            assert _looked_up(answered, path) is None
            assert _looked_up(sent, path) is None


def _looked_up(rows: str, path: str) -> str | None:
    for key, value in re.findall(r'^    "(.*)" (\S+);$', rows, re.MULTILINE):
        if key == path or (key.startswith("~") and re.search(key[1:], path)):
            return str(value)
    return None
