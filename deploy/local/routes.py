"""Which service answers which address. In production the same table is the ingress.

The longest prefix wins, whole path segments only. What no row names is answered by nobody: the services'
`/internal`, `/health` and `/metrics` are not reachable from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.contracts.topics import SERVICES

if TYPE_CHECKING:
    from shared.contracts.topics import Service

_PREFIXES: dict[Service, tuple[str, ...]] = {
    "connector": (
        "/settings/organization/integrations",
        "/settings/organization/keys",
        "/webhooks",
        "/operations/sync",
        "/api/v1/connections",
        "/api/v1/keys",
        "/static",
    ),
    "detector": (
        "/insights",
        "/customers",
        "/people",
        "/requests",
        "/conversations",
        "/topics",
        "/settings/organization/customers",
        "/settings/organization/detection",
        "/api/v1/signals",
        "/api/v1/customers",
        "/api/v1/people",
        "/api/v1/conversations",
        "/api/v1/requests",
        "/api/v1/health",
        "/api/v1/topics",
        "/api/v1/language-model",
        "/api/v1/redetections",
    ),
    "notifier": (
        "/inbox",
        "/settings/organization/notifications",
        "/settings/me",
        "/operations/deliveries",
        "/operations/dead-letters",
        "/api/v1/rules",
        "/api/v1/deliveries",
        "/api/v1/inbox",
        "/api/v1/notifications",
    ),
    "syncer": (),
}

REDIRECTS = {
    "/settings": "/settings/organization/integrations",
    "/settings/organization": "/settings/organization/integrations",
    "/operations": "/operations/sync",
}
"""Addresses without a page of their own, and where the browser goes instead."""


@dataclass(frozen=True, slots=True)
class ToService:
    """The service that answers."""

    service: Service


@dataclass(frozen=True, slots=True)
class ToPage:
    """Another address of ours that the browser is sent to."""

    path: str


def _table() -> dict[str, Service]:
    table: dict[str, Service] = {prefix: name for name, prefixes in _PREFIXES.items() for prefix in prefixes}
    for service in SERVICES:
        table[f"/api/v1/openapi/{service}.json"] = service
    return table


ROUTES = _table()
"""Prefix to service."""


def route(path: str) -> ToService | ToPage | None:
    """Return who answers `path` (decoded, without query), or None when nobody does."""
    if path == "/":
        return ToService("detector")
    if "/../" in f"{path}/" or "/./" in f"{path}/" or "//" in path:
        # A service could read such a path as another one than this table did.
        return None
    plain = path.rstrip("/")
    if plain in REDIRECTS:
        return ToPage(REDIRECTS[plain])
    prefix = plain
    while prefix:
        if (service := ROUTES.get(prefix)) is not None:
            return ToService(service)
        prefix = prefix.rpartition("/")[0]
    return None
