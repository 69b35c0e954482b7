"""A chat-completions endpoint on this machine that misbehaves as it is told."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWERS = {
    "confirm": '{"answers": [{"claim": 1, "verdict": "confirm", "quote": "QUOTE"}]}',
    "withhold": '{"answers": [{"claim": 1, "verdict": "withhold", "quote": ""}]}',
    "invented quote": '{"answers": [{"claim": 1, "verdict": "confirm", "quote": "we leave on Friday"}]}',
    "other kind": '{"answers": [{"claim": 1, "verdict": "upsell", "quote": "QUOTE"}]}',
    "prose": "Certainly! The customer seems unhappy.",
}


@dataclass
class StandIn:
    """Behaves as the next of `behaviours` says, the last one again and again; keeps what it was sent."""

    behaviours: deque[str] = field(default_factory=lambda: deque(["withhold"]))
    quote: str = ""
    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, misbehave, and close."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length")
            )
            self.heads.append(head)
            self.bodies.append(json.loads(await reader.readexactly(length)))
            behaviour = self.behaviours.popleft() if len(self.behaviours) > 1 else self.behaviours[0]
            await self._behave(behaviour, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The client left first, which is what slow and huge answers are for.
        finally:
            writer.close()

    async def _behave(self, behaviour: str, writer: asyncio.StreamWriter) -> None:
        if behaviour == "close":
            return
        if behaviour == "slow":
            await self.closing.wait()
            return
        if behaviour.isdigit():
            writer.write(f"HTTP/1.1 {behaviour} No\r\nContent-Length: 0\r\n\r\n".encode())
        elif behaviour == "huge":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            for _ in range(1_000):
                writer.write(b"x" * 100_000)
                await writer.drain()
        elif behaviour == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        elif behaviour == "wrong json":
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"choice"')
        else:
            content = ANSWERS[behaviour].replace("QUOTE", self.quote)
            body = json.dumps(
                {"choices": [{"message": {"content": content}}], "usage": {"total_tokens": 321}}
            ).encode()
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


@asynccontextmanager
async def standing_in() -> AsyncIterator[StandIn]:
    """Serve on a free port of loopback."""
    stand_in = StandIn()
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    stand_in.port = server.sockets[0].getsockname()[1]
    try:
        yield stand_in
    finally:
        stand_in.closing.set()
        server.close()
        await server.wait_closed()
