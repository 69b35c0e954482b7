"""`earshot keys make|list|revoke`: bearer keys for machines, through the connector's own API."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli.api import api_of
from deploy.cli.invocation import AsJson, Invocation, people, print_json

app = typer.Typer(help="Bearer keys for machines.", no_args_is_help=True)

_TIMEOUT_SECONDS = 10.0

Name = Annotated[str, typer.Argument(help="What the key is for.")]
Role = Annotated[str, typer.Option(help="member reads and works with signals; admin also configures.")]
Days = Annotated[int, typer.Option(help="How long it is good for, 366 at most.")]
KeyId = Annotated[str, typer.Argument(help="The key's id, as `earshot keys list` shows it.")]


def _ask(context: typer.Context, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    invocation: Invocation = context.obj
    api = api_of(invocation.settings())
    return api.ask(method, f"/keys{path}", timeout_seconds=_TIMEOUT_SECONDS, body=body)


@app.command()
def make(
    context: typer.Context, name: Name, *, role: Role = "member", days: Days = 90, as_json: AsJson = False
) -> None:
    """Make a key and print its token, which is shown this once."""
    made = _ask(context, "POST", "", {"name": name, "role": role, "days": days})
    if as_json:
        print_json(made)
    else:
        people().print(made["token"], markup=False, highlight=False, soft_wrap=True)


@app.command("list")
def list_keys(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the keys, without their tokens."""
    found = _ask(context, "GET", "")["items"]
    if as_json:
        print_json(found)
        return
    table = Table("id", "name", "role", "made by", "expires", "revoked")
    for key in found:
        table.add_row(
            key["key_id"], key["name"], key["role"], key["created_by"], key["expires_at"], key["revoked_at"]
        )
    people().print(table)


@app.command()
def revoke(context: typer.Context, key_id: KeyId, *, as_json: AsJson = False) -> None:
    """Revoke a key at every service."""
    revoked = _ask(context, "DELETE", f"/{key_id}")
    if as_json:
        print_json(revoked)
    else:
        people().print(f"Revoked {revoked['name']}.", markup=False)
