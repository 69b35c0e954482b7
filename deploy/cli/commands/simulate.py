"""`earshot simulate`: an Intercom workspace alone, of any size, for trying and for measuring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from deploy.simulator.errors import SimulatorError
from deploy.simulator.serving import serve
from deploy.simulator.settings import SimulatorSettings
from deploy.simulator.switches import Switches
from shared.errors import ConfigurationError

WINDOWS_PER_MINUTE = 6
"""Intercom spreads its limits evenly over windows of ten seconds (FACTS §4)."""

Port = Annotated[int, typer.Option(help="Where it listens, on loopback.")]
SmtpPort = Annotated[int, typer.Option(help="Where its mailbox listens; 0 for any free port.")]
Conversations = Annotated[int, typer.Option(help="How many; 0 serves the demo workspace.")]
Parts = Annotated[int, typer.Option(help="Parts of a conversation, on average.")]
Longest = Annotated[int, typer.Option(help="Parts of every thousandth conversation; 0 leaves them average.")]
Contacts = Annotated[int, typer.Option(help="How many contacts.")]
Companies = Annotated[int, typer.Option(help="How many companies.")]
Days = Annotated[int, typer.Option(help="How far back the conversations go.")]
Latency = Annotated[float, typer.Option(help="Milliseconds that a call takes: the median.")]
LatencyP99 = Annotated[
    float, typer.Option(help="Milliseconds that one call in a hundred exceeds; 0 makes all alike.")
]
RateLimit = Annotated[int, typer.Option(help="Calls a minute that one app may make.")]
WorkspaceLimit = Annotated[int, typer.Option(help="Calls a minute that all apps of a workspace may make.")]
Pace = Annotated[str, typer.Option(help="How fast things happen by themselves: paused, slow, normal, fast.")]
Contract = Annotated[str, typer.Option(help="Requests off the vendor's contract: noted, refused or ignored.")]
WebhookUrl = Annotated[str, typer.Option(help="Where notifications go; empty sends none.")]
Seed = Annotated[int, typer.Option(help="The same seed and moment give the same workspace.")]
Data = Annotated[Path | None, typer.Option(help="Folder in which it survives a restart.")]


def simulate(
    *,
    port: Port = 8710,
    smtp_port: SmtpPort = 8711,
    conversations: Conversations = 0,
    parts: Parts = 8,
    longest: Longest = 0,
    contacts: Contacts = 200,
    companies: Companies = 30,
    days: Days = 365,
    latency: Latency = 0,
    latency_p99: LatencyP99 = 0,
    rate_limit: RateLimit = 10_000,
    workspace_limit: WorkspaceLimit = 25_000,
    pace: Pace = "normal",
    contract: Contract = "noted",
    webhook_url: WebhookUrl = "http://127.0.0.1:8700/webhooks/intercom",
    seed: Seed = 1,
    data: Data = None,
) -> None:
    """Serve a simulated Intercom workspace until Ctrl-C. Every other switch is on its own page."""
    try:
        settings = simulation_settings(
            port=port,
            smtp_port=smtp_port,
            conversations=conversations,
            parts=parts,
            longest=longest,
            contacts=contacts,
            companies=companies,
            days=days,
            pace=pace,
            webhook_url=webhook_url,
            seed=seed,
            data=data,
            switches={
                "latency_median_ms": latency,
                "latency_p99_ms": latency_p99,
                "app_limit": calls_per_window(rate_limit),
                "workspace_limit": calls_per_window(workspace_limit),
                "contract": contract,
            },
        )
        typer.echo(f"Demo workspace: http://127.0.0.1:{port}  (Ctrl-C stops it)")
        serve(settings)
    except SimulatorError as error:
        raise ConfigurationError(str(error)) from error


def simulation_settings(*, conversations: int, switches: dict[str, Any], **options: Any) -> SimulatorSettings:
    """Build the simulator's settings from options; no conversations means the demo workspace.

    Raises:
        ConfigurationError: a value is out of its range; the message names the option.
    """
    try:
        return SimulatorSettings(
            workspace="generated" if conversations else "demo",
            conversations=conversations,
            switches=Switches().changed(**switches),
            **options,
        )
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(f"The workspace cannot be simulated like that. {reasons}") from error


def calls_per_window(per_minute: int) -> int:
    """Calls in ten seconds, rounded up as Intercom does: 10,000 a minute are 1,667."""
    return -(-per_minute // WINDOWS_PER_MINUTE)
