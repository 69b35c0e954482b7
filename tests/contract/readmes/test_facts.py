"""Lists that a paper gives are the lists that the code has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from deploy.local.documents.commands.registry import INSTANT, READING, WRITING
from deploy.simulator.switches import Switches
from services.connector.domain.diagnosis import Verdict
from services.detector.detectors import module_names
from services.detector.domain.customer_list import COLUMNS
from services.syncer.domain.reads import Read
from shared.contracts.connections import AttentionReason
from shared.contracts.signals import SignalCleared
from shared.contracts.sync import Gap
from shared.contracts.topics import ALL_TOPICS, SERVICES
from shared.errors import DeadLetterReason
from shared.faults import FaultPoint
from tests.contract.readmes.papers import ROOT, codes, rows, section, text_of

if TYPE_CHECKING:
    from shared.contracts.topics import Service, Topic

FIFTEEN = 15
"""What the syncer's README says in a word; another number needs another word there and here."""


def head(service: Service) -> dict[str, str]:
    """Return the first table of a service's README by its first column."""
    text = text_of(f"services/{service}/README.md")
    return {cells[0]: cells[1] for cells in rows(text.partition("\n## ")[0])}


def places(service: Service, *verbs: str) -> set[str]:
    """Return what a service writes to by these verbs, as the list of places has it."""
    found = (str(place).partition("/") for place in FaultPoint)
    return {
        what.rpartition(".")[0]
        for owner, _, what in found
        if owner == service and what.rpartition(".")[2] in verbs
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_owns_what_it_writes(service: Service) -> None:
    """The row owns has each collection, and the database's name."""
    named = {word for word in codes(head(service)["owns"]) if not word.startswith("<")}
    assert named == places(service, "insert", "update", "delete", "findAndModify")
    assert f"<prefix>_{service}" in codes(head(service)["owns"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_the_topics_that_it_writes(service: Service) -> None:
    """The row produces has each topic, dead letters among them."""
    named = set(codes(head(service)["produces"]))
    for topic in ALL_TOPICS:
        if service in topic.written_by:
            family = f"{topic.name.split('.')[0]}.*"
            assert topic.name in named or family in named, topic.name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_its_consumer_groups(service: Service) -> None:
    """The row consumes has each group, by which an operator finds its lag."""
    said = head(service)["consumes"]
    groups = set(re.findall(rf"`earshot\.{service}\.([a-z-]+)`", said))
    assert groups == places(service, "handled")


def cleanup(topic: Topic) -> str:
    if topic.retention is None:
        return "compact"
    days = topic.retention.days
    return f"{days} day" if days == 1 else f"{days} days"


def test_the_table_of_topics_is_the_code_s() -> None:
    """Each topic stands there with how long it is kept."""
    told: dict[str, str] = {}
    for cells in rows(section("shared/contracts/README.md", "Rules readers")):
        names = codes(cells[0])
        told |= {names[0].split(".")[0] + name if name.startswith(".") else name: cells[3] for name in names}
    for service in SERVICES:
        told[f"dead-letters.{service}"] = told["dead-letters.<service>"]
    del told["dead-letters.<service>"]
    assert told == {topic.name: cleanup(topic) for topic in ALL_TOPICS}


def test_every_reason_of_a_dead_letter_is_told() -> None:
    """The table under Dead letters is the closed set."""
    table = rows(section("shared/messaging/README.md", "Dead letters"))
    assert sorted(name for cells in table for name in codes(cells[0])) == sorted(get_args(DeadLetterReason))


def test_every_verdict_of_the_doctor_is_told() -> None:
    """The sentence about verdicts is the closed set."""
    said = re.search(r"verdicts are (.*?)\.\n", text_of("services/connector/README.md"), re.DOTALL)
    assert said is not None
    assert set(re.findall(r"[a-z_]+", said[1])) - {"and"} == set(get_args(Verdict))


def test_every_way_a_signal_ends_is_told() -> None:
    """So is why a signal was cleared."""
    said = re.search(r"^`cleared_because`: (.*)$", text_of("services/detector/README.md"), re.MULTILINE)
    assert said is not None
    reasons = get_args(SignalCleared.model_fields["cleared_because"].annotation)
    assert codes(said[1]) == list(reasons)


def test_every_gap_and_interruption_is_told() -> None:
    """Whatever the ledger or a connection names has a line in the syncer's table."""
    table = rows(section("services/syncer/README.md", "When something is wrong"))
    named = set(re.findall(r"[a-z_0-9]+", " ".join(cells[0] for cells in table)))
    assert set(get_args(Gap.model_fields["reason"].annotation)) <= named
    assert set(get_args(AttentionReason)) <= named


def test_the_number_of_reads_is_right() -> None:
    """What the syncer's client can express is counted in words."""
    assert len(Read) == FIFTEEN
    assert "can express fifteen reads" in " ".join(text_of("services/syncer/README.md").split())


def test_every_detector_is_listed() -> None:
    """The two tables of detectors are what is found in the folder."""
    paper = text_of("services/detector/detectors/README.md").partition("\n## ")[0]
    named = [name for cells in rows(paper) for name in codes(cells[0])]
    assert sorted(named) == sorted(module_names())


def test_every_switch_of_the_simulator_is_listed() -> None:
    """Its table has each switch with number, default and words."""
    told = {
        codes(cells[1])[0]: (cells[0], codes(cells[2])[0], cells[3])
        for cells in rows(section("deploy/simulator/README.md", "Switches"))
    }
    expected = {}
    for name, field in Switches.model_fields.items():
        number, _, words = (field.description or "").partition(": ")
        if not number[0].isdigit():
            number, words = "", field.description or ""
        default = "none" if field.default == () else str(field.default)
        expected[name] = (number, default, words)
    told["contract"] = ("", told["contract"][1], expected["contract"][2])
    assert told == expected


def test_every_command_of_the_document_server_is_listed() -> None:
    """Its table has each command once; the two old spellings are the drivers' affair."""
    table = dict(cells[:2] for cells in rows(section("deploy/local/documents/README.md", "What it does")))
    spelled = {*INSTANT, *READING, *WRITING} - {"ismaster", "buildinfo", "findandmodify"}
    assert set(table["commands"].split(", ")) == spelled


def test_what_the_log_says_is_said_by_the_code() -> None:
    """Whoever searches the log by a README's words finds what was meant."""
    told = {
        name
        for cells in rows(section("shared/messaging/README.md", "In the log of every service"))
        for name in codes(cells[0])
    }
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "shared").rglob("*.py"))
    assert [words for words in told if f'"{words}"' not in source] == []


def test_the_columns_of_a_customer_list_are_told() -> None:
    """The table has each column that means something by itself."""
    table = rows(section("services/detector/README.md", "The list of customers"))
    assert tuple(name for cells in table[:-1] for name in codes(cells[0])) == COLUMNS
