"""Settings of the job that creates topics, read from `EARSHOT_…` once, in `__main__`."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from shared.config import KafkaSettings


class TopicsSettings(KafkaSettings):
    """Raises pydantic's `ValidationError`, which names the setting, when a value cannot be used."""

    topics_replication_factor: int | None = Field(
        default=None, ge=1, le=7, description="Copies of each new topic; none leaves it to the brokers."
    )
    topics_min_insync_replicas: int | None = Field(
        default=None,
        ge=1,
        le=7,
        description="Copies that hold a record before it counts as written; none leaves it to the brokers.",
    )
    topics_wait_seconds: float = Field(
        default=120.0, ge=0, le=3_600, description="How long to wait for brokers that are not there yet."
    )

    @model_validator(mode="after")
    def _one_copy_may_be_away(self) -> Self:
        copies, needed = self.topics_replication_factor, self.topics_min_insync_replicas
        if copies is not None and needed is not None and needed > copies:
            raise ValueError(
                "EARSHOT_TOPICS_MIN_INSYNC_REPLICAS is above EARSHOT_TOPICS_REPLICATION_FACTOR:"
                " nothing could ever be written"
            )
        return self
