"""The people graph: ties count conversations, remember the last, and take the mood of the person's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.detector.domain.customer import Customer
from services.detector.domain.graph import Graph, Tie, people_graph
from services.detector.domain.mirror import Analysis, MirroredConversation
from services.detector.domain.mood import MoodPoint
from shared.contracts.resources import AdminChanged
from tests.unit.services.detector.rig import NOW, ORG, Rig, memory_rig

NORTHWIND = Customer("c1", ORG, "Northwind")


def talk(rig: Rig, key: str, days_ago: int, *moods: float, author: str = "ws1:dana") -> MirroredConversation:
    record = rig.conversation(key, at=NOW - timedelta(days=days_ago), teammate_ids=("ann", "ghost"))
    points = tuple(
        MoodPoint(NOW, score, 1.0, f"ws1:{key}", key, f"{key}-0", 0, 1, "x", author_id=author)
        for score in moods
    )
    return MirroredConversation(record, analysis=replace(Analysis(fingerprint="f"), moods=points))


def graph(rig: Rig, *conversations: MirroredConversation) -> Graph:
    ann = AdminChanged(**rig.fields(id="ann", name="Ann Lee", email="ann@acme.example"))
    return people_graph(
        NORTHWIND,
        [rig.company()],
        {"ws1:dana": rig.contact(), "ws1:lee": rig.contact("lee", ())},
        [ann],
        conversations,
    )


def test_a_tie_is_every_conversation_of_two() -> None:
    """It counts them, knows the last, and its mood is what that person said, nobody else."""
    rig = memory_rig()
    said_by_another = talk(rig, "k3", 9, 1.0, author="ws1:lee")
    found = graph(rig, talk(rig, "k1", 30, -0.5), talk(rig, "k2", 2, -0.1), said_by_another)
    (tie,) = [one for one in found.ties if one.type == "talks_to"]
    assert tie == Tie("ws1:dana", "ws1:ann", "talks_to", 3, NOW - timedelta(days=2), -0.3)


def test_every_end_of_a_tie_is_a_node() -> None:
    """Teammates and companies that are not known have neither node nor tie."""
    found = graph(memory_rig(), talk(memory_rig(), "k1", 1))
    names = {one.node_id for one in found.nodes}
    assert names == {"c1", "ws1:co1", "ws1:dana", "ws1:lee", "ws1:ann"}
    assert {end for one in found.ties for end in (one.source, one.target)} <= names
    assert {one.type for one in found.ties} == {"matched", "member_of", "talks_to"}


def test_without_conversations_only_belonging_is_known() -> None:
    """People of a company that never wrote are there, tied to nobody."""
    found = graph(memory_rig())
    assert [one.type for one in found.ties] == ["matched", "member_of"]
    assert not any(one.type == "teammate" for one in found.nodes)


def test_a_conversation_of_several_people_is_one_for_their_teammate() -> None:
    """Whoever answered two people in one conversation took part in one, and is tied to both."""
    rig = memory_rig()
    record = rig.conversation("k1", contact_ids=("dana", "lee"), teammate_ids=("ann",))
    found = graph(rig, MirroredConversation(record))
    assert {one.node_id: one.conversations for one in found.nodes if one.conversations} == {
        "ws1:dana": 1,
        "ws1:lee": 1,
        "ws1:ann": 1,
    }
    assert len([one for one in found.ties if one.type == "talks_to"]) == 2
