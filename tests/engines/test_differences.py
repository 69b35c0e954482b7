"""What is excused in one engine is not excused in another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.engines.choice import ROOT
from tests.engines.differences import JAVA, REFUSED_BY_US, is_known, nothing_to_ask

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED: list[tuple[str, Sequence[Any], int | None, int | None]] = [
    ("find", ({}, [("a", 1), ("_id", 1)], [{"_id": 0, "a": []}]), None, None),
    ("update", ({}, {"$inc": {"a": 1}}, [{"_id": 0, "a": None}]), 14, None),
    ("update", ({}, {"$inc": {"a": 1}}, [{"_id": 0, "a": "x"}]), 14, 2),
    ("update", ({"a.x": None}, {"$unset": {"a": ""}}, [{"_id": 0, "a": [[None]]}]), None, None),
    ("aggregate", ([{"$group": {"_id": "$a"}}], [{"_id": 0, "a": [None]}]), None, None),
]


@pytest.mark.parametrize(("what", "detail", "ours", "theirs"), _LISTED)
def test_mongodb_is_never_wrong(
    what: str, detail: Sequence[Any], ours: int | None, theirs: int | None
) -> None:
    """Each is a listed difference of mongo-java-server; where MongoDB differs, ours is the one to mend."""
    assert is_known("java", what, detail, ours, theirs)
    assert not is_known("mongodb", what, detail, ours, theirs)


def test_null_below_plain_values_is_asked_of_both() -> None:
    """Only arrays within arrays are read otherwise; a path into plain values or documents has to agree."""
    asked = ({"a.x": None}, {"$unset": {"b": ""}})
    assert not is_known("java", "update", (*asked, [{"_id": 0, "a": [None, {"x": 1}]}]), None, None)
    assert not is_known("java", "update", ({"a.x": 1}, asked[1], [{"_id": 0, "a": [[None]]}]), None, None)


def test_each_listed_test_exists() -> None:
    """A difference is listed by the name of a test that runs over engines; when it goes, its line goes."""
    folders = (ROOT / "tests" / "contract" / "documents", ROOT / "tests" / "integration")
    texts = [path.read_text("utf-8") for folder in folders for path in folder.rglob("test_*.py")]
    defined = {name for text in texts for name in re.findall(r"def (test_\w+)\(", text)}
    assert {name.partition("[")[0] for name in JAVA} | set(REFUSED_BY_US) <= defined


@pytest.mark.parametrize("test", REFUSED_BY_US)
def test_mongodb_is_not_asked_to_refuse_what_it_has(test: str) -> None:
    """Our refusals are asked of our server, and MongoDB of all else."""
    assert nothing_to_ask(f"{test}[mongodb-stage1-$out]")
    assert nothing_to_ask(f"{test}[mongodb]")
    assert nothing_to_ask(f"{test}[earshot-stage1-$out]") is None
    assert nothing_to_ask("test_unique_index[mongodb]") is None
