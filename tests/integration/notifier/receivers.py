"""Receivers on loopback that behave well, badly, or not at all."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from aiosmtpd.smtp import SMTP, AuthResult
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Got:
    name: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receivers:
    """What came in, and where to send to. `gate` holds answers of `/slow` back until it is set."""

    base: str = ""
    got: list[Got] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, name: str) -> list[Got]:
        return [got for got in self.got if got.name == name]

    async def answer(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.got.append(Got(name, dict(request.headers), await request.body()))
        if name == "slow":
            await self.gate.wait()
        if name == "endless":
            return StreamingResponse(_endless())
        if name == "redirect":
            return RedirectResponse("/good")
        if name == "echo":
            return Response(self.got[-1].body, 500)
        statuses = {"broken": 500, "gone": 410, "busy": 429, "wrong": 404}
        headers = {"Retry-After": "120"} if name == "busy" else None
        return PlainTextResponse(f"this is {name}", statuses.get(name, 200), headers=headers)


def _endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 65_536


@asynccontextmanager
async def receiving() -> AsyncIterator[Receivers]:
    """Run the receivers on a free port inside the block."""
    receivers = Receivers()
    app = Starlette(routes=[Route("/{name}", receivers.answer, methods=["POST", "GET"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    receivers.base = f"http://127.0.0.1:{port}"
    try:
        yield receivers
    finally:
        receivers.gate.set()
        server.should_exit = True
        await task


@dataclass(slots=True)
class Mailbox:
    """A mail server's mailbox. `refuse` and `sign_in` are its replies to recipients and users it refuses.

    `takes_all_letters` lets it speak SMTPUTF8, as most servers do today.
    """

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    takes_all_letters: bool = False
    refuse: str | None = None
    sign_in: str | None = None

    def authenticate(self, *_: Any) -> AuthResult:
        """Answer who signs in as the test says."""
        return AuthResult(success=False, handled=False, message=self.sign_in)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - see above
        self.mails.append(envelope.content)
        return "250 taken"


@asynccontextmanager
async def mail_server() -> AsyncIterator[Mailbox]:
    """Run an SMTP server on a free port inside the block."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            mailbox,
            enable_SMTPUTF8=mailbox.takes_all_letters,
            loop=loop,
            authenticator=mailbox.authenticate,
            auth_require_tls=False,
        )

    server = await loop.create_server(session, "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    with closing(server):
        yield mailbox
    await server.wait_closed()
