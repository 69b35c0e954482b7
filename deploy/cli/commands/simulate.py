"""`earshot simulate`: an Intercom workspace alone, of any size, for trying and for measuring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.simulator.errors import SimulatorError
from deploy.simulator.serving import serve
from deploy.simulator.settings import SimulatorSettings
from shared.errors import ConfigurationError

Port = Annotated[int, typer.Option(help="Where it listens, on loopback.")]
Conversations = Annotated[int, typer.Option(help="How many; 0 serves the demo workspace.")]
Parts = Annotated[int, typer.Option(help="Parts of a conversation, on average.")]
Contacts = Annotated[int, typer.Option(help="How many contacts.")]
Companies = Annotated[int, typer.Option(help="How many companies.")]
Data = Annotated[Path | None, typer.Option(help="Folder in which it survives a restart.")]


def simulate(
    *,
    port: Port = 8710,
    conversations: Conversations = 0,
    parts: Parts = 8,
    contacts: Contacts = 200,
    companies: Companies = 30,
    data: Data = None,
) -> None:
    """Serve a simulated Intercom workspace until Ctrl-C. Switches and latency are set on its own page."""
    typer.echo(f"Demo workspace: http://127.0.0.1:{port}  (Ctrl-C stops it)")
    try:
        serve(
            SimulatorSettings(
                port=port,
                workspace="generated" if conversations else "demo",
                conversations=conversations,
                parts=parts,
                contacts=contacts,
                companies=companies,
                data=data,
            )
        )
    except SimulatorError as error:
        raise ConfigurationError(str(error)) from error
