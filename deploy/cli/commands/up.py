"""`earshot up`: run everything on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from deploy.cli.invocation import Invocation, people
from deploy.local.runner import up as run_up
from shared.clock import SystemClock


def up(
    context: typer.Context,
    *,
    demo: Annotated[bool, typer.Option(help="Also run the demo workspace, a simulated Intercom.")] = True,
) -> None:
    """Start Earshot on this machine and run it until Ctrl-C."""
    invocation: Invocation = context.obj
    asyncio.run(
        run_up(
            invocation.settings(),
            demo=demo,
            environment=invocation.environment,
            console=people(),
            clock=SystemClock(),
        )
    )
