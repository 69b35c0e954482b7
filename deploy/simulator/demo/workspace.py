"""The demo workspace as it stands when it is first started: eighteen months of conversations up to `now`."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from deploy.simulator.demo import office_hours
from deploy.simulator.demo.cast import build_cast
from deploy.simulator.demo.expected import FIRST_ORDINARY, conversation_id, story_conversation_ids
from deploy.simulator.demo.library import library
from deploy.simulator.demo.office_hours import DAY
from deploy.simulator.demo.ordinary import tell_ordinary
from deploy.simulator.demo.telling import Party, Teller
from deploy.simulator.model import Conversation, Source, Statistics
from deploy.simulator.mutations import MUTATIONS, lookups

if TYPE_CHECKING:
    from deploy.simulator.demo.script import Script
    from deploy.simulator.demo.telling import Telling
    from deploy.simulator.model import Company, Contact, Workspace

ORDINARY_CONVERSATIONS = 620
#: So many of them have begun within the last day and may still be going on.
RECENT_CONVERSATIONS = 16
RECENT_SECONDS = 26 * 3600
HISTORY_DAYS = 546
#: A story is over this long before `now`, so that nothing in it lies in the future.
STORY_MARGIN_SECONDS = 1200
#: Some mailboxes write only in stories.
RESERVED_TITLES = frozenset({"Legal", "Procurement"})
ATTEMPTS = 12


def build_demo_workspace(seed: int, now: int) -> Workspace:
    """The same arguments always give the same workspace; nothing in it lies after `now` (Unix seconds)."""
    workspace = build_cast(seed, now)
    seen = {contact.id: contact.last_seen_at or 0 for contact in workspace.contacts}
    tellings = _stories(workspace, seed, now)
    tellings |= _everyday(workspace, seed, now)
    _perform(workspace, tellings, now)
    _settle(workspace, seen, now)
    return workspace


def _stories(workspace: Workspace, seed: int, now: int) -> dict[str, Telling]:
    people: dict[str, dict[str, Contact]] = {}
    companies = {company.name: company for company in workspace.companies}
    for contact in workspace.contacts:
        for company_id in contact.company_ids:
            people.setdefault(company_id, {})[contact.name or ""] = contact
    ids = story_conversation_ids()
    tellings: dict[str, Telling] = {}
    for script in library().stories:
        company = companies[script.get("account")]
        tellings[ids[script.slug]] = _story(
            workspace, script, company, people[company.id], seed=seed, now=now
        )
    return tellings


def _story(
    workspace: Workspace, script: Script, company: Company, people: dict[str, Contact], *, seed: int, now: int
) -> Telling:
    """Told so that it ends before `now`, begun earlier than written if need be."""
    writer = next(step.name for step in script.steps if step.doing == "customer")
    party = Party(people[writer or ""], company, people)
    days_ago = int(script.get("days_ago"))
    while True:
        rng = random.Random(f"{seed} {script.slug}")  # noqa: S311 (a demo wants to be repeatable)
        start = office_hours.working_moment(days_ago, now, rng)
        teller = Teller(
            workspace,
            script,
            party,
            slots=library().slots,
            rng=rng,
            channel=script.get("channel", "messenger"),
        )
        telling = teller.tell(start)
        if telling.ends_at <= now - STORY_MARGIN_SECONDS:
            return telling
        days_ago += 1


def _everyday(workspace: Workspace, seed: int, now: int) -> dict[str, Telling]:
    rng = random.Random(f"everyday {seed}")  # noqa: S311 (a demo wants to be repeatable)
    writers = _writers(workspace)
    openings: set[str] = set()
    per_day: dict[int, int] = {}
    tellings: dict[str, Telling] = {}
    for number in range(ORDINARY_CONVERSATIONS):
        recent = number < RECENT_CONVERSATIONS
        for _ in range(ATTEMPTS):
            at = _begin(rng, now, recent=recent)
            contact, company = _writer(writers, rng, at)
            telling = tell_ordinary(workspace, contact, company, at, open_all_hours=recent)
            if telling.opening.body not in openings:
                break
        openings.add(telling.opening.body)
        days_ago = (now - at) // DAY
        count = per_day.get(days_ago, FIRST_ORDINARY)
        per_day[days_ago] = count + 1
        tellings[conversation_id(days_ago, count)] = telling
    return tellings


def _begin(rng: random.Random, now: int, *, recent: bool) -> int:
    if recent:
        return now - rng.randint(300, RECENT_SECONDS)
    # More and more customers, so more and more conversations.
    days_ago = 1 + int((HISTORY_DAYS - 1) * rng.random() ** 1.35)
    return min(office_hours.working_moment(days_ago, now, rng, spread=True), now - 300)


def _writers(workspace: Workspace) -> list[tuple[Contact, Company | None, float]]:
    """Everybody who has everyday questions, with how readily they ask."""
    found: list[tuple[Contact, Company | None, float]] = []
    for contact in workspace.contacts:
        company = workspace.companies.get(contact.company_ids[0]) if contact.company_ids else None
        if contact.custom_attributes.get("job_title") in RESERVED_TITLES:
            continue
        seats = company.custom_attributes["seats"] if company else 1
        people = company.user_count if company else 4
        eagerness = (2.0 + float(seats or 0) ** 0.5) / max(people, 1)
        found.append((contact, company, eagerness))
    return found


def _writer(
    writers: list[tuple[Contact, Company | None, float]], rng: random.Random, at: int
) -> tuple[Contact, Company | None]:
    weights = [
        eagerness if _writes_at(contact, company, at) else 0.0 for contact, company, eagerness in writers
    ]
    contact, company, _ = rng.choices(writers, weights)[0]
    return contact, company


def _writes_at(contact: Contact, company: Company | None, at: int) -> bool:
    if contact.created_at >= at:
        return False
    return company is None or company.last_request_at is None or at <= company.last_request_at + DAY


def _perform(workspace: Workspace, tellings: dict[str, Telling], now: int) -> None:
    """Let everything happen in the order of time, up to `now`."""
    steps: list[tuple[int, int, int, str]] = []
    for order, (found_id, telling) in enumerate(tellings.items()):
        steps.append((telling.opening.at, order, -1, found_id))
        steps.extend((act.at, order, index, found_id) for index, act in enumerate(telling.acts))
    for at, _, index, found_id in sorted(steps):
        if at > now:
            break
        if index < 0:
            _open(workspace, found_id, tellings[found_id])
            continue
        act = tellings[found_id].acts[index]
        MUTATIONS[act.name](workspace, at, conversation_id=found_id, **act.arguments)


def _open(workspace: Workspace, found_id: str, telling: Telling) -> None:
    opening = telling.opening
    contact = workspace.contacts[opening.contact_id]
    admin = None if opening.admin_id is None else workspace.admins[opening.admin_id]
    at = opening.at
    if contact.created_at > at:
        contact = replace(contact, created_at=at - DAY, signed_up_at=contact.signed_up_at and at - DAY)
    workspace.put_contact(replace(contact, last_replied_at=None if admin else at))
    workspace.add_conversation(
        Conversation(
            id=found_id,
            created_at=at,
            updated_at=at,
            source=Source(
                id=workspace.new_id("source"),
                author=lookups.admin_person(admin) if admin else lookups.contact_person(contact),
                body=opening.body,
                subject=opening.subject,
                type="email" if opening.channel == "email" else "conversation",
                delivered_as="admin_initiated" if admin else "customer_initiated",
                url=None if opening.channel == "email" else "https://app.crewlark.example/board",
            ),
            contact_ids=(contact.id,),
            title=opening.subject or None,
            waiting_since=None if admin else at,
            company_id=contact.company_ids[0] if contact.company_ids else None,
            teammate_ids=(admin.id,) if admin else (),
            statistics=Statistics(first_contact_reply_at=None if admin else at),
            channel=opening.channel,
            ai_agent_participated=opening.with_bot,
        )
    )


def _settle(workspace: Workspace, seen: dict[str, int], now: int) -> None:
    """Nobody was seen last before they last wrote, and old conversations do not stay open for ever."""
    for contact in tuple(workspace.contacts):
        last = max(seen[contact.id], contact.last_replied_at or 0, contact.created_at)
        workspace.put_contact(replace(contact, last_seen_at=last, updated_at=last))
    for company in tuple(workspace.companies):
        newest = max(company.last_request_at or 0, company.created_at)
        workspace.put_company(replace(company, updated_at=min(newest, now)))
