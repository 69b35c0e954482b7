"""Who is in the demo workspace: the vendor's staff, teams and tags, the customers' companies and people.

Everything comes from `staff.csv`, `companies.csv` and `people.csv`; days in them are counted from `now`.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from deploy.simulator.demo.library import table
from deploy.simulator.demo.office_hours import DAY
from deploy.simulator.model import Admin, Company, Contact, DataAttribute, Segment, Tag, Team, Workspace

if TYPE_CHECKING:
    from deploy.simulator.model import Attributes

WORKSPACE_ID = "crwlrk01"
OPERATOR = "Fin"
TEAMS = ("Support", "Customer Success", "Billing", "Product")
TAGS = (
    "Billing", "Bug", "How-to", "Integration", "Mobile app", "Feature request", "Onboarding", "Renewal",
    "Cancellation", "VIP", "Escalation", "Export", "Permissions", "Performance", "Feedback",
)  # fmt: skip
ATTRIBUTES = (
    DataAttribute("seats", "company", "integer", "Seats in the contract"),
    DataAttribute("renewal_date", "company", "date", "Renewal date"),
    DataAttribute("csm", "company", "string", "Customer success manager"),
    DataAttribute("contract_months", "company", "integer", "Length of the term in months"),
    DataAttribute("country", "company", "string", "Country"),
    DataAttribute("job_title", "contact", "string", "Job title"),
)
YEAR_MONTHS = 12
TWO_YEARS_MONTHS = 24
#: A renewal further away than a year means that the customer signed for longer.
LONG_TERM_DAYS = 400
WORKSPACE_AGE_DAYS = 1600
NEW_DAYS = 60


def build_cast(seed: int, now: int) -> Workspace:
    """A workspace with everybody in it and nothing said yet."""
    rng = random.Random(f"cast {seed}")  # noqa: S311 (a demo wants to be repeatable)
    created_at = now - WORKSPACE_AGE_DAYS * DAY
    workspace = Workspace(
        id_code=WORKSPACE_ID,
        name="Crewlark",
        region="US",
        timezone="Etc/UTC",
        created_at=created_at,
    )
    workspace.attributes.extend(ATTRIBUTES)
    for name in TAGS:
        tag = Tag(workspace.new_id("tag"), name)
        workspace.tags[tag.id] = tag
    for name in ("Active", "New", "Slipping away"):
        segment_id = workspace.new_id("segment")
        workspace.segments[segment_id] = Segment(segment_id, name, created_at, created_at)
    _add_staff(workspace)
    companies = {row["name"]: _add_company(workspace, row, now, rng) for row in table("companies.csv")}
    for row in table("people.csv"):
        _add_contact(workspace, row, companies.get(row["account"]), now, rng)
    _count_people(workspace)
    return workspace


def _add_staff(workspace: Workspace) -> None:
    team_ids = {name: workspace.new_id("team") for name in TEAMS}
    operator_id = workspace.new_id("admin")
    workspace.admins[operator_id] = Admin(
        operator_id, OPERATOR, f"operator+{WORKSPACE_ID}@intercom.io", has_inbox_seat=False, is_bot=True
    )
    for row in table("staff.csv"):
        admin = Admin(
            id=workspace.new_id("admin"),
            name=row["name"],
            email=row["email"],
            job_title=row["title"],
            role=row["role"],
            team_ids=(team_ids[row["team"]],),
        )
        workspace.admins[admin.id] = admin
    for name, team_id in team_ids.items():
        members = tuple(admin.id for admin in workspace.admins.values() if team_id in admin.team_ids)
        workspace.teams[team_id] = Team(team_id, name, members)


def admin_named(workspace: Workspace, first_name: str) -> Admin:
    """The colleague of that first name (KeyError when nobody is called so)."""
    for admin in workspace.admins.values():
        if admin.name.split()[0] == first_name:
            return admin
    raise KeyError(first_name)


def _add_company(workspace: Workspace, row: dict[str, str], now: int, rng: random.Random) -> Company:
    signed_up_at = now - int(row["signed_up_days"]) * DAY - rng.randrange(DAY)
    renewal_days = int(row["renewal_in_days"])
    quiet_days = int(row["quiet_days"])
    csm = admin_named(workspace, row["owner"])
    seats = int(row["seats"])
    attributes: Attributes = {
        "seats": seats,
        # A date attribute holds Unix seconds; renewals fall on midnight.
        "renewal_date": (now // DAY + renewal_days) * DAY,
        "csm": csm.email,
        "contract_months": TWO_YEARS_MONTHS if renewal_days > LONG_TERM_DAYS else YEAR_MONTHS,
        "country": row["country"],
    }
    last_request_at = now - quiet_days * DAY - rng.randint(600, 20 * 3600)
    company = Company(
        id=workspace.new_id("company"),
        company_id=row["company_id"],
        name=row["name"],
        created_at=signed_up_at,
        updated_at=max(signed_up_at, last_request_at),
        remote_created_at=signed_up_at,
        last_request_at=max(signed_up_at, last_request_at),
        monthly_spend=int(row["monthly_spend"]),
        session_count=(seats + 1) * min(int(row["signed_up_days"]), 500) // rng.randint(2, 5),
        size=int(row["size"]),
        website=f"https://www.{row['domain']}",
        industry=row["industry"],
        plan=row["plan"] or None,
        tag_ids=_company_tags(workspace, row),
        segment_ids=(_segment(workspace, row),),
        custom_attributes=attributes,
    )
    workspace.put_company(company)
    return company


def _company_tags(workspace: Workspace, row: dict[str, str]) -> tuple[str, ...]:
    vip = next(tag.id for tag in workspace.tags.values() if tag.name == "VIP")
    return (vip,) if row["plan"] == "Enterprise" else ()


def _segment(workspace: Workspace, row: dict[str, str]) -> str:
    quiet = int(row["quiet_days"]) > 0 or int(row["renewal_in_days"]) < 0
    name = "Slipping away" if quiet else "New" if int(row["signed_up_days"]) <= NEW_DAYS else "Active"
    return next(segment.id for segment in workspace.segments.values() if segment.name == name)


def _add_contact(
    workspace: Workspace, row: dict[str, str], company: Company | None, now: int, rng: random.Random
) -> None:
    oldest = now - 500 * DAY if company is None else company.created_at
    created_at = oldest + int((now - oldest) * rng.random() ** 3 * 0.9)
    if row["joined_days"]:
        created_at = now - int(row["joined_days"]) * DAY
    newest = now if company is None or company.last_request_at is None else company.last_request_at
    is_user = row["role"] == "user"
    seen_at = max(created_at, newest - int(rng.expovariate(1 / (4 * DAY))))
    number = 2000 + len(workspace.contacts)
    attributes: Attributes = {"job_title": row["title"]} if row["title"] else {}
    workspace.put_contact(
        Contact(
            id=workspace.new_id("contact"),
            role="user" if is_user else "lead",
            created_at=created_at,
            updated_at=seen_at,
            external_id=f"usr_{number}" if is_user else f"lead-{rng.getrandbits(64):016x}",
            email=row["email"],
            # Numbers of a range that is kept free for fiction.
            phone=f"+44 1632 960{rng.randint(100, 999)}" if rng.random() < 0.3 else None,  # noqa: PLR2004
            name=row["name"],
            owner_id=None if company is None else _owner_id(workspace, company),
            signed_up_at=created_at if is_user else None,
            last_seen_at=seen_at,
            country=None if company is None else str(company.custom_attributes["country"]),
            company_ids=() if company is None else (company.id,),
            segment_ids=() if company is None else company.segment_ids,
            custom_attributes=attributes,
        )
    )


def _owner_id(workspace: Workspace, company: Company) -> str | None:
    email = company.custom_attributes["csm"]
    return next((admin.id for admin in workspace.admins.values() if admin.email == email), None)


def _count_people(workspace: Workspace) -> None:
    people = Counter(company_id for contact in workspace.contacts for company_id in contact.company_ids)
    for company in tuple(workspace.companies):
        workspace.put_company(replace(company, user_count=people[company.id]))
