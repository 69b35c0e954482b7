"""Whose addresses are offered where a page asks for a colleague's: teammates and account owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.identity import as_address
from shared.mail import is_mail_address

if TYPE_CHECKING:
    from services.detector.lists import Lists
    from services.detector.ports import Connections, Mirror

MOST_OFFERED = 500
"""Addresses a page is sent: nobody reads more, and any address can be typed all the same."""


async def offered_addresses(
    organization_id: str, *, mirror: Mirror, connections: Connections, lists: Lists
) -> list[tuple[str, str]]:
    """Return addresses with the person's name, or an empty one for an owner who is no teammate, by name.

    Teammates come first: of all workspaces that the organization reads, without those whose mail cannot be
    addressed, as Intercom's own bots.
    """
    workspaces = {one.workspace_id for one in await connections.all_of(organization_id) if one.workspace_id}
    addresses: dict[str, str] = {}
    for admin in await mirror.admins(organization_id, workspaces):
        address = as_address(admin.email or "")
        if is_mail_address(address):
            addresses.setdefault(address, admin.name)
    teammates = sorted(addresses.items(), key=lambda one: (one[1].casefold(), one[0]))
    owners = {as_address(one) for one in await lists.customer_owners(organization_id)}
    others = sorted(one for one in owners - addresses.keys() if is_mail_address(one))
    return [*teammates, *((one, "") for one in others)][:MOST_OFFERED]
