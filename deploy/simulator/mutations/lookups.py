"""Finding what a change is about, or refusing the change with the id that was not found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.model import Person

if TYPE_CHECKING:
    from deploy.simulator.model import Admin, Company, Contact, Conversation, Workspace


def conversation(workspace: Workspace, conversation_id: str) -> Conversation:
    found = workspace.conversations.get(conversation_id)
    if found is None:
        raise MutationRefusedError(f"There is no conversation {conversation_id}.")
    return found


def contact(workspace: Workspace, contact_id: str) -> Contact:
    """A contact that is alive: merged ones are refused, archived ones are found."""
    found = workspace.contacts.get(contact_id)
    if found is None or found.merged_into is not None:
        raise MutationRefusedError(f"There is no contact {contact_id} (or it was merged away).")
    return found


def company(workspace: Workspace, company_id: str) -> Company:
    """A company by Intercom's id (24 hex digits); deleted ones are refused."""
    found = workspace.companies.get(company_id)
    if found is None or found.archived:
        raise MutationRefusedError(f"There is no company {company_id} (or it was deleted).")
    return found


def admin(workspace: Workspace, admin_id: str) -> Admin:
    found = workspace.admins.get(admin_id)
    if found is None:
        raise MutationRefusedError(f"There is no admin {admin_id}.")
    return found


def contact_person(found: Contact) -> Person:
    return Person(found.role, found.id, found.name, found.email)


def admin_person(found: Admin) -> Person:
    return Person("bot" if found.is_bot else "admin", found.id, found.name, found.email)


def require_tag(workspace: Workspace, tag_id: str) -> None:
    if tag_id not in workspace.tags:
        raise MutationRefusedError(f"There is no tag {tag_id}.")


def require_team(workspace: Workspace, team_id: str) -> None:
    if team_id not in workspace.teams:
        raise MutationRefusedError(f"There is no team {team_id}.")
