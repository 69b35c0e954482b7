"""Reading the organization's own list of customers from CSV: good rows kept, each bad one named by line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.detector.domain.attributes import BEYOND_ALL, parse_date, without_thousands
from services.detector.errors import CustomerListError
from shared.mail import is_mail_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from typing import Protocol

    class _Reader(Protocol):
        """What `csv.reader` makes; its own type has no public name."""

        @property
        def line_num(self) -> int: ...
        def __next__(self) -> list[str]: ...


MAX_BYTES = 5_000_000
"""Size of an upload; at a hundred bytes a row that is fifty thousand customers."""

MAX_ROWS = 50_000
MAX_ERRORS = 200
"""Bad rows that are named; a file with more has one fault, not hundreds."""

_MAX_COLUMNS = 500
"""Ten times the further columns that a row may fill; a file of more is no list of customers."""

_MAX_VALUE = 500
_MAX_SHOWN = 80
"""Characters of an owner that a warning quotes."""
_MAX_ATTRIBUTES = 50
COLUMNS = ("external_id", "name", "owner", "plan", "monthly_spend", "seats", "renewal_date")


@dataclass(frozen=True)
class CustomerRow:
    """One customer as the organization lists it."""

    external_id: str
    name: str
    owner: str | None = None
    plan: str | None = None
    monthly_spend: float | None = None
    seats: int | None = None
    renewal_date: date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was left out, or what of it is of no use.

    `line` counts the file's lines from 1, the heading being line 1.
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class CustomerList:
    """What a file held. `warnings` are of rows that were kept; of either at most `MAX_ERRORS` are named."""

    rows: tuple[CustomerRow, ...]
    errors: tuple[RowError, ...]
    error_count: int
    warnings: tuple[RowError, ...] = ()
    warning_count: int = 0


def parse_customers(content: bytes) -> CustomerList:
    """Read a CSV file with a heading; comma, semicolon or tab apart, UTF-8 with or without a mark.

    Whatever parts the columns, amounts have a decimal point, and a comma or space between thousands at most.
    A row with a decimal comma is a bad one: where that is the custom, "1.234" means a thousand times what it
    means here, and no cell tells the custom of the others.

    Raises:
        CustomerListError: the file as a whole cannot be read; the message says why and what to do.
    """
    if len(content) > MAX_BYTES:
        raise CustomerListError(
            f"The file is larger than {MAX_BYTES // 1_000_000} MB. Split it and upload the parts."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CustomerListError(
            f"The file is not UTF-8 text (byte {error.start}). Save it as CSV UTF-8 and upload it again."
        ) from error
    if "\x00" in text:
        raise CustomerListError("The file holds zero bytes, so it is not a CSV file. Save it as CSV UTF-8.")
    heading, _, _ = text.partition("\n")
    delimiter = max((",", ";", "\t"), key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [column.strip().casefold().replace(" ", "_") for column in next(reader, [])]
    except csv.Error as error:
        raise CustomerListError(f"The heading cannot be read: {error}.") from error
    _check_heading(columns)
    return _rows(reader, columns)


def _check_heading(columns: list[str]) -> None:
    if len(columns) > _MAX_COLUMNS:
        raise CustomerListError(
            f"The first line names {len(columns):,} columns, and {_MAX_COLUMNS} are the most that are taken."
            " Leave out those that say nothing of customers."
        )
    missing = [name for name in ("external_id", "name") if name not in columns]
    if missing:
        raise CustomerListError(
            f"The first line must name the columns; {' and '.join(missing)} not found among them."
            " A good first line is: external_id,name,owner,plan,renewal_date"
        )
    doubled = sorted({column for column in columns if column and columns.count(column) > 1})
    if doubled:
        raise CustomerListError(f"The first line names {', '.join(doubled)} twice. Keep one of each.")


def _rows(reader: _Reader, columns: list[str]) -> CustomerList:
    rows: dict[str, CustomerRow] = {}
    lines: dict[str, int] = {}
    errors: list[RowError] = []
    count = 0
    warnings: list[RowError] = []
    for line, values in _lines(reader):
        read = values if isinstance(values, str) else _row(values, columns)
        if isinstance(read, CustomerRow) and read.external_id in rows:
            read = f"external_id {read.external_id} stands on line {lines[read.external_id]} already"
        if isinstance(read, CustomerRow):
            rows[read.external_id], lines[read.external_id] = read, line
            if read.owner and not is_mail_address(read.owner):
                # A rule that tells the owner of an account could not reach this one.
                warnings.append(RowError(line, f"owner {read.owner[:_MAX_SHOWN]!r} is no e-mail address"))
            if len(rows) > MAX_ROWS:
                raise CustomerListError(
                    f"The file has more than {MAX_ROWS:,} customers. Split it and upload the parts."
                )
            continue
        count += 1
        if len(errors) < MAX_ERRORS:
            errors.append(RowError(line, read))
    return CustomerList(
        tuple(rows.values()), tuple(errors), count, tuple(warnings[:MAX_ERRORS]), len(warnings)
    )


def _lines(reader: _Reader) -> Iterator[tuple[int, list[str] | str]]:
    """Yield each row that is not blank with the line it begins on, or with why it cannot be read."""
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"it cannot be read: {error}"
            continue
        if any(value.strip() for value in values):
            yield line, values


def _reason_against(values: list[str], columns: list[str]) -> str:
    if len(values) > len(columns):
        return f"it has {len(values)} values for {len(columns)} columns; quote values that hold the separator"
    too_long = [name for name, value in zip(columns, values, strict=False) if len(value) > _MAX_VALUE]
    return f"{too_long[0]} is longer than {_MAX_VALUE} characters" if too_long else ""


def _row(cells: list[str], columns: list[str]) -> CustomerRow | str:
    against = _reason_against(cells, columns)
    if against:
        return against
    values = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    external_id, name = values.get("external_id", ""), values.get("name", "")
    if not external_id or not name:
        return f"{'external_id' if not external_id else 'name'} is empty"
    try:
        spend = _number(values.get("monthly_spend", ""), "monthly_spend")
        seats = _number(values.get("seats", ""), "seats")
        renewal = values.get("renewal_date", "")
        renewal_date = parse_date(renewal) if renewal else None
        if renewal and renewal_date is None:
            return f"renewal_date {renewal!r} is no date; write it as 2026-12-31"
    except ValueError as error:
        return str(error)
    extras = {key: value for key, value in values.items() if key and key not in COLUMNS and value}
    if len(extras) > _MAX_ATTRIBUTES:
        return f"it has more than {_MAX_ATTRIBUTES} further columns"
    return CustomerRow(
        external_id=external_id,
        name=name,
        owner=values.get("owner") or None,
        plan=values.get("plan") or None,
        monthly_spend=spend,
        seats=None if seats is None else int(seats),
        renewal_date=renewal_date,
        attributes=extras,
    )


def _number(value: str, column: str) -> float | None:
    if not value:
        return None
    try:
        number = float(without_thousands(value.replace(" ", "")))
    except ValueError:
        why = "is no number" if "," not in value else "is no number, as a comma only parts thousands"
        raise ValueError(f"{column} {value!r} {why}; write it as 1234.50") from None
    if not 0 <= number < BEYOND_ALL:  # also refuses nan and inf
        raise ValueError(f"{column} {value!r} is out of range")
    return number
