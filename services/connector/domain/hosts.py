"""The Intercom hosts that credentials may be sent to, by region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from services.connector.errors import HostNotAllowed

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION_NAMES = {"us": "United States", "eu": "Europe", "au": "Australia"}


@dataclass(frozen=True, slots=True)
class IntercomHosts:
    """Region to base URL of the API, and region to origin of the pages that teammates use."""

    api: Mapping[str, str]
    app: Mapping[str, str]

    def base_url(self, region: str) -> str:
        """Return a region's base URL. Raises HostNotAllowed for a region that is not configured."""
        try:
            return self.api[region].rstrip("/")
        except KeyError:
            known = ", ".join(sorted(self.api))
            raise HostNotAllowed(
                f"The region {region!r} is not set up here. Known: {known}; the operator adds others with"
                " EARSHOT_INTERCOM_HOSTS."
            ) from None

    def app_url(self, region: str) -> str:
        return self.app.get(region, next(iter(self.app.values()), "")).rstrip("/")

    def region_of(self, base_url: str) -> str:
        """Return the region of a base URL from the allow-list.

        Raises:
            HostNotAllowed: the address is not on the list, exactly, but for a trailing slash.
        """
        wanted = base_url.strip().rstrip("/").lower()
        for region, allowed in self.api.items():
            if allowed.rstrip("/").lower() == wanted:
                return region
        host = urlsplit(wanted).netloc or wanted
        raise HostNotAllowed(
            f"{host[:200]!r} is not one of the allowed Intercom hosts"
            f" ({', '.join(sorted(self.api.values()))}). The operator adds hosts with EARSHOT_INTERCOM_HOSTS."
        )

    def region_named(self, said: str, *, default_of: str) -> str:
        """Return the region that `/me` names, or that of the URL which answered where the name is unknown."""
        return said.lower() if said.lower() in self.api else self.region_of(default_of)
