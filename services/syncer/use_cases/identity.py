"""Is this still our workspace, and is the token really refused? One /me answers both (FACTS §§2-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.fields import record, text
from services.syncer.domain.reads import Call, Read
from services.syncer.errors import (
    AccessError,
    PermissionMissingError,
    TokenRejectedError,
    WorkspaceChangedError,
    WrongRegionError,
)

if TYPE_CHECKING:
    from services.syncer.domain.connection import Connection
    from services.syncer.ports import Answer, Connections, Credential, IntercomReader


async def confirm_workspace(
    connection: Connection, credential: Credential, reader: IntercomReader, connections: Connections
) -> str:
    """Return the workspace's id, having asked /me once for each revision of the connection.

    Raises:
        WorkspaceChangedError: the token opens another workspace than the one the data belongs to.
        WrongRegionError: the workspace's region is not the connection's.
        TokenRejectedError: /me refuses the token, twice in a row.
    """
    expected = connection.workspace_id or credential.workspace_id
    if expected is not None and connection.verified_revision == connection.revision:
        return expected
    answer = await who_am_i(reader)
    app = record(answer.body.get("app"))
    workspace_id, region = text(app.get("id_code")), text(app.get("region"))
    if workspace_id is None:
        raise PermissionMissingError("/me names no workspace; tick 'Read one admin' for the app in Intercom.")
    if expected is not None and workspace_id != expected:
        raise WorkspaceChangedError(
            f"The credential opens workspace {workspace_id}, and the data held is that of {expected}."
        )
    if region and connection.region and region.casefold() != connection.region.casefold():
        raise WrongRegionError(
            f"The workspace lives in region {region}; this connection is for {connection.region}."
        )
    await connections.verified(connection.key, connection.revision)
    return workspace_id


async def who_am_i(reader: IntercomReader) -> Answer:
    """Ask /me, and once more where it refuses the token: one refusal may be a hiccup.

    Raises:
        TokenRejectedError: it refuses the token twice in a row.
    """
    try:
        return await reader.read(Call(Read.ME))
    except TokenRejectedError:
        return await reader.read(Call(Read.ME))


async def confirm_token(reader: IntercomReader, refused: AccessError) -> None:
    """Ask /me before anyone is told: one 401 may be a hiccup, or a permission in disguise (FACTS §3).

    Where it was no 401 that led here, /me's own may be the hiccup: it is asked as at a run's beginning.

    Raises:
        TokenRejectedError: /me refuses the token as well.
    """
    try:
        await who_am_i(reader)
    except TokenRejectedError as confirmed:
        raise TokenRejectedError(f"{refused} /me refuses the token too: {confirmed}") from confirmed
    except PermissionMissingError:
        # /me needs a permission of its own; being told so proves that the token was recognised.
        return
