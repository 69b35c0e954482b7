"""`earshot dlq list|show|redrive`: what could not be processed, why, and once more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from deploy.cli.dead_letters import pick, read_letters
from deploy.cli.engine import bus_of
from deploy.cli.invocation import AsJson, Invocation, people, print_json
from deploy.cli.redriving import send_back
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.cli.dead_letters import Letter
    from deploy.cli.engine import Bus
    from deploy.cli.redriving import Outcome

app = typer.Typer(help="Records that could not be processed: list, show, redrive.", no_args_is_help=True)

Service = Annotated[list[str] | None, typer.Option(help="Only of this service; may be repeated.")]
Reason = Annotated[str | None, typer.Option(help="Only with this reason.")]


@app.command("list")
def list_letters(
    context: typer.Context,
    *,
    service: Service = None,
    reason: Reason = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that were sent back already.")] = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first."""
    found = [
        letter
        for letter in asyncio.run(read_letters(_bus(context), service or ()))
        if (every or not letter.redriven) and reason in (None, letter.header("dlq-reason"))
    ]
    if as_json:
        for letter in found:
            print_json(letter.summary())
    elif found:
        people().print(_table(found))
        people().print("Details: earshot dlq show <id>. Once more: earshot dlq redrive <id> or --all.")
    else:
        people().print("No dead letters.")


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As `earshot dlq list` names it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter whole: why it was put aside, its headers, its value."""
    (letter,) = pick(asyncio.run(read_letters(_bus(context), ())), [name])
    details = letter.details()
    if as_json:
        print_json(details)
        return
    console = people()
    rows = Table.grid(padding=(0, 2))
    for title, value in details.items():
        if title not in ("headers", "value"):
            rows.add_row(title.replace("_", " "), str(value))
    for header, value in details["headers"].items():
        rows.add_row(header, value)
    console.print(rows)
    console.print(details["value"], markup=False, highlight=False, soft_wrap=True)


@app.command("redrive")
def redrive_letters(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="As `earshot dlq list` names them.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that were not sent back yet.")] = False,
    service: Service = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters back to where they came from. Each is offered once; a name repeats it on purpose.

    One whose topic keeps the last record of each key, and has a newer one or a tombstone by now, was
    overtaken: it is named and stays. Those that cannot be sent are named as well; the exit code is 1 then.
    """
    if bool(names) == every:
        raise ConfigurationError("Name the dead letters to send back, or say --all; not both.")
    outcomes = asyncio.run(_redrive(_bus(context), names or (), service or (), reason))
    if as_json:
        for outcome in outcomes:
            print_json(
                {"id": outcome.letter.name, "topic": outcome.letter.header("dlq-original-topic")}
                | _kept(outcome)
            )
    else:
        _tell(outcomes)
    if any(outcome.why and not outcome.is_overtaken for outcome in outcomes):
        raise typer.Exit(1)


async def _redrive(
    bus: Bus, names: Sequence[str], services: Sequence[str], reason: str | None
) -> list[Outcome]:
    letters = await read_letters(bus, services)
    if names:
        wanted = pick(letters, names)
    else:
        wanted = [
            letter
            for letter in letters
            if not letter.redriven and reason in (None, letter.header("dlq-reason"))
        ]
    return await send_back(bus, wanted)


def _kept(outcome: Outcome) -> dict[str, Any]:
    return {} if outcome.why is None else {"not_sent": outcome.why, "overtaken": outcome.is_overtaken}


def _tell(outcomes: Sequence[Outcome]) -> None:
    sent = [outcome.letter.name for outcome in outcomes if outcome.why is None]
    for outcome in outcomes:
        if outcome.why is not None:
            people().print(outcome.why, markup=False, highlight=False, soft_wrap=True)
    if sent:
        people().print(f"{len(sent)} sent back: {', '.join(sent)}", highlight=False)
    elif not outcomes:
        people().print("No dead letters to send back.")


def _bus(context: typer.Context) -> Bus:
    invocation: Invocation = context.obj
    return bus_of(invocation.settings())


def _table(letters: Sequence[Letter]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("id", "time", "topic", "reason", "tries", "error"):
        # Names and times are copied from here: never cut short.
        table.add_column(title, no_wrap=title in ("id", "time"), overflow="fold")
    for letter in letters:
        found = letter.summary()
        error = f"{found['error']} (sent back)" if letter.redriven else str(found["error"])
        table.add_row(
            found["id"],
            found["time"][:16].replace("T", " "),
            found["topic"],
            found["reason"],
            str(found["attempts"]),
            error,
        )
    return table
