"""Lists as CSV files, for spreadsheets: written while they are read, and never taken for formulas."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

MOST_ROWS = 10_000
"""Rows in an export; the API serves whoever needs all."""

PORTION = 200
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_answer(
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
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[cell(value) for value in row] for row in rows])
    return buffer.getvalue()
