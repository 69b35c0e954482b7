"""How a message is shown: Slack's blocks and Teams' cards as they are laid out, a webhook as its JSON."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from deploy.simulator.sinks.store import Received

MOST_LINES = 60
LONGEST_LINE = 2_000

_LINK = re.compile(r"<(https?://[^|>\s]{1,500})(?:\|([^>]{0,200}))?>")
_EMPHASIS = re.compile(r"(?<!\w)[*_~](\S(?:[^*_~\n]{0,200}\S)?)[*_~](?!\w)")


@dataclass(frozen=True, slots=True)
class Line:
    """`kind` is header, quote, context or text; `link` an address to go to, if the line is one."""

    kind: str
    text: str
    link: str | None = None


def chat_lines(received: Received) -> list[Line]:
    """The lines that people read in Slack or Teams."""
    return teams_lines(received.body) if received.kind == "teams" else slack_lines(received.body)


def teams_lines(body: Any) -> list[Line]:
    """The lines of the Adaptive Cards that a workflow posts: headings, text runs, quotes, and the buttons."""
    cards = _dicts(body.get("attachments")) if isinstance(body, dict) else []
    contents = [card["content"] for card in cards if isinstance(card.get("content"), dict)]
    return [line for content in contents for line in _of_card(content)][:MOST_LINES]


def _of_card(content: dict[str, Any]) -> list[Line]:
    found = [line for element in _dicts(content.get("body")) for line in _of_element(element, "text")]
    for action in _dicts(content.get("actions")):
        to = str(action.get("url") or "")
        link = to if to.startswith(("https://", "http://")) else None
        found.append(Line("text", str(action.get("title") or "")[:LONGEST_LINE], link))
    return [line for line in found if line.text]


def _of_element(element: dict[str, Any], kind: str) -> list[Line]:
    if element.get("type") == "Container":
        # One deep, as Earshot's cards are: whatever else a sender nests ends there.
        items = [item for item in _dicts(element.get("items")) if item.get("type") != "Container"]
        return [line for item in items for line in _of_element(item, "quote")]
    runs = _dicts(element.get("inlines")) or [element]
    if element.get("style") == "heading":
        kind = "header"
    elif kind == "text" and all(run.get("isSubtle") for run in runs):
        kind = "context"
    return [Line(kind, "".join(_text(run) for run in runs)[:LONGEST_LINE])]


def slack_lines(body: Any) -> list[Line]:
    """The lines of an incoming webhook: of its blocks, or of its text where it has none."""
    if not isinstance(body, dict):
        return []
    found = [line for block in _dicts(body.get("blocks")) for line in _of_block(block)]
    if not found:
        found = _of_text(str(body.get("text") or ""), "text")
    return found[:MOST_LINES]


def _of_block(block: dict[str, Any]) -> list[Line]:
    kind = block.get("type")
    if kind == "context":
        texts = [_text(each) for each in _dicts(block.get("elements"))]
        return _of_text(" ".join(filter(None, texts)), "context")
    texts = [_text(block.get("text")), *(_text(each) for each in _dicts(block.get("fields")))]
    return [line for text in texts for line in _of_text(text, "header" if kind == "header" else "text")]


def _of_text(text: str, kind: str) -> list[Line]:
    found = []
    for raw in text.splitlines():
        line = raw[:LONGEST_LINE]
        quoted = line.startswith((">", "&gt;"))
        link = _LINK.fullmatch(line.strip())
        shown = _LINK.sub(lambda match: match.group(2) or match.group(1), line)
        shown = html.unescape(_EMPHASIS.sub(r"\1", shown))
        found.append(
            Line(
                "quote" if quoted else kind,
                shown.removeprefix(">").strip() if quoted else shown.strip(),
                None if link is None else html.unescape(link.group(1)),
            )
        )
    return [line for line in found if line.text]


def _text(value: Any) -> str:
    found = value.get("text") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def laid_out(received: Received) -> str:
    """The whole message for reading: JSON with its lines indented, anything else as it came."""
    if received.kind == "mail" or received.body is None:
        return received.text
    return orjson.dumps(received.body, option=orjson.OPT_INDENT_2).decode()
