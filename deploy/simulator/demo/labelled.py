"""The demo workspace as labelled conversations, one JSON object a line, for `earshot evaluate --task events`.

    python -m deploy.simulator.demo.labelled > demo.jsonl

Stories carry what is expected of them, everyday talk expects nothing. Moods that turn over several
conversations are left out: one conversation by itself does not show them.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deploy.simulator.demo.expected import expected_signals, story_conversation_ids
from deploy.simulator.demo.workspace import build_demo_workspace
from deploy.simulator.plaintext import plaintext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.simulator.model import Company, Conversation, Person, Workspace

AUTHORS = {"user": "customer", "lead": "customer", "admin": "agent", "bot": "bot"}
#: How the slugs of moods that turn begin.
MOODS = "turn-"


def labelled_lines(workspace: Workspace) -> Iterator[str]:
    """A line for each conversation of a demo workspace that was just built."""
    signals = {signal.conversation_id: signal for signal in expected_signals()}
    slugs = {found_id: slug for slug, found_id in story_conversation_ids().items()}
    for conversation in workspace.conversations:
        slug = slugs.get(conversation.id, "")
        if slug.startswith(MOODS):
            continue
        signal = signals.get(conversation.id)
        company = workspace.companies.get(conversation.company_id) if conversation.company_id else None
        expected = (
            []
            if signal is None
            else [{"kind": signal.kind, "explicit": signal.explicit, "messages": list(signal.messages)}]
        )
        line = {
            "id": slug or conversation.id,
            "account": {} if company is None else _account(company),
            "messages": list(_messages(workspace, conversation)),
            "expected": expected,
        }
        yield json.dumps(line, ensure_ascii=False)


def _account(company: Company) -> dict[str, Any]:
    renewal = company.custom_attributes["renewal_date"]
    return {
        "name": company.name,
        "plan": company.plan,
        "monthly_spend": company.monthly_spend,
        "seats": company.custom_attributes["seats"],
        "user_count": company.user_count,
        "signed_up_at": _iso(company.created_at),
        "renewal_date": _iso(renewal)[:10] if isinstance(renewal, int) else None,
    }


def _messages(workspace: Workspace, conversation: Conversation) -> Iterator[dict[str, Any]]:
    yield _message(conversation.source.author, conversation.created_at, conversation.source.body)
    for part in workspace.parts(conversation.id):
        if part.body and part.part_type != "note":
            yield _message(part.author, part.created_at, part.body)


def _message(author: Person, at: int, body: str) -> dict[str, Any]:
    return {"author": AUTHORS[author.type], "name": author.name, "at": _iso(at), "text": plaintext(body)}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


if __name__ == "__main__":
    for each in labelled_lines(build_demo_workspace(seed=1, now=int(time.time()))):
        sys.stdout.write(f"{each}\n")
