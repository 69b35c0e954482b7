"""Microsoft Teams by a workflow of Power Automate that accepts webhook requests: an Adaptive Card.

Customers' words are put in text runs, in which Teams reads no Markdown. Escaping with backslashes instead
would show them in some of its clients and have no effect in others.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from services.notifier.channels.incoming_webhook import address_of, fitting, post_json
from services.notifier.channels.outgoing import host_of
from services.notifier.channels.wording import Words, words_of
from services.notifier.errors import DeliveryRefused

if TYPE_CHECKING:
    from services.notifier.channels.outgoing import OutgoingHttp
    from services.notifier.domain.teams_hosts import TeamsHosts
    from services.notifier.ports import Message
    from shared.contracts.deliveries import ChannelName

LARGEST_MESSAGE = 28_672
"""Bytes that Teams takes. The workflow answers 202 before it finds a message too large, so nobody is told."""

_LARGEST_QUOTE = 9_000
_LARGEST_NAME = 2_000
_LARGEST_REASON = 1_600
_LARGEST_FACTS = 3_000
"""Bytes of each text as Teams stores it. With five reasons, the card around them and a link of 2,000 they
stay below the largest message, in whatever alphabet."""

_ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
_CARD_VERSION = "1.4"
"""Clients that know less show nothing of a card; 1.2 has all that is needed, and Teams knows up to 1.5."""

_WORD_JOINER = "\u2060"
"""Seen by nobody and no place to break a line."""

_READ_BY_TEAMS = re.compile(r"\{(?=\{)|<(?=/?at\b)", re.IGNORECASE)
"""What clients look for in any text: `{{DATE(…)}}` becomes a date, and `<at>` begins a mention."""

_TAKEN = "Whether the workflow posted it stands in its run history."
_OFF = (
    "The workflow was switched off or deleted. Switch it on in Teams under Workflows, or make a new one and"
    " give the rule its address."
)
_SIGNED_IN = (
    "The workflow takes requests of signed-in people only. Let Anyone trigger it, which changes its address,"
    " and give the rule the new one."
)
_NOT_TAKEN = (
    "The workflow does not take this message. Make it from the template for webhook alerts, so that it starts"
    " when a Teams webhook request is received."
)
_SIGNATURE = (
    "The address is not complete, or its signature was renewed. Copy it again from the workflow, with all"
    " that follows the question mark."
)
_GONE = "There is no such workflow any more. Make a new one and give the rule its address."
_ADVICE_BY_CODE = {
    "WorkflowTriggerIsNotEnabled": _OFF,
    "WorkflowDisabled": _OFF,
    "DirectApiAuthorizationRequired": _SIGNED_IN,
}
"""By what Power Automate calls an error; it stands at the beginning of its answer."""

_ADVICE_BY_STATUS = {400: _NOT_TAKEN, 401: _SIGNATURE, 403: _SIGNATURE, 404: _GONE, 410: _GONE}


class TeamsChannel:
    def __init__(self, http: OutgoingHttp, hosts: TeamsHosts) -> None:
        self._http = http
        self._hosts = hosts

    @property
    def name(self) -> ChannelName:
        return "teams"

    async def deliver(self, message: Message) -> str:
        url = address_of(message)
        fault = self._hosts.fault(host_of(url.get_secret_value()))
        if fault is not None:
            raise DeliveryRefused(fault, reason="refused_address")
        try:
            answer = await post_json(self._http, url, teams_payload(words_of(message)), service="Teams")
        except DeliveryRefused as error:
            # Advice comes first, since a long response, or one that repeats the message, is cut.
            words = " ".join(filter(None, (_advice(str(error), error.status), str(error))))
            raise DeliveryRefused(words, reason=error.failure, status=error.status) from error
        return f"{answer} {_TAKEN}"


def teams_payload(words: Words) -> dict[str, Any]:
    """Return the body for a workflow. What customers wrote cannot format, mention people or make links."""
    quote = [_quoted(words.quote, words.who)] if words.quote else []
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": _CARD_VERSION,
        "msteams": {"width": "Full"},
        "body": [
            # The only text that may contain Markdown, since none of it comes from a customer.
            {
                "type": "TextBlock",
                "text": words.kind,
                "style": "heading",
                "size": "Medium",
                "weight": "Bolder",
                "wrap": True,
            },
            _text(words.customer, _LARGEST_NAME, weight="Bolder"),
            *quote,
            *(_text(reason, _LARGEST_REASON) for reason in words.reasons),
            _text(" · ".join(words.facts), _LARGEST_FACTS, isSubtle=True, size="Small"),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Earshot", "url": words.link}],
    }
    attachment = {"contentType": _ADAPTIVE_CARD, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def stored_size(text: str) -> int:
    """Return the bytes that text takes at most in what Teams stores: JSON inside JSON, all of it ASCII."""
    return len(json.dumps(json.dumps(text))) - len(json.dumps(json.dumps("")))


def _quoted(quote: str, who: str | None) -> dict[str, Any]:
    said_by = [_text(who, _LARGEST_NAME, isSubtle=True)] if who else []
    return {
        "type": "Container",
        "style": "emphasis",
        "items": [_text(f"“{quote}”", _LARGEST_QUOTE), *said_by],
    }


def _text(text: str, most: int, **look: Any) -> dict[str, Any]:
    plain = _READ_BY_TEAMS.sub(lambda match: match[0] + _WORD_JOINER, text)
    run = {"type": "TextRun", "text": fitting(plain, most, size=stored_size), **look}
    return {"type": "RichTextBlock", "inlines": [run]}


def _advice(answer: str, status: int | None) -> str | None:
    by_code = next((advice for code, advice in _ADVICE_BY_CODE.items() if code in answer), None)
    return by_code or (_ADVICE_BY_STATUS.get(status) if status else None)
