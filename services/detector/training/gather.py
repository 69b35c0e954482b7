"""`python -m services.detector.training.gather FOLDER`: copy the public rows that may be learned from.

FOLDER holds the labelled sets (services/detector/training/public/README.md names their sources). Only
training splits of sets whose licence allows shipping what was learned are read; the sets of feature requests
state no licence and are not among them. Rows that nearly duplicate a row of any test split are left out,
large sets are sampled with a fixed seed, and rare labels are kept whole.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from pathlib import Path

from services.detector.training.duplicates import Known
from services.detector.training.examples import PUBLIC

ROWS = {
    "sentiment_dynasent": 4_500,
    "sentiment_stackoverflow": 4_500,
    "sentiment_vader_amazon": 4_500,
    "sentiment_vader_tweets": 4_500,
    "sentiment_uci_sentences": 4_500,
    "sentiment_goemotions": 9_000,
    "lifecycle_bitext": 3_000,
    "lifecycle_banking77": 5_000,
    "lifecycle_multidogo": 4_500,
}
"""How many rows of each set are taken at most: none outweighs the others by its size alone."""
_SEED = 5


def rows_of(path: Path) -> list[dict[str, str]]:
    """All rows of a labelled set."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def sampled(rows: list[dict[str, str]], limit: int) -> list[dict[str, str]]:
    """At most `limit` rows in a seeded order; rows with a lifecycle label first, since they are rare."""
    shuffled = list(rows)
    random.Random(_SEED).shuffle(shuffled)  # noqa: S311 - a sample, not a secret
    lifecycle = {"onboarding", "renewal", "upsell", "expansion", "churn_risk"}
    return sorted(shuffled, key=lambda row: row["label"] not in lifecycle)[:limit]


def main() -> int:
    """Write one file per set into the folder of public rows, and say how many rows were left out."""
    parser = argparse.ArgumentParser(prog="python -m services.detector.training.gather")
    parser.add_argument("folder", type=Path, help="folder with the labelled sets")
    folder = parser.parse_args().folder
    tested = [
        row["text"]
        for path in sorted(folder.glob("*.csv"))
        for row in rows_of(path)
        if row["split"] == "test"
    ]
    known = Known(tested)
    PUBLIC.mkdir(exist_ok=True)
    for name, limit in ROWS.items():
        training = [row for row in rows_of(folder / f"{name}.csv") if row["split"] == "train"]
        fresh = [row for row in training if not known.resembles(row["text"])]
        kept = sampled(fresh, limit)
        with (PUBLIC / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(("text", "label"))
            writer.writerows((" ".join(row["text"].split()), row["label"]) for row in kept)
        sys.stdout.write(
            f"{name}: {len(kept)} of {len(training)} training rows; "
            f"{len(training) - len(fresh)} left out as near duplicates of tested ones\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
