"""How messages are laid out for reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulator.pages.messages import Line, chat_lines, laid_out, slack_lines, teams_lines
from deploy.simulator.sinks.store import SinkStore

BLOCKS = [
    {"type": "header", "text": {"type": "plain_text", "text": "Churn risk"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": ">“we &lt;leave&gt;”\n*Dana* Ruiz"}},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "confidence 0.94"}, {"type": "image"}]},
    {"type": "section", "text": {"type": "mrkdwn", "text": "<https://earshot.example/a?b=1&amp;c=2|Open>"}},
]


def test_blocks_are_read_as_slack_reads_them() -> None:
    """Header, quote, context, link; entities and marks are gone."""
    assert slack_lines({"text": "short", "blocks": BLOCKS}) == [
        Line("header", "Churn risk"),
        Line("quote", "“we <leave>”"),
        Line("text", "Dana Ruiz"),
        Line("context", "confidence 0.94"),
        Line("text", "Open", "https://earshot.example/a?b=1&c=2"),
    ]


CARD = {
    "body": [
        {"type": "TextBlock", "style": "heading", "text": "Churn risk"},
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "Northwind"}]},
        {
            "type": "Container",
            "items": [
                {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "“we *leave*”"}]},
                {"type": "Container", "items": [{"type": "TextBlock", "text": "too deep"}]},
            ],
        },
        {"type": "RichTextBlock", "inlines": [{"text": "confidence 0.94", "isSubtle": True}]},
    ],
    "actions": [
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://earshot.example/a"},
        {"type": "Action.OpenUrl", "title": "Run", "url": "javascript:alert(1)"},
    ],
}


def test_cards_are_read_as_teams_reads_them() -> None:
    """Heading, words as they stand, quote, context, and buttons that lead to addresses of the web alone."""
    body = {"type": "message", "attachments": [{"content": CARD}]}
    received = SinkStore().add("teams", "x", 1.0, title="t", text="t", body=body)
    assert chat_lines(received) == [
        Line("header", "Churn risk"),
        Line("text", "Northwind"),
        Line("quote", "“we *leave*”"),
        Line("context", "confidence 0.94"),
        Line("text", "Open", "https://earshot.example/a"),
        Line("text", "Run"),
    ]


def test_without_blocks_the_text_counts() -> None:
    """As it does in Slack."""
    assert slack_lines({"text": "one\ntwo"}) == [Line("text", "one"), Line("text", "two")]


def test_no_link_leads_to_a_script() -> None:
    """Only addresses of the web become links."""
    found = slack_lines({"text": "<javascript:alert(1)|Open>"})
    assert [line.link for line in found] == [None]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "text",
                        "blocks",
                        "type",
                        "elements",
                        "attachments",
                        "content",
                        "body",
                        "items",
                        "actions",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_no_body_breaks_the_page(body: Any) -> None:
    """Whatever a sender sends."""
    slack_lines(body)
    teams_lines(body)


@pytest.mark.parametrize(("kind", "wanted"), [("webhook", '{\n  "a": 1\n}'), ("mail", '{"a":1}')])
def test_json_is_laid_out_and_mail_is_not(kind: Any, wanted: str) -> None:
    """JSON gets its lines, a mail stays as it came."""
    received = SinkStore().add(kind, "x", 1.0, title="t", text='{"a":1}', body={"a": 1})
    assert laid_out(received) == wanted


def test_sums_tell_verified_from_forged() -> None:
    """Over all receivers of a kind."""
    store = SinkStore()
    for name, verified in (("a", True), ("a", False), ("b", True)):
        store.add("webhook", name, 1.0, title="t", text="x", message_id="m", verified=verified)
    assert store.sum_of("webhook") == {"received": 3, "duplicates": 1, "verified": 2, "forged": 1}
    store.clear()
    assert store.sum_of("webhook") == {"received": 0, "duplicates": 0, "verified": 0, "forged": 0}
