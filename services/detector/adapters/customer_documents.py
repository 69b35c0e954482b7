"""How a customer looks as a document, and how it is read back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from services.detector.adapters.flat import flat
from services.detector.adapters.shapes import CustomerShape
from services.detector.domain.conversation import AccountFacts
from services.detector.domain.customer import Customer
from services.detector.domain.matching import normalise_name

if TYPE_CHECKING:
    from collections.abc import Collection as Keys

    from shared.documents.database import Document

HEALTH_KNOWN_SINCE = "health_known_since"
HEALTH_STATES = (HEALTH_KNOWN_SINCE, "health_latest", "health_states")
"""What only a customer's page and the next measure read; see `mongo_health`."""

MATCH_FROM = "match_from"
"""The mark of a customer that is to be matched, and from when on; the field is there or not."""

MATCHES_ASKED = "matches_asked"
DOMAINS_NAMED = "domains_named"
"""What else is known of the mark; see `mongo_unmatched`."""

WITHOUT_PAST = dict.fromkeys(("snapshots", *HEALTH_STATES), 0)
"""A projection that leaves older states behind, which are most of a customer's document."""

HEALTH_UNKNOWN = 101
MOOD_UNKNOWN = 2.0
RENEWAL_UNKNOWN = "9999"
"""What customers without a value are sorted by: above every value there is, so that they stand together."""

NEVER_MEASURED = datetime(2000, 1, 1, tzinfo=UTC)


def identities(organization_id: str, customer_ids: Keys[str]) -> list[str]:
    return [f"{organization_id}/{one}" for one in sorted(set(customer_ids))]


def customer_fields(customer: Customer) -> Document:
    return {
        "customer_id": customer.customer_id,
        "name": customer.name,
        "name_folded": customer.name.casefold(),
        "name_normalised": normalise_name(customer.name),
        "external_id": customer.external_id,
        "owner": customer.owner,
        "plan": customer.plan,
        "monthly_spend": customer.monthly_spend,
        "seats": customer.seats,
        "renewal_date": customer.renewal_date.isoformat() if customer.renewal_date else None,
        "attributes": [{"name": name, "value": value} for name, value in sorted(customer.attributes.items())],
        "domains": list(customer.domains),
        "provisional": customer.provisional,
        "merged_into": customer.merged_into,
        "facts": facts_fields(customer.facts),
        "sort_spend": customer.facts.monthly_spend or 0.0,
        "sort_renewal": customer.facts.renewal_date.isoformat()
        if customer.facts.renewal_date
        else RENEWAL_UNKNOWN,
        **mood_fields(customer.mood, customer.mood_messages),
    }


def customer_from(document: Document) -> Customer:
    CustomerShape.model_validate(document)
    renewal = document["renewal_date"]
    return Customer(
        customer_id=document["customer_id"],
        organization_id=document["organization_id"],
        name=document["name"],
        external_id=document["external_id"],
        owner=document["owner"],
        plan=document["plan"],
        monthly_spend=document["monthly_spend"],
        seats=document["seats"],
        renewal_date=date.fromisoformat(renewal) if renewal else None,
        attributes={one["name"]: one["value"] for one in document["attributes"]},
        provisional=document["provisional"],
        merged_into=document["merged_into"],
        facts=facts_from(document["facts"]),
        mood=document["mood"],
        mood_messages=document["mood_messages"],
        changes=document.get("changes", 0),
    )


def mood_fields(mood: float | None, messages: int) -> Document:
    return {"sort_mood": mood if mood is not None else MOOD_UNKNOWN, "mood": mood, "mood_messages": messages}


def facts_fields(facts: AccountFacts) -> Document:
    document = flat(facts)
    document["renewal_date"] = facts.renewal_date.isoformat() if facts.renewal_date else None
    return document


def facts_from(document: Document) -> AccountFacts:
    renewal = document.get("renewal_date")
    return AccountFacts(**{**document, "renewal_date": date.fromisoformat(renewal) if renewal else None})
