"""What the simulator can be told at its start; read from `EARSHOT_SIMULATOR_…` once, in `__main__`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.simulator.switches import Switches


class SimulatorSettings(BaseSettings):
    """Raises pydantic's ValidationError, which names the setting, when a value cannot be used."""

    model_config = SettingsConfigDict(
        env_prefix="EARSHOT_SIMULATOR_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8710, ge=0, le=65_535)
    smtp_port: int = Field(default=8711, ge=0, le=65_535, description="0 for a free port.")
    data: Path | None = Field(
        default=None, description="Folder in which the workspace survives a restart; none keeps it in memory."
    )
    seed: int = 1
    workspace: Literal["demo", "generated"] = "demo"
    conversations: int = Field(default=500, ge=0, le=10_000_000)
    parts: int = Field(default=8, ge=0, le=5_000, description="Average number of parts of a conversation.")
    longest: int = Field(default=0, ge=0, le=50_000, description="Parts of every thousandth conversation.")
    contacts: int = Field(default=200, ge=1, le=5_000_000)
    companies: int = Field(default=30, ge=0, le=1_000_000)
    days: int = Field(default=365, ge=3, le=5_000, description="How far back the conversations go.")
    second_workspace: bool = Field(
        default=True,
        description="A small one in the EU region whose ids repeat those of a generated first one.",
    )
    webhook_url: str | None = "http://127.0.0.1:8700/webhooks/intercom"
    uninstall_url: str | None = Field(
        default=None, description="Told when access is removed, as an app's uninstall URL is."
    )
    redirect_uri: str = Field(
        default="http://127.0.0.1:8700/settings/organization/integrations/intercom/callback",
        description="The registered callback; others of the same origin are allowed too.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names besides this machine's own under which pages and control API answer.",
    )
    journal_megabytes: int = Field(
        default=16,
        ge=1,
        le=10_000,
        description="So much is kept of what happened; beyond it nothing more happens until one starts over.",
    )
    client_id: str = "demo-client"
    client_secret: str = "demo-secret"
    pace: Literal["paused", "slow", "normal", "fast"] = "normal"
    switches: Switches = Switches()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    def identity(self) -> dict[str, Any]:
        """What decides the workspace: a data folder belongs to one identity."""
        if self.workspace == "demo":
            return {"workspace": "demo", "seed": self.seed}
        names = ("workspace", "seed", "conversations", "parts", "longest", "contacts", "companies", "days")
        return {name: getattr(self, name) for name in names}
