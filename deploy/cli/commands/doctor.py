"""`earshot doctor CONNECTION`: what Intercom lets us read, one line for each thing that can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.table import Table

from deploy.cli.invocation import AsJson, Invocation, people, print_json
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_SECONDS = 90.0
"""The doctor asks Intercom about eight questions, each up to three times where no answer comes."""

_REFUSED = 400
_NOT_HEALTHY = 3
"""Exit code, as `earshot status` has it: the question was answered, and the answer is no."""

_STYLES = {"fine": "green", "not_asked": "dim", "empty_workspace": "yellow"}
_FAULT = "red"

Connection = Annotated[str, typer.Argument(help="The connection's id, as `earshot status` shows it.")]


def doctor(context: typer.Context, connection: Connection, *, as_json: AsJson = False) -> None:
    """Ask Intercom what may be read. Exits with 3 when something may not."""
    invocation: Invocation = context.obj
    found = _examined(invocation.settings().address, connection)
    if as_json:
        print_json(found)
    else:
        people().print(_table(found["findings"]))
    if not found["healthy"]:
        raise typer.Exit(_NOT_HEALTHY)


def _examined(address: str, connection: str) -> Mapping[str, Any]:
    """Return the diagnosis. Raises `ConfigurationError` with what stood against it."""
    url = f"{address}/api/v1/connections/{quote(connection, safe='')}/doctor"
    try:
        answer = httpx.post(url, timeout=_TIMEOUT_SECONDS, trust_env=False)
        content = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ConfigurationError(
            f"Earshot does not answer at {address}. Start it with: earshot up"
        ) from error
    if answer.status_code >= _REFUSED or not isinstance(content, dict):
        raise ConfigurationError(
            str(content.get("detail", content) if isinstance(content, dict) else content)
        )
    return content


def _table(findings: list[Mapping[str, Any]]) -> Table:
    table = Table("what", "verdict", "", box=None, pad_edge=False)
    for finding in findings:
        verdict = finding["verdict"]
        table.add_row(finding["title"], f"[{_STYLES.get(verdict, _FAULT)}]{verdict}[/]", finding["words"])
    return table
