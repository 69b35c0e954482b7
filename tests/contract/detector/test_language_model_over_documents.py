"""Questions to the language model and its budget, in memory and over a document server alike."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from services.detector.adapters.mongo_model_use import MongoModelUse
from services.detector.adapters.mongo_questions import MongoQuestions
from services.detector.domain.question import Claim, Question, Verdict
from services.detector.ports import Spent
from shared.config import ServiceSettings
from shared.documents.database import create_client, database_of
from tests.engines.expiry import let_nothing_expire
from tests.unit.services.detector.fakes.language_model import MemoryModelUse, MemoryQuestions
from tests.unit.services.detector.rig import NOW, ORG

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.detector.ports import ModelUse, Questions

Stores = tuple["Questions", "ModelUse"]
DAY = "2026-06-01"


@pytest.fixture(params=["memory", "documents"])
async def stores(
    request: pytest.FixtureRequest, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stores]:
    """Both adapters of the two ports."""
    if request.param == "memory":
        yield MemoryQuestions(), MemoryModelUse()
        return
    settings = ServiceSettings(
        http_port=1,
        signing_key=SecretStr("k" * 40),
        mongodb_uri=SecretStr(mongodb_uri),
        database_prefix=f"t{secrets.token_hex(6)}",
    )
    client = create_client(settings, service="detector")
    database = database_of(client, settings, service="detector")
    let_nothing_expire(monkeypatch)
    questions, use = MongoQuestions(database), MongoModelUse(database)
    await questions.prepare()
    await use.prepare()
    yield questions, use
    await client.drop_database(database.name)
    await client.close()


def question(name: str, *, part: str = "p1", organization: str = ORG) -> Question:
    claims = (Claim("churn_risk", "1", "churn_risk", 0, 4, explicit=False),)
    return Question(name, organization, "con1", "ws1:k1", part, "digest", claims, NOW, known_before=NOW)


async def test_a_question_is_kept_once_with_its_outcome(stores: Stores) -> None:
    """Asked again it stays as it is; other organizations do not see it."""
    questions, _ = stores
    await questions.ask([question("q1")])
    answered = replace(
        question("q1"), outcome="answered", verdicts=(Verdict(confirmed=True, start=0, end=4),)
    )
    await questions.keep(answered)
    await questions.ask([question("q1")])
    assert await questions.of(ORG, ["ws1:k1"]) == {"ws1:k1": {"q1": answered}}
    assert await questions.of("other", ["ws1:k1"]) == {}
    await questions.keep(question("q2"))
    assert set((await questions.of(ORG, ["ws1:k1"]))["ws1:k1"]) == {"q1"}


async def test_a_question_is_claimed_by_one_until_settled(stores: Stores) -> None:
    """Two that ask at once get one question; a lease ends by itself; a settled one is nobody's."""
    questions, _ = stores
    await questions.ask([question("q1")])
    claimed = await asyncio.gather(*(questions.claim(one, NOW, 60) for one in ("a", "b", "c")))
    assert [one.question_id for one in claimed if one] == ["q1"]
    later = NOW + timedelta(seconds=61)
    again = await questions.claim("b", later, 60)
    assert again is not None
    await questions.keep(replace(again, outcome="late", settled=True))
    assert await questions.claim("c", later + timedelta(hours=1), 60) is None


async def test_a_claim_by_a_clock_that_was_ahead_is_over(stores: Stores) -> None:
    """Nobody leases a question for so long: it waits for nobody, and only one other gets it."""
    questions, _ = stores
    await questions.ask([question("q1")])
    assert await questions.claim("a", NOW + timedelta(days=1), 60) is not None
    assert await questions.claim("b", NOW, 60) is not None
    assert await questions.claim("c", NOW, 60) is None


async def test_forgetting_by_id_part_conversation_and_connection(stores: Stores) -> None:
    """Each way of forgetting takes its own and nothing of another organization."""
    questions, _ = stores
    await questions.ask([question("q1"), question("q2", part="p2"), question("q3", part="p3")])
    await questions.ask([question("q4"), question("q5", organization="other")])
    assert await questions.forget(ORG, ["q4", "q5"]) == 1
    assert await questions.forget_words(ORG, "ws1:k1", ["p1"]) == 1
    assert set((await questions.of(ORG, ["ws1:k1"]))["ws1:k1"]) == {"q2", "q3"}
    assert await questions.forget_words(ORG, "ws1:k9", None) == 0
    assert await questions.remove(ORG, "con1") == 2
    await questions.ask([question("q1")])
    assert await questions.forget_words(ORG, "ws1:k1", None) == 1
    assert set((await questions.of("other", ["ws1:k1"]))["ws1:k1"]) == {"q5"}


async def test_replicas_together_stay_within_the_budget(stores: Stores) -> None:
    """Of thirty at once, exactly as many are let through as the day has requests, then as it has tokens."""
    _, use = stores
    most = Spent(requests=10, tokens=10_000)
    let = await asyncio.gather(*(use.spend(ORG, DAY, 100, most) for _ in range(30)))
    assert (sum(let), await use.spent(ORG, DAY)) == (10, Spent(10, 1_000))
    let = await asyncio.gather(
        *(use.spend("other", DAY, 400, Spent(requests=99, tokens=1_000)) for _ in range(9))
    )
    assert (sum(let), await use.spent("other", DAY)) == (2, Spent(2, 800))
    assert not await use.spend(ORG, "2026-06-02", 20_000, most)
    assert not await use.spend(ORG, "2026-06-02", 1, Spent())


async def test_an_estimate_is_corrected_by_what_it_took(stores: Stores) -> None:
    """What was over-estimated is free again on the same day, and another day begins at nothing."""
    _, use = stores
    await use.spend(ORG, DAY, 900, Spent(requests=10, tokens=1_000))
    await use.correct(ORG, DAY, -700)
    assert await use.spent(ORG, DAY) == Spent(1, 200)
    assert await use.spend(ORG, DAY, 800, Spent(requests=10, tokens=1_000))
    assert await use.spent(ORG, "2026-06-02") == Spent()


async def test_the_choice_is_each_organizations_own(stores: Stores) -> None:
    """Nothing is chosen by default; a later choice takes the place of an earlier one."""
    _, use = stores
    assert await use.chosen(ORG) == frozenset()
    await use.choose(ORG, ["renewal", "churn_risk"], "ann@acme.example", NOW)
    await use.choose(ORG, ["upsell"], "ann@acme.example", NOW)
    assert (await use.chosen(ORG), await use.chosen("other")) == (frozenset({"upsell"}), frozenset())
