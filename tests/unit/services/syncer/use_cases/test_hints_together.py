"""Conversations that hints name are read beside each other, each by itself and in its own order."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import httpx

from services.syncer.adapters.http_intercom import ReadOnlyTransport
from shared.contracts.sync import ResourceHint
from tests.unit.services.syncer.rig import KEY, Rig
from tests.unit.services.syncer.use_cases.test_reading import small

HINTS = KEY.document_id("hints")


class Crowd(httpx.AsyncBaseTransport):
    """Answers late, and notes which calls were in flight together."""

    def __init__(self, rig: Rig) -> None:
        self._inner = rig.intercom._transport
        self.refused: set[str] = set()
        self.asked: list[str] = []
        self.most = 0
        self.most_of: dict[str, int] = defaultdict(int)
        self._now: dict[str, int] = defaultdict(int)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        self._now[path] += 1
        self.most = max(self.most, sum(self._now.values()))
        self.most_of[path] = max(self.most_of[path], self._now[path])
        for _ in range(20):
            await asyncio.sleep(0)
        self._now[path] -= 1
        if path in self.refused:
            return httpx.Response(502)
        return await self._inner.handle_async_request(request)


async def crowded() -> tuple[Rig, Crowd]:
    rig = Rig(small())
    await rig.first_sync()
    crowd = Crowd(rig)
    rig.intercom._transport = ReadOnlyTransport(crowd)
    return rig, crowd


def conversations(rig: Rig, number: int) -> list[str]:
    named = [conversation.id for conversation in rig.workspace.conversations][:number]
    for one in named:
        rig.mutate("reply", conversation_id=one, body="<p>now</p>")
    return named


async def test_conversations_are_read_together_and_each_once() -> None:
    """Few until one answered, then more; all of them are in the mirror."""
    rig, crowd = await crowded()
    named = conversations(rig, 12)
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in named])
    assert await rig.slice("hints") == "completed"
    read = [path for path in crowd.asked if path.startswith("/conversations/")]
    assert sorted(read) == sorted(f"/conversations/{one}" for one in named)
    assert 3 < crowd.most <= 8
    assert rig.missing() == []


async def test_one_conversation_is_read_by_one_at_a_time() -> None:
    """Two readings of it could be published in either order."""
    rig, crowd = await crowded()
    one = conversations(rig, 1)[0]
    hints = [
        ResourceHint(resource="conversation", id=one, redacted_part_id=part)
        for part in [None, "out of reach", "elsewhere"]
    ]
    await rig.request("hint", hints)
    assert await rig.slice("hints") == "completed"
    assert crowd.asked.count(f"/conversations/{one}") == 3
    assert crowd.most_of[f"/conversations/{one}"] == 1


async def test_other_resources_are_read_one_by_one() -> None:
    """What is read of a contact may be about the one it was merged into."""
    rig, crowd = await crowded()
    named = [contact.id for contact in rig.workspace.contacts][:5]
    await rig.request("hint", [ResourceHint(resource="contact", id=one) for one in named])
    assert await rig.slice("hints") == "completed"
    assert crowd.most == 1


async def test_a_source_that_is_away_gets_few_calls() -> None:
    """Those that show it, however many conversations are named; all hints stay."""
    rig, crowd = await crowded()
    named = conversations(rig, 12)
    crowd.refused = {f"/conversations/{one}" for one in named}
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in named])
    assert await rig.slice("hints") == "put_off"
    assert len(crowd.asked) == 3
    assert len(_kept(rig)) == 12


async def test_what_was_read_beside_a_failure_is_dealt_with() -> None:
    """Only the one that failed is asked for again."""
    rig, crowd = await crowded()
    named = conversations(rig, 3)
    crowd.refused = {f"/conversations/{named[1]}"}
    await rig.request("hint", [ResourceHint(resource="conversation", id=one) for one in named])
    assert await rig.slice("hints") == "put_off"
    assert _kept(rig) == [named[1]]
    crowd.refused = set()
    assert (await rig.settle())[-1] == "completed"
    assert rig.missing() == []


def _kept(rig: Rig) -> list[str]:
    return [each["id"] for each in rig.runs.documents[HINTS]["hints"]]
