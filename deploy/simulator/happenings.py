"""What happens by itself in a generated workspace: plain support traffic."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.generated import ANSWERS, FOLLOW_UPS, QUESTIONS
from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    import random

    from deploy.simulator.model import Contact, Conversation, Workspace

LOOKED_AT = 200
"""So many of the newest conversations are looked through for one that fits."""


def newest(workspace: Workspace) -> list[Conversation]:
    """Some of the conversations that were made last."""
    return [workspace.conversations[each] for each in islice(workspace.conversations.newest_ids(), LOOKED_AT)]


def some_contact(workspace: Workspace, rng: random.Random) -> Contact:
    """A living user, preferably one with a company."""
    for _ in range(50):
        contact_id = workspace.contacts.some_id(rng)
        contact = None if contact_id is None else workspace.contacts[contact_id]
        if contact and contact.merged_into is None and not contact.archived and contact.company_ids:
            return contact
    raise MutationRefusedError("This workspace has no contact with a company.")


def some_admin(workspace: Workspace, rng: random.Random) -> str:
    people = [admin.id for admin in workspace.admins.values() if not admin.is_bot]
    if not people:
        raise MutationRefusedError("This workspace has no admin.")
    return rng.choice(people)


def next_happening(workspace: Workspace, rng: random.Random, now: int) -> Mutation | None:
    """Plain support traffic: questions, answers, follow-ups, closings."""
    del now
    chance = rng.random()
    open_ones = [each for each in newest(workspace) if each.state == "open"]
    if chance < 0.25 or not open_ones:  # noqa: PLR2004 (a quarter are new questions)
        contact = some_contact(workspace, rng)
        return Mutation(
            "create_conversation", {"contact_id": contact.id, "body": f"<p>{rng.choice(QUESTIONS)}</p>"}
        )
    conversation_id = rng.choice(open_ones).id
    if chance < 0.5:  # noqa: PLR2004 (a quarter are follow-ups)
        return Mutation(
            "reply", {"conversation_id": conversation_id, "body": f"<p>{rng.choice(FOLLOW_UPS)}</p>"}
        )
    admin_id = some_admin(workspace, rng)
    if chance < 0.85:  # noqa: PLR2004 (the most are answers)
        body = f"<p>{rng.choice(ANSWERS)}</p>"
        return Mutation("reply", {"conversation_id": conversation_id, "admin_id": admin_id, "body": body})
    return Mutation("close", {"conversation_id": conversation_id, "admin_id": admin_id})
