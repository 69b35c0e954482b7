"""Settings of the connector; the defaults are Intercom's own addresses (FACTS §1 and §2)."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import AfterValidator, Field, SecretStr

from shared.config import HttpAddress, ServiceSettings


def _fernet_keys(keys: SecretStr) -> SecretStr:
    for key in keys.get_secret_value().split(","):
        try:
            Fernet(key.strip())
        except ValueError:
            raise ValueError(
                "each credential key must be 32 bytes in URL-safe base64, comma separated, newest first"
            ) from None
    return keys


def _hosts(hosts: dict[str, str]) -> dict[str, str]:
    if not hosts:
        raise ValueError("name one region at least")
    checked: dict[str, str] = {}
    for region, url in hosts.items():
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"the URL of region {region!r} must begin with https:// (or http://) and a host")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"the URL of region {region!r} must have no user, query or fragment")
        checked[region.strip().lower()] = url.rstrip("/")
    return checked


Hosts = Annotated[dict[str, str], AfterValidator(_hosts)]
CredentialKeys = Annotated[SecretStr, AfterValidator(_fernet_keys)]


class Settings(ServiceSettings):
    """What the connector needs beside what every service has."""

    http_port: int = 8701
    credential_keys: CredentialKeys = Field(
        description="Key ring for credentials at rest, newest first; old ones stay until all is re-encrypted."
    )

    intercom_client_id: str | None = Field(
        default=None, description="Of the app in Intercom's Developer Hub; without it only tokens connect."
    )
    intercom_client_secret: SecretStr | None = None
    intercom_authorize_url: HttpAddress = "https://app.intercom.com/oauth"
    intercom_token_url: HttpAddress = "https://api.intercom.io/auth/eagle/token"
    intercom_uninstall_url: HttpAddress = "https://api.intercom.io/auth/uninstall"
    intercom_hosts: Hosts = Field(
        default={
            "us": "https://api.intercom.io",
            "eu": "https://api.eu.intercom.io",
            "au": "https://api.au.intercom.io",
        },
        description="Region to base URL: the only hosts a credential is ever sent to.",
    )
    intercom_app_hosts: Hosts = Field(
        default={
            "us": "https://app.intercom.com",
            "eu": "https://app.eu.intercom.com",
            "au": "https://app.au.intercom.com",
        },
        description="Region to the origin where teammates read conversations.",
    )
    intercom_timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    scheduler_seconds: float = Field(
        default=0.25,
        gt=0,
        le=60,
        description="How often due connections are looked for: one query by index, and most of a run's lag.",
    )
    look_seconds: float = Field(
        default=45.0,
        ge=5,
        le=86_400,
        description="How often a credential is looked at between runs; a dead one is noticed no later.",
    )
    new_connection_lifecycle_events: bool = Field(
        default=False, description="Whether the lifecycle switch is on for a connection from the start."
    )
    new_connection_interval_seconds: int = Field(default=300, ge=10, le=86_400)
