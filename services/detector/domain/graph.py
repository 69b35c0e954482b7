"""The people graph: who is tied to whom, how strongly, when last, and in which mood.

Nodes are a customer, its companies, its people and the teammates who replied to them. A tie between a person
and a teammate is made of the conversations both took part in; its mood is what that person said in them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from services.detector.domain.identity import resource_key
from services.detector.domain.spoken import contact_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.customer import Customer
    from services.detector.domain.mirror import MirroredConversation
    from shared.contracts.resources import AdminChanged, CompanyChanged, ContactChanged

NodeType = Literal["customer", "company", "person", "teammate", "conversation"]
TieType = Literal["matched", "member_of", "talks_to", "took_part"]


@dataclass(frozen=True, slots=True)
class Node:
    """A customer, company, person or teammate.

    `conversations` is how many it took part in; 0 where that is not counted.
    """

    node_id: str
    type: NodeType
    name: str
    conversations: int = 0


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie between two nodes.

    A `talks_to` tie says how many conversations there were, when the last one moved, and the person's mood in
    them, from -1 to 1; None if nothing shows a mood.
    """

    source: str
    target: str
    type: TieType
    conversations: int = 0
    last_at: datetime | None = None
    mood: float | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by type and name, ties by the number of conversations; each tie's ends are among the nodes."""

    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]


@dataclass
class Talk:
    """The conversations between two nodes, accumulated one by one."""

    conversations: int = 0
    last_at: datetime | None = None
    said: list[tuple[float, float]] = field(default_factory=list)

    def add(self, at: datetime, said: Iterable[tuple[float, float]]) -> None:
        self.conversations += 1
        self.last_at = max(self.last_at, at) if self.last_at else at
        self.said += said

    @property
    def mood(self) -> float | None:
        weight = sum(one for _, one in self.said)
        return round(sum(score * one for score, one in self.said) / weight, 4) if weight else None


def people_graph(
    customer: Customer,
    companies: Sequence[CompanyChanged],
    contacts: Mapping[str, ContactChanged],
    admins: Iterable[AdminChanged],
    conversations: Iterable[MirroredConversation],
) -> Graph:
    """Return the graph around one customer. Unknown people and teammates have no node."""
    teammates = {resource_key(admin.workspace_id, admin.id): admin.name for admin in admins}
    talks: dict[tuple[str, str], Talk] = defaultdict(Talk)
    counts: dict[str, int] = defaultdict(int)
    for conversation in conversations:
        record = conversation.record
        answering = {
            resource_key(record.workspace_id, teammate)
            for teammate in {*record.teammate_ids, *filter(None, (record.admin_assignee_id,))}
        } & teammates.keys()
        speaking = set(contact_keys(record)) & contacts.keys()
        for one_side in (speaking, answering if speaking else ()):
            for key in one_side:
                counts[key] += 1
        for person in speaking:
            moods = conversation.analysis.moods if conversation.analysis else ()
            own_moods = [(point.score, point.weight) for point in moods if point.author_id == person]
            for teammate in answering:
                talks[person, teammate].add(record.updated_at, own_moods)
    company_keys = {resource_key(company.workspace_id, company.id): company for company in companies}
    nodes = [Node(customer.customer_id, "customer", customer.name)]
    nodes += [Node(key, "company", company.name or key) for key, company in sorted(company_keys.items())]
    nodes += sorted(
        (Node(key, "person", _named(contact), counts[key]) for key, contact in contacts.items()),
        key=_busiest_first,
    )
    nodes += sorted(
        (Node(key, "teammate", name, counts[key]) for key, name in teammates.items() if counts[key]),
        key=_busiest_first,
    )
    ties = [Tie(key, customer.customer_id, "matched") for key in sorted(company_keys)]
    ties += [
        Tie(key, company, "member_of")
        for key, contact in sorted(contacts.items())
        for company in sorted(resource_key(contact.workspace_id, each) for each in contact.company_ids)
        if company in company_keys
    ]
    ties += sorted(
        (
            Tie(person, teammate, "talks_to", talk.conversations, talk.last_at, talk.mood)
            for (person, teammate), talk in talks.items()
        ),
        key=lambda tie: (-tie.conversations, tie.source, tie.target),
    )
    return Graph(tuple(nodes), tuple(ties))


def _named(contact: ContactChanged) -> str:
    return contact.name or contact.email or "Somebody"


def _busiest_first(node: Node) -> tuple[int, str, str]:
    return (-node.conversations, node.name, node.node_id)
