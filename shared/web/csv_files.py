"""Lists as CSV files, for spreadsheets: written while they are read, and never taken for formulas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

MOST_ROWS = 10_000
"""Rows in an export; the API serves whoever needs all."""

PORTION = 200
_FORMULA = re.compile(
    r"""(?:^|(?<=[;\t\r\n]))(?=["' ]*[=+@＝＋－＠-])|^(?=["' ]*[\t\r\n])"""  # noqa: RUF001 - full-width ones begin formulas, too
)
"""Places from which on a spreadsheet may read a formula: the beginning, and behind what some take for the end
of a cell, quoted or not: where the decimal comma is used, files are parted at semicolons."""

_QUOTED = re.compile(r"""[,;"\t\r\n]""")


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula; numbers stay numbers.

    An apostrophe goes before each formula that a text holds or seems to hold. Nothing is lost: where one
    stands at such a place, the first of them is ours.
    """
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    return _FORMULA.sub("'", str(value))


def csv_response(
    name: str, heading: Sequence[str], portions: AsyncIterator[list[Sequence[object]]]
) -> StreamingResponse:
    """Return a file that is written while it is read from the database."""

    async def lines() -> AsyncIterator[str]:
        yield _lines([heading])
        async for rows in portions:
            yield _lines(rows)

    return StreamingResponse(
        lines(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _lines(rows: Sequence[Sequence[object]]) -> str:
    return "".join(f"{','.join(_quoted(cell(value)) for value in row)}\r\n" for row in rows)


def _quoted(text: str) -> str:
    """Return a cell in quotes where any spreadsheet's separator stands in it, not only a comma."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTED.search(text) else text
