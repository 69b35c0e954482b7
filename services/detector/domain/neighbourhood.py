"""One node of the people graph with everything it is tied to, so that people can walk from node to node.

The centre is a customer, a person or a teammate. A tie counts the conversations that both ends took part in;
its mood is what the person at either end said in them, or else everybody on the customer's side.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from services.detector.domain.graph import Graph, Node, NodeType, Talk, Tie, TieType
from services.detector.domain.identity import Subject
from services.detector.domain.spoken import contact_keys, teammate_keys
from services.detector.domain.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.mirror import MirroredConversation

CentreType = Literal["customer", "person", "teammate"]
MOST_CONVERSATIONS = 12
"""The newest conversations are neighbours themselves; older ones are only counted."""


@dataclass(frozen=True, slots=True)
class Centre:
    """The node whose neighbours are shown."""

    type: CentreType
    key: str

    @property
    def address(self) -> str:
        return f"{self.type}/{self.key}"

    @classmethod
    def from_address(cls, address: str) -> Centre | None:
        """Read back what `address` wrote; None for anything else."""
        kind, _, key = address.partition("/")
        for known in get_args(CentreType):
            if known == kind and key:
                return cls(known, key)
        return None


@dataclass(frozen=True, slots=True)
class Names:
    """The names of everybody in some conversations; whoever is not included has no node.

    `conversations` holds their titles; a conversation that is not included has its record's title.
    """

    customers: Mapping[str, str]
    people: Mapping[str, str]
    teammates: Mapping[str, str]
    conversations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What the centre is tied to. `messages` is how many messages a conversation has; 0 for other types."""

    node: Node
    conversations: int = 0
    last_at: datetime | None = None
    mood: float | None = None
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A centre with its neighbours by type: most conversations first, and conversations newest first."""

    centre: Node
    neighbours: tuple[Neighbour, ...]

    def of(self, node_type: NodeType) -> tuple[Neighbour, ...]:
        return tuple(neighbour for neighbour in self.neighbours if neighbour.node.type == node_type)

    def as_graph(self) -> Graph:
        """Return the same as nodes and ties from the centre."""
        return Graph(
            (self.centre, *(neighbour.node for neighbour in self.neighbours)),
            tuple(
                Tie(
                    self.centre.node_id,
                    neighbour.node.node_id,
                    _tie_type(neighbour),
                    neighbour.conversations,
                    neighbour.last_at,
                    neighbour.mood,
                )
                for neighbour in self.neighbours
            ),
        )


def _tie_type(one: Neighbour) -> TieType:
    if one.node.type == "conversation":
        return "took_part"
    return "talks_to" if one.conversations else "member_of"


def neighbourhood(
    centre: Node,
    conversations: Sequence[MirroredConversation],
    names: Names,
    belonging: Iterable[Node] = (),
) -> Neighbourhood:
    """Return what a centre is tied to by these conversations, each of which it took part in.

    `belonging` are nodes that belong to it whether or not they ever wrote.
    """
    talks: dict[tuple[NodeType, str], Talk] = defaultdict(Talk)
    for conversation in conversations:
        for node in _participants(conversation, names):
            if node != (centre.type, centre.node_id):
                talks[node].add(conversation.record.updated_at, _said(conversation, node, centre))
    named: dict[NodeType, Mapping[str, str]] = {
        "customer": names.customers,
        "person": names.people,
        "teammate": names.teammates,
    }
    neighbours = [
        Neighbour(
            Node(key, node_type, named[node_type][key], talk.conversations),
            talk.conversations,
            talk.last_at,
            talk.mood,
        )
        for (node_type, key), talk in talks.items()
    ]
    silent = (node for node in belonging if (node.type, node.node_id) not in talks)
    neighbours += [Neighbour(node) for node in silent if node.node_id != centre.node_id]
    neighbours.sort(key=_most_talked_with_first)
    newest = sorted(
        conversations,
        key=lambda conversation: (conversation.record.updated_at, conversation.key),
        reverse=True,
    )
    neighbours += [
        _conversation(conversation, centre, names.conversations.get(conversation.key))
        for conversation in newest[:MOST_CONVERSATIONS]
    ]
    return Neighbourhood(centre, tuple(neighbours))


_ORDER: tuple[NodeType, ...] = get_args(NodeType)


def _most_talked_with_first(one: Neighbour) -> tuple[int, int, float, str, str]:
    last = one.last_at.timestamp() if one.last_at else 0.0
    return (_ORDER.index(one.node.type), -one.conversations, -last, one.node.name, one.node.node_id)


def _participants(one: MirroredConversation, names: Names) -> set[tuple[NodeType, str]]:
    record = one.record
    participants: set[tuple[NodeType, str]] = {
        ("person", key) for key in contact_keys(record) if key in names.people
    }
    participants |= {("teammate", key) for key in teammate_keys(record) if key in names.teammates}
    customer_id = Subject.from_key(one.subject).customer_id if one.subject else None
    if customer_id is not None and customer_id in names.customers:
        participants.add(("customer", customer_id))
    return participants


def _said(one: MirroredConversation, node: tuple[NodeType, str], centre: Node) -> list[tuple[float, float]]:
    """Return scores and weights of what a tie's person said; of everybody if neither end is a person."""
    moods = one.analysis.moods if one.analysis else ()
    person = node[1] if node[0] == "person" else centre.node_id if centre.type == "person" else None
    return [(point.score, point.weight) for point in moods if person is None or point.author_id == person]


def _conversation(one: MirroredConversation, centre: Node, title: str | None) -> Neighbour:
    talk = Talk()
    talk.add(one.record.updated_at, _said(one, ("conversation", one.key), centre))
    name = title or title_of(one.record, None)
    messages = one.analysis.messages if one.analysis else 0
    return Neighbour(Node(one.key, "conversation", name), 1, talk.last_at, talk.mood, messages)
