"""What chat services have in common: a message is JSON that is posted to a secret address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from services.notifier.errors import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr

    from services.notifier.channels.outgoing import OutgoingHttp
    from services.notifier.ports import Message


def address_of(message: Message) -> SecretStr:
    """Return the address of the message's rule. Raises DeliveryRefused if the rule has none."""
    if message.url is None:
        raise DeliveryRefused("The rule has no address. Edit it and give one.", reason="not_configured")
    return message.url


async def post_json(http: OutgoingHttp, url: SecretStr, body: Mapping[str, Any], *, service: str) -> str:
    """Post a body; return the service's response in words. Raises what `OutgoingHttp.post` raises."""
    content = orjson.dumps(body)
    answer = await http.post(url.get_secret_value(), content, {"Content-Type": "application/json"})
    return f"{service} answered {answer.status}."


def fitting(
    text: str, most: int, *, written: Callable[[str], str] = str, size: Callable[[str], int] = len
) -> str:
    """Return text as a service wants it written, cut where that is more than the service takes.

    Nothing is cut within what one character became. `size` measures what is written; it must be that of its
    parts together, as a length is.
    """
    whole = written(text)
    if size(whole) <= most:
        return whole
    characters, room = [], most - size("…")
    for character in map(written, text):
        room -= size(character)
        if room < 0:
            break
        characters.append(character)
    return "".join(characters) + "…"
