"""`earshot up`: run everything on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from deploy.cli.invocation import Invocation, people
from shared.clock import SystemClock
from shared.errors import ConfigurationError


def up(
    context: typer.Context,
    *,
    demo: Annotated[bool, typer.Option(help="Also run the demo workspace, a simulated Intercom.")] = True,
) -> None:
    """Start Earshot on this machine and run it until Ctrl-C."""
    try:
        # Here, since images are without Kafka's Java, and all other commands work in them.
        from deploy.local.runner import up as run_up  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"This installation has no {error.name}, so it cannot run everything on one machine. Images hold"
            " the services alone: see deploy/compose and deploy/k8s, or type `make up` in a checkout."
        ) from error
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
