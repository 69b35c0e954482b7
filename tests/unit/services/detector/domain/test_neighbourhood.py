"""Walking the graph: a centre's ties count its conversations, whoever the centre is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.detector.domain.graph import Node
from services.detector.domain.mirror import Analysis, MirroredConversation
from services.detector.domain.mood import MoodPoint
from services.detector.domain.neighbourhood import (
    MOST_CONVERSATIONS,
    Centre,
    Names,
    Neighbour,
    Neighbourhood,
    neighbourhood,
)
from tests.unit.services.detector.rig import NOW, memory_rig

RIG = memory_rig()
NAMES = Names(
    customers={"c1": "Northwind"},
    people={"ws1:dana": "Dana", "ws1:lee": "Lee"},
    teammates={"ws1:ann": "Ann", "ws1:bob": "Bob"},
)
NORTHWIND, DANA, ANN = (
    Node("c1", "customer", "Northwind"),
    Node("ws1:dana", "person", "Dana"),
    Node("ws1:ann", "teammate", "Ann"),
)


def talk(
    key: str, days_ago: int, moods: dict[str, float], *, teammates: tuple[str, ...] = ("ann", "ghost")
) -> MirroredConversation:
    at = NOW - timedelta(days=days_ago)
    people = tuple(name.partition(":")[2] for name in moods)
    record = RIG.conversation(
        key, at=at, contact_ids=(*people, "unknown"), teammate_ids=teammates, title=f"About {key}"
    )
    points = tuple(
        MoodPoint(NOW, score, 1.0, f"ws1:{key}", key, f"{key}-0", 0, 1, "x", author_id=who)
        for who, score in moods.items()
    )
    analysis = replace(Analysis(fingerprint="f", messages=3), moods=points)
    return MirroredConversation(record, "customer/c1", analysis)


TALKS = (talk("k1", 30, {"ws1:dana": -0.6, "ws1:lee": 0.8}), talk("k2", 2, {"ws1:dana": -0.2}))


def found(centre: Node, *belonging: Node) -> Neighbourhood:
    return neighbourhood(centre, TALKS, NAMES, belonging)


def test_a_conversation_is_called_by_its_first_words() -> None:
    """Names bring them; without, a conversation that has no title is called by its day."""
    quiet = replace(TALKS[0], record=TALKS[0].record.model_copy(update={"title": None}))
    named = replace(NAMES, conversations={"ws1:k1": "We would like to leave"})
    for names, called in ((named, "We would like to leave"), (NAMES, "Conversation of 2 May 2026")):
        found = neighbourhood(NORTHWIND, [quiet], names, ())
        assert [one.node.name for one in found.of("conversation")] == [called]


def by_name(one: Neighbourhood) -> dict[str, Neighbour]:
    return {each.node.name: each for each in one.neighbours}


@pytest.mark.parametrize(
    ("centre", "names"),
    [
        (NORTHWIND, ["Dana", "Lee", "Ann", "About k2", "About k1"]),
        (DANA, ["Northwind", "Lee", "Ann", "About k2", "About k1"]),
        (ANN, ["Northwind", "Dana", "Lee", "About k2", "About k1"]),
    ],
)
def test_every_kind_of_centre_has_its_neighbours(centre: Node, names: list[str]) -> None:
    """Everybody known who took part is tied, but the centre itself; the most talked with come first."""
    assert [one.node.name for one in found(centre).neighbours] == names


def test_a_tie_counts_and_remembers() -> None:
    """How many conversations both took part in, and when the newest of them moved."""
    around = by_name(found(NORTHWIND))
    assert (around["Dana"].conversations, around["Dana"].last_at) == (2, NOW - timedelta(days=2))
    assert (around["Lee"].conversations, around["Lee"].last_at) == (1, NOW - timedelta(days=30))
    assert (around["About k1"].conversations, around["About k1"].messages) == (1, 3)


def test_the_mood_is_of_the_person_at_either_end() -> None:
    """Between two of whom none is a person it is what everybody said."""
    assert by_name(found(NORTHWIND))["Dana"].mood == -0.4
    assert by_name(found(DANA))["Ann"].mood == -0.4
    assert by_name(found(DANA))["Lee"].mood == 0.8
    assert by_name(found(ANN))["Northwind"].mood == 0.0
    assert by_name(found(DANA))["About k1"].mood == -0.6


def test_who_belongs_is_there_without_a_word() -> None:
    """They come last of their kind, with no mood and no date; who spoke is not there twice."""
    zoe = Node("ws1:zoe", "person", "Zoe")
    around = found(NORTHWIND, zoe, DANA, NORTHWIND)
    assert [one.node.name for one in around.of("person")] == ["Dana", "Lee", "Zoe"]
    silent = around.of("person")[-1]
    assert (silent.conversations, silent.last_at, silent.mood) == (0, None, None)


def test_only_the_newest_conversations_are_neighbours() -> None:
    """All are counted; of many the newest are drawn."""
    many = [talk(f"k{number}", number, {"ws1:dana": 0.0}) for number in range(30)]
    around = neighbourhood(DANA, many, NAMES)
    assert len(around.of("conversation")) == MOST_CONVERSATIONS
    assert around.of("conversation")[0].node.name == "About k0"
    assert around.of("teammate")[0].conversations == 30


def test_the_same_as_nodes_and_ties() -> None:
    """Machines get each neighbour as a node with a tie from the centre, by what kind of tie it is."""
    graph = found(NORTHWIND, Node("ws1:zoe", "person", "Zoe")).as_graph()
    ties = {tie.target: tie.type for tie in graph.ties}
    assert graph.nodes[0] == NORTHWIND
    assert {tie.source for tie in graph.ties} == {"c1"}
    assert set(ties) == {one.node_id for one in graph.nodes[1:]}
    assert (ties["ws1:dana"], ties["ws1:zoe"], ties["ws1:k1"]) == ("talks_to", "member_of", "took_part")


@pytest.mark.parametrize("address", ["", "customer", "customer/", "team/x", "company/co1"])
def test_an_address_that_is_none(address: str) -> None:
    """Only customers, people and teammates can be stood at."""
    assert Centre.from_address(address) is None


def test_an_address_is_read_back() -> None:
    """What was written is read again, also with a slash in the key."""
    centre = Centre("person", "ws1:a/b")
    assert Centre.from_address(centre.address) == centre
