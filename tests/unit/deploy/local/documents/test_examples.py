"""The conformance suite has an example of whatever the server claims to know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.local.documents.aggregation import dates
from deploy.local.documents.aggregation.accumulators import _MAKERS
from deploy.local.documents.aggregation.expressions import _FUNCTIONS, _NAMED, _SPECIAL
from deploy.local.documents.aggregation.stages import _STAGES
from deploy.local.documents.commands.registry import INSTANT, READING, WRITING
from deploy.local.documents.query.clauses import _COMBINATIONS, _SIMPLE
from deploy.local.documents.updates.compiled import _KNOWN
from deploy.local.documents.updates.operators import _PUSH_MODIFIERS

_SUITE = Path(__file__).parents[4] / "contract" / "documents"
_QUERY = {
    "$ne",
    "$nin",
    "$exists",
    "$regex",
    "$options",
    "$size",
    "$all",
    "$elemMatch",
    "$not",
    "$expr",
    "$comment",
}
_BY_DRIVER = {
    "hello": "hello",
    "aggregate": "aggregate",
    "count": 'count_documents|"count"',
    "create": "create_collection",
    "createIndexes": "create_index",
    "dropIndexes": "drop_index",
    "drop": "drop_collection|drop\\(",
    "dropDatabase": "drop_database",
    "listCollections": "list_collection",
    "listDatabases": "list_database",
    "listIndexes": "list_indexes|index_information",
    "insert": "insert_one",
    "update": "update_one",
    "delete": "delete_one",
    "findAndModify": "find_one_and",
    "findandmodify": "find_one_and",
    "find": "find",
    "getMore": "batch_size|batchSize",
    "distinct": "distinct",
    "explain": "explain",
    "ping": "ping",
}
"""What drivers call the commands that they send by methods."""


@pytest.mark.parametrize(
    "known",
    [
        {*_FUNCTIONS, *_NAMED, *_SPECIAL, *dates.PARTS},
        set(_MAKERS),
        set(_STAGES),
        {*_SIMPLE, *_COMBINATIONS, *_QUERY},
        {*_KNOWN, *_PUSH_MODIFIERS},
        {*INSTANT, *READING, *WRITING},
    ],
    ids=["expressions", "accumulators", "stages", "filters", "updates", "commands"],
)
def test_each_has_an_example(known: set[str]) -> None:
    """A name that is added to the server's tables must be added to the suite."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(_SUITE.glob("test_*.py")))
    asked = {name: _BY_DRIVER.get(name, rf"{re.escape(name)}\b") for name in known}
    assert sorted(name for name, pattern in asked.items() if not re.search(pattern, text)) == []
