"""An SMTP server that takes every mail and shows it: the demo's mailbox."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from email.message import EmailMessage

    from deploy.simulator.sinks.store import SinkStore
    from shared.clock import Clock

LARGEST_MAIL = 2_000_000
"""Bytes."""


class MailHandler:
    """Takes mails for aiosmtpd, which calls its methods by these names."""

    def __init__(self, store: SinkStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        del server, session
        mail = message_from_bytes(envelope.content, policy=policy.default)
        text, html = _bodies(mail)
        for recipient in envelope.rcpt_tos:
            mood = self._store.mood("mail", recipient)
            failing = mood in ("error", "gone")
            self._store.add(
                "mail",
                recipient,
                self._clock.now().timestamp(),
                title=str(mail.get("subject", "")),
                text=text,
                body={"html": html, "from": envelope.mail_from},
                message_id=mail.get("message-id"),
                answered=550 if failing else 250,
                headers={key: str(value)[:500] for key, value in list(mail.items())[:40]},
            )
            if failing:
                return "550 Mailbox unavailable"
        return "250 Message accepted for delivery"


def _bodies(mail: EmailMessage) -> tuple[str, str | None]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    html_text = None if html is None else str(html.get_content())
    return (html_text or "") if plain is None else str(plain.get_content()), html_text


async def serve_mail(handler: MailHandler, host: str, port: int) -> asyncio.Server:
    """Listen on the running loop. OSError when the port is taken."""
    loop = asyncio.get_running_loop()

    def connect() -> Any:
        return SMTP(
            handler, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="demo.local", loop=loop
        )

    return await loop.create_server(connect, host, port)
