"""Which commands there are. A new one is a file in `commands` and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from deploy.cli.commands import dead_letters, doctor, evaluate, keys, reread, simulate, status, tail, up

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS: dict[str, Callable[..., None]] = {
    "doctor": doctor.doctor,
    "evaluate": evaluate.evaluate,
    "reread": reread.reread,
    "simulate": simulate.simulate,
    "up": up.up,
    "status": status.status,
    "tail": tail.tail,
}

GROUPS: dict[str, typer.Typer] = {
    "dlq": dead_letters.app,
    "keys": keys.app,
}


def create_app() -> typer.Typer:
    """Return the command line, all commands registered."""
    app = typer.Typer(
        name="earshot",
        help="Customer listening for Intercom.",
        no_args_is_help=True,
        # Errors that are expected are told in a sentence; of others the plain traceback is worth more.
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, command in COMMANDS.items():
        app.command(name)(command)
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    return app
