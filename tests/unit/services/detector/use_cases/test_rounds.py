"""The review of all customers comes to everybody, whatever happens on its way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import TransientError
from tests.unit.services.detector.rig import NOW, Rig, memory_rig

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.identity import Subject

EVERY = 21_600
ORGANIZATIONS = ("acme", "beta", "gamma")


async def rig_of(companies: int, *organizations: str) -> Rig:
    """Return a rig where each company's renewal is near enough from now on, and nobody has looked yet."""
    rig = memory_rig()
    far = (NOW + timedelta(days=200)).date().isoformat()
    for rig.organization_id in organizations:
        await rig.connect()
        for number in range(companies):
            await rig.tell(
                rig.company(f"co{number}", f"Firm {number}", custom_attributes={"renewal_date": far})
            )
    rig.clock.advance(timedelta(days=180).total_seconds())
    return rig


def reviews(rig: Rig, patch: pytest.MonkeyPatch, failing: Any) -> list[str]:
    """Note whose customers are reviewed, organization by organization; `failing` may raise before one is."""
    accounts: Any = rig.engine.rounds._accounts
    review, seen = accounts.review, list[str]()

    async def noted(organization_id: str, subjects: Collection[Subject], **named: Any) -> Any:
        failing(organization_id, subjects)
        seen.append(organization_id)
        return await review(organization_id, subjects, **named)

    patch.setattr(accounts, "review", noted)
    return seen


async def test_a_review_that_was_cut_short_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls again begins behind those who were looked at; then nobody does until it is due again."""
    rig = await rig_of(1, *ORGANIZATIONS)
    troubles = ["beta", "gamma"]

    def failing(organization_id: str, _: object) -> None:
        if organization_id in troubles:
            troubles.remove(organization_id)
            raise TransientError("The database is away.")

    seen = reviews(rig, monkeypatch, failing)
    for _ in ORGANIZATIONS[1:]:
        with pytest.raises(TransientError):
            await rig.engine.rounds.review_accounts(EVERY)
        assert await rig.engine.rounds.review_accounts(EVERY) == 0
        rig.clock.advance(120)
    assert await rig.engine.rounds.review_accounts(EVERY) == 1
    assert seen == list(ORGANIZATIONS)
    rig.clock.advance(EVERY - 1)
    assert await rig.engine.rounds.review_accounts(EVERY) == 0
    assert seen == list(ORGANIZATIONS)
    rig.clock.advance(1)
    await rig.engine.rounds.review_accounts(EVERY)
    assert seen == list(ORGANIZATIONS) * 2


async def test_a_customer_that_cannot_be_reviewed_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """All others are reviewed, before and behind it, and the round comes to its end."""
    rig = await rig_of(5, "acme")
    ((_, ids),) = [portion async for portion in rig.stores.customers.all_ids()]

    def failing(_: str, subjects: Collection[Subject]) -> None:
        if ids[2] in {one.id for one in subjects}:
            raise ArithmeticError("a defect")

    reviews(rig, monkeypatch, failing)
    assert await rig.engine.rounds.review_accounts(EVERY) == 4
    told = {one.subject.id for one in await rig.signals(state="open")}
    assert told == set(ids) - {ids[2]}
    rig.clock.advance(120)
    assert await rig.engine.rounds.review_accounts(EVERY) == 0
