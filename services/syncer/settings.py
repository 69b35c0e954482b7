"""The syncer's settings, read from `EARSHOT_…` once, in `__main__`."""

from __future__ import annotations

from pydantic import Field

from shared.config import HttpAddress, ServiceSettings


class Settings(ServiceSettings):
    """Everything an operator may choose. Each number says its unit, its default and the reason for it."""

    http_port: int = Field(default=8702, ge=1, le=65_535)

    connector_url: HttpAddress = Field(
        default="http://127.0.0.1:8701", description="Where the connector leases credentials."
    )
    slice_seconds: float = Field(
        default=5.0,
        gt=0,
        le=60,
        description="How long one slice reads. Short, so that a crash costs little and small tenants"
        " come between the slices of big ones; long enough that claiming one is not felt.",
    )
    slice_items: int = Field(
        default=1_500, ge=1, le=100_000, description="Resources one slice reads at most, for the same reason."
    )
    lease_seconds: float = Field(
        default=30.0,
        gt=1,
        le=600,
        description="How long a silent replica keeps a run. Renewed with every batch and every few seconds,"
        " so that a killed replica's run moves on after this long and a slow one keeps its own.",
    )
    max_concurrent_runs: int = Field(
        default=4, ge=1, le=64, description="Slices of full runs at once in this process; bounds memory."
    )
    max_concurrent_hints: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Slices of hint runs at once, apart from the above, so that hints never wait for them.",
    )
    fetch_concurrency_max: int = Field(
        default=96,
        ge=1,
        le=256,
        description="Calls in flight for one connection at most. 167 calls a second at 500 ms need 84.",
    )
    poll_seconds: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="How often to look for runs that became due elsewhere; own ones wake the loop at once.",
    )
    call_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        le=120,
        description="Bound of one call to Intercom, body included; stalls end here.",
    )
    max_answer_bytes: int = Field(
        default=33_554_432,
        ge=65_536,
        description="Largest answer read. 500 long parts stay below 32 MiB; more is not a conversation.",
    )
    overlap_seconds: int = Field(
        default=900,
        ge=0,
        le=86_400,
        description="How far behind its cursor a run reads again: Intercom's search shows changes late.",
    )
    reserve_share: float = Field(
        default=0.03,
        ge=0,
        le=0.5,
        description="Share of the call budget that long runs leave for short ones, for hints and for other"
        " apps' bursts; short runs leave a third of it.",
    )
    deleted_poll_seconds: int = Field(
        default=900,
        ge=0,
        description="Scheduled runs ask for deleted conversations this often; webhooks tell of them sooner."
        " Runs asked for by a person always ask.",
    )
    reconcile_seconds: int = Field(
        default=21_600,
        ge=60,
        description="How often contacts and conversations are walked in full to find what hints and searches"
        " missed; seldomer where a walk costs more calls than it has minutes.",
    )
    audit_calls_per_minute: int = Field(
        default=10,
        ge=0,
        le=1_000,
        description="Conversations read again for each minute, taken together at each reconcile, to find what"
        " shows in no time and no row: 0.1 % of what Intercom allows an app by default. 0 for none.",
    )
    scroll_wait_seconds: float = Field(
        default=61.0,
        gt=0,
        le=600,
        description="Wait for a foreign company scroll: it expires after an idle minute.",
    )
    unreachable_after_failures: int = Field(
        default=12,
        ge=1,
        description="Failures in a row, with growing pauses, until a person is told: about six minutes.",
    )
