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

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the allowed base URLs, each once, in the order in which they were set."""
        return tuple(dict.fromkeys(url.rstrip("/") for url in self.api.values()))

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
            HostNotAllowed: the address is not exactly on the list, apart from a trailing slash.
        """
        wanted = base_url.strip().rstrip("/").lower()
        for region, allowed in self.api.items():
            if allowed.rstrip("/").lower() == wanted:
                return region
        raise HostNotAllowed(
            f"{_shown(wanted)!r} is not one of the allowed Intercom hosts"
            f" ({', '.join(sorted(self.api.values()))}). The operator adds hosts with EARSHOT_INTERCOM_HOSTS."
        )

    def home_of(self, region_name: str, *, answered_at: str) -> tuple[str, str]:
        """Return the region that `/me` names, and the base URL to read it through.

        The regional host keeps the traffic in its region (FACTS §1). If none is configured for that region,
        the host that responded is used. `said` may be empty, which means that host's region.

        Raises:
            HostNotAllowed: `answered_at` is not on the list.
        """
        answering = self.region_of(answered_at)
        region = region_name.strip().lower()[:_MOST_REGION] or answering
        return region, self.base_url(region if region in self.api else answering)


_MOST_REGION = 32
_MOST_SHOWN = 200


def _shown(address: str) -> str:
    """Return an address for a message, without a password that somebody may have put into it."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        host = None
    return (host or address.rpartition("@")[2])[:_MOST_SHOWN]
