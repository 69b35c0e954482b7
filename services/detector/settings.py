"""Settings of the detector."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from shared.config import ServiceSettings


class Settings(ServiceSettings):
    """What the detector needs beside what every service has."""

    http_port: int = 8703
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
        default=1, ge=1, le=16, description="Threads that one reading of the text model may use."
    )
    connection_patience_seconds: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="How long records wait for word of their connection before they are put aside.",
    )
