"""Documents are read one by one: what cannot be read is left out, named and counted, and not quoted."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from structlog.testing import capture_logs

from shared.documents.reading import Reading


class Entry(BaseModel):
    """Something that is stored."""

    words: dict[str, int]


def _read(document: dict[str, Any]) -> int:
    return Entry.model_validate(document["entry"]).words["said"]


def test_one_that_cannot_be_read_leaves_all_others() -> None:
    """In their order, whatever is wrong with it: a field that is missing, or one of another type."""
    counted: list[str] = []
    good = [{"_id": f"e-{number}", "entry": {"words": {"said": number}}} for number in range(3)]
    missing = {"_id": "e-missing", "organization_id": "acme", "entry": {"words": {"I want to leave": 1}}}
    wrong = {"_id": "e-wrong", "organization_id": "acme", "entry": {"words": {"Dana Ruiz": "says so"}}}
    with capture_logs() as lines:
        found = Reading("inbox", counted.append).each([good[0], missing, good[1], wrong, good[2]], _read)
    assert found == [0, 1, 2]
    assert counted == ["inbox", "inbox"]
    assert [line["document_id"] for line in lines] == ["e-missing", "e-wrong"]
    assert {(line["collection"], line["organization_id"]) for line in lines} == {("inbox", "acme")}
    assert "KeyError, at test_reading.py:" in lines[0]["reason"]
    assert lines[1]["reason"].startswith("ValidationError: words (int_parsing), at ")
    for words in ("I want to leave", "Dana Ruiz", "says so"):
        assert words not in str(lines)
