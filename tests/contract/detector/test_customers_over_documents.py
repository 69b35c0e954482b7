"""Customers as documents: what only a long list can show."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.detector.adapters.mongo_customers import MongoCustomers
from services.detector.domain.customer import Customer
from services.detector.domain.identity import known_customer_id
from services.detector.domain.matching import Decision, match_company, normalise_name
from services.detector.settings import Settings
from shared.documents.collection import ScopedCollection
from shared.documents.database import create_client, database_of
from shared.errors import TransientError
from tests.unit.services.detector.rig import NOW, ORG

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from services.detector.domain.matching import Match, NameMatching

ALIKE = 2_400
"""Customers whose names begin alike; more than were once loaded for a whole batch of companies."""


def known(external_id: str, name: str) -> Customer:
    return Customer(known_customer_id(ORG, external_id), ORG, name, external_id=external_id)


def numbered(number: int) -> str:
    return f"Nordic Supply {number:04}"


@pytest.fixture
async def customers(mongodb_uri: str) -> AsyncIterator[MongoCustomers]:
    """An empty list of customers."""
    settings = Settings(
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
        signing_key=SecretStr("k" * 40),
    )
    client = create_client(settings, service="detector")
    database = database_of(client, settings, service="detector")
    store = MongoCustomers(database)
    await store.prepare()
    yield store
    await client.drop_database(database.name)
    await client.close()


def long_list(length: int) -> list[Customer]:
    return [known(str(number), numbered(number)) for number in range(length)]


async def matched(
    store: MongoCustomers, names: Iterable[str], by_name: NameMatching = "exact"
) -> dict[str, Match]:
    """Return what companies of these names are, asked about in one batch."""
    asked = list(names)
    held = await store.known_like(ORG, set(), {normalise_name(name) for name in asked})
    return {
        name: match_company(external_id=None, name=name, known=held, decisions=(), by_name=by_name)
        for name in asked
    }


async def test_names_match_on_a_long_list(customers: MongoCustomers) -> None:
    """Each exact name finds its customer however many begin alike; one that two bear finds neither."""
    await customers.save([*long_list(ALIKE), known("twin", numbered(0))])
    found = await matched(customers, map(numbered, range(0, ALIKE, 60)))
    twins = found.pop(numbered(0))
    assert {match.basis for match in found.values()} == {"name"}
    assert {known_customer_id(ORG, "0"), known_customer_id(ORG, "twin")} <= {
        one.customer_id for one in twins.suggestions
    }
    assert twins.customer_id is None


async def test_likely_names_are_found_on_a_long_list(customers: MongoCustomers) -> None:
    """A name that is written a little otherwise is suggested, wherever in the alphabet it stands."""
    await customers.save(long_list(300))
    await customers.save([known("z", "Nozomi Trading"), known("a", "Noble Harvest")])
    found = await matched(customers, ["Nozomi Tradin", "Noble Harvests"], "normalised")
    assert [[one.customer_id for one in match.suggestions] for match in found.values()] == [
        [known_customer_id(ORG, "z")],
        [known_customer_id(ORG, "a")],
    ]


async def test_a_decision_that_is_cut_short_leaves_the_one_before(
    customers: MongoCustomers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that breaks after any write leaves a company the old word or the new one."""
    company, first, second = "ws1:co1", known_customer_id(ORG, "1"), known_customer_id(ORG, "2")
    await customers.decide(ORG, company, Decision(first, confirmed=True, at=NOW))
    broken = False

    def breaking(write: Any) -> Any:
        async def once(self: ScopedCollection, *what: Any, **how: Any) -> Any:
            nonlocal broken
            if broken:
                raise TransientError("The database is away.")
            broken = True
            return await write(self, *what, **how)

        return once

    with monkeypatch.context() as away:
        for name in ("update_one", "update_many", "bulk_write"):
            away.setattr(ScopedCollection, name, breaking(getattr(ScopedCollection, name)))
        with contextlib.suppress(TransientError):
            await customers.decide(ORG, company, Decision(second, confirmed=True, at=NOW))
    said = (await customers.decisions(ORG, [company]))[company]
    assert [one.customer_id for one in said if one.confirmed] in ([first], [second])
