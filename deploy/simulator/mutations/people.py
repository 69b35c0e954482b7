"""What happens to contacts, companies, tags and admins, each as Intercom would record it.

Same rules as for conversations: each function changes the workspace and returns the webhook events.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.model import Admin, Company, Contact, Event, Merge, Tag
from deploy.simulator.mutations import lookups

if TYPE_CHECKING:
    from deploy.simulator.model import Role, Workspace
    from deploy.simulator.mutations.history import Events

CONTACT_FIELDS = frozenset(field.name for field in fields(Contact)) - {
    "id", "role", "created_at", "updated_at", "archived", "merged_into", "tag_ids", "company_ids",
}  # fmt: skip
COMPANY_FIELDS = frozenset(field.name for field in fields(Company)) - {
    "id", "company_id", "created_at", "updated_at", "archived", "user_count", "tag_ids",
}  # fmt: skip


def _contact_event(topic: str, contact: Contact, at: int, **details: Any) -> Events:
    return (Event(topic, "contact", contact.id, at, details),)


def _company_event(topic: str, company: Company, at: int, **details: Any) -> Events:
    return (Event(topic, "company", company.id, at, details),)


def _allowed(changes: dict[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    unknown = sorted(set(changes) - allowed)
    if unknown:
        raise MutationRefusedError(f"These cannot be changed: {', '.join(unknown)}.")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}


def create_contact(
    workspace: Workspace,
    now: int,
    *,
    name: str | None = None,
    email: str | None = None,
    external_id: str | None = None,
    role: Role = "user",
    company_ids: tuple[str, ...] = (),
    changes: dict[str, Any] | None = None,
) -> Events:
    """A new user or lead; `changes` sets any other field of a contact."""
    wanted = _allowed(changes or {}, CONTACT_FIELDS)
    for company_id in company_ids:
        lookups.company(workspace, company_id)
    contact = Contact(
        id=workspace.new_id("contact"),
        role=role,
        created_at=now,
        updated_at=now,
        external_id=external_id,
        email=email,
        name=name,
        signed_up_at=now if role == "user" else None,
    )
    workspace.put_contact(replace(contact, **wanted))
    events = _contact_event(f"contact.{role}.created", contact, now)
    for company_id in company_ids:
        events += attach_company(workspace, now, contact_id=contact.id, company_id=company_id)
    return events


def update_contact(workspace: Workspace, now: int, *, contact_id: str, changes: dict[str, Any]) -> Events:
    """Change fields; custom attributes are merged into the existing ones."""
    contact = lookups.contact(workspace, contact_id)
    wanted = _allowed(changes, CONTACT_FIELDS)
    if "custom_attributes" in wanted:
        wanted["custom_attributes"] = {**contact.custom_attributes, **wanted["custom_attributes"]}
    changed = replace(contact, updated_at=now, **wanted)
    workspace.put_contact(changed)
    events = _contact_event(f"contact.{contact.role}.updated", changed, now)
    if changed.email != contact.email:
        events += _contact_event("contact.email.updated", changed, now)
    return events


def tag_contact(workspace: Workspace, now: int, *, contact_id: str, tag_id: str) -> Events:
    contact = lookups.contact(workspace, contact_id)
    lookups.require_tag(workspace, tag_id)
    if tag_id in contact.tag_ids:
        return ()
    workspace.put_contact(replace(contact, tag_ids=(*contact.tag_ids, tag_id), updated_at=now))
    return _contact_event(f"contact.{contact.role}.tag.created", contact, now, tag_id=tag_id)


def untag_contact(workspace: Workspace, now: int, *, contact_id: str, tag_id: str) -> Events:
    contact = lookups.contact(workspace, contact_id)
    if tag_id not in contact.tag_ids:
        return ()
    tag_ids = tuple(each for each in contact.tag_ids if each != tag_id)
    workspace.put_contact(replace(contact, tag_ids=tag_ids, updated_at=now))
    return _contact_event(f"contact.{contact.role}.tag.deleted", contact, now, tag_id=tag_id)


def archive_contact(workspace: Workspace, now: int, *, contact_id: str) -> Events:
    contact = lookups.contact(workspace, contact_id)
    workspace.put_contact(replace(contact, archived=True, updated_at=now))
    return _contact_event("contact.archived", contact, now, external_id=contact.external_id)


def unarchive_contact(workspace: Workspace, now: int, *, contact_id: str) -> Events:
    contact = lookups.contact(workspace, contact_id)
    changed = replace(contact, archived=False, updated_at=now)
    workspace.put_contact(changed)
    return _contact_event("contact.unarchive", changed, now)


def delete_contact(workspace: Workspace, now: int, *, contact_id: str) -> Events:
    """Gone: 404 by id. Conversations keep naming it."""
    contact = lookups.contact(workspace, contact_id)
    for company_id in contact.company_ids:
        _count_user(workspace, company_id, now, -1)
    workspace.remove_contact(contact_id)
    return _contact_event("contact.deleted", contact, now)


def merge_contacts(workspace: Workspace, now: int, *, contact_id: str, into_id: str) -> Events:
    """A lead (or user) becomes part of a user: 410 with a Link afterwards, tags and companies move over."""
    contact, survivor = lookups.contact(workspace, contact_id), lookups.contact(workspace, into_id)
    if contact_id == into_id or survivor.role != "user":
        raise MutationRefusedError("A contact can only be merged into another contact that is a user.")
    workspace.put_contact(replace(contact, merged_into=into_id, updated_at=now))
    kept = replace(
        survivor,
        updated_at=now,
        tag_ids=tuple(dict.fromkeys(survivor.tag_ids + contact.tag_ids)),
        company_ids=tuple(dict.fromkeys(survivor.company_ids + contact.company_ids)),
    )
    workspace.put_contact(kept)
    workspace.merges.append(Merge(contact_id, contact.role, into_id, now))
    return _contact_event("contact.merged", kept, now, merged_from_id=contact_id, role=contact.role)


def create_company(
    workspace: Workspace, now: int, *, company_id: str, name: str, changes: dict[str, Any] | None = None
) -> Events:
    """A new company under the customer's own `company_id`; `changes` sets any other field."""
    wanted = _allowed(changes or {}, COMPANY_FIELDS)
    company = Company(workspace.new_id("company"), company_id, name, now, now, last_request_at=now)
    company = replace(company, **wanted)
    workspace.put_company(company)
    return _company_event("company.created", company, now)


def update_company(workspace: Workspace, now: int, *, company_id: str, changes: dict[str, Any]) -> Events:
    """Change fields of a company named by Intercom's id; custom attributes are merged."""
    company = lookups.company(workspace, company_id)
    wanted = _allowed(changes, COMPANY_FIELDS)
    if "custom_attributes" in wanted:
        wanted["custom_attributes"] = {**company.custom_attributes, **wanted["custom_attributes"]}
    changed = replace(company, updated_at=now, **wanted)
    workspace.put_company(changed)
    return _company_event("company.updated", changed, now)


def delete_company(workspace: Workspace, now: int, *, company_id: str) -> Events:
    """Archived: its pages answer 404, but lists and scrolls may go on showing it (FACTS §8)."""
    company = lookups.company(workspace, company_id)
    workspace.put_company(replace(company, archived=True, updated_at=now))
    return _company_event("company.deleted", company, now)


def tag_company(workspace: Workspace, now: int, *, company_id: str, tag_id: str) -> Events:
    company = lookups.company(workspace, company_id)
    lookups.require_tag(workspace, tag_id)
    tag_ids = tuple(dict.fromkeys((*company.tag_ids, tag_id)))
    changed = replace(company, tag_ids=tag_ids, updated_at=now)
    workspace.put_company(changed)
    return _company_event("company.updated", changed, now)


def attach_company(workspace: Workspace, now: int, *, contact_id: str, company_id: str) -> Events:
    contact = lookups.contact(workspace, contact_id)
    lookups.company(workspace, company_id)
    if company_id in contact.company_ids:
        return ()
    workspace.put_contact(replace(contact, company_ids=(*contact.company_ids, company_id), updated_at=now))
    company = _count_user(workspace, company_id, now, 1)
    return _company_event("company.contact.attached", company, now, contact_id=contact_id)


def detach_company(workspace: Workspace, now: int, *, contact_id: str, company_id: str) -> Events:
    contact = lookups.contact(workspace, contact_id)
    if company_id not in contact.company_ids:
        raise MutationRefusedError(f"Contact {contact_id} does not belong to company {company_id}.")
    company_ids = tuple(each for each in contact.company_ids if each != company_id)
    workspace.put_contact(replace(contact, company_ids=company_ids, updated_at=now))
    company = _count_user(workspace, company_id, now, -1)
    return _company_event("company.contact.detached", company, now, contact_id=contact_id)


def _count_user(workspace: Workspace, company_id: str, now: int, difference: int) -> Company:
    company = workspace.companies[company_id]
    changed = replace(company, user_count=max(0, company.user_count + difference), updated_at=now)
    workspace.put_company(changed)
    return changed


def create_tag(workspace: Workspace, now: int, *, name: str) -> Events:  # noqa: ARG001 (tags have no times)
    """A new tag; no webhook tells of tags themselves (FACTS §9)."""
    tag = Tag(workspace.new_id("tag"), name)
    workspace.tags[tag.id] = tag
    return ()


def delete_tag(workspace: Workspace, now: int, *, tag_id: str) -> Events:  # noqa: ARG001 (tags have no times)
    """Drop a tag from the list; no webhook tells of it. What was tagged keeps the id."""
    lookups.require_tag(workspace, tag_id)
    del workspace.tags[tag_id]
    return ()


def add_admin(workspace: Workspace, now: int, *, name: str, email: str, job_title: str = "") -> Events:
    admin = Admin(workspace.new_id("admin"), name, email, job_title)
    workspace.admins[admin.id] = admin
    return (Event("admin.added_to_workspace", "admin", admin.id, now),)


def remove_admin(workspace: Workspace, now: int, *, admin_id: str) -> Events:
    """They vanish from the list; old conversations keep their id (FACTS §7)."""
    lookups.admin(workspace, admin_id)
    del workspace.admins[admin_id]
    return (Event("admin.removed_from_workspace", "admin", admin_id, now),)


def set_away(workspace: Workspace, now: int, *, admin_id: str, away: bool) -> Events:
    admin = lookups.admin(workspace, admin_id)
    workspace.admins[admin_id] = replace(admin, away_mode_enabled=away)
    return (Event("admin.away_mode_updated", "admin", admin_id, now),)
