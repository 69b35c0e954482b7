"""A script told: who does what when, and in which words.

A telling is a list of acts, each the name of a mutation with its arguments and its moment. It is fixed by the
script, the customer, the start and the random numbers; so a conversation that is still going on can be told
again later and continued where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deploy.simulator.demo import office_hours
from deploy.simulator.demo.cast import OPERATOR, admin_named
from deploy.simulator.demo.dates import mail_date, whole_date
from deploy.simulator.demo.library import LANGUAGES
from deploy.simulator.demo.markup import to_html
from deploy.simulator.demo.wording import Wording

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from deploy.simulator.demo.script import Script, Step
    from deploy.simulator.demo.wording import Slots
    from deploy.simulator.model import Admin, Company, Contact, Workspace

#: A colleague takes the conversation this long before the first answer.
TAKES_BEFORE_SECONDS = 40
RATED = 0.42
RATINGS = (5, 5, 5, 5, 5, 5, 4, 4, 4, 3, 2)
REMARKS = (
    "Quick and friendly",
    "Solved it",
    "Very patient",
    "thx",
    "All good",
    "Fast answer",
    "Helpful as ever",
)
REMARKED = 0.3
TAGGED = 0.7
SNOOZE_DAYS = 5


@dataclass(frozen=True, slots=True)
class Act:
    """One change: the name of a function in `deploy.simulator.mutations` and its arguments.

    The conversation's id is left out, it is not known before the opening.
    """

    at: int
    name: str
    arguments: dict[str, Any]

    @property
    def body(self) -> str | None:
        body = self.arguments.get("body")
        return body if isinstance(body, str) else None


@dataclass(frozen=True, slots=True)
class Opening:
    at: int
    contact_id: str
    admin_id: str | None
    body: str
    subject: str
    channel: str
    with_bot: bool


@dataclass(frozen=True, slots=True)
class Telling:
    opening: Opening
    acts: tuple[Act, ...]

    @property
    def ends_at(self) -> int:
        return self.acts[-1].at if self.acts else self.opening.at


@dataclass(frozen=True, slots=True)
class Party:
    """The customer's side: who writes, for which company, and, in a story, who else does by name."""

    contact: Contact
    company: Company | None
    colleagues: dict[str, Contact] = field(default_factory=dict)


def first_name(name: str) -> str:
    words = [word for word in name.split() if word not in {"Dr.", "Captain"}]
    return words[0] if words else name


def facts_of(party: Party, language: str) -> dict[str, str]:
    """What the words may say about the customer."""
    renewal = None if party.company is None else party.company.custom_attributes.get("renewal_date")
    day = datetime.fromtimestamp(renewal, UTC) if isinstance(renewal, int) else None
    return {
        "first": first_name(party.contact.name or "there"),
        "account": party.company.name if party.company else "our firm",
        "renewal": whole_date(day, language) if day else "the end of the term",
    }


class Teller:
    """Tells one script. `open_all_hours` skips office hours: what happens on the day itself happens now."""

    def __init__(
        self,
        workspace: Workspace,
        script: Script,
        party: Party,
        *,
        slots: Slots,
        rng: random.Random,
        channel: str,
        open_all_hours: bool = False,
        voice: Callable[[str], str] = str,
    ) -> None:
        self.workspace = workspace
        self.script = script
        self.party = party
        self.rng = rng
        self.channel = channel
        language = script.get("audience")
        # "lead" is an audience too, but not a language.
        self.language = language if language in LANGUAGES else ""
        self.wording = Wording(slots, rng, facts_of(party, self.language), self.language)
        self.open_all_hours = open_all_hours
        self.voice = voice
        self.operator = admin_named(workspace, OPERATOR)
        self.team = next(
            team for team in workspace.teams.values() if team.name == script.get("team", "Support")
        )
        self.agent = self._agent_of_team()
        self.assignee: Admin | None = None
        self.present: set[str] = {party.contact.id}
        self.tagged = not script.tags
        self.acts: list[Act] = []

    def tell(self, start: int) -> Telling:
        # An opening may quote a mail of two days before.
        self.wording.facts["prev_date"] = mail_date(start - 2 * office_hours.DAY, self.language)
        opening_step, *steps = self.script.steps
        at = start
        opening = self._opening(opening_step, at)
        at = self._after_opening(opening)
        for step in steps:
            at = self._moment(step, at)
            self._act(step, at)
        acts = sorted(self.acts, key=lambda act: act.at)
        return Telling(opening, tuple(acts))

    def _opening(self, step: Step, at: int) -> Opening:
        admin = self._speaker(step) if step.doing == "agent" else None
        self.wording.facts["agent"] = first_name((admin or self.agent).name)
        return Opening(
            at=at,
            contact_id=self.party.contact.id,
            admin_id=admin.id if admin else None,
            body=self._words(step, at, admin.name if admin else self.party.contact.name or ""),
            subject=self.wording.fill(self.script.get("subject"), at),
            channel=self.channel,
            with_bot=any(each.doing == "bot" for each in self.script.steps),
        )

    def _after_opening(self, opening: Opening) -> int:
        if opening.admin_id is None:
            self._add(opening.at + 2, "assign", admin_id=self.operator.id, to_team_id=self.team.id)
            return opening.at + 2
        return opening.at

    def _moment(self, step: Step, before: int) -> int:
        at = before + max(self.rng.randint(*step.delay), 1)
        if self.open_all_hours or step.doing == "bot":
            return at
        by_customer = step.doing in {"customer", "rate"}
        return office_hours.awake(at, self.rng) if by_customer else office_hours.staffed(at, self.rng)

    def _act(self, step: Step, at: int) -> None:
        match step.doing:
            case "customer":
                self._customer(step, at)
            case "agent" | "bot":
                self._answer(step, at)
            case "note":
                admin = self._speaker(step)
                self._add(at, "note", admin_id=admin.id, body=self._words(step, at, admin.name))
            case "assign":
                self._assign(step, at)
            case "close":
                self._add(at, "close", admin_id=self._speaker(step).id)
            case "snooze":
                until = at + SNOOZE_DAYS * office_hours.DAY
                self._add(at, "snooze", admin_id=self._speaker(step).id, until=until)
            case "rate":
                self._rate(step, at)

    def _customer(self, step: Step, at: int) -> None:
        contact = self.party.colleagues.get(step.name or "", self.party.contact)
        if contact.id not in self.present:
            self.present.add(contact.id)
            by = self.assignee or self.operator
            self._add(at - 1, "attach_contact", contact_id=contact.id, admin_id=by.id)
        self._add(at, "reply", contact_id=contact.id, body=self._words(step, at, contact.name or ""))

    def _answer(self, step: Step, at: int) -> None:
        admin = self.operator if step.doing == "bot" else self._speaker(step)
        self.wording.facts["agent"] = first_name(admin.name)
        if not admin.is_bot and (self.assignee is None or self.assignee.id != admin.id):
            self._add(at - TAKES_BEFORE_SECONDS, "assign", admin_id=admin.id, to_admin_id=admin.id)
            self.assignee = admin
        self._add(at, "reply", admin_id=admin.id, body=self._words(step, at, admin.name))
        if not self.tagged and not admin.is_bot:
            self._tag(admin, at + 5)

    def _assign(self, step: Step, at: int) -> None:
        admin = admin_named(self.workspace, step.name or "")
        by = self.assignee or self.operator
        self._add(at, "assign", admin_id=by.id, to_admin_id=admin.id)
        self.assignee = admin

    def _rate(self, step: Step, at: int) -> None:
        if step.name is not None:
            self._add(at, "rate", rating=int(step.name), remark=step.remark)
        elif self.rng.random() < RATED:
            remark = self.rng.choice(REMARKS) if self.rng.random() < REMARKED else None
            self._add(at, "rate", rating=self.rng.choice(RATINGS), remark=remark)

    def _tag(self, admin: Admin, at: int) -> None:
        self.tagged = True
        if self.script.get("account") or self.rng.random() < TAGGED:
            ids = {tag.name: tag.id for tag in self.workspace.tags.values()}
            for name in self.script.tags:
                self._add(at, "tag_conversation", tag_id=ids[name], admin_id=admin.id, quiet=True)

    def _words(self, step: Step, at: int, speaker: str) -> str:
        text = self.wording.fill(step.text, at)
        if step.doing == "customer":
            text = self.voice(text)
        if step.doing != "note":
            # What a mail program would quote above the next answer.
            self.wording.facts |= {
                "prev_date": mail_date(at, self.language),
                "prev_name": speaker,
                "prev_line": text.partition("\n")[0],
            }
        return to_html(text)

    def _speaker(self, step: Step) -> Admin:
        if step.name is None:
            return self.assignee or self.agent
        return admin_named(self.workspace, step.name)

    def _agent_of_team(self) -> Admin:
        members = [self.workspace.admins[each] for each in self.team.admin_ids]
        return self.rng.choice([admin for admin in members if "German" not in admin.job_title] or members)

    def _add(self, at: int, name: str, **arguments: Any) -> None:
        self.acts.append(Act(at, name, arguments))
