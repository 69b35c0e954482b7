"""Settings of the detector."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shared.config import CurrencyCode, ServiceSettings


def _model_url(url: str) -> str:
    """Return the URL without a slash at its end. Customers' words go there, so it must be https."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("it must be an address with a host, and no user, query or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError("it must begin with https://; http:// is for a model on this machine only")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


ModelUrl = Annotated[str, AfterValidator(_model_url)]


class Settings(ServiceSettings):
    """What the detector needs beside what every service has."""

    http_port: int = 8703
    currency: CurrencyCode = Field(
        default="USD", description="What amounts are in; they are shown with it, and never converted."
    )
    announce_max_age_days: int = Field(
        default=14, ge=0, le=3_650, description="Evidence older than this is shown and never announced."
    )
    detector_parameters: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description='Parameters by detector, as JSON: {"churn_risk": {"threshold": 0.7}}.',
    )
    occasion_days: dict[str, int] = Field(
        default_factory=dict,
        description='How long a kind lasts without new evidence, as JSON: {"churn_risk/implied": 45}.',
    )
    round_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="How often signals whose time is over are looked for."
    )
    account_review_seconds: float = Field(
        default=21_600.0,
        gt=0,
        le=604_800,
        description="How often every customer's facts are looked at as of now.",
    )
    review_quiet_seconds: float = Field(
        default=0.5,
        gt=0,
        le=60,
        description="How long nothing of a customer is read before its moods and facts are reviewed.",
    )
    review_patience_seconds: float = Field(
        default=15.0,
        gt=0,
        le=3_600,
        description="How long a review may be put off while more is read, as in a first sync.",
    )
    live_seconds: float = Field(
        default=1.0, gt=0, le=60, description="How often new signals are looked for while somebody watches."
    )
    health_seconds: float = Field(
        default=5.0,
        gt=0,
        le=3_600,
        description="How often a portion of the customers that changed is measured for health.",
    )
    text_model: bool = Field(
        default=True,
        description="Whether the packaged text model reads messages; false: the rules alone.",
    )
    redetection: Literal["ask", "automatic"] = Field(
        default="ask",
        description="What newer detectors find in stored conversations: shown until an administrator "
        "switches it on, or counted at once.",
    )
    text_model_threads: int = Field(
        default=2, ge=1, le=16, description="Batches of one reading that the text model computes at a time."
    )
    connection_patience_seconds: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="How long records wait for word of their connection before they are put aside.",
    )

    language_model_url: ModelUrl | None = Field(
        default=None,
        description="Base address of an OpenAI-compatible API, like https://models.example.com/v1;"
        " unset: no message leaves, whatever an organization chose.",
    )
    language_model_key: SecretStr | None = None
    language_model_name: str = Field(default="", max_length=200, description="As the API names the model.")
    language_model_timeout_seconds: float = Field(
        default=10.0, gt=0, le=120, description="From the request to the last byte of the answer."
    )
    language_model_concurrency: int = Field(
        default=2, ge=1, le=32, description="Questions that one replica has under way at once."
    )
    language_model_patience_seconds: float = Field(
        default=60.0,
        ge=0,
        le=3_600,
        description="How long a finding waits for an answer before the local result counts.",
    )
    language_model_requests_per_day: int = Field(
        default=500, ge=0, le=10_000_000, description="Per organization and UTC day."
    )
    language_model_tokens_per_day: int = Field(
        default=1_000_000,
        ge=0,
        le=10_000_000_000,
        description="Per organization and UTC day, both directions.",
    )
    language_model_band: float = Field(
        default=0.1,
        ge=0,
        le=0.5,
        description="How far from a detector's threshold a confidence is asked about.",
    )
    language_model_spend: float | None = Field(
        default=None,
        ge=0,
        description="Monthly spend from which on everything found for a customer is asked about.",
    )

    @model_validator(mode="after")
    def _a_model_has_a_name(self) -> Self:
        if self.language_model_url and not self.language_model_name:
            raise ValueError("EARSHOT_LANGUAGE_MODEL_URL needs EARSHOT_LANGUAGE_MODEL_NAME")
        return self
