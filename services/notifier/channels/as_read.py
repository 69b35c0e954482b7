"""What a recipient reads of a message, as the delivery's page shows it: rendered again, never stored.

A notification has its signal's newest state, without what was redacted. A stored text would keep words that
no redaction reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from services.notifier.channels.email import mail_subject, mail_text
from services.notifier.channels.slack import slack_payload
from services.notifier.channels.webhook import cloud_event
from services.notifier.channels.wording import words_of

if TYPE_CHECKING:
    from services.notifier.channels.wording import Words
    from services.notifier.ports import Message

_LONGEST = 8_000
"""Characters of a body on the page; a webhook's may be many times that."""


@dataclass(frozen=True, slots=True)
class AsRead:
    """A message in plain text; `subject` is its heading, None if there is none."""

    subject: str | None
    body: str


def as_read(message: Message) -> AsRead:
    """Return what the message's channel makes of it; a body too long for a page is cut, and says so."""
    words = words_of(message)
    match message.notification.channel:
        case "email":
            view = AsRead(mail_subject(words), mail_text(words))
        case "slack":
            view = AsRead(slack_payload(words)["blocks"][0]["text"]["text"], _told(words))
        case "webhook":
            sent = orjson.dumps(cloud_event(message), option=orjson.OPT_INDENT_2)
            view = AsRead(None, sent.decode())
        case "inbox" | "teams":
            view = AsRead(words.headline, _told(words))
    if len(view.body) <= _LONGEST:
        return view
    return AsRead(view.subject, f"{view.body[:_LONGEST]}\n… and {len(view.body) - _LONGEST} characters more")


def _told(words: Words) -> str:
    """Return the parts that follow a heading, a line each."""
    quote = [f"“{words.quote}”", *([words.who] if words.who else [])] if words.quote else []
    return "\n".join([*quote, *words.reasons, " · ".join(words.facts), words.link])
