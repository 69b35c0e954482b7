"""What happens by itself in a generated workspace, and what the page's buttons make happen in any."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.generated import ANSWERS, FOLLOW_UPS, QUESTIONS
from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from deploy.simulator.model import Contact, Conversation, Workspace

LOOKED_AT = 200
"""So many of the newest conversations are looked through for one that fits."""


def newest(workspace: Workspace) -> list[Conversation]:
    """Some of the conversations that were made last."""
    total = len(workspace.conversations)
    ids = islice(workspace.conversations.ids(), max(0, total - LOOKED_AT), None)
    return [workspace.conversations[each] for each in ids]


def some_contact(workspace: Workspace, rng: random.Random) -> Contact:
    """A living user, preferably one with a company."""
    total = len(workspace.contacts)
    for _ in range(50):
        position = rng.randrange(max(1, total))
        for contact_id in islice(workspace.contacts.ids(), position, position + 1):
            contact = workspace.contacts[contact_id]
            if contact.merged_into is None and not contact.archived and contact.company_ids:
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


def _writes(words: str) -> Callable[[Workspace, random.Random], Mutation]:
    def make(workspace: Workspace, rng: random.Random) -> Mutation:
        contact = some_contact(workspace, rng)
        return Mutation("create_conversation", {"contact_id": contact.id, "body": f"<p>{words}</p>"})

    return make


def _some_conversation(workspace: Workspace, rng: random.Random) -> str:
    found = newest(workspace)
    if not found:
        raise MutationRefusedError("This workspace has no conversation.")
    return rng.choice(found).id


def _redacts(workspace: Workspace, rng: random.Random) -> Mutation:
    conversation_id = _some_conversation(workspace, rng)
    spoken = [part.id for part in workspace.parts(conversation_id) if part.body and not part.redacted]
    arguments = {"conversation_id": conversation_id}
    return Mutation("redact", arguments | ({"part_id": rng.choice(spoken)} if spoken else {}))


def _deletes(workspace: Workspace, rng: random.Random) -> Mutation:
    return Mutation("delete_conversation", {"conversation_id": _some_conversation(workspace, rng)})


def _merges(workspace: Workspace, rng: random.Random) -> Mutation:
    first, second = some_contact(workspace, rng), some_contact(workspace, rng)
    for _ in range(50):
        if first.id != second.id and second.role == "user":
            return Mutation("merge_contacts", {"contact_id": first.id, "into_id": second.id})
        second = some_contact(workspace, rng)
    raise MutationRefusedError("This workspace has no two contacts to merge.")


def _spends_less(workspace: Workspace, rng: random.Random) -> Mutation:
    company_id = some_contact(workspace, rng).company_ids[0]
    spend = workspace.companies[company_id].monthly_spend or 0
    return Mutation("update_company", {"company_id": company_id, "changes": {"monthly_spend": spend // 2}})


SCENARIOS: dict[str, tuple[str, Callable[[Workspace, random.Random], Mutation]]] = {
    "cancel": (
        "A customer gives notice",
        _writes(
            "We have decided to cancel our subscription and will not renew when the contract ends next month."
        ),
    ),
    "risk": (
        "A customer is close to leaving",
        _writes(
            "This is the third outage this month. My team has lost trust and we are looking at other vendors."
        ),
    ),
    "upsell": (
        "A customer asks to grow",
        _writes(
            "Can we add forty more seats for the Berlin team, and what would the Enterprise plan cost us?"
        ),
    ),
    "renewal": (
        "A customer asks about renewal",
        _writes("Our contract is up for renewal in March. Could you send us the renewal quote this week?"),
    ),
    "feature": (
        "A customer wishes for a feature",
        _writes(
            "It would be great if we could schedule reports to be mailed on Mondays. Is that on your roadmap?"
        ),
    ),
    "praise": (
        "A customer is happy",
        _writes("The new dashboard is wonderful, it saved us hours this week. Thank you all."),
    ),
    "meeting": (
        "A customer cancels a meeting",
        _writes("Sorry, I have to cancel our meeting on Thursday. Can we move it to next week?"),
    ),
    "spend": ("A customer halves its spend", _spends_less),
    "redact": ("Redact a message", _redacts),
    "delete": ("Delete a conversation", _deletes),
    "merge": ("Merge two contacts", _merges),
}
"""The buttons: key, words on the button, and what it makes."""
