"""What counts as breaking, and that the checked-in contracts are what the code makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from shared.contracts.compatibility import breaking_changes
from shared.contracts.documents import documents, problems

if TYPE_CHECKING:
    from pathlib import Path


class Before(BaseModel):
    name: str
    age: int = 0


class Extended(BaseModel):
    name: str
    age: int = 0
    nickname: str | None = None


class Renamed(BaseModel):
    title: str
    age: int = 0


class Retyped(BaseModel):
    name: int
    age: int = 0


class Demanding(BaseModel):
    name: str
    age: int


def test_an_addition_breaks_nobody() -> None:
    """A new field that may be absent is the change that is allowed."""
    assert breaking_changes(Before.model_json_schema(), Extended.model_json_schema()) == []


def test_a_field_that_goes_breaks() -> None:
    """A renamed field is named as gone, and as newly demanded."""
    found = breaking_changes(Before.model_json_schema(), Renamed.model_json_schema())
    assert found == ["name is gone", "title must now be there"]


def test_a_field_of_another_type_breaks() -> None:
    """The change is told with both shapes."""
    (found,) = breaking_changes(Before.model_json_schema(), Retyped.model_json_schema())
    assert "name was" in found


def test_a_field_that_must_be_there_breaks() -> None:
    """Old records lack it, and compacted topics keep old records."""
    assert breaking_changes(Before.model_json_schema(), Demanding.model_json_schema()) == [
        "age must now be there"
    ]


def test_published_contracts_are_those_of_the_code() -> None:
    """Nothing checked in is stale, missing or left over."""
    assert problems() == []


def test_a_stale_and_a_left_over_file_are_named(tmp_path: Path) -> None:
    """The check finds what it is there to find."""
    for name, text in documents().items():
        (tmp_path / name).write_text(text)
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "earshot.old.v1.json").write_text("{}")
    (tmp_path / "earshot.sync.requested.v1.json").unlink()
    found = problems(tmp_path)
    assert len(found) == 3
    assert any("asyncapi.json is stale" in problem for problem in found)
    assert any("belongs to no event" in problem for problem in found)
    assert any("earshot.sync.requested.v1.json is missing" in problem for problem in found)
