"""Slack by incoming webhook: blocks, with plain text for notifications and screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.notifier.channels.incoming_webhook import address_of, fitting, post_json
from services.notifier.channels.wording import Words, words_of

if TYPE_CHECKING:
    from services.notifier.channels.outgoing import OutgoingHttp
    from services.notifier.ports import Message
    from shared.contracts.deliveries import ChannelName

_LONGEST_HEADER = 150
"""Characters that Slack takes in a header block."""

_LONGEST_TEXT = 3_000
"""Characters that Slack takes in any other; of a message with a longer one it takes nothing."""


class SlackChannel:
    def __init__(self, http: OutgoingHttp) -> None:
        self._http = http

    @property
    def name(self) -> ChannelName:
        return "slack"

    async def deliver(self, message: Message) -> str:
        payload = slack_payload(words_of(message))
        return await post_json(self._http, address_of(message), payload, service="Slack")


def slack_payload(words: Words) -> dict[str, Any]:
    """Return the body for an incoming webhook. What customers wrote cannot mention people or make links."""
    quote = [_section(_quoted(words.quote, words.who))] if words.quote else []
    reasons = [_section(_fitting("\n".join(words.reasons)))] if words.reasons else []
    why = " · ".join([*([f"“{words.quote}”"] if words.quote else []), *words.reasons])
    return {
        "text": escaped(f"{words.headline}: {why}" if why else words.headline),
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": words.headline[:_LONGEST_HEADER], "emoji": False},
            },
            *quote,
            *reasons,
            {"type": "context", "elements": [_markdown(_fitting(" · ".join(words.facts)))]},
            _section(f"<{words.link}|Open in Earshot>"),
        ],
    }


def _quoted(quote: str, who: str | None) -> str:
    said_by = f"\n>{_fitting(who, _LONGEST_TEXT // 3)}" if who else ""
    return f">“{_fitting(quote, _LONGEST_TEXT - len(said_by) - len('>“”'))}”{said_by}"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markdown(text)}


def _markdown(text: str) -> dict[str, Any]:
    # Without "verbatim" Slack itself makes links and mentions of what looks like an address or a channel.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def escaped(text: str) -> str:
    """Return text with Slack's three control characters written as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitting(text: str, most: int = _LONGEST_TEXT) -> str:
    return fitting(text, most, written=escaped)
