"""Files for spreadsheets: no text becomes a formula, wherever it is opened, and none is lost."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.web.csv_files import cell, csv_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

TEXTS = st.text(alphabet="ab=+-@;,\"' \t\r\n＝", max_size=12)  # noqa: RUF001 - begins formulas, too


async def file_of(*rows: Sequence[object]) -> str:
    """Return the file of these rows, under the heading a,b."""

    async def portions() -> AsyncIterator[list[Sequence[object]]]:
        yield list(rows)

    body = csv_response("x.csv", ("a", "b"), portions()).body_iterator
    return "".join([str(piece) async for piece in body])


def opened(text: str, separator: str) -> list[str]:
    """Return the cells of a file as a spreadsheet parts it."""
    return [one for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for one in row]


def plain(text: str) -> str:
    """Take our apostrophes away, as the docstring of `cell` says."""
    ours = r"""(?:^|(?<=[;\t\r\n]))'(?=["' ]*[=+@＝-])|^'(?=["' ]*[\t\r\n])"""  # noqa: RUF001 - as above
    return re.sub(ours, "", text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t'=1"),
        ("fine; -5", "fine;' -5"),
        ("fine;=cmd|' /C calc'!A0", "fine;'=cmd|' /C calc'!A0"),
        ('x;"=1"', 'x;\'"=1"'),
        ("one\n=1", "one\n'=1"),
        ("'=1", "''=1"),
        ("'tis", "'tis"),
        ("a-b=c", "a-b=c"),
        (-5, "-5"),
        (None, ""),
    ],
)
def test_a_cell_is_no_formula(value: object, shown: str) -> None:
    """Behind a semicolon, a tab and a line's end as at the beginning; numbers stay numbers."""
    assert cell(value) == shown


@given(TEXTS, TEXTS)
@example("a;=1", "=1")
@example('"\n=1', ';""=1')
async def test_no_text_becomes_a_formula_and_none_is_lost(first: str, second: str) -> None:
    """Whatever parts the file; read as what it is, it holds every text as it was."""
    text = await file_of((first, second))
    assert [plain(one) for one in opened(text, ",")[2:]] == [first, second]
    for separator in ",;\t":
        begun = [one for one in opened(text, separator) if one.strip().startswith(tuple("=+-@＝"))]  # noqa: RUF001 - as above
        assert begun == []


async def test_a_cell_with_a_semicolon_stays_one_cell() -> None:
    """Some spreadsheets part at commas and semicolons at once, but for what is quoted."""
    assert await file_of(("a;b", "c")) == 'a,b\r\n"a;b",c\r\n'
