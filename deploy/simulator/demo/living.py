"""What happens next in the demo workspace: mostly everyday talk going on, now and then something telling.

Nothing is remembered beside the workspace itself. A conversation that is going on is told again from its
customer and its beginning, and goes on where it stands; so a restart changes nothing.
"""

from __future__ import annotations

import functools
import random
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from deploy.simulator.demo.expected import story_conversation_ids
from deploy.simulator.demo.library import library
from deploy.simulator.demo.markup import to_html
from deploy.simulator.demo.office_hours import DAY
from deploy.simulator.demo.ordinary import tell_ordinary
from deploy.simulator.demo.telling import Party, Teller
from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploy.simulator.demo.script import Script
    from deploy.simulator.demo.telling import Act, Telling
    from deploy.simulator.model import Company, Contact, Conversation, Part, Workspace

#: So many happenings tell something that a detector should notice. Each is answered and closed, so about
#: half of all that happens belongs to telling conversations.
TELLING_SHARE = 1 / 7
#: With so many conversations open, no everyday one is begun.
MOST_OPEN = 16
#: Otherwise, how often a new one is begun rather than an open one continued.
BEGINS = 0.3
#: Conversations that nobody has touched for so long are left alone.
FRESH_SECONDS = 3 * DAY
NEW_CUSTOMER_SECONDS = 60 * DAY
RATED_WITHIN_SECONDS = 1800
ATTEMPTS = 40
#: No more open conversations than this are looked at for what comes next; looking costs a millisecond.
LOOKED_AT = 12
#: After this time without a word, a conversation of the reserve is closed.
SILENCE_SECONDS = 180
KINDS = (
    "cancel_notice", "implied_risk", "upsell_question", "expansion", "renewal", "onboarding_trouble",
    "feature_request", "praise", "anger",
)  # fmt: skip
STOCK_ANSWERS = (
    "Thank you for telling us. I've passed it to the person who looks after this, you'll hear today.",
    "I've read everything above and I'm on it. You'll have an answer before the end of the day.",
    "Thanks, noted. I'll come back to you as soon as I know more.",
    "Understood. I'm checking this with a colleague and will write again shortly.",
)


def next_happening(workspace: Workspace, rng: random.Random, now: int) -> Mutation | None:
    """What happens at `now`; None when everything that could be said has been said. It changes nothing."""
    if rng.random() < TELLING_SHARE:
        kind = rng.choice(tuple(HAPPENINGS_BY_KIND))
        told = HAPPENINGS_BY_KIND[kind](workspace, rng, now)
        if told is not None:
            return told
    stories = frozenset(story_conversation_ids().values())
    going_on = [each for each in workspace.conversations if _goes_on(each, now) and each.id not in stories]
    rng.shuffle(going_on)
    # Those who wait come first, ratings last.
    going_on.sort(key=lambda each: (each.state != "open", each.waiting_since is None))
    few = sum(each.state == "open" for each in going_on) < MOST_OPEN
    if not few or rng.random() >= BEGINS:
        looked_at = rng.sample(going_on, min(len(going_on), LOOKED_AT)) if few else going_on[:LOOKED_AT]
        for conversation in looked_at:
            continued = _continue(workspace, conversation, rng, now)
            if continued is not None:
                return continued
    return _begin(workspace, rng, now) if few else None


def make_happen(kind: str, workspace: Workspace, rng: random.Random, now: int) -> Mutation | None:
    """Something of that kind (a key of HAPPENINGS_BY_KIND) from an account that has not said it yet."""
    scripts = [script for script in library().reserve if script.get("kind") == kind]
    for _ in range(ATTEMPTS):
        script = rng.choice(scripts)
        party = _someone(workspace, rng, now, new=kind == "onboarding_trouble")
        if party is None or party.company is None:
            return None
        opening = _tell_reserve(workspace, script, party, now).opening
        if _was_said(workspace, script, party):
            continue
        arguments = {"contact_id": opening.contact_id, "body": opening.body, "channel": opening.channel}
        return Mutation(
            "create_conversation",
            arguments | {"subject": opening.subject, "company_id": party.company.id},
        )
    return None


#: For the buttons of the simulator's own page: each takes the workspace, random numbers and `now`.
HAPPENINGS_BY_KIND: Mapping[str, Callable[[Workspace, random.Random, int], Mutation | None]] = (
    MappingProxyType({kind: functools.partial(make_happen, kind) for kind in KINDS})
)


def _goes_on(conversation: Conversation, now: int) -> bool:
    silent = now - conversation.updated_at
    if conversation.state == "closed":
        # What may still come is the rating.
        return conversation.rating is None and silent < RATED_WITHIN_SECONDS
    return conversation.state == "open" and silent < FRESH_SECONDS


def _begin(workspace: Workspace, rng: random.Random, now: int) -> Mutation | None:
    """An everyday conversation whose opening this account has not used before."""
    for _ in range(ATTEMPTS):
        party = _someone(workspace, rng, now)
        if party is None:
            return None
        opening = tell_ordinary(workspace, party.contact, party.company, now, open_all_hours=True).opening
        if any(body == opening.body for body in _bodies_of_account(workspace, party)):
            continue
        return Mutation(
            "create_conversation",
            {
                "contact_id": opening.contact_id,
                "body": opening.body,
                "subject": opening.subject,
                "company_id": party.company.id if party.company else None,
                "channel": opening.channel,
            },
        )
    return None


def _someone(workspace: Workspace, rng: random.Random, now: int, *, new: bool = False) -> Party | None:
    """A person of a paying customer, chosen by customer first, so that big ones do not do all the talking."""
    companies = [
        company
        for company in workspace.companies
        if company.plan
        and not company.archived
        and (not new or now - company.created_at < NEW_CUSTOMER_SECONDS)
    ]
    rng.shuffle(companies)
    for company in companies:
        people = [
            contact
            for contact in workspace.contacts
            if company.id in contact.company_ids and not contact.archived and contact.merged_into is None
        ]
        if people:
            return Party(rng.choice(people), company)
    return None


def _bodies_of_account(workspace: Workspace, party: Party) -> Iterator[str]:
    """Everything that this account's people have written."""
    company_id = party.company.id if party.company else None
    for conversation in workspace.conversations:
        same_account = company_id is not None and conversation.company_id == company_id
        if same_account or party.contact.id in conversation.contact_ids:
            yield conversation.source.body
            yield from (
                part.body
                for part in workspace.parts(conversation.id)
                if part.body and part.author.type in {"user", "lead"}
            )


def _was_said(workspace: Workspace, script: Script, party: Party) -> bool:
    """Whether anybody of this account has opened a conversation with this text of the reserve."""
    company_id = party.company.id if party.company else None
    for conversation in workspace.conversations:
        if conversation.company_id != company_id:
            continue
        contact = workspace.contacts.get(conversation.source.author.id)
        if contact is None or not _may_be(script, conversation.source.body):
            continue
        then = Party(contact, party.company)
        if (
            _tell_reserve(workspace, script, then, conversation.created_at).opening.body
            == conversation.source.body
        ):
            return True
    return False


@functools.cache
def _unchanging(script_text: str) -> str:
    """The longest stretch of a text that comes out the same however its braces are filled."""
    line = max(script_text.split("\n"), key=len)
    return (
        to_html(max(re.split(r"\{[^{}]*\}", line), key=len).strip(" .,!?"))
        .removeprefix("<p>")
        .removesuffix("</p>")
    )


def _may_be(script: Script, body: str) -> bool:
    """A cheap look before a script is told in full for comparison."""
    return _unchanging(script.steps[0].text).lower() in body.lower()


def _tell_reserve(workspace: Workspace, script: Script, party: Party, at: int) -> Telling:
    rng = random.Random(f"{script.slug}:{party.contact.id}:{at}")  # noqa: S311 (a demo wants to be repeatable)
    teller = Teller(
        workspace,
        script,
        party,
        slots=library().slots,
        rng=rng,
        channel=script.get("channel", "messenger"),
        open_all_hours=True,
    )
    return teller.tell(at)


def _continue(
    workspace: Workspace, conversation: Conversation, rng: random.Random, now: int
) -> Mutation | None:
    """The next act of a conversation, or None when it waits for nothing."""
    telling = _retold(workspace, conversation)
    parts = workspace.parts(conversation.id)
    if telling is not None:
        act = _next_act(telling, conversation, parts)
        if act is not None:
            return Mutation(act.name, {"conversation_id": conversation.id} | act.arguments)
    if conversation.state != "open":
        return None
    if conversation.waiting_since is not None:
        return _improvised(workspace, conversation, parts, rng)
    silent = now - conversation.updated_at > SILENCE_SECONDS
    if silent and conversation.admin_assignee_id is not None:
        admin_id = conversation.admin_assignee_id
        return Mutation("close", {"conversation_id": conversation.id, "admin_id": admin_id})
    return None


def _retold(workspace: Workspace, conversation: Conversation) -> Telling | None:
    """The telling from which a conversation comes, if it is an everyday one or one of the reserve."""
    contact = workspace.contacts.get(conversation.source.author.id)
    if contact is None:
        return None
    company = workspace.companies.get(conversation.company_id) if conversation.company_id else None
    for telling in _candidates(workspace, contact, company, conversation):
        if telling.opening.body == conversation.source.body:
            return telling
    return None


def _candidates(
    workspace: Workspace, contact: Contact, company: Company | None, conversation: Conversation
) -> Iterator[Telling]:
    at, body = conversation.created_at, conversation.source.body
    yield tell_ordinary(workspace, contact, company, at, open_all_hours=True)
    yield tell_ordinary(workspace, contact, company, at, open_all_hours=False)
    for script in library().reserve:
        if _may_be(script, body):
            yield _tell_reserve(workspace, script, Party(contact, company), at)


def _next_act(telling: Telling, conversation: Conversation, parts: tuple[Part, ...]) -> Act | None:
    """The first act after the last thing that was said which is not already so."""
    said = {part.body for part in parts if part.body}
    begin = max((index + 1 for index, act in enumerate(telling.acts) if act.body in said), default=0)
    for act in telling.acts[begin:]:
        if not _is_so(act, conversation):
            return act
    return None


def _is_so(act: Act, conversation: Conversation) -> bool:
    match act.name:
        case "assign":
            wanted = act.arguments.get("to_admin_id")
            taken = conversation.admin_assignee_id
            if wanted is not None:
                return bool(taken == wanted)
            # With people looking on, colleagues take conversations themselves; no team is asked first.
            return True
        case "tag_conversation":
            tag_id: str = act.arguments["tag_id"]
            return tag_id in {tag.tag_id for tag in conversation.tags}
        case "close":
            return conversation.state == "closed"
        case "rate":
            return conversation.rating is not None
        case _:
            return False


def _improvised(
    workspace: Workspace, conversation: Conversation, parts: tuple[Part, ...], rng: random.Random
) -> Mutation | None:
    """An answer to whoever waits in a conversation that no script foresees (a visitor's, for instance)."""
    said = {part.body for part in parts if part.body}
    answers = [body for body in map(to_html, STOCK_ANSWERS) if body not in said]
    if not answers:
        return None
    admin_id = conversation.admin_assignee_id or rng.choice(next(iter(workspace.teams.values())).admin_ids)
    body = rng.choice(answers)
    return Mutation("reply", {"conversation_id": conversation.id, "admin_id": admin_id, "body": body})
