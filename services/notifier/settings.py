"""Settings of the notifier."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Annotated, Literal, Self

from cryptography.fernet import Fernet
from pydantic import AfterValidator, Field, SecretStr, model_validator

from shared.config import CurrencyCode, ServiceSettings
from shared.mail import is_mail_address


def _fernet_keys(keys: SecretStr) -> SecretStr:
    for key in keys.get_secret_value().split(","):
        try:
            Fernet(key.strip())
        except ValueError:
            raise ValueError(
                "each credential key must be 32 bytes in URL-safe base64, comma separated, newest first"
            ) from None
    return keys


def _sender(written: str) -> str:
    """Return who mail is from, where a server can take it: what it refuses is refused with each mail."""
    if not written.isprintable() or not is_mail_address(parseaddr(written)[1]):
        raise ValueError(
            "it must be an address, like Earshot <earshot@example.com>; a name with commas in quotes"
        )
    return written


HostName = Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=253)]
"""A host by its name or IPv4 address, without scheme and port; those below it are meant too."""


class Settings(ServiceSettings):
    """What the notifier needs beside what every service has."""

    http_port: int = 8704
    credential_keys: Annotated[SecretStr, AfterValidator(_fernet_keys)] = Field(
        description="Key ring for addresses and secrets of channels at rest, newest first."
    )

    currency: CurrencyCode = Field(
        default="USD", description="What amounts in messages are in; they are never converted."
    )
    notify_max_age_days: float = Field(
        default=14, gt=0, le=3_650, description="Signals whose words are older than this are not announced."
    )
    notify_settle_seconds: float = Field(
        default=120,
        ge=0,
        le=3_600,
        description="How long the alert of a churn risk that is implied waits, in case it is withdrawn.",
    )
    notify_retention_days: float = Field(
        default=400,
        ge=30,
        le=36_500,
        description="How long after its last change a signal's deliveries, entry and memory are kept.",
    )
    notify_attempts: int = Field(default=8, ge=1, le=20, description="Tries of one delivery in all.")
    notify_timeout_seconds: float = Field(
        default=10, gt=0, le=60, description="How long a receiver may take for one try."
    )
    notify_concurrency: int = Field(default=32, ge=1, le=500, description="Deliveries under way at once.")
    notify_sweep_seconds: float = Field(
        default=1.0, gt=0, le=60, description="How often deliveries that are due again are looked for."
    )
    allow_private_webhooks: bool = Field(
        default=False, description="Whether webhooks may go to private addresses and over plain HTTP."
    )

    teams_hosts: tuple[HostName, ...] = Field(
        default=(), max_length=50, description="Hosts beside Microsoft's own that a Teams rule may post to."
    )

    smtp_host: str | None = Field(
        default=None, description="Mail server; without one, mail is not configured."
    )
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    email_from: Annotated[str, AfterValidator(_sender)] = "Earshot <earshot@localhost>"

    @model_validator(mode="after")
    def _remembers_what_it_may_announce(self) -> Self:
        # What is forgotten while its words may still be announced is told again when its record comes again.
        if self.notify_retention_days < self.notify_max_age_days + 1:
            raise ValueError(
                "EARSHOT_NOTIFY_RETENTION_DAYS must be at least a day more than EARSHOT_NOTIFY_MAX_AGE_DAYS, "
                "or signals would be told twice"
            )
        return self
