"""The vendor's own list of customers, as its CRM would export it.

`customers.csv` is that export without dates, ready to be uploaded. Renewal dates move with the day on which
the demo is started; `customers_csv` puts them in.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from deploy.simulator.demo.library import table
from deploy.simulator.demo.office_hours import DAY


def customers_csv(now: int) -> str:
    """The rows of `customers.csv` with one more column, `renewal_date` (ISO 8601; empty where unknown)."""
    known = {row["name"].casefold(): int(row["renewal_in_days"]) for row in table("companies.csv")}
    rows = table("customers.csv")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*rows[0], "renewal_date"])
    for row in rows:
        days = known.get(row["name"].casefold())
        day = "" if days is None else f"{datetime.fromtimestamp((now // DAY + days) * DAY, UTC):%Y-%m-%d}"
        writer.writerow([*row.values(), day])
    return out.getvalue()
