"""`earshot doctor CONNECTION`: what Intercom lets us read, one line for each thing that can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from pydantic import SecretStr
from rich.table import Table

from deploy.cli.api import api_of
from deploy.cli.invocation import AsJson, Invocation, people, print_json
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.cli.api import Api

_TIMEOUT_SECONDS = 90.0
"""The doctor asks Intercom about eight questions, each up to three times where no answer comes."""

_NOT_HEALTHY = 3
"""Exit code, as `earshot status` has it: the question was answered, and the answer is no."""

_STYLES = {"fine": "green", "not_asked": "dim", "empty_workspace": "yellow"}
_FAULT = "red"

Connection = Annotated[
    str, typer.Argument(help="The connection's id, as `earshot status` or GET /api/v1/connections shows it.")
]
Address = Annotated[
    str | None,
    typer.Option(help="Where Earshot answers, or EARSHOT_API_ADDRESS; else local mode on this machine."),
]
Key = Annotated[
    str | None,
    typer.Option(
        help="An administrator's bearer key. EARSHOT_API_KEY keeps it out of the list of processes."
    ),
]


def doctor(
    context: typer.Context,
    connection: Connection,
    *,
    address: Address = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Ask Intercom what may be read. Exits with 3 when something may not."""
    invocation: Invocation = context.obj
    api = api_of(invocation.settings())
    if address is not None:
        api = replace(api, address=address.rstrip("/"), here=False)
    if key is not None:
        api = replace(api, key=SecretStr(key))
    found = _examined(api, connection)
    if as_json:
        print_json(found)
    else:
        people().print(_table(found["findings"]))
    if not found["healthy"]:
        raise typer.Exit(_NOT_HEALTHY)


def _examined(api: Api, connection: str) -> Mapping[str, Any]:
    """Return the diagnosis. Raises `ConfigurationError` with what stood against it."""
    content = api.ask(
        "POST", f"/connections/{quote(connection, safe='')}/doctor", timeout_seconds=_TIMEOUT_SECONDS
    )
    if not isinstance(content, dict):
        raise ConfigurationError(f"That is no diagnosis: {content}")
    return content


def _table(findings: list[Mapping[str, Any]]) -> Table:
    table = Table("what", "verdict", "", box=None, pad_edge=False)
    for finding in findings:
        verdict = finding["verdict"]
        table.add_row(finding["title"], f"[{_STYLES.get(verdict, _FAULT)}]{verdict}[/]", finding["words"])
    return table
