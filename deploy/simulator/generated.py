"""A workspace of any size that is computed, not stored: the n-th conversation follows from n alone.

Times rise with the index, so that an index over a million conversations needs no memory. The words are plain
support talk; whoever wants stories takes the demo workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deploy.simulator.collection import Base, Collection
from deploy.simulator.model import (
    FIRST_IDS,
    HEX_PREFIXES,
    Admin,
    Company,
    Contact,
    Conversation,
    DataAttribute,
    Part,
    Person,
    Segment,
    Source,
    State,
    Statistics,
    Tag,
    Team,
    Workspace,
    hex_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_SECONDS = 86_400
LIFE_SECONDS = 2 * DAY_SECONDS
"""Every generated conversation lasts as long, so that the order of ending is the order of beginning."""

SNOOZED_SECONDS = 30 * DAY_SECONDS

FIRST_CONVERSATION = FIRST_IDS["conversation"] + 1
FIRST_PART = FIRST_IDS["part"] + 1
GENERATED_HEX = 0x10_0000_0000
"""Generated contacts and companies count from here, later ones from 1, so that ids never meet."""

QUESTIONS = (
    "How do I export the report of last month?",
    "The import stopped at 80 percent, can you have a look?",
    "Is there a way to add a second calendar to my account?",
    "We get an error when we save a form: something about a missing field.",
    "Where can I change the language of the invoices?",
    "Please move our standup reminder to nine, cancel the one at ten.",
    "Can my colleague see the same dashboard as I do?",
    "The page loads slowly since this morning.",
)
ANSWERS = (
    "Thanks for writing. You find it under Settings, then Reports.",
    "I can reproduce it, we are looking into it.",
    "Yes, open the menu at the top right and choose Add.",
    "That is fixed now. Would you try again?",
    "I have changed it for you.",
)
FOLLOW_UPS = (
    "Thank you, that works.",
    "I still see the same thing.",
    "Good to know, thanks.",
    "Could you check once more?",
)
FIRST_NAMES = (
    "Ada",
    "Ben",
    "Carla",
    "Deniz",
    "Emeka",
    "Fatou",
    "Goran",
    "Hana",
    "Ivo",
    "Jun",
    "Kira",
    "Liam",
)
LAST_NAMES = (
    "Adler",
    "Brook",
    "Costa",
    "Dahl",
    "Eriksen",
    "Fuchs",
    "Garcia",
    "Holm",
    "Ito",
    "Jansen",
    "Kaya",
)
INDUSTRIES = ("Software", "Logistics", "Retail", "Health", "Education", "Finance")
PLANS = (("Starter", 49), ("Team", 240), ("Business", 900), ("Enterprise", 4_000))

_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def mixed(number: int, salt: int) -> int:
    """A well scattered 64-bit number; the same input gives the same output on every machine."""
    value = (number * _MIX + salt * 0xBF58476D1CE4E5B9 + 0x94D049BB133111EB) & _MASK
    value ^= value >> 29
    value = (value * 0xBF58476D1CE4E5B9) & _MASK
    return value ^ (value >> 32)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. `parts` is the average; `open_share` of a thousand conversations are still open."""

    conversations: int = 500
    parts: int = 8
    contacts: int = 200
    companies: int = 30
    days: int = 365
    open_share: int = 60
    longest: int = 0
    """Parts of every 1000th conversation; 0 to leave them average."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a search needs most of a conversation, cheaper than the conversation."""

    id: str
    created_at: int
    updated_at: int
    state: State


class Generator:
    """Derives everything of one generated workspace. Pure: only its arguments decide."""

    def __init__(self, *, seed: int, now: int, size: Size, admins: tuple[Admin, ...]) -> None:
        self._seed = seed
        self._size = size
        self._admins = admins
        span = max(size.days * DAY_SECONDS - LIFE_SECONDS, size.conversations)
        self._start = now - span - LIFE_SECONDS
        self._span = span
        self._most_parts = max(2 * size.parts, size.longest) + 1

    def _created_at(self, index: int) -> int:
        return self._start + index * self._span // max(1, self._size.conversations)

    def state(self, index: int) -> State:
        share = mixed(index, self._seed) % 1000
        # Recent conversations are open far more often than old ones.
        recent = index > self._size.conversations * 49 // 50
        if share < self._size.open_share * (5 if recent else 1):
            return "open"
        return "snoozed" if share >= 990 else "closed"  # noqa: PLR2004 (one in a hundred)

    def summary(self, index: int) -> Summary:
        created_at = self._created_at(index)
        return Summary(
            str(FIRST_CONVERSATION + index), created_at, created_at + LIFE_SECONDS, self.state(index)
        )

    def part_count(self, index: int) -> int:
        size = self._size
        if size.longest and index % 1000 == 999:  # noqa: PLR2004 (the last of every thousand)
            return size.longest
        if size.parts == 0:
            return 0
        return max(1, size.parts // 2 + mixed(index, self._seed + 1) % (size.parts + 1))

    def contact_index(self, index: int) -> int:
        return mixed(index, self._seed + 2) % max(1, self._size.contacts)

    def conversation(self, index: int) -> Conversation:
        created_at = self._created_at(index)
        state = self.state(index)
        contact_index = self.contact_index(index)
        contact = self.contact_person(contact_index)
        admin = self._admins[index % len(self._admins)]
        parts = self.part_count(index)
        ended = created_at + LIFE_SECONDS
        question = QUESTIONS[mixed(index, self._seed + 3) % len(QUESTIONS)]
        companies = self._size.companies
        return Conversation(
            id=str(FIRST_CONVERSATION + index),
            created_at=created_at,
            updated_at=ended,
            source=Source(str(FIRST_IDS["source"] + 1 + index), contact, f"<p>{question}</p>"),
            contact_ids=(contact.id,),
            state=state,
            read=state != "open",
            waiting_since=created_at + LIFE_SECONDS if state == "open" else None,
            snoozed_until=self._snoozed_until(index) if state == "snoozed" else None,
            admin_assignee_id=admin.id,
            company_id=None if companies == 0 else company_id(contact_index % companies),
            teammate_ids=(admin.id,),
            statistics=Statistics(
                count_parts=parts,
                count_assignments=0,
                first_contact_reply_at=created_at,
                first_admin_reply_at=created_at + LIFE_SECONDS // max(1, parts) if parts else None,
                last_contact_reply_at=created_at,
                last_close_at=ended if state == "closed" else None,
                first_close_at=ended if state == "closed" else None,
                last_closed_by_id=admin.id if state == "closed" else None,
            ),
        )

    def _snoozed_until(self, index: int) -> int:
        """A month or two after the start: nobody would find and wake a generated one at its time."""
        return self._start + self._span + LIFE_SECONDS + SNOOZED_SECONDS + index % SNOOZED_SECONDS

    def parts(self, index: int) -> tuple[Part, ...]:
        created_at = self._created_at(index)
        count = self.part_count(index)
        state = self.state(index)
        contact = self.contact_person(self.contact_index(index))
        admin = self._admins[index % len(self._admins)]
        teammate = Person("admin", admin.id, admin.name, admin.email)
        first_id = FIRST_PART + index * self._most_parts
        made = []
        for number in range(count):
            by_admin = number % 2 == 0
            words = (ANSWERS if by_admin else FOLLOW_UPS)[
                mixed(index * 31 + number, self._seed) % len(ANSWERS if by_admin else FOLLOW_UPS)
            ]
            last = number == count - 1
            at = created_at + LIFE_SECONDS * (number + 1) // count
            closes = last and state == "closed"
            made.append(
                Part(
                    id=str(first_id + number),
                    part_type="close" if closes else "comment",
                    author=teammate if by_admin or closes else contact,
                    created_at=at,
                    updated_at=at,
                    body=f"<p>{words}</p>",
                    state=state if last else "open",
                )
            )
        return tuple(made)

    def contact_name(self, index: int) -> tuple[str, str]:
        first = FIRST_NAMES[index % len(FIRST_NAMES)]
        last = LAST_NAMES[index // len(FIRST_NAMES) % len(LAST_NAMES)]
        return (
            f"{first} {last}",
            f"{first.lower()}.{last.lower()}.{index}@company-{self._company(index)}.example",
        )

    def contact_person(self, index: int) -> Person:
        name, email = self.contact_name(index)
        return Person("user" if index % 10 else "lead", contact_id(index), name, email)

    def _company(self, contact_index: int) -> int:
        return contact_index % max(1, self._size.companies)

    def contact(self, index: int) -> Contact:
        name, email = self.contact_name(index)
        created_at = self._start + index * self._span // max(1, self._size.contacts)
        return Contact(
            id=contact_id(index),
            role="user" if index % 10 else "lead",
            created_at=created_at,
            updated_at=created_at + LIFE_SECONDS,
            external_id=f"user-{index}" if index % 10 else None,
            email=email,
            name=name,
            signed_up_at=created_at if index % 10 else None,
            last_seen_at=created_at + LIFE_SECONDS,
            company_ids=() if self._size.companies == 0 else (company_id(self._company(index)),),
            custom_attributes={"seat": index % 3 == 0},
        )

    def company(self, index: int) -> Company:
        created_at = self._start + index * self._span // max(1, self._size.companies)
        plan, price = PLANS[mixed(index, self._seed + 4) % len(PLANS)]
        full, rest = divmod(self._size.contacts, max(1, self._size.companies))
        return Company(
            id=company_id(index),
            company_id=f"account-{index}",
            name=f"Company {index}",
            created_at=created_at,
            updated_at=created_at + LIFE_SECONDS,
            remote_created_at=created_at,
            last_request_at=created_at + LIFE_SECONDS,
            monthly_spend=price,
            session_count=index % 500,
            user_count=full + (index < rest),
            size=10 + index % 400,
            industry=INDUSTRIES[index % len(INDUSTRIES)],
            plan=plan,
            custom_attributes={"seats_bought": 5 + index % 40},
        )


def contact_id(index: int) -> str:
    return hex_id("contact", GENERATED_HEX + index)


def company_id(index: int) -> str:
    return hex_id("company", GENERATED_HEX + index)


def _hex_index(kind: str, count: int) -> Callable[[str], int | None]:
    prefix = HEX_PREFIXES[kind]

    def index_of(thing_id: str) -> int | None:
        if len(thing_id) != len(prefix) + 16 or not thing_id.startswith(prefix):
            return None
        try:
            index = int(thing_id[len(prefix) :], 16) - GENERATED_HEX
        except ValueError:
            return None
        return index if 0 <= index < count and hex_id(kind, GENERATED_HEX + index) == thing_id else None

    return index_of


def _conversation_index(count: int) -> Callable[[str], int | None]:
    def index_of(thing_id: str) -> int | None:
        if not (thing_id.isascii() and thing_id.isdecimal()) or len(thing_id) != len(str(FIRST_CONVERSATION)):
            return None
        index = int(thing_id) - FIRST_CONVERSATION
        return index if 0 <= index < count else None

    return index_of


def build_generated_workspace(
    *,
    seed: int,
    now: int,
    size: Size,
    id_code: str = "gen12345",
    name: str = "Generated workspace",
    region: Literal["US", "EU", "AU"] = "US",
    timezone: str = "America/Los_Angeles",
) -> Workspace:
    """The same arguments give the same workspace, whatever its size, in constant time and memory."""
    teams = (Team("5017001", "Support", ("814001", "814002")), Team("5017002", "Success", ("814003",)))
    admins = tuple(
        Admin(
            str(814_001 + number),
            f"{first} Teammate",
            f"{first.lower()}@workspace.example",
            team_ids=team_ids,
        )
        for number, (first, team_ids) in enumerate(
            (("Mara", ("5017001",)), ("Noor", ("5017001",)), ("Otis", ("5017002",)))
        )
    )
    generator = Generator(seed=seed, now=now, size=size, admins=admins)
    workspace = Workspace(
        id_code=id_code,
        name=name,
        region=region,
        timezone=timezone,
        created_at=now - size.days * DAY_SECONDS,
        contacts=Collection(
            Base(size.contacts, generator.contact, _hex_index("contact", size.contacts), contact_id)
        ),
        companies=Collection(
            Base(size.companies, generator.company, _hex_index("company", size.companies), company_id)
        ),
        conversations=Collection(
            Base(
                size.conversations,
                generator.conversation,
                _conversation_index(size.conversations),
                lambda index: str(FIRST_CONVERSATION + index),
            )
        ),
        parts_of_base=generator.parts,
        first_ids={
            # Later ids start above the generated ones.
            "conversation": FIRST_IDS["conversation"] + size.conversations,
            "part": FIRST_IDS["part"] + size.conversations * (max(2 * size.parts, size.longest) + 1),
            "source": FIRST_IDS["source"] + size.conversations,
            "admin": 814_100,
            "team": 5_017_100,
            "tag": 9_300_100,
        },
    )
    workspace.conversation_summary = generator.summary
    workspace.admins = {admin.id: admin for admin in admins}
    operator = Admin("814004", "Fin", f"operator+{id_code}@intercom.io", has_inbox_seat=False, is_bot=True)
    workspace.admins[operator.id] = operator
    workspace.teams = {team.id: team for team in teams}
    workspace.tags = {
        tag.id: tag for tag in (Tag("9300001", "vip"), Tag("9300002", "bug"), Tag("9300003", "billing"))
    }
    segment = Segment(hex_id("segment", 1), "Active", workspace.created_at, workspace.created_at)
    workspace.segments = {segment.id: segment}
    workspace.attributes = [
        DataAttribute("seat", "contact", "boolean", "Has a seat"),
        DataAttribute("seats_bought", "company", "integer", "Seats bought"),
        DataAttribute("Root cause", "conversation", "string", "Root cause"),
    ]
    return workspace
