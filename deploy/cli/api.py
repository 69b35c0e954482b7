"""Commands that speak to Earshot's own API: where it is, with which key, and what to say when it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from deploy.local.settings import LocalSettings

_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Api:
    """The installation to ask.

    Attributes:
        key: a bearer key; local mode needs none on its own machine.
        here: whether it is this machine's local mode, which can be started.
    """

    address: str
    key: SecretStr | None
    here: bool

    def ask(
        self, method: str, path: str, *, timeout_seconds: float, body: dict[str, Any] | None = None
    ) -> Any:
        """Return the answer's JSON. Raises `ConfigurationError` with what stood against it."""
        headers = {} if self.key is None else {"authorization": f"Bearer {self.key.get_secret_value()}"}
        try:
            answer = httpx.request(
                method,
                f"{self.address}/api/v1{path}",
                # Local mode without a key takes changes as JSON alone: a form of another site cannot send it.
                json={} if body is None and method != "GET" else body,
                headers=headers,
                timeout=timeout_seconds,
                trust_env=False,
            )
            content = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            way_out = "Start it with: earshot up" if self.here else "Check EARSHOT_API_ADDRESS or --address."
            raise ConfigurationError(f"Earshot does not answer at {self.address}. {way_out}") from error
        if answer.status_code >= _REFUSED:
            raise ConfigurationError(
                str(content.get("detail", content) if isinstance(content, dict) else content)
            )
        return content


def api_of(settings: LocalSettings) -> Api:
    """Return the installation that the settings name: `EARSHOT_API_ADDRESS`, or this machine's."""
    named = settings.api_address
    return Api((named or settings.address).rstrip("/"), settings.api_key, here=named is None)
