"""Reading an uploaded list: good rows kept, bad ones named by line."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.customer_list import MAX_BYTES, MAX_ERRORS, parse_customers
from services.detector.errors import CustomerListError


def test_a_good_file_is_read_whole() -> None:
    """Known columns are typed, further ones are kept as attributes, blank lines are skipped."""
    content = (
        "External ID,Name,owner,plan,renewal_date,monthly_spend,seats,Segment\n"
        'acc-1,"Northwind, Ltd",ann@x.example,Pro,2026-12-31,"1,200.50",40,mid\n'
        "\n"
        "acc-2,Contoso,,,,,,\n"
    )
    listed = parse_customers(content.encode("utf-8-sig"))
    first, second = listed.rows
    assert (first.name, first.renewal_date, first.monthly_spend, first.seats) == (
        "Northwind, Ltd",
        date(2026, 12, 31),
        1200.5,
        40,
    )
    assert first.attributes == {"segment": "mid"}
    assert (second.external_id, second.owner, second.seats) == ("acc-2", None, None)
    assert listed.errors == ()


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_separators_are_understood(delimiter: str) -> None:
    """A spreadsheet's semicolons and tabs work as commas do."""
    content = delimiter.join(["external_id", "name"]) + "\n" + delimiter.join(["a", "B, C"])
    assert parse_customers(content.encode()).rows[0].name == "B, C"


@pytest.mark.parametrize(
    ("written", "spend"), [("1,234", 1234.0), ("12,345,678.90", 12_345_678.9), ("1 200.50", 1200.5)]
)
def test_thousands_may_stand_apart(written: str, spend: float) -> None:
    """A comma or a space between thousands is read as nothing."""
    listed = parse_customers(f"external_id;name;monthly_spend\na;A;{written}\n".encode())
    assert [row.monthly_spend for row in listed.rows] == [spend]


@pytest.mark.parametrize("written", ["900,50", "1.234,50", "0,125", "12,34,567", "1,2345"])
@pytest.mark.parametrize("column", ["monthly_spend", "seats"])
def test_a_decimal_comma_is_named_rather_than_read(column: str, written: str) -> None:
    """An amount is never read as a hundred times what it says; the row says what its comma may do."""
    listed = parse_customers(f"external_id;name;{column}\na;A;{written}\nb;B;5\n".encode())
    assert [row.external_id for row in listed.rows] == ["b"]
    assert [(error.line, error.reason) for error in listed.errors] == [
        (2, f"{column} '{written}' is no number, as a comma only parts thousands; write it as 1234.50")
    ]


def test_each_bad_row_is_named_by_its_line() -> None:
    """Every fault says its line and what to do; the rows around it are kept."""
    content = (
        "external_id,name,renewal_date,monthly_spend\n"
        "a,Good,,\n"
        ",No id,,\n"
        "b,,,\n"
        "c,Bad date,soon,\n"
        "d,Bad spend,,much\n"
        "e,Negative,,-5\n"
        "f,Too,many,values,here\n"
        "a,Again,,\n"
        "g,Good too,2026-01-01,5\n"
    )
    listed = parse_customers(content.encode())
    assert [row.external_id for row in listed.rows] == ["a", "g"]
    assert [error.line for error in listed.errors] == [3, 4, 5, 6, 7, 8, 9]
    assert "line 2 already" in listed.errors[-1].reason
    assert listed.error_count == 7


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "external_id and name not found"),
        (b"name\nNorthwind", "external_id not found"),
        (b"external_id,name,name\n", "twice"),
        (b"external_id,name" + b",x" * 500, "502 columns, and 500"),
        (b"external_id,name\n\xff\xfe", "UTF-8"),
        (b"external_id,name\na,\x00b", "zero bytes"),
        (b"x" * (MAX_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_words(content: bytes, says: str) -> None:
    """A file that cannot be read at all says why and keeps nothing."""
    with pytest.raises(CustomerListError, match=says):
        parse_customers(content)


def test_an_owner_that_nobody_can_write_to_is_named_and_kept() -> None:
    """The row stays, as an owner is a filter too; rows that are left out anyway are named once."""
    content = (
        "external_id,name,owner\n"
        "a,Good,ann@acme.example\n"
        "b,Good,Ann Lee\n"
        "c,Good,\n"
        "d,Good,Bob <bob@acme.example>\n"
        "b,Again,Bob\n"
        'e,Good,"ann@acme.example\nBcc: all@acme.example"\n'
    )
    listed = parse_customers(content.encode())
    assert [row.owner for row in listed.rows] == [
        "ann@acme.example", "Ann Lee", None, "Bob <bob@acme.example>",
        "ann@acme.example\nBcc: all@acme.example",
    ]  # fmt: skip
    assert [(one.line, one.reason) for one in listed.warnings] == [
        (3, "owner 'Ann Lee' is no e-mail address"),
        (5, "owner 'Bob <bob@acme.example>' is no e-mail address"),
        (7, "owner 'ann@acme.example\\nBcc: all@acme.example' is no e-mail address"),
    ]
    assert (listed.warning_count, listed.error_count) == (3, 1)
    many = "".join(f"c{number},Firm,nobody\n" for number in range(1_000))
    listed = parse_customers(("external_id,name,owner\n" + many).encode())
    assert (len(listed.warnings), listed.warning_count) == (MAX_ERRORS, 1_000)


def test_errors_are_bounded() -> None:
    """A file of nothing but faults names the first ones and counts all."""
    listed = parse_customers(("external_id,name\n" + ",x\n" * 1_000).encode())
    assert (len(listed.errors), listed.error_count) == (MAX_ERRORS, 1_000)


@given(st.binary(max_size=300))
def test_rubbish_is_read_or_refused(content: bytes) -> None:
    """No bytes whatever end in anything but a list or a refusal."""
    try:
        parse_customers(b"external_id,name\n" + content)
    except CustomerListError:
        return


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=20))
def test_no_row_is_lost_unseen(rows: list[tuple[str, str]]) -> None:
    """Every row that is not blank is either kept or counted as an error."""
    clean = [tuple(cell.replace("\x00", "") for cell in row) for row in rows]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("external_id", "name"), *clean])
    listed = parse_customers(buffer.getvalue().encode("utf-8", "replace"))
    written = [row for row in clean if any(cell.strip() for cell in row)]
    assert len(listed.rows) + listed.error_count == len(written)
