"""What is excused in one engine is not excused in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engines.differences import is_known

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED: list[tuple[str, Sequence[Any], int | None, int | None]] = [
    ("find", ({}, [("a", 1), ("_id", 1)], [{"_id": 0, "a": []}]), None, None),
    ("update", ({}, {"$inc": {"a": 1}}, [{"_id": 0, "a": None}]), 14, None),
    ("update", ({}, {"$inc": {"a": 1}}, [{"_id": 0, "a": "x"}]), 14, 2),
    ("aggregate", ([{"$group": {"_id": "$a"}}], [{"_id": 0, "a": [None]}]), None, None),
]


@pytest.mark.parametrize(("what", "detail", "ours", "theirs"), _LISTED)
def test_mongodb_is_never_wrong(
    what: str, detail: Sequence[Any], ours: int | None, theirs: int | None
) -> None:
    """Each is a listed difference of mongo-java-server; where MongoDB differs, ours is the one to mend."""
    assert is_known("java", what, detail, ours, theirs)
    assert not is_known("mongodb", what, detail, ours, theirs)
