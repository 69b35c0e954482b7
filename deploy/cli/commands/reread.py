"""`earshot reread`: what the syncer remembers is trusted no more; workspaces are read and published anew."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from deploy.cli.invocation import AsJson, Invocation, people, print_json
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

    from deploy.local.settings import LocalSettings
    from services.syncer.domain.connection import ConnectionKey

Connections = Annotated[
    list[str] | None, typer.Argument(help="Ids, as GET /api/v1/connections shows them; or --all.")
]
Every = Annotated[bool, typer.Option("--all", help="Every connection that the syncer knows.")]


def reread(
    context: typer.Context,
    connections: Connections = None,
    *,
    every: Every = False,
    as_json: AsJson = False,
) -> None:
    """Read workspaces anew and publish all of it, after a database or Kafka was lost or set back.

    Speaks to the syncer's database, where EARSHOT_MONGODB_URI says it is. Each conversation costs one call.
    """
    if bool(connections) == every:
        raise ConfigurationError("Name the connections to read anew, or say --all; not both.")
    invocation: Invocation = context.obj
    told = asyncio.run(ask(invocation.settings(), connections or ()))
    if as_json:
        for connection_id, resources in told.items():
            print_json({"connection_id": connection_id, "resources": resources})
        return
    for connection_id, resources in told.items():
        people().print(f"{connection_id}: {resources} resources are read anew.", highlight=False)
    if not told:
        people().print("The syncer knows no connection.")


async def ask(settings: LocalSettings, wanted: Collection[str]) -> dict[str, int]:
    """Ask for these connections, or for all where none is named; return how much is read anew of each.

    Raises:
        ConfigurationError: the syncer does not know one of them, or the database cannot be addressed.
        TransientError: the database does not answer.
    """
    # Here, since most other commands need no database.
    from services.syncer.adapters.mongo_connections import MongoConnections  # noqa: PLC0415
    from services.syncer.adapters.mongo_fingerprints import MongoFingerprints  # noqa: PLC0415
    from services.syncer.adapters.mongo_runs import MongoRuns  # noqa: PLC0415
    from services.syncer.use_cases.reread import Reread  # noqa: PLC0415
    from shared.clock import SystemClock  # noqa: PLC0415
    from shared.documents.database import client_at, database_named  # noqa: PLC0415

    async with client_at(SecretStr(settings.mongodb_address), name="earshot-cli") as client:
        database = database_named(client, f"{settings.database_prefix}_syncer")
        known = {key.connection_id: key for key in await MongoConnections(database).readable()}
        unknown = sorted(set(wanted) - known.keys())
        if unknown:
            raise ConfigurationError(
                f"The syncer has no connection to read by the name {', '.join(unknown)}. It knows:"
                f" {', '.join(sorted(known)) or 'none'}."
            )
        again = Reread(
            fingerprints=MongoFingerprints(database), runs=MongoRuns(database), clock=SystemClock()
        )
        keys: list[ConnectionKey] = [known[one] for one in sorted(wanted or known)]
        return {
            key.connection_id: await again.ask(key, request_id=f"reread-{secrets.token_hex(8)}")
            for key in keys
        }
